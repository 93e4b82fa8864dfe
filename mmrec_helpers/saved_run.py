"""A run on disk: written completely or not at all, checked and read without TensorFlow. Taught in chapter 11."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries, Recommendations
from mmrec_helpers.datasets.folder import checksums
from mmrec_helpers.ranking import Ranker, load
from mmrec_helpers.ranking import save as save_ranker
from mmrec_helpers.ranking.reasons import alike_in

FORMAT = 2
"""Version of a run's folder; a folder of another version is refused."""

POPULAR = "the most popular items: nothing is known about this user"
"""`because` for a user without a history, or with one that the ranker cannot use."""

DAY = 86_400.0

MATRICES, PARTS = ("matrix", "seen"), ("data", "indices", "indptr")
"""The sparse matrices of `known.npz`, and the arrays of each."""


class RunError(ValueError):
    """A run's folder cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class SavedRun:
    """What recommending needs: the ranker, the users' interactions, the items' titles and features."""

    ranker: Ranker
    known: Interactions
    titles: Mapping[str, str]
    features: Sequence[Features]

    def recommend(self, user: str | None = None, history: Sequence[str] = (), k: int = 10,
                  only: Sequence[str] | None = None, without: Sequence[str] = ()) -> pd.DataFrame:
        """The k best items for a user of the run, or for a new user with this history.

        Columns: rank, item_id, title, score, because (titles of past items), alike_in (name of features). Fewer than k
        rows if fewer items are left. Without a history: the most popular items, and `because` says so. only, without:
        as in `Ranker.recommend`. Raises UnknownId for a user or item that is not in this run, ValueError for k below 1.
        """
        query = Queries.of(history, self.known.items) if user is None else self.known.queries([user])
        return self._table(query, self.ranker.recommend(query, k, only, without))

    def similar_items(self, item: str, k: int = 10, only: Sequence[str] | None = None,
                      without: Sequence[str] = ()) -> pd.DataFrame:
        """The k items most similar to one item; columns and errors as in `recommend`."""
        query = Queries.of([item], self.known.items)
        return self._table(query, self.ranker.similar_items(item, k, only, without))

    def _table(self, query: Queries, recommended: Recommendations) -> pd.DataFrame:
        listed = recommended.to_frame()
        explained, = self.ranker.explain(query, [listed["item_id"].tolist()])
        past = [[item for item, added in one.past.items() if added > 0][:2] for one in explained]
        popular = POPULAR if recommended.by_popularity[0] else ""
        return pd.DataFrame({
            "rank": listed["rank"], "item_id": listed["item_id"],
            "title": [self.titles.get(item) or item for item in listed["item_id"]], "score": listed["score"],
            "because": ["; ".join(self.titles.get(item) or item for item in items) or popular for items in past],
            "alike_in": [alike_in(self.features, items[0], one.item)[0] if items else ""
                         for items, one in zip(past, explained, strict=True)]})


def check_name(name: str) -> None:
    """Raise RunError for a name that leaves its folder, is hidden, or is awkward in a shell."""
    if not re.fullmatch(r"[^\W.][\w.-]*", name):
        raise RunError(f"{name!r} is not a valid name for a run; use letters, digits, - _ and .")


@contextmanager
def writing(folder: str | Path) -> Iterator[Path]:
    """A new folder to write a run into; it replaces `folder` when the block ends without an error.

    On any error (a full disk, Ctrl-C) the new folder is removed and an older run is unchanged. Raises RunError for an
    invalid name, or a folder that is not a run.
    """
    folder = Path(folder)
    check_name(folder.name)
    _recover(folder)
    if folder.is_file() or (folder.exists() and any(folder.iterdir()) and not (folder / "run.json").exists()):
        raise RunError(f"{folder}: exists and is not a run; give another name, nothing was overwritten")
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh, old = (Path(tempfile.mkdtemp(prefix=f".{folder.name}.{what}-", dir=folder.parent)) for what in
                  ("new", "old"))
    try:
        fresh.chmod(0o755)
        yield fresh
        if folder.exists():
            folder.rename(old / "run")
        fresh.rename(folder)
    except BaseException:
        if (old / "run").exists() and not folder.exists():
            (old / "run").rename(folder)
        raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _recover(folder: Path) -> None:
    """Restore a run whose writer was killed between its two renames; remove what killed writers left a day ago."""
    mine = re.compile(rf"\.{re.escape(folder.name)}\.(new|old)-\w+")  # not those of a run `NAME.more`
    for left in sorted(left for left in folder.parent.glob(".*") if mine.fullmatch(left.name)):
        with suppress(OSError):  # its writer is running and removed it first
            if (left / "run").exists() and not folder.exists():
                (left / "run").rename(folder)
            if time.time() - left.stat().st_mtime > DAY:
                shutil.rmtree(left, ignore_errors=True)


def save(folder: Path, run: SavedRun, about: Mapping[str, object]) -> None:
    """Write what `open_run` reads, then `run.json` with the format's version, each file's sha256, and `about`."""
    save_ranker(run.ranker, folder / "ranker")
    (folder / "features").mkdir()
    for number, one in enumerate(run.features):
        np.savez(folder / "features" / f"{number}.npz", name=one.name, modality=one.modality, ids=one.ids.astype(str),
                 matrix=one.matrix, present=one.present)
    known = run.known
    parts = {f"{name}.{part}": getattr(getattr(known, name), part) for name in MATRICES for part in PARTS}
    np.savez(folder / "known.npz", users=known.users.astype(str), items=known.items.astype(str), **parts)
    (folder / "titles.json").write_text(json.dumps(dict(run.titles), ensure_ascii=False), encoding="utf-8")
    written = {"format": FORMAT, **about, "sha256": checksums(folder)}
    (folder / "run.json").write_text(json.dumps(written, indent=1), encoding="utf-8")


def open_run(folder: str | Path) -> SavedRun:
    """Read a run. Raises RunError, naming the file, if there is none, it has another format, or a file is missing or
    changed."""
    folder = Path(folder)
    _recover(folder)
    about = _about(folder)
    if about.get("format") != FORMAT:
        raise RunError(f"{folder}: a run of format {about.get('format')}, this version reads {FORMAT}; "
                       "make it again with `mmrec run`")
    _check_sums(folder, about.get("sha256"))
    with _reading(folder, "known.npz") as path, np.load(path, allow_pickle=False) as arrays:
        shape = len(arrays["users"]), len(arrays["items"])
        matrix, seen = (sparse.csr_matrix(tuple(arrays[f"{name}.{part}"] for part in PARTS), shape)
                        for name in MATRICES)
        matrix.check_format()
        seen.check_format()
        known = Interactions(matrix, arrays["users"], arrays["items"], seen)
    with _reading(folder, "titles.json") as path:
        titles = dict(json.loads(path.read_text(encoding="utf-8")))
    features = []
    for found in sorted((folder / "features").glob("*.npz")):
        with _reading(folder / "features", found.name) as path:
            features.append(_features(path))
    with _reading(folder, "ranker") as path:
        ranker = load(path)
        if not np.array_equal(ranker.items_, known.items):
            raise ValueError("fitted on other items than known.npz has")
    return SavedRun(ranker, known, titles, features)


@contextmanager
def _reading(folder: Path, name: str) -> Iterator[Path]:
    """Any error in the block becomes a RunError that names the file."""
    try:
        yield folder / name
    except Exception as fault:  # whatever a damaged file makes a reader raise
        raise RunError(f"{folder / name}: not what a run wrote ({fault or type(fault).__name__}); make the run again "
                       "with `mmrec run`") from fault


def _about(folder: Path) -> dict[str, object]:
    if not (folder / "run.json").is_file():
        raise RunError(f"{folder}: no run here (no run.json); make one with `mmrec run --name {folder.name}`")
    with _reading(folder, "run.json") as path:
        return dict(json.loads(path.read_text(encoding="utf-8")))


def _check_sums(folder: Path, sums: object) -> None:
    """The names in run.json are compared with the files found in the folder; no name is opened as a path."""
    with _reading(folder, "run.json"):
        expected = {"ranker/ranker.json": "", "ranker/arrays.npz": ""}
        expected |= {str(name): value for name, value in dict(sums).items()}
    with _reading(folder, ""):
        if links := [path for path in folder.rglob("*") if path.is_symlink()]:
            raise ValueError(f"{links[0]} is a link")
        found = checksums(folder)
    for name, value in expected.items():
        with _reading(folder, name):
            if name not in found or found[name] != value:
                raise ValueError("missing or changed")


def _features(path: Path) -> Features:
    with np.load(path, allow_pickle=False) as arrays:
        found = Features(str(arrays["name"]), str(arrays["modality"]), arrays["ids"], arrays["matrix"],
                         arrays["present"])
    if found.matrix.ndim != 2 or not np.isfinite(found.matrix).all():
        raise ValueError("rows are not finite")
    return found
