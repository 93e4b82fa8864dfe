"""Users as neighbours: what those who took the same things took besides. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking.base import Ranker
from mmrec_helpers.ranking.neighbours import largest
from mmrec_helpers.ranking.top_k import chunks


class UserKNN(Ranker):
    """Users who took the same items: cosine of their rows, shrunk, the k most similar of each one asked for.

    similarity(u, v) = n_uv / (sqrt(n_u n_v) + shrink), n_uv the items that both took; score(i) = sum over the k
    most similar training users v who took i. u is a history: nobody needs to have been learnt. A training user who
    took nothing beyond the history has nothing to offer and is no neighbour; one of these is the user, when a user of
    the log asks: so k others remain. n_uv is a sum over shared items, and so the score is one over past items: j adds
    the sum over those v who took both j and i of 1 / (sqrt(n_u n_v) + shrink). Sizes of interactions are not used.
    Every question looks at every training user: memory and time grow with them. Sources: Herlocker et al. 1999;
    Sarwar et al. 2001 (the cosine, there of items).

    >>> taken = Interactions([[1, 1, 0], [1, 1, 0], [1, 0, 1]], ["u", "v", "w"], ["a", "b", "c"])
    >>> UserKNN(k=2, shrink=0.0).fit(taken).recommend(["a"], k=2).ids
    array([['b', 'c']], dtype=object)
    """

    name = "user kNN"
    learnt: ClassVar = {**Ranker.learnt, "taken_": "un"}
    taken_: sparse.csr_matrix
    """(training users who took anything, items) of 0 and 1."""

    def __init__(self, k: int = 100, shrink: float = 5.0) -> None:
        self.k, self.shrink = k, shrink

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Keep what the training users took; the work is done when somebody asks."""
        super().fit(interactions)
        self.taken_ = ones(interactions.matrix[interactions.matrix.getnnz(axis=1) > 0])
        return self

    def score(self, queries: Queries) -> np.ndarray:
        """Similarities times what the neighbours took: (n, items)."""
        parts = [self.neighbours(queries.history[some]) @ self.taken_
                 for some in chunks(len(queries), self.taken_.shape[0])]
        return np.concatenate([np.zeros((0, len(self.items_)), np.float32), *(part.toarray() for part in parts)])

    def neighbours(self, history: sparse.csr_matrix) -> sparse.csr_matrix:
        """The similarity of the k most similar training users of each history, (n, items) -> (n, users) CSR.

        >>> taken = Interactions([[1, 1, 0], [1, 0, 1], [1, 0, 0]], ["u", "v", "w"], ["a", "b", "c"])
        >>> UserKNN(k=1, shrink=0.0).fit(taken).neighbours(sparse.csr_matrix([[1, 1, 0]])).toarray()  # the user is u
        array([[0. , 0.5, 0. ]], dtype=float32)
        """
        history = ones(history)
        both, sizes = (history @ self.taken_.T).tocoo(), self.taken_.getnnz(axis=1)
        beyond = both.data < sizes[both.col]
        norms = np.sqrt(history.getnnz(axis=1)[both.row] * sizes[both.col])
        both.data = (both.data / (norms + self.shrink)).astype(np.float32)
        return largest(both, beyond, self.k)

    def extend(self, new: np.ndarray) -> None:
        """As `Ranker.extend`: nobody took the new ones."""
        super().extend(new)
        self.taken_.resize(self.taken_.shape[0], len(self.items_))

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """For each past item j, the sum over neighbours who took j and i of 1 / (sqrt(n_u n_v) + shrink)."""
        past, near = query.history.indices, self.neighbours(query.history)
        took = self.taken_[near.indices]
        each = 1 / (np.sqrt(len(past) * took.getnnz(axis=1)) + self.shrink)
        return (took[:, past].T @ took[:, columns].multiply(each[:, None])).toarray()


def ones(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """The same entries, each 1: float32."""
    return sparse.csr_matrix((np.ones(matrix.nnz, np.float32), matrix.indices, matrix.indptr), matrix.shape)
