"""Users and items as vectors of one space: implicit ALS. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking.base import Ranker
from mmrec_helpers.ranking.top_k import chunks


class VectorRanker(Ranker):
    """A ranker whose score is an inner product: score(u, i) = u . v_i, the user's vector found from their history."""

    learnt: ClassVar = {**Ranker.learnt, "item_vectors_": "nd"}
    item_vectors_: np.ndarray

    def user_vectors(self, history: sparse.csr_matrix) -> np.ndarray:
        """The vectors of users with these histories, (n, items) CSR -> (n, d): nobody needs to have been learnt."""
        raise NotImplementedError

    def score(self, queries: Queries) -> np.ndarray:
        """Inner products: (n, items)."""
        return self.user_vectors(queries.history) @ self.item_vectors_.T


class ImplicitALS(VectorRanker):
    """Implicit feedback factorised by alternating least squares.

    min over U, V of sum over all u, i of c_ui (p_ui - u.v_i)^2 + l2 (|U|^2 + |V|^2), with p_ui = 1 where u took i,
    else 0, and confidence c_ui = 1 + alpha x_ui. With V fixed, u = inverse(V'V + l2 I + alpha sum x v v') sum c v,
    the sums over what u took: the same formula finds the vector of someone who was never seen. d factors, `n_sweeps`
    times users then items, from a random start (`seed`). Source: Hu, Koren & Volinsky 2008.
    """

    name = "ALS"

    def __init__(self, n_factors: int = 32, l2: float = 10.0, alpha: float = 10.0, n_sweeps: int = 10,
                 seed: int = 0) -> None:
        self.n_factors, self.l2, self.alpha, self.n_sweeps, self.seed = n_factors, l2, alpha, n_sweeps, seed

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Find the vectors of the items; users' vectors are found again when they ask."""
        super().fit(interactions)
        taken = interactions.matrix
        by_item = taken.T.tocsr()
        start = np.random.default_rng(self.seed).standard_normal((taken.shape[1], self.n_factors))
        self.item_vectors_ = (start / np.sqrt(self.n_factors)).astype(np.float32)
        for _ in range(self.n_sweeps):
            users = least_squares(taken, self.item_vectors_, self.l2, self.alpha)
            self.item_vectors_ = least_squares(by_item, users, self.l2, self.alpha)
        return self

    def user_vectors(self, history: sparse.csr_matrix) -> np.ndarray:
        """One least-squares step for each history."""
        return least_squares(history, self.item_vectors_, self.l2, self.alpha)

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """c_uj v_i' inverse(A_u) v_j for each past item j; they add up to the score."""
        vectors, history = self.item_vectors_.astype(np.float64), query.history
        past = vectors[history.indices]
        left = (past * (self.alpha * history.data)[:, None]).T @ past + _everywhere(vectors, self.l2)
        return (1 + self.alpha * history.data)[:, None] * (past @ np.linalg.solve(left, vectors[columns].T))


def least_squares(taken: sparse.csr_matrix, others: np.ndarray, l2: float, alpha: float) -> np.ndarray:
    """The vector of each row, given those of the columns: (n, m) CSR, (m, d) -> (n, d) float32.

    Rows with the same number of entries are solved together: their normal equations are one batch of products.

    >>> least_squares(sparse.csr_matrix([[1.0, 0.0]]), np.eye(2), l2=1.0, alpha=1.0).round(3)
    array([[0.667, 0.   ]], dtype=float32)
    """
    d, lengths = others.shape[1], np.diff(taken.indptr)
    found, everywhere = np.zeros((taken.shape[0], d), np.float32), _everywhere(others, l2)
    order = np.argsort(lengths, kind="stable")
    for alike in filter(len, np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1)):
        length = lengths[alike[0]]
        for some in chunks(len(alike) if length else 0, d * (length + 4 * d)):
            entries = taken.indptr[alike[some], None] + np.arange(length)
            vectors, more = others[taken.indices[entries]], alpha * taken.data[entries][:, :, None]
            left = everywhere + (more * vectors).transpose(0, 2, 1) @ vectors
            right = ((1 + more) * vectors).sum(axis=1)
            found[alike[some]] = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return found


def _everywhere(vectors: np.ndarray, l2: float) -> np.ndarray:
    """V'V + l2 I: what every row's equations have in common, (d, d)."""
    return vectors.T @ vectors + l2 * np.eye(vectors.shape[1])
