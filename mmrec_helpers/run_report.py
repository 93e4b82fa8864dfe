"""What `mmrec run` shows and writes. Taught in chapter 11."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers import __version__, pipeline, saved_run, terminal
from mmrec_helpers.catalog import positions
from mmrec_helpers.evaluation import numbers
from mmrec_helpers.evaluation.compare import NO_DIFFERENCE
from mmrec_helpers.evaluation.evaluator import GROUPS
from mmrec_helpers.evaluation.methods import level
from mmrec_helpers.evaluation.page import Card, Listener, write_page
from mmrec_helpers.evaluation.report import as_table, figure
from mmrec_helpers.evaluation.report_page import EXAMPLES
from mmrec_helpers.evaluation.runs import SCORES, scores_table
from mmrec_helpers.run_examples import examples, latest_first

log = logging.getLogger(__name__)


def run_and_report(data: str | Path, folder: Path, k: int = 20, seed: int = 0, user: str | None = None,
                   events: pipeline.Events | None = None, pseudonyms: bool = False, as_json: bool = False) -> None:
    """The main job on `data`, shown on the screen and written to `folder`; an older run survives a failure.

    user: whose list the page opens with; events, pseudonyms: as in `pipeline.main`; as_json: print metrics.json alone.
    """
    with saved_run.writing(folder) as fresh:
        try:
            result = pipeline.main(data, k, seed, events=events, pseudonyms=pseudonyms)
        except pipeline.RunStopped as fault:
            raise _explained(fault, folder) from None
        report = figures(result) | {"seed": seed, "pseudonyms": pseudonyms}
        run = _saved(fresh, result, report)
        _write_tables(fresh, result, report)
        _page(fresh, result, run, report, user)
    if as_json:
        print(_as_json(report))
        return
    _show(result, report)
    print("~ no difference to the best was shown; the others are lower\n"
          f"written to {folder}; open {folder / 'index.html'}")


def figures(result: pipeline.Result) -> dict[str, object]:
    """The content of `metrics.json`: the methods, best first, with their settings; what was cleaned and extracted.

    `valid`: the mean on the validation stage of each setting that was tried.
    """
    methods = numbers(result.scores)
    for name, method in methods.items():
        tuned = result.tuned[name]
        method |= {"params": tuned.params, "valid": tuned.scores, "learns_from": tuned.ranker.learns_from,
                   "fusion": level(tuned.ranker)}
    return {"data": result.catalog.name, "package": __version__, "k": result.scores[0].k,
            "protocol": dict(result.split.protocol), "seen": int(result.split.test.fit.matrix.nnz),
            "opened": len(result.split.test.opened), "best": result.best, "methods": methods,
            "extracted": extracted(result).to_dict("records"),
            "cleaned": result.cleaned.counts().to_dict("records")}


def extracted(result: pipeline.Result) -> pd.DataFrame:
    """One row per modality: its features, how many items have them, how many items have such a medium."""
    rows = [(modality, one.features.name, int(one.features.present.sum()), one.media, one.features.matrix.shape[1],
             round(one.seconds, 1)) for modality, one in result.extracted.items()]
    rows += [(modality, "none", 0, 0, 0, 0.0) for modality in pipeline.EXTRACTORS if modality not in result.extracted]
    return pd.DataFrame(rows, columns=["modality", "features", "items", "media", "dimensions", "seconds"])


def _show(result: pipeline.Result, report: Mapping) -> None:
    """The tables for a terminal of 80 columns: cleaned, extracted, and the methods with the figures of the report."""
    methods, k = _methods(report["methods"]), report["k"]
    title = f"methods, best first: NDCG of {len(result.scores[0].users)} users, split {report['protocol']['split']}"
    methods["to best"] = [_against(one["against the best"]) for one in report["methods"].values()]
    for name, table, left in (("cleaned", result.cleaned.counts(), 2), ("extracted", extracted(result), 2),
                              (title, methods[["method", "fusion", f"NDCG@{k} (95 %)", "to best", *GROUPS]], 2)):
        terminal.show(name, table, left)
        print()


def _methods(methods: Mapping[str, Mapping]) -> pd.DataFrame:
    """The table of methods, with NDCG by group of items, what each method learns from, and its setting."""
    groups = {group: [figure(one["groups"][group]["ndcg"]) for one in methods.values()] for group in GROUPS}
    return as_table(methods, shown=("ndcg", "recall")).assign(
        **groups, **{"fusion": [one["fusion"] for one in methods.values()],
                     "learns from": [one["learns_from"] for one in methods.values()],
                     "chosen on validation": [_plain(one["params"]) for one in methods.values()]}).reset_index()


def _against(one: Mapping[str, float | str] | None) -> str:
    return "best" if one is None else f"{one['mean']:+.3f}" + " ~" * (one["words"] == NO_DIFFERENCE)


def _explained(fault: pipeline.RunStopped, folder: Path) -> pipeline.RunStopped:
    """The error with what each rule set aside and its first line; the whole list is in a file beside the run."""
    path = folder.with_name(f"{folder.name}.set_aside.csv")
    found = fault.cleaned.set_aside
    terminal.harmless(found).to_csv(path, index=False)
    lost = found[found["action"].eq("set aside") & found["line"].notna()]
    why = [f"{len(rows):,} for {cause!r} (first: {rows['file'].iloc[0]}: line {rows['line'].iloc[0]}: "
           f"{rows.iloc[0, -1]})" for cause, rows in lost.groupby("cause", sort=False)]
    return pipeline.RunStopped(f"{fault}; set aside: {', '.join(why) or 'nothing'}; the whole list is in {path}",
                               fault.cleaned)


def _saved(folder: Path, result: pipeline.Result, report: Mapping[str, object]) -> saved_run.SavedRun:
    known, features = result.split.everything, [one.features for one in result.extracted.values()]
    named = result.catalog.items.set_index("item_id")["title"].dropna()
    titles = {item: str(named.get(item, "")) for item in known.items}
    about = {name: report[name] for name in ("data", "seed", "k", "package", "protocol", "best")}
    run = saved_run.SavedRun(result.ranker, known, titles, features)
    saved_run.save(folder, run, about)
    return run


def _as_json(report: Mapping[str, object]) -> str:
    """As JSON; a ranker in the settings of a blend is written as its own settings."""
    return json.dumps(report, indent=1, allow_nan=False, default=lambda one: (
        one.item() if isinstance(one, np.generic) else one.get_params() if hasattr(one, "get_params") else str(one)))


def _write_tables(folder: Path, result: pipeline.Result, report: Mapping[str, object]) -> None:
    (folder / "metrics.json").write_text(_as_json(report), encoding="utf-8")
    result.recommendations.to_parquet(folder / "recommendations.parquet", index=False)
    past = result.split.test.queries.history.getnnz(axis=1)
    scores_table(result.scores, past).to_parquet(folder / SCORES, index=False)
    (folder / EXAMPLES).write_text(json.dumps(examples(result), ensure_ascii=False, indent=1), encoding="utf-8")
    terminal.harmless(result.cleaned.set_aside).to_csv(folder / "set_aside.csv", index=False)
    np.savez(folder / "profiles.npz", users=result.profiles.ids.astype(str), matrix=result.profiles.matrix)


# ---- the page


def _page(folder: Path, result: pipeline.Result, run: saved_run.SavedRun, report: Mapping, user: str | None) -> None:
    users = listeners(result)
    if user is not None and user not in run.known.users:
        log.warning("user %r is not one of the %d users of this run; showing others", user, len(run.known.users))
    elif user is not None:
        users = [user, *users]
    protocol, people = report["protocol"], [_listener(result, run, one) for one in dict.fromkeys(users)]
    tables = {"All methods": _methods(report["methods"]), "What was extracted": extracted(result),
              "What was cleaned": result.cleaned.counts()}
    write_page(folder, f"{report['data']}: a run", people, report["methods"], tables,
               user if user in users else users[len(users) * 3 // 5], result.best,
               f"{len(run.known.items):,} items, {len(run.known.users):,} users; {len(result.scores[0].users):,} users "
               f"in the test; split {protocol['split']}: {protocol['how']}")


def listeners(result: pipeline.Result, n: int = 8) -> list[str]:
    """At most n users of the test, from the shortest to the longest history."""
    known, users = result.split.everything, np.asarray(result.scores[0].users)
    lengths = known.matrix.getnnz(axis=1)[positions(users, known.users, "user")]
    ordered = users[np.argsort(lengths, kind="stable")]
    return list(dict.fromkeys(ordered[np.linspace(0, len(ordered) - 1, n).round().astype(int)]))


def _listener(result: pipeline.Result, run: saved_run.SavedRun, user: str) -> Listener:
    query, cards = run.known.queries([user]), _cards(result, run)
    past = latest_first(query)
    listed = [Card(*cards[one.item_id], one.because, one.alike_in) for one in run.recommend(user, k=10).itertuples()]
    return Listener(user, len(past), [Card(*cards[item]) for item in run.known.items[past[:10]]], listed)


def _cards(result: pipeline.Result, run: saved_run.SavedRun) -> dict[str, tuple[str, Path | None, Path | None]]:
    """Of each item: its title (else its id), cover and preview (else None)."""
    media = zip(result.catalog.items["item_id"], *map(result.catalog.media, ("image", "audio")), strict=True)
    return {item: (run.titles.get(item) or item, image, audio) for item, image, audio in media}


def _plain(settings: Mapping[str, object]) -> str:
    """`l2 200, weight 3`; for a blend its weights: `EASE 0.4, content kNN (tfidf) 0.2`. What is None is left out."""
    chosen = settings.get("weights", {name: value for name, value in settings.items()
                                      if name != "features" and value is not None})
    return ", ".join(f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}"
                     for name, value in chosen.items())
