"""What most people took: the floor that every personal method must beat. Taught in chapter 8."""

from __future__ import annotations

import numpy as np

from mmrec_helpers.catalog import Queries, Recommendations
from mmrec_helpers.ranking.base import Capabilities, Ranker


class Popularity(Ranker):
    """The same list for everyone: score(i) = number of users who took i.

    >>> from mmrec_helpers.catalog import Interactions
    >>> taken = Interactions([[1, 1, 0], [0, 1, 0]], ["u", "v"], ["a", "b", "c"])
    >>> Popularity().fit(taken).recommend(["c"], k=2).ids
    array([['b', 'a']], dtype=object)
    """

    name = "popularity"
    capabilities = Capabilities(explains=False)

    def score(self, queries: Queries) -> np.ndarray:
        """The counts, for each query: (n, items)."""
        return np.broadcast_to(self.popularity_, (len(queries), len(self.popularity_)))

    def similar_items(self, item: str, *args: object, **kwargs: object) -> Recommendations:
        """Raises ValueError: the list is the same whatever was taken."""
        raise ValueError(f"{self.name} gives everybody one list: it has no similar items")
