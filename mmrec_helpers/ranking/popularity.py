"""What most people took: the floor that every personal method must beat. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Interactions, Modality
from mmrec_helpers.ranking.base import Ranker


class Popularity(Ranker):
    """The same list for everyone: score(i) = number of users who took i.

    >>> taken = Interactions(sparse.csr_matrix([[1, 1, 0], [0, 1, 0]]), ["u", "v"], ["a", "b", "c"])
    >>> Popularity().fit(taken).recommend(sparse.csr_matrix((1, 3)), k=2)[0]
    array([['b', 'a']], dtype=object)
    """

    name = "popularity"

    def fit(self, interactions: Interactions, modalities: Sequence[Modality] = ()) -> Self:
        """Count the users of each item."""
        self.items_ = interactions.items
        self.counts_ = np.asarray((interactions.matrix > 0).sum(axis=0), np.float32).ravel()
        return self

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """The counts, for each history: (n, items)."""
        return np.tile(self.counts_, (histories.shape[0], 1))
