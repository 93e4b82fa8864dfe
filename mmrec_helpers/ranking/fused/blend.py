"""Several rankers score on their own, and their scores are added up. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking.base import Capabilities, Ranker

SAMPLE = 512
"""Users whose scores give a ranker's scale."""


RANK_OFFSET = 60.0
"""k of reciprocal rank fusion, the value of its source."""


class Blend(Ranker):
    """Decision-level fusion: score = sum over rankers of weight * that ranker's vote for the item.

    how: `scores`, the vote is the ranker's score, scaled to spread 1 (the standard deviation of its scores for users of
    the log); or `ranks`, the vote is 1 / (60 + the item's rank among all items), reciprocal rank fusion: no scale
    is needed, and past items cannot explain it. rankers: name -> ranker; weights: by the same names. `fit` fits copies
    of them. Source of reciprocal rank fusion: Cormack, Clarke & Büttcher 2009.

    >>> from mmrec_helpers.ranking import EASE, ItemKNN
    >>> taken = Interactions([[1, 1, 0], [0, 1, 1]], ["u", "v"], ["a", "b", "c"])
    >>> blend = Blend({"ease": EASE(1.0), "knn": ItemKNN()}, {"ease": 0.7, "knn": 0.3}).fit(taken)
    >>> blend.recommend(["a", "b"], k=1).ids
    array([['c']], dtype=object)
    """

    name = "blend"
    learns_from = "log and content"
    learnt: ClassVar = {**Ranker.learnt, "scales_": "r"}
    only_scoring = ("weights", "how")

    def __init__(self, rankers: Mapping[str, Ranker], weights: Mapping[str, float], how: str = "scores") -> None:
        self.rankers, self.weights, self.how = rankers, weights, how

    @property
    def capabilities(self) -> Capabilities:
        """New items where any of them ranks one; explanations where all of them explain."""
        each = [ranker.capabilities for ranker in self.rankers.values()]
        return Capabilities(any(one.new_items for one in each), all(one.new_users for one in each),
                            self.how == "scores" and all(one.explains for one in each))

    def clone(self) -> Self:
        """A blend of copies that have learnt nothing."""
        return type(self)({name: ranker.clone() for name, ranker in self.rankers.items()}, dict(self.weights), self.how)

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Fit each ranker on the same interactions and features; learn each one's scale. Raises ValueError for another
        `how`."""
        if self.how not in ("scores", "ranks"):
            raise ValueError(f"how is {self.how!r}; there are scores and ranks")
        super().fit(interactions)
        n = len(interactions.users)
        some = interactions.queries()[np.linspace(0, n - 1, min(n, SAMPLE)).astype(int)]
        self.rankers_ = {name: ranker.clone().fit(interactions, features) for name, ranker in self.rankers.items()}
        self.scales_ = np.array([n and float(ranker.score(some).std()) or 1.0 for ranker in self.rankers_.values()])
        return self

    def score(self, queries: Queries) -> np.ndarray:
        """The weighted sum of votes: (n, items)."""
        return sum(self._vote(name, queries) for name in self.rankers_).astype(np.float32)

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """The weighted sum of what each ranker adds."""
        return sum(self._factor(name) * ranker.added(query, columns) for name, ranker in self.rankers_.items())

    def parts(self, query: Queries, columns: np.ndarray) -> dict[str, np.ndarray]:
        """What each ranker adds to the score: name -> (len(columns),)."""
        return {name: self._vote(name, query)[0, columns] for name in self.rankers_}

    def state(self) -> dict[str, np.ndarray]:
        """Its own arrays, and each ranker's under `NAME/`."""
        parts = {f"{name}/{key}": value for name, ranker in self.rankers_.items()
                 for key, value in ranker.state().items()}
        return {**super().state(), **parts}

    @classmethod
    def from_state(cls, params: Mapping[str, object], state: Mapping[str, np.ndarray]) -> Self:
        """As `Ranker.from_state`; params["rankers"] are unfitted rankers."""
        blend = super().from_state(params, state)
        if blend.scales_.shape != (len(blend.rankers),) or not (blend.scales_ > 0).all():
            raise ValueError("scales_ does not fit")
        blend.rankers_ = {
            name: type(one).from_state(one.get_params(), {key.removeprefix(f"{name}/"): value for key, value in
                                                         state.items() if key.startswith(f"{name}/")})
            for name, one in blend.rankers.items()}
        if any(len(one.items_) != len(blend.items_) for one in blend.rankers_.values()):
            raise ValueError("its rankers were fitted on other items")
        return blend

    def _vote(self, name: str, queries: Queries) -> np.ndarray:
        scores = self.rankers_[name].score(queries)
        if self.how == "scores":
            return self._factor(name) * scores
        ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1) + 1
        return self.weights[name] / (RANK_OFFSET + ranks)

    def _factor(self, name: str) -> float:
        return self.weights[name] / self.scales_[list(self.rankers_).index(name)]
