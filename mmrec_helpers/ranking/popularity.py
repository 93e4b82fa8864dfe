"""What most people took, ever or lately: the floor that every personal method must beat. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries, Recommendations
from mmrec_helpers.ranking.base import Capabilities, Ranker
from mmrec_helpers.ranking.times import stored_times

DAY = 86_400.0
"""Seconds."""

WAYS = ("all time", "recent", "trend")


class Popularity(Ranker):
    """The same list for everyone; `how` says what is counted. n_i: the number of users who took item i.

    all time: score(i) = n_i. recent: r_i = sum over them of 0.5 ** (age / half_life), age in days before the last event
    of the log: an event counts half after `half_life` days, a quarter after two of them. trend: how much of an item's
    popularity is recent, (r_i + shrink m) / (n_i + shrink) with m = sum of r / sum of n, the recent share of the
    whole log: `shrink` events of average age are added to each item, so one recent event does not win (a
    Bayesian average; the posterior mean of a rate under a Gamma prior). An item without an event scores 0.
    recent and trend need times. Sources: for the decay Ding & Li 2005 (time weight collaborative filtering); for the
    shrinkage Efron & Morris 1975.

    >>> taken = Interactions([[1, 1, 0], [0, 1, 0]], ["u", "v"], ["a", "b", "c"],
    ...                      time=[[2 * DAY, 0.5 * DAY, 0], [0, 1 * DAY, 0]])
    >>> Popularity().fit(taken).recommend(["c"], k=2).ids
    array([['b', 'a']], dtype=object)
    >>> Popularity("recent", half_life=0.5).fit(taken).recommend(["c"], k=2).ids  # a: 1; b: 1/8 + 1/4
    array([['a', 'b']], dtype=object)
    """

    capabilities = Capabilities(explains=False)
    how = "all time"  # of a subclass with arguments of its own
    scores_: np.ndarray
    """(items,) what is ranked by, of recent and trend; `popularity_` is the count of users for each `how`."""

    def __init__(self, how: str = "all time", half_life: float = 60.0, shrink: float = 30.0) -> None:
        self.how, self.half_life, self.shrink = how, half_life, shrink

    @property
    def name(self) -> str:
        """`popularity`, `popularity (recent)`, `popularity (trend)`."""
        return "popularity" if self.how == "all time" else f"popularity ({self.how})"

    @property
    def learnt(self) -> Mapping[str, str]:
        """Of all time, nothing beyond `popularity_`."""
        return Ranker.learnt if self.how == "all time" else {**Ranker.learnt, "scores_": "n"}

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Count. Raises ValueError for another `how`, or where `how` needs times and there are none."""
        if self.how not in WAYS:
            raise ValueError(f"how is {self.how!r}; there are {', '.join(WAYS)}")
        if self.how != "all time" and not self.half_life > 0:
            raise ValueError(f"half_life is {self.half_life}; give days, more than 0")
        super().fit(interactions)
        if self.how != "all time":
            recent, n = self._recent(interactions), self.popularity_
            mean = recent.sum() / max(n.sum(), 1)
            trend = np.where(n > 0, (recent + self.shrink * mean) / np.maximum(n + self.shrink, 1e-12), 0)
            self.scores_ = (recent if self.how == "recent" else trend).astype(np.float32)
        return self

    def score(self, queries: Queries) -> np.ndarray:
        """The same scores for each query: (n, items)."""
        scores = self.popularity_ if self.how == "all time" else self.scores_
        return np.broadcast_to(scores, (len(queries), len(scores)))

    def similar_items(self, item: str, *args: object, **kwargs: object) -> Recommendations:
        """Raises ValueError: the list is the same whatever was taken."""
        raise ValueError(f"{self.name} gives everybody one list: it has no similar items")

    def _recent(self, interactions: Interactions) -> np.ndarray:
        """r: (items,) float64."""
        if interactions.time is None:
            raise ValueError(f"{self.name} needs the time of each event: give Interactions(..., time=), as every split "
                             "does, or count all time: Popularity()")
        matrix, times = interactions.matrix, stored_times(interactions.matrix, interactions.time)
        last = sparse.coo_matrix(interactions.time).data.max(initial=0)
        decay = 0.5 ** ((last - times) / (self.half_life * DAY))
        return np.bincount(matrix.indices, decay, matrix.shape[1])
