"""What was extracted once is not extracted again. Taught in chapter 3.

An extractor has a folder, named by its class, its parameters, the version of its code and, where it learns, what it
learnt from. In it lies what it learnt, and the rows in parts: each row beside the hash of its medium's content. So a
medium that changed is extracted again and the others are not, whatever their order; a run that was stopped goes on
where it stood.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from tqdm import tqdm

from mmrec_helpers.catalog import Catalog, Modality
from mmrec_helpers.datasets.paths import cache, write_whole

log = logging.getLogger(__name__)

CHUNK = 256
"""Rows that are written together; what a stop loses at most."""

VERSION = 3
"""Part of every key: raise it when an extractor's code gives other numbers for the same parameters."""

Medium = str | Path | None


class Extractor(Protocol):
    """A scikit-learn transformer of media: texts or paths or None -> (n, d) float32, NaN where absent."""

    modality: str
    learns: bool
    """Whether `fit` learns from the media: then its rows depend on them all."""
    neutral: tuple[str, ...]
    """Parameters that do not change a row, such as the device."""

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
    """Extracted features in a folder: MMREC_CACHE, or ~/.cache/mmrec, or the one given. Processes may share it."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder or cache())

    def rows(self, extractor: Extractor, media: Sequence[Medium]) -> np.ndarray:
        """(n, d) float32: read where they are known, else extracted chunk by chunk and kept. NaN for an absent one."""
        contents = [content(medium) for medium in media]
        first = {one: medium for one, medium in zip(reversed(contents), reversed(media), strict=True) if one}
        media_once = [first[one] for one in sorted(first)]
        entry = self.folder / key(extractor, sorted(first))
        known = _known(entry)
        todo = [one for one in sorted(first) if one not in known]
        if todo:
            fitted = self._fitted(extractor, media_once, entry)
            for start in tqdm(range(0, len(todo), CHUNK), desc=type(extractor).__name__, disable=None, leave=False):
                new = todo[start:start + CHUNK]
                rows = np.asarray(fitted.transform([first[one] for one in new]), np.float32)
                _write_part(entry, new, rows)
                known |= dict(zip(new, rows, strict=True))
        matrix = np.full((len(contents), max(map(len, known.values()), default=1)), np.nan, np.float32)
        for row, one in enumerate(contents):
            if one in known:
                matrix[row] = known[one]  # of a chunk that nobody could read, the width is not known: one NaN
        return matrix

    def _fitted(self, extractor: Extractor, media: Sequence[Medium], entry: Path) -> Extractor:
        if (entry / "fitted").exists():
            return extractor.load(entry / "fitted")
        extractor.fit(media)
        entry.mkdir(parents=True, exist_ok=True)
        write_whole(entry / "fitted", lambda path: (path.mkdir(), extractor.save(path)))
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


def key(extractor: Extractor, contents: Sequence[bytes]) -> str:
    """CLASS-DIGEST: the digest covers parameters, version and, where the extractor learns, every medium's content."""
    parameters = {name: value for name, value in extractor.get_params().items() if name not in extractor.neutral}
    about = {"class": type(extractor).__name__, "parameters": parameters, "version": VERSION}
    digest = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode())
    for one in sorted(set(contents)) if extractor.learns else ():
        digest.update(one)
    return f"{type(extractor).__name__}-{digest.hexdigest()[:24]}"


def content(medium: Medium) -> bytes | None:
    """The sha256 of a text's or a file's content; None where there is none, or the file cannot be opened."""
    if medium is None:
        return None
    if isinstance(medium, str):
        return hashlib.sha256(b"t" + medium.encode("utf-8", "surrogatepass")).digest()
    try:
        return hashlib.sha256(b"f" + medium.read_bytes()).digest()
    except OSError as fault:
        log.warning("%s: %s", medium.name, fault.strerror)
        return None


def _known(entry: Path) -> dict[bytes, np.ndarray]:
    """The rows of an entry by their media's content; the parts stay on disk and are mapped."""
    known = {}
    for path in sorted(entry.glob("rows-*.npy")):
        part = np.load(path, mmap_mode="r", allow_pickle=False)
        known |= {one.tobytes(): row for one, row in zip(part["content"], part["row"], strict=True)}
    return known


def _write_part(entry: Path, contents: Sequence[bytes], rows: np.ndarray) -> None:
    part = np.zeros(len(rows), [("content", "u1", 32), ("row", "<f4", rows.shape[1])])
    part["content"], part["row"] = np.frombuffer(b"".join(contents), np.uint8).reshape(-1, 32), rows
    write_whole(entry / f"rows-{contents[0].hex()[:16]}-{len(contents)}.npy", lambda path: np.save(path, part))
