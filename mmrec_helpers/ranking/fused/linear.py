"""EASE that also sees what the items are, in two ways: fusion in the model. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.linear import MAX_ITEMS, gram, most_events, regular_inverse, solve
from mmrec_helpers.ranking.neighbours import ItemToItem, unit_rows


class SideEASE(ItemToItem):
    """EASE with side information: the items' features are further rows under X, weighted.

    G = X'X + sum over features m of w_m F_m F_m', with F_m the centred unit rows; then as EASE, over items with an
    event or a feature, the `max_items` with most events. weight: one number, or one for each of the features' names.
    Taught in chapter 7. Source: Jeunen et al. 2020 (CEASE).
    """

    name = "EASE + side information"
    learns_from = "log and content"
    capabilities = Capabilities(new_items=True)

    def __init__(self, l2: float = 100.0, weight: float | Mapping[str, float] = 3.0,
                 max_items: int | None = MAX_ITEMS) -> None:
        self.l2, self.weight, self.max_items = l2, weight, max_items

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Solve for B, from interactions and all features given. Raises ValueError where they do not fit in memory."""
        super().fit(interactions)
        aligned = [one.align(interactions.items) for one in features]
        self.columns_ = with_content(self.popularity_, aligned, self.max_items)
        both = gram(interactions, self.columns_)
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


class L3AE(ItemToItem):
    """EASE that stays near weights that content alone would give.

    min over B of |X - XB|^2 + l2 |B|^2 + pull |B - C|^2 with diag(B) = 0, where C is EASE of the features: the centred
    unit rows of all features as further users, strength `content_l2`. In closed form, with
    P = inverse(X'X + (l2 + pull) I): B = I + pull P C - P diagMat((1 + pull diag(P C)) / diag(P)). `max_items` as in
    EASE. Taught in chapter 7. Source: L3AE, arXiv 2508.13500.
    """

    name = "L3AE"
    learns_from = "log and content"
    capabilities = Capabilities(new_items=True)

    def __init__(self, l2: float = 100.0, pull: float = 100.0, content_l2: float = 1.0,
                 max_items: int | None = MAX_ITEMS) -> None:
        self.l2, self.pull, self.content_l2, self.max_items = l2, pull, content_l2, max_items

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Solve for C from the features, then for B. Raises ValueError where the matrices do not fit in memory."""
        super().fit(interactions)
        aligned = [one.align(interactions.items) for one in features]
        self.columns_ = with_content(self.popularity_, aligned, self.max_items)
        inverse = regular_inverse(gram(interactions, self.columns_, matrices=6), self.l2 + self.pull)
        units = [unit_rows(one)[self.columns_] for one in aligned]
        content = solve(sum((unit @ unit.T for unit in units), start=np.zeros(inverse.shape)), self.content_l2)
        wanted = self.pull * (inverse @ content)
        weights = wanted - inverse * ((1 + wanted.diagonal()) / inverse.diagonal())
        np.fill_diagonal(weights, 0)
        self.affinity_ = weights.astype(np.float32)
        return self


def with_content(events: np.ndarray, features: Sequence[Features], most: int | None) -> np.ndarray:
    """The places of the items with an event or any of the features, at most so many, those with most events."""
    return most_events(events, np.any([events > 0, *(one.present for one in features)], axis=0), most)
