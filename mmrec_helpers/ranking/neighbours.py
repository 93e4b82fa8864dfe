"""Items as neighbours: by who took them (collaborative) or by what they are (content-based). Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking.base import Capabilities, Ranker
from mmrec_helpers.ranking.top_k import chunks, top_k


class ItemToItem(Ranker):
    """A ranker whose score is a sum over the history: score(i) = sum over past items j of affinity(j, i).

    columns_: the items that it learnt, by their place; affinity_: between them, dense or sparse. Any other item has
    affinity 0 to all, as one without an event has.
    """

    learnt: ClassVar = {**Ranker.learnt, "columns_": "m", "affinity_": "mm"}
    columns_: np.ndarray
    affinity_: np.ndarray | sparse.csr_matrix

    def score(self, queries: Queries) -> np.ndarray:
        """Histories times affinities: (n, items)."""
        known = _dense(queries.history[:, self.columns_] @ self.affinity_)
        if len(self.columns_) == len(self.items_):
            return known
        scores = np.zeros((len(queries), len(self.items_)), np.float32)
        scores[:, self.columns_] = known
        return scores

    @classmethod
    def from_state(cls, params: Mapping[str, object], state: Mapping[str, np.ndarray]) -> Self:
        """As `Ranker.from_state`; columns_ must be places of items."""
        ranker = super().from_state(params, state)
        if not np.isin(ranker.columns_, np.arange(len(ranker.items_))).all():
            raise ValueError("columns_ names items that are not there")
        return ranker

    def affinity(self, past: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """How much each past item (by its place) adds to each item's score: (len(past), len(columns))."""
        place = np.full(len(self.items_), -1)
        place[self.columns_] = np.arange(len(self.columns_))
        rows, columns = place[past], place[columns]
        block = _dense(self.affinity_[rows.clip(0)][:, columns.clip(0)])
        return np.where((rows >= 0)[:, None] & (columns >= 0), block, 0)

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """Confidence times affinity, for each past item."""
        return query.history.data[:, None] * self.affinity(query.history.indices, columns)


class ItemKNN(ItemToItem):
    """Items that the same people took: cosine of their columns, shrunk, the k nearest of each item kept.

    affinity(j, i) = n_ij / (sqrt(n_i n_j) + shrink), n_ij the users who took both; 0 where nobody took one of
    them. Source: Sarwar et al. 2001.
    """

    name = "item kNN"

    def __init__(self, k: int = 100, shrink: float = 10.0) -> None:
        self.k, self.shrink = k, shrink

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Compute (items, items) affinities, k of them for each item."""
        super().fit(interactions)
        taken = (interactions.matrix > 0).astype(np.float32)
        by_item, norms = taken.T.tocsr(), np.sqrt(self.popularity_)

        def block(some: slice) -> sparse.csr_matrix:
            both = (by_item[some] @ taken).tocoo()
            both.data /= norms[some][both.row] * norms[both.col] + self.shrink
            return both.tocsr()

        self.columns_, self.affinity_ = np.arange(len(norms)), nearest(block, len(norms), self.k)
        return self


class ContentKNN(ItemToItem):
    """Items whose content is alike: cosine of their vectors, the k nearest of each item kept.

    Uses one extractor's features (the first given, or those of the name or modality asked for). Items without them
    have no neighbours. It can rank an item that nobody has taken yet, and learn new ones by `add_items`.

    >>> taken = Interactions([[1, 0, 0]], ["u"], ["a", "b", "c"])
    >>> text = Features("tfidf", "text", ["a", "b", "c"], [[1, 0], [0, 1], [1, 0.1]])
    >>> ContentKNN().fit(taken, [text]).recommend(["a"], k=2).ids
    array([['c', 'b']], dtype=object)
    """

    learns_from = "content"
    capabilities = Capabilities(new_items=True)
    learnt: ClassVar = {**ItemToItem.learnt, "centre_": "d", "unit_": "nd"}

    def __init__(self, features: str | None = None, k: int = 100) -> None:
        self.features, self.k = features, k

    @property
    def name(self) -> str:
        """`content kNN (tfidf)` and so on."""
        return f"content kNN ({self.features})" if self.features else "content kNN"

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Compute (items, items) cosines of the centred, normalised rows."""
        super().fit(interactions)
        content = pick(features, self.features).align(interactions.items)
        self.centre_ = centre(content)
        self.unit_ = unit_rows(content, self.centre_)
        return self._relate()

    def add_items(self, features: Features) -> Self:
        """Learn the items of `features` that are not known yet; vectors of the others stay as they are.

        Raises ValueError where they are of another width than those it was fitted on.
        """
        if features.matrix.shape[1] != len(self.centre_):
            raise ValueError(f"{features.name}: {features.matrix.shape[1]} dimensions, fitted on {len(self.centre_)}")
        new = features.align(self.unknown([features]))
        self.extend(new.ids)
        self.unit_ = np.concatenate([self.unit_, unit_rows(new, self.centre_)])
        return self._relate()

    def _relate(self) -> Self:
        n = len(self.items_)
        self.columns_, self.affinity_ = np.arange(n), nearest(lambda some: self.unit_[some] @ self.unit_.T, n, self.k)
        return self


def pick(features: Sequence[Features], name: str | None) -> Features:
    """The features of this name, else of this modality, or the first. Raises ValueError naming what is there."""
    for one in (*(one for one in features if name in (None, one.name)), *(f for f in features if f.modality == name)):
        return one
    raise ValueError(f"no features {name or 'at all'!r} here; there are {[one.name for one in features]}")


def centre(content: Features) -> np.ndarray:
    """The mean row of the items that are present: (d,) float32; zero where none is."""
    there = content.matrix[content.present]
    return there.mean(axis=0) if len(there) else np.zeros(content.matrix.shape[1], np.float32)


def unit_rows(content: Features, middle: np.ndarray | None = None) -> np.ndarray:
    """The rows less their centre (or `middle`), scaled to length 1: (n, d) float32; zero where absent."""
    centred = content.matrix - (centre(content) if middle is None else middle)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.where(content.present[:, None], centred / np.maximum(length, 1e-12), 0).astype(np.float32)


def nearest(block: Callable[[slice], np.ndarray | sparse.csr_matrix], n: int, k: int) -> sparse.csr_matrix:
    """The k largest entries of each column of a symmetric matrix off its diagonal, as CSR (n, n).

    block: rows -> (rows, n) similarities, a new array, dense or CSR (of which only stored ones count). Memory is
    bounded by one block and k entries a column.

    >>> alike = np.array([[1.0, 0.2, 0.3], [0.2, 1.0, 0.1], [0.3, 0.1, 1.0]])
    >>> nearest(lambda some: alike[some].copy(), 3, 1).toarray()
    array([[0. , 0.2, 0.3], [0. , 0. , 0. ], [0.3, 0. , 0. ]])
    """
    kept = [_largest(block(some), some.start, k) for some in chunks(n, n)]
    return sparse.vstack(kept).T.tocsr() if kept else sparse.csr_matrix((n, n), dtype=np.float32)


def _largest(similar: np.ndarray | sparse.csr_matrix, first: int, k: int) -> sparse.csr_matrix:
    """The k largest entries of each row; the one whose column is row + first does not count."""
    if not sparse.issparse(similar):
        similar[np.arange(len(similar)), np.arange(len(similar)) + first] = -np.inf
        column, value = top_k(similar, k)
        row = np.broadcast_to(np.arange(len(similar))[:, None], column.shape)
        there = (column >= 0) & (value != 0)
        return sparse.csr_matrix((value[there], (row[there], column[there])), similar.shape)
    coo = similar.tocoo()
    return largest(coo, coo.row + first != coo.col, k)


def largest(coo: sparse.coo_matrix, counts: np.ndarray, k: int) -> sparse.csr_matrix:
    """The k largest of the stored entries that count, of each row; ties go to the earlier column.

    counts: (stored,) bool.

    >>> alike = sparse.coo_matrix([[0.5, 0.9, 0.5]])
    >>> largest(alike, np.array([True, True, True]), 2).toarray()
    array([[0.5, 0.9, 0. ]])
    """
    row, column, value = (part[counts] for part in (coo.row, coo.col, coo.data))
    order = np.lexsort((column, -value, row))
    starts = np.searchsorted(row[order], np.arange(coo.shape[0]))
    best = order[np.arange(len(order)) - starts[row[order]] < k]
    return sparse.csr_matrix((value[best], (row[best], column[best])), coo.shape)


def _dense(product: np.ndarray | sparse.spmatrix) -> np.ndarray:
    return np.asarray(product.toarray() if sparse.issparse(product) else product, np.float32)
