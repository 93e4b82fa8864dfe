"""One linear model over items: EASE. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.ranking.neighbours import ItemToItem

MAX_ITEMS = 3_000
"""Items that a dense model learns by default: its matrices then take 0.2 GiB, and time grows with their cube."""


class EASE(ItemToItem):
    """Each item predicted from all the others: min |X - XB|^2 + l2 |B|^2 with diag(B) = 0, in closed form.

    With P = inverse(X'X + l2 I): B_ji = -P_ji / P_ii. X: (users, items) of 0 and 1. Only the
    `max_items` items with most events are learnt, so that memory stays bounded; the others score 0. Source: Steck 2019.
    """

    name = "EASE"

    def __init__(self, l2: float = 100.0, max_items: int = MAX_ITEMS) -> None:
        self.l2, self.max_items = l2, max_items

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Solve for B over the items learnt."""
        super().fit(interactions)
        self.columns_ = most_events(self.popularity_, self.popularity_ > 0, self.max_items)
        self.affinity_ = solve(gram(interactions, self.columns_), self.l2)
        return self


def solve(both: np.ndarray, l2: float) -> np.ndarray:
    """B of EASE from a Gram matrix: -P / diag(P), the diagonal 0.

    >>> solve(np.array([[2.0, 1.0], [1.0, 2.0]]), l2=1.0).round(3)
    array([[0.   , 0.333], [0.333, 0.   ]], dtype=float32)
    """
    inverse = regular_inverse(both, l2)
    weights = (-inverse / inverse.diagonal()).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def regular_inverse(both: np.ndarray, l2: float) -> np.ndarray:
    """P = inverse(G + l2 I) of a Gram matrix, by Cholesky, in place where that can be. Raises ValueError."""
    from scipy.linalg.lapack import dpotrf, dpotri

    if not len(both):
        return np.zeros((0, 0))
    regular = np.asfortranarray(both, np.float64)
    regular[np.diag_indices(len(both))] += l2
    factor, fault = dpotrf(regular, lower=1, overwrite_a=1)
    if fault:
        raise ValueError(f"l2 {l2} is too small: the Gram matrix cannot be inverted; try a larger one")
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    return np.tril(inverse) + np.tril(inverse, -1).T


def gram(interactions: Interactions, columns: np.ndarray) -> np.ndarray:
    """X'X over these items: how many users took both."""
    taken = (interactions.matrix[:, columns] > 0).astype(np.float64)
    return (taken.T @ taken).toarray()


def most_events(events: np.ndarray, there: np.ndarray, most: int) -> np.ndarray:
    """The places of at most so many of the items that are `there`, those with most events; ties to the earlier."""
    return np.sort(np.argsort(np.where(there, -events, np.inf), kind="stable")[:min(most, there.sum())])
