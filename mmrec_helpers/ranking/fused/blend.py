"""Several rankers score on their own, and their scores are added up. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Interactions, Modality
from mmrec_helpers.ranking.base import Ranker
from mmrec_helpers.ranking.neighbours import ItemToItem


class Blend(ItemToItem):
    """Decision-level fusion: score = sum over rankers of weight * that ranker's score, each scaled to spread 1.

    The scale of a ranker is the standard deviation of its scores for the training users, so the sum stays a sum
    over past items and keeps its reasons. rankers: name -> item-to-item ranker; weights: by the same names.

    >>> from mmrec_helpers.ranking import EASE, ItemKNN
    >>> taken = Interactions(sparse.csr_matrix([[1, 1, 0], [0, 1, 1]]), ["u", "v"], ["a", "b", "c"])
    >>> blend = Blend({"ease": EASE(1.0), "knn": ItemKNN()}, {"ease": 0.7, "knn": 0.3}).fit(taken)
    >>> blend.recommend(taken.matrix[:1], k=1)[0]
    array([['c']], dtype=object)
    """

    name = "blend"
    learns_from = "log and content"

    def __init__(self, rankers: Mapping[str, Ranker], weights: Mapping[str, float]) -> None:
        self.rankers_, self.weights = dict(rankers), dict(weights)

    def fit(self, interactions: Interactions, modalities: Sequence[Modality] = ()) -> Self:
        """Fit each ranker on the same interactions and modalities; learn each one's scale."""
        self.items_ = interactions.items
        self.scales = {name: float(ranker.fit(interactions, modalities).scores(interactions.matrix).std()) or 1.0
                       for name, ranker in self.rankers_.items()}
        return self

    def parts(self, histories: sparse.csr_matrix) -> dict[str, np.ndarray]:
        """What each ranker adds to the score: name -> (n, items)."""
        return {name: ranker.scores(histories) * (self.weights[name] / self.scales[name])
                for name, ranker in self.rankers_.items()}

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """The sum of the parts: (n, items)."""
        return sum(self.parts(histories).values())

    def affinity(self, past: np.ndarray, items: np.ndarray) -> np.ndarray:
        """The weighted sum of the rankers' affinities: (len(past), len(items))."""
        return sum(ranker.affinity(past, items) * (self.weights[name] / self.scales[name])
                   for name, ranker in self.rankers_.items())
