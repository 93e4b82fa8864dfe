"""What `mmrec run` shows and writes. Taught in chapter 11."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers import __version__, pipeline, saved_run
from mmrec_helpers.catalog import Interactions
from mmrec_helpers.evaluation import as_text, numbers, table
from mmrec_helpers.evaluation.page import Card, write_page

log = logging.getLogger(__name__)


def run_and_report(data: str | Path, folder: Path, k: int = 20, seed: int = 0, user: str | None = None) -> None:
    """The main job on `data`, shown on the screen and written to `folder`; an older run survives a failure."""
    with saved_run.writing(folder) as fresh:
        result = pipeline.main(data, k, seed)
        titles = dict(zip(result.catalog.items["item_id"], result.catalog.items["title"].fillna(""), strict=True))
        known = pipeline.everything_known(result.split)
        about = {"data": result.catalog.name, "seed": seed, "k": k, "package": __version__,
                 "ranker": result.ranker.name, "protocol": dict(result.split.protocol)}
        modalities = [one.modality for one in result.extracted.values()]
        titles = {item: titles[item] for item in known.items}
        saved_run.save(fresh, result.ranker, known, titles, modalities, about)
        _write_tables(fresh, result, about)
        run = saved_run.SavedRun(result.ranker, known, titles, modalities)
        user = _shown(user, known, result)
        listed = run.recommend(user, k=10)
        sections = sections_of(result)
        _page(fresh, result, run, user, listed, sections)
    for heading, frame in sections.items():
        print(f"\n{heading}\n{as_text(frame, width=160)}")
    print(f"\nten for {user}\n{listed.to_string(index=False, float_format='{:.3f}'.format)}")
    print(f"\nwritten to {folder}; open {folder / 'index.html'}")


def _shown(user: str | None, known: Interactions, result: pipeline.Result) -> str:
    """The user asked for; someone else, and a word about it, where they are not known: the run is not lost for it."""
    if user is not None and user not in known.users:
        log.warning("user %r is not known here (of %d); showing someone else", user, len(known.users))
        user = None
    return user or someone(result)


def sections_of(result: pipeline.Result) -> dict[str, pd.DataFrame]:
    """Heading -> table: what was cleaned, what was extracted, how good each method is."""
    notes = {name: {"learns from": choice.ranker.learns_from, "tried on valid": str(choice.tried),
                    "chosen": _plain(choice.settings)} for name, choice in result.choices.items()}
    users = len(result.scores[0].users)
    return {
        "cleaned": result.cleaned.counts().set_index("cause"),
        "extracted": _extracted(result),
        f"methods, best first: {users} users, split {result.split.protocol['split']}":
            table(result.scores, notes=notes),
    }


def someone(result: pipeline.Result) -> str:
    """A user whose list is worth showing: in the test, with a history of middling length."""
    users = result.scores[0].users
    lengths = np.diff(result.split.known["test"].matrix.indptr)
    lengths = pd.Series(lengths, index=result.split.test.users)[users]
    return str((lengths - lengths.quantile(0.6)).abs().idxmin())


def _extracted(result: pipeline.Result) -> pd.DataFrame:
    rows = {name: {"items": int(one.modality.present.sum()), "media": one.media,
                   "dimensions": one.modality.matrix.shape[1], "seconds": round(one.seconds, 1)}
            for name, one in result.extracted.items()}
    missing = [name for name in pipeline.EXTRACTORS if name not in rows]
    rows |= {name: {"items": 0, "media": 0, "dimensions": 0, "seconds": 0.0} for name in missing}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("modality")


def _plain(settings: dict[str, object]) -> str:
    """`l2 200, weight 3`; of a blend its weights: `EASE 0.4, content kNN (text) 0.2`."""
    shown = settings.get("weights", {key: value for key, value in settings.items() if key != "modality"})
    return ", ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
                     for key, value in shown.items())


def _write_tables(folder: Path, result: pipeline.Result, about: dict[str, object]) -> None:
    counts = result.cleaned.counts()
    report = {**about, "methods": numbers(result.scores), "cleaned": counts.to_dict(orient="records"),
              "choices": {name: {"settings": choice.settings, "valid": choice.valid}
                          for name, choice in result.choices.items()}}
    (folder / "metrics.json").write_text(json.dumps(report, indent=1, default=str), encoding="utf-8")
    result.recommendations.to_parquet(folder / "recommendations.parquet", index=False)
    result.cleaned.set_aside.to_csv(folder / "set_aside.csv", index=False)
    np.savez(folder / "profiles.npz", users=result.profiles.ids.astype(str), matrix=result.profiles.matrix)


def _page(folder: Path, result: pipeline.Result, run: saved_run.SavedRun, user: str, listed: pd.DataFrame,
          sections: dict[str, pd.DataFrame]) -> None:
    row = run.histories.matrix[list(run.histories.users).index(user)]
    past = [str(item) for item in run.histories.items[row.indices[row.data > 0]]][-10:]
    why = {one.item_id: f"because of {one.because}" + (f", alike in {one.alike_in}" if one.alike_in else "")
           if one.because else "" for one in listed.itertuples()}
    cards = {f"{user} took, among others": _cards(result, past, {}),
             f"ten for {user}, by {result.ranker.name}": _cards(result, list(listed["item_id"]), why)}
    write_page(folder, f"{result.catalog.name}: a run", sections, cards)


def _cards(result: pipeline.Result, items: list[str], why: dict[str, str]) -> list[Card]:
    catalog = result.catalog
    rows = {item: row for row, item in enumerate(catalog.items["item_id"])}
    image, audio = catalog.media("image"), catalog.media("audio")
    return [Card(str(catalog.items["title"].iloc[rows[item]]), image[rows[item]], audio[rows[item]],
                 why.get(item, "")) for item in items]
