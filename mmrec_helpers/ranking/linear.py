"""One linear model over items: EASE, and EASE that also sees what the items are. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from mmrec_helpers.catalog import Interactions, Modality
from mmrec_helpers.ranking.neighbours import ItemToItem, unit_rows


class EASE(ItemToItem):
    """Each item predicted from all the others: min |X - XB|^2 + l2 |B|^2 with diag(B) = 0, in closed form.

    With P = inverse(X'X + l2 I): B_ji = -P_ji / P_ii. X: (users, items) of 0 and 1. Source: Steck 2019.
    """

    name = "EASE"

    def __init__(self, l2: float = 100.0) -> None:
        self.l2 = l2

    def fit(self, interactions: Interactions, modalities: Sequence[Modality] = ()) -> Self:
        """Solve for B, (items, items)."""
        self.items_ = interactions.items
        self.affinity_ = solve(gram(interactions), self.l2)
        return self


class SideEASE(ItemToItem):
    """EASE with side information: the items' features stand under X as further rows, weighted.

    G = X'X + sum over modalities m of w_m F_m F_m', with F_m the modality's centred unit rows; then as EASE.
    This is fusion at the level of the model. Source: Jeunen et al. 2020 (CEASE).
    """

    name = "EASE + side information"
    learns_from = "log and content"

    def __init__(self, l2: float = 100.0, weight: float | dict[str, float] = 3.0) -> None:
        self.l2, self.weight = l2, weight

    def fit(self, interactions: Interactions, modalities: Sequence[Modality] = ()) -> Self:
        """Solve for B, (items, items), from interactions and every modality given."""
        self.items_ = interactions.items
        both = gram(interactions)
        for modality in modalities:
            unit = unit_rows(modality.of(interactions.items))
            weight = self.weight[modality.name] if isinstance(self.weight, dict) else self.weight
            both += weight * (unit @ unit.T)
        self.affinity_ = solve(both, self.l2)
        return self


def gram(interactions: Interactions) -> np.ndarray:
    """X'X, (items, items): how many users took both; only positive entries count."""
    taken = (interactions.matrix > 0).astype(np.float32)
    return (taken.T @ taken).toarray()


def solve(both: np.ndarray, l2: float) -> np.ndarray:
    """B of EASE from a Gram matrix: -P / diag(P), the diagonal 0.

    >>> solve(np.array([[2.0, 1.0], [1.0, 2.0]]), l2=1.0).round(3)
    array([[0.   , 0.333], [0.333, 0.   ]], dtype=float32)
    """
    inverse = np.linalg.inv(both.astype(np.float64) + l2 * np.eye(len(both)))
    weights = -inverse / inverse.diagonal()
    np.fill_diagonal(weights, 0)
    return weights.astype(np.float32)
