"""What flows between the rooms: `Catalog`, `Modality`, `Interactions`, `Split`.

Rows are aligned by id, never by luck. Ids are strings everywhere. Taught in chapters 1 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

POSITIVE_EVENTS = ("like", "cart", "purchase", "play")
"""Events that say a user took an item; `view` and `search` are input only. A `rate` is judged by its value."""

POSITIVE_RATING = 4.0
"""A `rate` event with at least this value is positive; a lower one is seen and masked."""


class CatalogError(ValueError):
    """The catalogue's structure is broken. The message names file, line (where there is one) and mend."""


@dataclass(frozen=True)
class Catalog:
    """What a shop knows.

    items: one row an item, columns `item_id, title, description, category, tags, released_at, image, audio,
    video` and any further ones; events: one row an event, `user_id, item_id, event, timestamp, query, value,
    text, media`. Every field is text or missing (NaN) until `preprocessing.preprocess` has converted it.
    root: the folder that the media paths in `items` start from. Taught in chapter 1.
    """

    items: pd.DataFrame
    events: pd.DataFrame
    root: Path
    name: str

    def media(self, modality: str) -> list[str | Path | None]:
        """One medium an item, in the order of `items`; None where the item has none.

        `text` is the title and description; an item without a description has no text, its other modalities go on
        without it. Where most items have no description, those have their title and tags (or else category), as
        `Title. jazz, lp`. Any other modality is the path in the column of that name (`image`, `audio`, `video`),
        absolute. A catalogue without the column has none.
        """
        if modality == "text":
            return self._texts()
        if modality not in self.items:
            return [None] * len(self.items)
        return [None if pd.isna(path) else self.root / path for path in self.items[modality]]

    def _texts(self) -> list[str | Path | None]:
        fields = self.items.reindex(columns=["title", "description", "tags", "category"]).astype(object)
        text = fields["description"]
        if text.notna().mean() < 0.5:
            text = text.fillna(fields["tags"].fillna(fields["category"]).str.replace("|", ", ", regex=False)).fillna("")
        return [None if pd.isna(end) or not (parts := [part for part in (title, end) if isinstance(part, str) and part])
                else ". ".join(parts) for title, end in zip(fields["title"], text, strict=True)]


@dataclass(frozen=True)
class Modality:
    """What an extractor made of a catalogue's media.

    ids: (n,) item ids; matrix: (n, d) float32; present: (n,) bool, False where the item has no such medium or it
    could not be read (its row is then zero). Taught in chapters 1, 3, 4 and 5.

    >>> sound = Modality("audio", ["a", "b"], [[1, 2], [np.nan, np.nan]])
    >>> sound.present
    array([ True, False])
    >>> sound.of(["b", "a", "z"]).matrix
    array([[0., 0.], [1., 2.], [0., 0.]], dtype=float32)
    """

    name: str
    ids: np.ndarray
    matrix: np.ndarray
    present: np.ndarray = None  # by default: the rows of `matrix` without NaN

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, dtype=np.float32)
        present = finite(matrix) if self.present is None else np.asarray(self.present, bool)
        if matrix[~present].any():  # a NaN counts
            matrix = matrix.copy()
            matrix[~present] = 0
        object.__setattr__(self, "ids", np.asarray(self.ids, dtype=object))
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "present", present)
        if not len(self.ids) == len(self.matrix) == len(self.present):
            raise ValueError(f"{self.name}: {len(self.ids)} ids for {len(self.matrix)} rows")

    def of(self, ids: Sequence[str]) -> Modality:
        """The rows of these items, in this order; an item that is not known here is not present."""
        rows = pd.Index(self.ids).get_indexer(list(ids))
        known = rows >= 0
        if not len(self.ids):
            return Modality(self.name, ids, np.zeros((len(ids), self.matrix.shape[1])), known)
        return Modality(self.name, ids, self.matrix[rows], self.present[rows] & known)


def finite(matrix: np.ndarray) -> np.ndarray:
    """Which rows have neither NaN nor infinity, without another matrix in memory: (n, d) -> (n,) bool.

    >>> finite(np.array([[1, 2], [1, np.nan]]))
    array([ True, False])
    """
    return np.isfinite(matrix.sum(axis=1, dtype=np.float64))


@dataclass(frozen=True)
class Interactions:
    """Who took what: `matrix` (users x items, CSR, float32) with the ids of its rows and columns.

    A stored 1 is a positive event; a **stored 0** is an item seen and not liked (a low rating): it is masked
    from candidates and never learnt from. Taught in chapters 1 and 8.
    """

    matrix: sparse.csr_matrix
    users: np.ndarray
    items: np.ndarray

    def __post_init__(self) -> None:
        object.__setattr__(self, "users", np.asarray(self.users, dtype=object))
        object.__setattr__(self, "items", np.asarray(self.items, dtype=object))
        if self.matrix.shape != (len(self.users), len(self.items)):
            raise ValueError(f"matrix {self.matrix.shape} for {len(self.users)} users, {len(self.items)} items")

    def history(self, items: Sequence[str]) -> sparse.csr_matrix:
        """One row over `self.items` for a user who took these items; ids that are not known are left out.

        >>> who = Interactions(sparse.csr_matrix((1, 3), dtype=np.float32), ["u"], ["a", "b", "c"])
        >>> who.history(["c", "zzz"]).toarray()
        array([[0., 0., 1.]], dtype=float32)
        """
        columns = pd.Index(self.items).get_indexer(list(dict.fromkeys(items)))
        columns = columns[columns >= 0]
        row = np.zeros(len(columns), dtype=int)
        return sparse.csr_matrix((np.ones(len(columns), np.float32), (row, columns)), (1, len(self.items)))


@dataclass(frozen=True)
class Split:
    """Interactions divided for an honest experiment; every part has the same rows and columns.

    train: what rankers learn from; valid, test: the targets (an item's first positive event in that period);
    known: for "valid" and "test", each user's history when that period starts, the input of a ranker and the
    mask of its candidates; candidates: for each, (items,) bool, what may be recommended; protocol: what was split
    how, what is masked, the seed. Taught in chapter 9; made by `splits`.
    """

    train: Interactions
    valid: Interactions
    test: Interactions
    protocol: Mapping[str, object]
    known: Mapping[str, Interactions] = field(default_factory=dict)
    candidates: Mapping[str, np.ndarray] = field(default_factory=dict)

    def learn(self, stage: str) -> Interactions:
        """What a ranker may learn from before `stage`: `train`, and for "test" what was known and asked in "valid"."""
        if stage == "valid":
            return self.train
        parts = [self.train.matrix, self.known["valid"].matrix, self.valid.matrix]
        return Interactions(union(parts), self.train.users, self.train.items)


def union(matrices: Sequence[sparse.csr_matrix]) -> sparse.csr_matrix:
    """The largest value of each cell over matrices of one shape; a stored 0 stays stored.

    >>> a, b = sparse.csr_matrix([[1, 0, 0]]), sparse.csr_matrix(([0], ([0], [1])), (1, 3))
    >>> union([a, b]).indices, union([a, b]).data
    (array([0, 1], dtype=int32), array([1., 0.], dtype=float32))
    """
    parts = [m.tocoo() for m in matrices]
    cells = pd.DataFrame({
        "row": np.concatenate([m.row for m in parts]),
        "column": np.concatenate([m.col for m in parts]),
        "value": np.concatenate([m.data for m in parts]).astype(np.float32),
    }).groupby(["row", "column"], sort=True)["value"].max().reset_index()
    return sparse.csr_matrix((cells["value"], (cells["row"], cells["column"])), matrices[0].shape)
