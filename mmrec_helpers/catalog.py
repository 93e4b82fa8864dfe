"""What flows between the modules: `Catalog`, `Features`, `Interactions`, `Queries`, `Split`, `Recommendations`.

Rows are aligned by id. Ids are strings everywhere. Taught in chapters 1 and 2.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

POSITIVE_EVENTS = ("like", "cart", "purchase", "play")
"""Events that say a user took an item; `view` and `search` are input only. A `rate` is judged by its value."""

POSITIVE_RATING = 4.0
"""A `rate` event with at least this value is positive; a lower one is seen and masked."""


class CatalogError(ValueError):
    """The catalogue's structure is broken. The message names file, line (where there is one) and fix."""


class UnknownId(ValueError):
    """An id that is not in the catalogue. The message names it, and the nearest known one."""


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
        without it. Where no item has a description, the text is the title and tags (or else category), as
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
        if text.isna().all():
            text = text.fillna(fields["tags"].fillna(fields["category"]).str.replace("|", ", ", regex=False)).fillna("")
        return [None if pd.isna(end) or not (parts := [part for part in (title, end) if isinstance(part, str) and part])
                else ". ".join(parts) for title, end in zip(fields["title"], text, strict=True)]


@dataclass(frozen=True)
class Features:
    """What an extractor made of the media of items, or what a profile says of users.

    name: of the extractor ("minilm"); modality: "text", "image", "audio" ...; ids: (n,) of items or users; matrix:
    (n, d) float32; present: (n,) bool, False where there is no such medium or it could not be read (its row is then
    zero). Several extractors of one modality live side by side. Raises ValueError for a row that is present with NaN or
    infinity in it. Taught in chapters 1, 3, 4 and 5.

    >>> sound = Features("mel", "audio", ["a", "b"], [[1, 2], [np.nan, np.nan]])
    >>> sound.present
    array([ True, False])
    >>> sound.align(["b", "a", "z"]).matrix
    array([[0., 0.], [1., 2.], [0., 0.]], dtype=float32)
    """

    name: str
    modality: str
    ids: np.ndarray
    matrix: np.ndarray
    present: np.ndarray = None  # by default: the rows of `matrix` without NaN

    def __post_init__(self) -> None:
        matrix = np.asarray(self.matrix, dtype=np.float32)
        whole = finite(matrix)
        present = whole if self.present is None else np.asarray(self.present, bool)
        if matrix[~present].any():  # a NaN counts
            matrix = matrix.copy()
            matrix[~present] = 0
        object.__setattr__(self, "ids", np.asarray(self.ids, dtype=object))
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "present", present)
        if not len(self.ids) == len(self.matrix) == len(self.present):
            raise ValueError(f"{self.name}: {len(self.ids)} ids for {len(self.matrix)} rows")
        if (broken := present & ~whole).any():
            raise ValueError(f"{self.name}: {self.ids[broken.argmax()]!r} is present with NaN or infinity in its row; "
                             "give present=False there, or extract it again")

    def align(self, ids: Sequence[str]) -> Features:
        """The rows of these ids, in this order; an id that has no row here is not present."""
        rows = pd.Index(self.ids).get_indexer(list(ids))
        known = rows >= 0
        if not len(self.ids):
            return Features(self.name, self.modality, ids, np.zeros((len(ids), self.matrix.shape[1])), known)
        return Features(self.name, self.modality, ids, self.matrix[rows], self.present[rows] & known)


def finite(matrix: np.ndarray) -> np.ndarray:
    """Which rows have neither NaN nor infinity, without another matrix in memory: (n, d) -> (n,) bool.

    >>> finite(np.array([[1, 2], [1, np.nan]]))
    array([ True, False])
    """
    return np.isfinite(matrix.sum(axis=1, dtype=np.float64))


@dataclass(frozen=True)
class Interactions:
    """Who took what.

    matrix: (users, items) CSR float32; what is stored is positive, its size a confidence; users, items: the ids of
    rows and columns; seen: (users, items) CSR bool, what must not be offered again: the positives, and items with a
    low rating (default: the positives alone); time: (users, items) CSR float64, the seconds since 1970 of the first
    event of what was seen, or None. Taught in chapters 1 and 8.
    """

    matrix: sparse.csr_matrix
    users: np.ndarray
    items: np.ndarray
    seen: sparse.csr_matrix = None
    time: sparse.csr_matrix | None = None

    def __post_init__(self) -> None:
        matrix = sparse.csr_matrix(self.matrix, dtype=np.float32)
        object.__setattr__(self, "matrix", matrix)
        object.__setattr__(self, "users", np.asarray(self.users, dtype=object))
        object.__setattr__(self, "items", np.asarray(self.items, dtype=object))
        object.__setattr__(self, "seen", cells(matrix) if self.seen is None else cells(self.seen))
        for part in (matrix, self.seen):
            if part.shape != self.users.shape + self.items.shape:
                raise ValueError(f"matrix {part.shape} for {len(self.users)} users, {len(self.items)} items")
        if len(matrix.data) and not 0 < matrix.data.min() <= matrix.data.max() < np.inf:
            raise ValueError("an interaction not positive or not finite; an item seen and not liked belongs in `seen`")

    def queries(self, users: Sequence[str] | None = None) -> Queries:
        """Ask for these users (default: all) with what is known of them here. Raises UnknownId."""
        rows = np.arange(len(self.users)) if users is None else positions(users, self.users, "user")
        time = None if self.time is None else self.time[rows]
        return Queries(self.matrix[rows], self.seen[rows], self.users[rows], time)


@dataclass(frozen=True)
class Queries:
    """Who is asked for: one row a list.

    history: (n, items) CSR float32, what each took, as in `Interactions.matrix`; seen: (n, items) CSR bool, what must
    not be offered (default: the history); users: (n,) ids, or None for people who have none; time: as in
    `Interactions`, or None. Taught in chapters 8 and 12.
    """

    history: sparse.csr_matrix
    seen: sparse.csr_matrix = None
    users: np.ndarray | None = None
    time: sparse.csr_matrix | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "history", sparse.csr_matrix(self.history, dtype=np.float32))
        object.__setattr__(self, "seen", cells(self.history if self.seen is None else self.seen))

    @classmethod
    def of(cls, histories: Sequence[str] | Sequence[Sequence[str]], items: Catalog | Sequence[str]) -> Queries:
        """Ask by item ids: one history, or a list of them. items: the catalogue, or its ids. Raises UnknownId.

        >>> Queries.of(["c", "a"], items=["a", "b", "c"]).history.toarray()
        array([[1., 0., 1.]], dtype=float32)
        """
        one = not len(histories) or isinstance(histories[0], str)
        rows = [list(dict.fromkeys(row)) for row in ([histories] if one else histories)]
        ids = items.items["item_id"].to_numpy(object) if isinstance(items, Catalog) else np.asarray(items, object)
        columns = positions([item for row in rows for item in row], ids, "item")
        starts = np.cumsum([0, *map(len, rows)])
        return cls(sparse.csr_matrix((np.ones(len(columns), np.float32), columns, starts), (len(rows), len(ids))))

    def __len__(self) -> int:
        return self.history.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> Queries:
        users, time = (None if part is None else part[rows] for part in (self.users, self.time))
        return Queries(self.history[rows], self.seen[rows], users, time)


@dataclass(frozen=True)
class Recommendations:
    """The best items of each query. ids: (n, k) object, None where fewer are left; scores: (n, k), nan there.

    users: (n,) ids or None; by_popularity: (n,) bool, True where nothing was known of the user, so that the list is
    of what most people took. Taught in chapter 8.
    """

    ids: np.ndarray
    scores: np.ndarray
    users: np.ndarray | None
    by_popularity: np.ndarray

    def to_frame(self) -> pd.DataFrame:
        """One row a recommended item: `user_id` (the query's number where it has no user), `rank`, `item_id`, `score`.

        >>> Recommendations(np.array([["a", None]]), np.array([[2.0, np.nan]]), np.array(["u"]), [False]).to_frame()
          user_id  rank item_id  score
        0       u     1       a    2.0
        """
        n, k = self.ids.shape
        users = np.arange(n) if self.users is None else self.users
        table = pd.DataFrame({"user_id": np.repeat(users, k), "rank": np.tile(np.arange(1, k + 1), n),
                              "item_id": self.ids.ravel(), "score": self.scores.ravel()})
        return table.dropna(subset="item_id", ignore_index=True)


@dataclass(frozen=True)
class Stage:
    """One step of an experiment.

    fit: what may be learnt from; queries: who is asked for, with what is known of them when the stage begins; targets:
    (queries, items) CSR, what they then took; candidates: (items,) bool, what may be offered. Taught in chapter 9.
    """

    fit: Interactions
    queries: Queries
    targets: sparse.csr_matrix
    candidates: np.ndarray


@dataclass(frozen=True)
class Split:
    """Interactions divided for an honest experiment: settings are chosen on `valid`, reported on `test`.

    everything: all there is, to serve from after the experiment; protocol: what was divided how, in plain data. All
    parts have the same columns, every item of the catalogue, and the same rows. Taught in chapter 9; made by `splits`.
    """

    valid: Stage
    test: Stage
    everything: Interactions
    protocol: Mapping[str, object]


def cells(matrix: sparse.spmatrix) -> sparse.csr_matrix:
    """Where something is stored, as a CSR of bool."""
    matrix = sparse.csr_matrix(matrix)
    return sparse.csr_matrix((np.ones(matrix.nnz, bool), matrix.indices, matrix.indptr), matrix.shape)


def positions(ids: Sequence[str], known: np.ndarray, what: str) -> np.ndarray:
    """The place of each id among the known ones: (n,) int. Raises UnknownId.

    >>> positions(["b"], np.array(["a", "b"]), "item")
    array([1])
    """
    places = pd.Index(known).get_indexer(list(ids))
    if (places >= 0).all():
        return places
    strange = list(dict.fromkeys(one for one, place in zip(ids, places, strict=True) if place < 0))
    near = difflib.get_close_matches(str(strange[0]), list(map(str, known[:100_000])), 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(map(str, known[:3]))} ... ({len(known)})"
    more = f" (and {len(strange) - 1} more)" if len(strange) > 1 else ""
    raise UnknownId(f"{what} {strange[0]!r}{more} is not known; {hint}")
