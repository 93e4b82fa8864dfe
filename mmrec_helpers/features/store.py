"""What was extracted once is not extracted again. Taught in chapter 3.

An extractor has a folder, named by its class, its parameters, the version of its code and, where it learns, its
training data. In it are what it learned, and the rows in parts: each row beside the hash of its medium's content. So a
medium that changed is extracted again and the others are not, whatever their order; a run that was stopped continues.
Nothing is read that does not have the checksum it was written with: it is named, removed and made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np
from tqdm import tqdm

from mmrec_helpers.catalog import Catalog, Features, finite
from mmrec_helpers.datasets.paths import cache, clear_abandoned, seal, sealed, write_whole
from mmrec_helpers.features.extractors import name_of
from mmrec_helpers.features.keys import CONTENT, NOTHING, content, key

if TYPE_CHECKING:
    from mmrec_helpers.features.base import Extractor, Medium

log = logging.getLogger(__name__)

T = TypeVar("T")

CHUNK = 512
"""Rows that are written together; what a stop loses at most."""


class Unusable(ValueError):
    """What an entry of the store has cannot be used."""


class _Asked(NamedTuple):
    """Media by their contents: each one `once`, (m,) sorted; its `first` place, (m,); `which` each medium is, (n,)."""

    media: Sequence[Medium]
    labels: Sequence[object] | None
    once: np.ndarray
    first: np.ndarray
    which: np.ndarray
    entry: Path

    def fit(self, extractor: Extractor) -> Extractor:
        """The extractor fitted to them: read from the entry, or fitted and written there. Raises Unusable."""
        folder = self.entry / "fitted"
        if folder.exists():
            return self._load(extractor, folder)
        if extractor.learns and any(self.entry.glob("rows-*.npy")):
            raise Unusable("there are rows, but not the extractor that they are from")
        extractor.fit([self.media[place] for place in self.first], self.labels)
        write_whole(folder, lambda path: (path.mkdir(), extractor.save(path), seal(path)))
        return extractor

    def _load(self, extractor: Extractor, folder: Path) -> Extractor:
        if not sealed(folder):
            raise Unusable("the fitted extractor is damaged: its checksum is another one")
        try:
            return extractor.load(folder)
        except (OSError, ValueError, TypeError, LookupError) as fault:  # such as another version of Keras
            raise Unusable(f"the fitted extractor cannot be read: {fault}") from fault


class FeatureStore:
    """Extracted features in a folder: the one given, or `cache()`. Processes may share it."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder or cache())

    def rows(self, extractor: Extractor, media: Sequence[Medium], labels: Sequence[object] | None = None) -> np.ndarray:
        """(n, d) float32: read where they are known, else extracted chunk by chunk and kept. NaN for an absent one.

        labels: the media's categories, for an extractor that is `labelled`. Raises OSError where the disk is full.
        """
        asked = self._asked(extractor, media, labels)
        return self._twice(asked, lambda: self._rows(extractor, asked))

    def fitted(self, extractor: Extractor, media: Sequence[Medium],
               labels: Sequence[object] | None = None) -> Extractor:
        """The extractor fitted to these media: read where that is known, else fitted and kept."""
        asked = self._asked(extractor, media, labels)
        return self._twice(asked, lambda: asked.fit(extractor))

    def _rows(self, extractor: Extractor, asked: _Asked) -> np.ndarray:
        known = _Known(len(asked.media))
        known.read(asked)
        todo = np.flatnonzero(~known.there[asked.first] & (asked.once != NOTHING))
        fitted = asked.fit(extractor) if len(todo) else None
        for new in _chunks(todo, type(extractor).__name__):
            media = [asked.media[place] for place in asked.first[new]]
            rows = _finite(np.asarray(fitted.transform(media), np.float32), media, type(extractor).__name__)
            known.fill(asked.first[new], rows)
            _write_part(asked.entry, asked.once[new], rows)
        known.repeat(asked)
        return known.rows

    def _twice(self, asked: _Asked, work: Callable[[], T]) -> T:
        """What `work` returns; where the entry is unusable, it is removed as a whole, and worked on again."""
        try:
            return work()
        except Unusable as fault:
            log.warning("%s: %s; it is removed and made again", asked.entry, fault)
            shutil.rmtree(asked.entry, ignore_errors=True)
            return work()

    def _asked(self, extractor: Extractor, media: Sequence[Medium], labels: Sequence[object] | None) -> _Asked:
        contents = np.fromiter((content(medium) for medium in media), CONTENT, len(media))
        once, first, which = np.unique(contents, return_index=True, return_inverse=True)
        its = [labels[place] for place in first] if extractor.labelled and labels is not None else None
        entry = self.folder / key(extractor, once, its)
        clear_abandoned(entry)
        return _Asked(media, its, once, first, which, entry)


def _finite(rows: np.ndarray, media: Sequence[Medium], name: str) -> np.ndarray:
    """The rows, NaN throughout where one is not finite: such a medium counts as absent, and is named."""
    good = finite(rows)
    absent = [getattr(media[place], "name", repr(media[place])[:40]) for place in np.flatnonzero(~good)]
    if absent:
        log.warning("%s: %d of %d media have no finite row and count as absent: %s%s", name, len(absent), len(media),
                    ", ".join(absent[:5]), ", ..." if len(absent) > 5 else "")
    return np.where(good[:, None], rows, np.float32(np.nan))


def _chunks(todo: np.ndarray, name: str) -> Iterator[np.ndarray]:
    """CHUNK of them at a time, with a bar on a terminal: how many a second, how long it will take."""
    with tqdm(total=len(todo), desc=name, unit=" media", disable=None, leave=False) as bar:
        for start in range(0, len(todo), CHUNK):
            yield todo[start:start + CHUNK]
            bar.update(min(CHUNK, len(todo) - start))


class _Known:
    """The rows found so far, (n, d), and which of them are there; `width` is d, 0 while it is not known."""

    def __init__(self, n: int) -> None:
        self.rows, self.there, self.width = np.full((n, 1), np.nan, np.float32), np.zeros(n, bool), 0

    def fill(self, places: np.ndarray, rows: np.ndarray) -> None:
        """Raises Unusable for rows of another width. Where no medium of a chunk could be read, its width is 1."""
        width = rows.shape[1]
        if width != self.width and not (width == 1 and np.isnan(rows).all()):
            if self.width:
                raise Unusable(f"rows of {width} dimensions beside rows of {self.width}")
            self.rows, self.width = np.full((len(self.rows), width), np.nan, np.float32), width
        self.rows[places], self.there[places] = rows, True

    def read(self, asked: _Asked) -> None:
        """Fill in what the parts of an entry have of what is asked; a part that cannot be trusted is removed."""
        once = asked.once
        for path in sorted(asked.entry.glob("rows-*.npy")):
            try:
                part = _read_part(path)
                its = np.array(part["content"])
                at = np.minimum(np.searchsorted(once, its), len(once) - 1)
                wanted = once[at] == its
                self.fill(asked.first[at[wanted]], part["row"][wanted])
            except (OSError, ValueError, EOFError, LookupError) as fault:
                log.warning("%s: %s; it is removed, its rows are extracted again", path, fault)
                with contextlib.suppress(OSError):
                    path.unlink()

    def repeat(self, asked: _Asked) -> None:
        """The row of a content that several media have, for all of them."""
        its = asked.first[asked.which]
        again = np.flatnonzero(its != np.arange(len(its)))
        self.rows[again] = self.rows[its[again]]


def extract(catalog: Catalog, extractor: Extractor, store: FeatureStore | None = None) -> Features:
    """What an extractor makes of a catalogue's media, from the store where it is known. Taught in chapter 3.

    Returns Features of the extractor's name with a row for every item. An unchanged catalogue needs no second
    extraction, nor the libraries that do it.
    """
    media, name = catalog.media(extractor.modality), name_of(extractor)
    if not media:
        return Features(name, extractor.modality, [], np.zeros((0, 1)))
    rows = (store or FeatureStore()).rows(extractor, media, _labels(catalog))
    present = finite(rows)
    there = sum(medium is not None for medium in media)
    if there and not present.any():
        log.warning("%s: NONE of its %d %s media has features of %s; the warnings of its first extraction name the "
                    "causes, and so does preprocessing's report", catalog.name, there, extractor.modality,
                    name)
    rows[~present] = 0  # here, for Features copies what it has to change
    return Features(name, extractor.modality, catalog.items["item_id"].to_numpy(), rows, present)


def fitted(catalog: Catalog, extractor: Extractor, store: FeatureStore | None = None) -> Extractor:
    """The extractor fitted to a catalogue's media, from the store where it was before. Taught in chapter 3.

    Then it transforms other media, and shows what it learned: `network_` and `losses_` of a network.
    """
    return (store or FeatureStore()).fitted(extractor, catalog.media(extractor.modality), _labels(catalog))


def _labels(catalog: Catalog) -> list[object] | None:
    return catalog.items["category"].tolist() if "category" in catalog.items else None


def _write_part(entry: Path, contents: np.ndarray, rows: np.ndarray) -> None:
    """A part is named by the checksum of its bytes."""
    part = np.zeros(len(rows), [("content", CONTENT), ("row", "<f4", (rows.shape[1],))])
    part["content"], part["row"] = contents, rows
    file = io.BytesIO()
    np.save(file, part, allow_pickle=False)
    write_whole(entry / _part_name(file.getvalue()), lambda path: path.write_bytes(file.getvalue()))


def _read_part(path: Path) -> np.ndarray:
    data = path.read_bytes()
    if path.name != _part_name(data):
        raise ValueError("damaged: its checksum is another one")
    return np.load(io.BytesIO(data), allow_pickle=False)


def _part_name(data: bytes) -> str:
    return f"rows-{hashlib.sha256(data).hexdigest()[:32]}.npy"
