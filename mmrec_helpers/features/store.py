"""What was extracted once is not extracted again. Taught in chapter 3.

An extractor has a folder, named by its class, its parameters, the version of its code and, where it learns, what it
learnt from. In it lies what it learnt, and the rows in parts: each row beside the hash of its medium's content. So a
medium that changed is extracted again and the others are not, whatever their order; a run that was stopped goes on
where it stood.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from tqdm import tqdm

from mmrec_helpers.catalog import Catalog, Features, finite
from mmrec_helpers.datasets.paths import cache, write_whole
from mmrec_helpers.features.extractors import name_of
from mmrec_helpers.features.keys import CONTENT, NOTHING, content, key

if TYPE_CHECKING:
    from mmrec_helpers.features.base import Extractor, Medium

CHUNK = 512
"""Rows that are written together; what a stop loses at most."""


class _Asked(NamedTuple):
    """Media by their contents: each one `once`, (m,) sorted; where it stands `first`, (m,); `which` it is, (n,)."""

    media: Sequence[Medium]
    labels: Sequence[object] | None
    once: np.ndarray
    first: np.ndarray
    which: np.ndarray
    entry: Path

    def fit(self, extractor: Extractor) -> Extractor:
        """The extractor as it learnt from them: read from the entry, or fitted and written there."""
        if (self.entry / "fitted").exists():
            return extractor.load(self.entry / "fitted")
        extractor.fit([self.media[place] for place in self.first], self.labels)
        self.entry.mkdir(parents=True, exist_ok=True)
        write_whole(self.entry / "fitted", lambda path: (path.mkdir(), extractor.save(path)))
        return extractor


class FeatureStore:
    """Extracted features in a folder: MMREC_CACHE, or ~/.cache/mmrec, or the one given. Processes may share it."""

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = Path(folder or cache())

    def rows(self, extractor: Extractor, media: Sequence[Medium], labels: Sequence[object] | None = None) -> np.ndarray:
        """(n, d) float32: read where they are known, else extracted chunk by chunk and kept. NaN for an absent one.

        labels: the media's categories, for an extractor that is `labelled`.
        """
        asked = self._asked(extractor, media, labels)
        known = _Known(len(media))
        known.read(asked)
        todo = np.flatnonzero(~known.there[asked.first] & (asked.once != NOTHING))
        if len(todo):
            fitted = asked.fit(extractor)
            for new in _chunks(todo, type(extractor).__name__):
                rows = np.asarray(fitted.transform([media[place] for place in asked.first[new]]), np.float32)
                _write_part(asked.entry, asked.once[new], rows)
                known.fill(asked.first[new], rows)
        known.repeat(asked)
        return known.rows

    def fitted(self, extractor: Extractor, media: Sequence[Medium],
               labels: Sequence[object] | None = None) -> Extractor:
        """The extractor as it learnt from these media: read where that is known, else fitted and kept."""
        return self._asked(extractor, media, labels).fit(extractor)

    def _asked(self, extractor: Extractor, media: Sequence[Medium], labels: Sequence[object] | None) -> _Asked:
        contents = np.fromiter((content(medium) for medium in media), CONTENT, len(media))
        once, first, which = np.unique(contents, return_index=True, return_inverse=True)
        taught = [labels[place] for place in first] if extractor.labelled and labels is not None else None
        return _Asked(media, taught, once, first, which, self.folder / key(extractor, once, taught))


def _chunks(todo: np.ndarray, name: str) -> Iterator[np.ndarray]:
    """CHUNK of them at a time, with a bar on a terminal: how many a second, how long it will take."""
    with tqdm(total=len(todo), desc=name, unit=" media", disable=None, leave=False) as bar:
        for start in range(0, len(todo), CHUNK):
            yield todo[start:start + CHUNK]
            bar.update(min(CHUNK, len(todo) - start))


class _Known:
    """The rows found so far, (n, d), and which of them are there."""

    def __init__(self, n: int) -> None:
        self.rows, self.there = np.full((n, 1), np.nan, np.float32), np.zeros(n, bool)

    def fill(self, places: np.ndarray, rows: np.ndarray) -> None:
        """Of a chunk that nobody could read the width is not known: one NaN, which fills a row of any width."""
        if rows.shape[1] > self.rows.shape[1]:
            self.rows = np.full((len(self.rows), rows.shape[1]), np.nan, np.float32)
        self.rows[places], self.there[places] = rows, True

    def read(self, asked: _Asked) -> None:
        """What the parts of an entry hold of what is asked."""
        once = asked.once
        for path in sorted(asked.entry.glob("rows-*.npy")):
            part = np.load(path, mmap_mode="r", allow_pickle=False)
            its = np.array(part["content"])
            at = np.minimum(np.searchsorted(once, its), len(once) - 1)
            wanted = once[at] == its
            self.fill(asked.first[at[wanted]], part["row"][wanted])

    def repeat(self, asked: _Asked) -> None:
        """The row of a content that stands at several places, at all of them."""
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
    rows[~present] = 0  # here, for Features copies what it has to change
    return Features(name, extractor.modality, catalog.items["item_id"].to_numpy(), rows, present)


def fitted(catalog: Catalog, extractor: Extractor, store: FeatureStore | None = None) -> Extractor:
    """The extractor as it learnt from a catalogue's media, from the store where it did before. Taught in chapter 3.

    Then it transforms other media, and shows what it learnt: `network_` and `losses_` of a network.
    """
    return (store or FeatureStore()).fitted(extractor, catalog.media(extractor.modality), _labels(catalog))


def _labels(catalog: Catalog) -> list[object] | None:
    return catalog.items["category"].tolist() if "category" in catalog.items else None


def _write_part(entry: Path, contents: np.ndarray, rows: np.ndarray) -> None:
    part = np.zeros(len(rows), [("content", CONTENT), ("row", "<f4", rows.shape[1])])
    part["content"], part["row"] = contents, rows
    name = f"rows-{bytes(contents[0]).hex()[:16]}-{len(contents)}.npy"
    write_whole(entry / name, lambda path: np.save(path, part))
