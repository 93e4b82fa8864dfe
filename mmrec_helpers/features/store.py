"""What was extracted once is not extracted again. Taught in chapter 3.

An entry is a folder named by the media's content and the extractor's class, parameters and version. It holds the
fitted extractor and the rows in chunks, so a run that was stopped goes on where it stood.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np

from mmrec_helpers.catalog import Catalog, Modality
from mmrec_helpers.datasets.paths import cache

CHUNK = 256
"""Rows that are written together; what a stop loses at most."""

VERSION = 1
"""Part of every key: raise it when an extractor's code gives other numbers for the same parameters."""

Medium = str | Path | None


class Extractor(Protocol):
    """A scikit-learn transformer of media: texts or paths or None -> (n, d) float32, NaN where absent."""

    modality: str

    def get_params(self) -> dict[str, object]:
        """The constructor's arguments."""
        ...

    def fit(self, media: Sequence[Medium]) -> Self:
        """Learn from media."""
        ...

    def transform(self, media: Sequence[Medium]) -> np.ndarray:
        """One row a medium."""
        ...

    def save(self, folder: str | Path) -> None:
        """Write what was learnt."""
        ...

    def load(self, folder: str | Path) -> Self:
        """Read what was learnt."""
        ...


class FeatureStore:
    """Extracted features in a folder: MMREC_CACHE, or ~/.cache/mmrec, or the one given."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder or cache())

    def rows(self, extractor: Extractor, media: Sequence[Medium]) -> np.ndarray:
        """(n, d) float32: read where they are known, else extracted chunk by chunk and kept."""
        entry = self.folder / key(extractor, media)
        starts = range(0, len(media), CHUNK)
        todo = [start for start in starts if not _chunk(entry, start).exists()]
        if todo:
            fitted = self._fitted(extractor, media, entry)
            for start in todo:
                rows = np.asarray(fitted.transform(media[start:start + CHUNK]), np.float32)
                _write(_chunk(entry, start), lambda path, rows=rows: np.save(path, rows))
        return np.concatenate([np.load(_chunk(entry, start), allow_pickle=False) for start in starts])

    def _fitted(self, extractor: Extractor, media: Sequence[Medium], entry: Path) -> Extractor:
        if (entry / "fitted").exists():
            return extractor.load(entry / "fitted")
        extractor.fit(media)
        entry.mkdir(parents=True, exist_ok=True)
        _write(entry / "fitted", lambda path: (path.mkdir(), extractor.save(path)))
        return extractor


def extract(catalog: Catalog, extractor: Extractor, store: FeatureStore | None = None) -> Modality:
    """What an extractor makes of a catalogue's media, from the store where it is known. Taught in chapter 3.

    Returns a Modality with a row for every item. An unchanged catalogue needs no second extraction, nor the libraries
    that do it.
    """
    media = catalog.media(extractor.modality)
    if not media:
        return Modality(extractor.modality, [], np.zeros((0, 1)))
    rows = (store or FeatureStore()).rows(extractor, media)
    return Modality(extractor.modality, catalog.items["item_id"].to_numpy(), rows)


def key(extractor: Extractor, media: Sequence[Medium]) -> str:
    """CLASS-DIGEST: the digest covers parameters, version and every medium's content, in order."""
    digest = hashlib.sha256()
    parameters = {name: value for name, value in extractor.get_params().items() if name != "device"}
    about = {"class": type(extractor).__name__, "parameters": parameters, "version": VERSION}
    digest.update(json.dumps(about, sort_keys=True, default=str).encode())
    for medium in media:
        digest.update(hashlib.sha256(_content(medium)).digest())
    return f"{type(extractor).__name__}-{digest.hexdigest()[:24]}"


def _content(medium: Medium) -> bytes:
    """A text's or a file's bytes, with a mark that keeps text, file, absent and unreadable apart."""
    if medium is None:
        return b"-"
    if isinstance(medium, str):
        return b"t" + medium.encode("utf-8", "surrogatepass")
    try:
        return b"f" + medium.read_bytes()
    except OSError:
        return b"?" + str(medium).encode("utf-8", "surrogatepass")


def _chunk(entry: Path, start: int) -> Path:
    return entry / f"rows-{start:08d}.npy"


def _write(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, then rename: a half-written file or folder is never read; who comes second changes nothing."""
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
        fresh = Path(folder) / path.name
        write(fresh)
        try:
            os.replace(fresh, path)
        except OSError:
            if not path.exists():
                raise
