"""A run on disk: written whole or not at all, read without TensorFlow. Taught in chapter 11."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Interactions, Modality
from mmrec_helpers.ranking import Ranker, load
from mmrec_helpers.ranking.reasons import explain

FORMAT = 1
"""Version of a run's folder; a folder of another version is refused, not guessed at."""


class RunError(ValueError):
    """A run's folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class SavedRun:
    """What answers need: the ranker, what is known of the users, the items' titles and modalities."""

    ranker: Ranker
    histories: Interactions
    titles: dict[str, str]
    modalities: list[Modality]

    def recommend(self, user: str | None = None, history: Sequence[str] = (), k: int = 10) -> pd.DataFrame:
        """The k best items for a known user, or for someone unknown who took `history`.

        Columns: rank, item_id, title, score, because (titles of past items), alike_in (modality). Fewer than k rows
        where the catalogue has no more. Raises RunError for an unknown user, a history without a known item, k < 1.
        """
        if k < 1:
            raise RunError(f"k is {k}; ask for at least 1")
        row = self._row_of(user) if user is not None else self._row_from(history)
        ids, scores = self.ranker.recommend(row, k)
        left = [item for item in ids[0] if item is not None]
        reasons = explain(self.ranker, row, left, self.modalities)
        return pd.DataFrame({
            "rank": np.arange(1, len(left) + 1), "item_id": left, "title": [self.titles[item] for item in left],
            "score": scores[0, :len(left)],
            "because": ["; ".join(self.titles[past] for past in reason.past) for reason in reasons],
            "alike_in": [reason.modality or "" for reason in reasons]})

    def _row_of(self, user: str) -> sparse.csr_matrix:
        place = pd.Index(self.histories.users).get_indexer([user])[0]
        if place < 0:
            examples = ", ".join(self.histories.users[:3])
            raise RunError(f"user {user!r} is not in this run; known are {examples} ... ({len(self.histories.users)} "
                           "in all); for someone unknown give --history ID,ID")
        return self.histories.matrix[place]

    def _row_from(self, history: Sequence[str]) -> sparse.csr_matrix:
        row = self.histories.history(history)
        if not row.nnz:
            examples = ", ".join(self.histories.items[:3])
            raise RunError(f"no item of the history {', '.join(history) or '(empty)'} is in this run; items look like "
                           f"{examples}")
        return row


@contextmanager
def writing(folder: str | Path) -> Iterator[Path]:
    """A fresh folder to write a run into; it takes the place of `folder` when the block ends well.

    On any failure (a full disk, Ctrl-C) the half-written folder goes and an older run stays as it was.
    """
    folder = Path(folder)
    if folder.exists() and any(folder.iterdir()) and not (folder / "run.json").exists():
        raise RunError(f"{folder}: there, and not a run of mine; give another name, nothing was overwritten")
    fresh, old = (folder.with_name(f".{folder.name}.{what}-{os.getpid()}") for what in ("new", "old"))
    try:
        fresh.mkdir(parents=True)
        yield fresh
        if folder.exists():
            folder.rename(old)
        fresh.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def save(folder: Path, ranker: Ranker, histories: Interactions, titles: dict[str, str],
         modalities: Sequence[Modality], about: dict[str, object]) -> None:
    """Write what `open_run` reads, and `run.json` with the format's version and `about`."""
    ranker.save(folder / "ranker")
    (folder / "modalities").mkdir()
    for one in modalities:
        np.savez(folder / "modalities" / f"{one.name}.npz", ids=one.ids.astype(str), matrix=one.matrix,
                 present=one.present)
    sparse.save_npz(folder / "histories.npz", histories.matrix)
    np.savez(folder / "ids.npz", users=histories.users.astype(str), items=histories.items.astype(str))
    (folder / "titles.json").write_text(json.dumps(titles, ensure_ascii=False), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps({"format": FORMAT, **about}, indent=1), encoding="utf-8")


def open_run(folder: str | Path) -> SavedRun:
    """Read a run. Raises RunError where there is none, it is of another format, or a file of it is missing."""
    folder = Path(folder)
    about = _about(folder)
    if about.get("format") != FORMAT:
        raise RunError(f"{folder}: a run of format {about.get('format')}, this version reads {FORMAT}; "
                       "make it again with `mmrec run`")
    try:
        with np.load(folder / "ids.npz", allow_pickle=False) as ids:
            users, items = ids["users"], ids["items"]
        histories = Interactions(sparse.load_npz(folder / "histories.npz"), users, items)
        titles = json.loads((folder / "titles.json").read_text(encoding="utf-8"))
        modalities = [_modality(path) for path in sorted((folder / "modalities").glob("*.npz"))]
        return SavedRun(load(folder / "ranker"), histories, titles, modalities)
    except (OSError, KeyError, ValueError) as fault:
        raise RunError(f"{folder}: not whole ({fault}); make it again with `mmrec run`") from fault


def _about(folder: Path) -> dict[str, object]:
    try:
        return json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{folder}: no run here (no run.json); make one with `mmrec run --name {folder.name}`") from None
    except (OSError, ValueError) as fault:
        raise RunError(f"{folder / 'run.json'}: unreadable ({fault}); make the run again with `mmrec run`") from None


def _modality(path: Path) -> Modality:
    with np.load(path, allow_pickle=False) as arrays:
        return Modality(path.stem, arrays["ids"], arrays["matrix"], arrays["present"])
