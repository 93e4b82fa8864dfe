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
    exposure_: np.ndarray | None = None
    """(items,) the confidence that who did not take an item did not want it; None is 1 for all."""

    def __init__(self, n_factors: int = 32, l2: float = 10.0, alpha: float = 10.0, n_sweeps: int = 10,
                 seed: int = 0) -> None:
        self.n_factors, self.l2, self.alpha, self.n_sweeps, self.seed = n_factors, l2, alpha, n_sweeps, seed

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Find the vectors of the items; users' vectors are found again when they ask."""
        super().fit(interactions)
        taken = interactions.matrix
        by_item = taken.T.tocsr()
        self.item_vectors_ = self.start(taken.shape[1])
        for _ in range(self.n_sweeps):
            users = least_squares(taken, self.item_vectors_, self.l2, self.alpha)
            self.item_vectors_ = least_squares(by_item, users, self.l2, self.alpha)
        return self

    def start(self, n_items: int) -> np.ndarray:
        """Random item vectors to begin with, of length 1 on average: (items, d) float32."""
        drawn = np.random.default_rng(self.seed).standard_normal((n_items, self.n_factors))
        return (drawn / np.sqrt(self.n_factors)).astype(np.float32)

    def user_vectors(self, history: sparse.csr_matrix) -> np.ndarray:
        """One least-squares step for each history."""
        return least_squares(history, self.item_vectors_, self.l2, self.alpha, columns=self.exposure_)

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """c_uj v_i' inverse(A_u) v_j for each past item j; they add up to the score."""
        vectors, past, more = self.item_vectors_.astype(np.float64), query.history.indices, query.history.data
        exposure = np.ones(len(vectors)) if self.exposure_ is None else self.exposure_
        left = (vectors * exposure[:, None]).T @ vectors + self.l2 * np.eye(vectors.shape[1])
        left += (vectors[past] * (self.alpha * more)[:, None]).T @ vectors[past]
        weights = exposure[past] + self.alpha * more
        return weights[:, None] * (vectors[past] @ np.linalg.solve(left, vectors[columns].T))


def least_squares(taken: sparse.csr_matrix, others: np.ndarray, l2: float, alpha: float,
                  rows: np.ndarray | None = None, columns: np.ndarray | None = None,
                  prior: np.ndarray | None = None) -> np.ndarray:
    """The vector of each row, given those of the columns: (n, m) CSR, (m, d) -> (n, d) float32.

    Each minimises sum over columns i of c_i (p_i - w.v_i)^2 + l2 |w - prior|^2, with confidence c_i = rows * columns_i
    + alpha x_i. rows (n,) and columns (m,): by default 1; prior (n, d): by default 0. Rows with the same number of
    entries are solved together: their normal equations are one batch of products.

    >>> least_squares(sparse.csr_matrix([[1.0, 0.0]]), np.eye(2), l2=1.0, alpha=1.0).round(3)
    array([[0.667, 0.   ]], dtype=float32)
    """
    n, d, lengths = taken.shape[0], others.shape[1], np.diff(taken.indptr)
    rows, columns = (np.ones(size, np.float32) if weights is None else weights
                     for size, weights in zip(taken.shape, (rows, columns), strict=True))
    found = np.zeros((n, d), np.float32)
    pull = found if prior is None else l2 * prior
    everywhere, ridge = (others * columns[:, None]).T @ others, l2 * np.eye(d)
    order = np.argsort(lengths, kind="stable")
    for alike in filter(len, np.split(order, np.flatnonzero(np.diff(lengths[order])) + 1)):
        length = lengths[alike[0]]
        for some in chunks(len(alike), d * (length + 4 * d)):
            row = alike[some]
            entries = taken.indptr[row, None] + np.arange(length)
            column, more = taken.indices[entries], alpha * taken.data[entries]
            vectors, weights = others[column], rows[row, None] * columns[column] + more
            left = rows[row, None, None] * everywhere + ridge
            left += (more[:, :, None] * vectors).transpose(0, 2, 1) @ vectors
            right = (weights[:, :, None] * vectors).sum(axis=1) + pull[row]
            found[row] = np.linalg.solve(left, right[:, :, None])[:, :, 0]
    return found
