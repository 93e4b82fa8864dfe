"""One linear model over items: EASE, and EASE that also sees what the items are. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.neighbours import ItemToItem, unit_rows

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
        self.columns_ = _most_events(self.popularity_, self.popularity_ > 0, self.max_items)
        self.affinity_ = solve(_gram(interactions, self.columns_), self.l2)
        return self


class SideEASE(ItemToItem):
    """EASE with side information: the items' features are further rows under X, weighted.

    G = X'X + sum over features m of w_m F_m F_m', with F_m the centred unit rows; then as EASE, over items with an
    event or a feature, the `max_items` with most events. weight: one number, or one for each of the features' names.
    This is fusion at the level of the model. Source: Jeunen et al. 2020 (CEASE).
    """

    name = "EASE + side information"
    learns_from = "log and content"
    capabilities = Capabilities(new_items=True)

    def __init__(self, l2: float = 100.0, weight: float | Mapping[str, float] = 3.0,
                 max_items: int = MAX_ITEMS) -> None:
        self.l2, self.weight, self.max_items = l2, weight, max_items

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Solve for B, from interactions and all features given."""
        super().fit(interactions)
        aligned = [one.align(interactions.items) for one in features]
        there = np.any([self.popularity_ > 0, *(one.present for one in aligned)], axis=0)
        self.columns_ = _most_events(self.popularity_, there, self.max_items)
        both = _gram(interactions, self.columns_)
        for one in aligned:
            unit = unit_rows(one)[self.columns_]
            both += self._weight(one.name) * (unit @ unit.T)
        self.affinity_ = solve(both, self.l2)
        return self

    def _weight(self, name: str) -> float:
        if not isinstance(self.weight, Mapping):
            return self.weight
        if name not in self.weight:
            raise ValueError(f"no weight for the features {name!r}; there are weights for {', '.join(self.weight)}")
        return self.weight[name]


def solve(both: np.ndarray, l2: float) -> np.ndarray:
    """B of EASE from a Gram matrix: -P / diag(P), the diagonal 0; P by Cholesky, in place where that can be.

    >>> solve(np.array([[2.0, 1.0], [1.0, 2.0]]), l2=1.0).round(3)
    array([[0.   , 0.333], [0.333, 0.   ]], dtype=float32)
    """
    from scipy.linalg.lapack import dpotrf, dpotri

    if not len(both):
        return np.zeros((0, 0), np.float32)
    regular = np.asfortranarray(both, np.float64)
    regular[np.diag_indices(len(both))] += l2
    factor, fault = dpotrf(regular, lower=1, overwrite_a=1)
    if fault:
        raise ValueError(f"l2 {l2} is too small: the Gram matrix cannot be inverted; try a larger one")
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = (-inverse / inverse.diagonal()).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def _gram(interactions: Interactions, columns: np.ndarray) -> np.ndarray:
    """X'X over these items: how many users took both."""
    taken = (interactions.matrix[:, columns] > 0).astype(np.float64)
    return (taken.T @ taken).toarray()


def _most_events(events: np.ndarray, there: np.ndarray, most: int) -> np.ndarray:
    """The places of at most so many of the items that are `there`, those with most events; ties to the earlier."""
    return np.sort(np.argsort(np.where(there, -events, np.inf), kind="stable")[:min(most, there.sum())])
