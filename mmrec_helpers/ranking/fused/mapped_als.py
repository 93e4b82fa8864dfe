"""ALS first, content afterwards: vectors of items with few events are completed from their content. Chapter 7."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.fusion import FeatureFusion, LeftOutRidge
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.factors import ImplicitALS
from mmrec_helpers.ranking.neighbours import nearest, unit_rows


class MappedALS(ImplicitALS):
    """Two steps: implicit ALS on the log; then features are mapped to its item vectors, and complete them.

    v_i becomes (n_i v_i + prior m_i) / (n_i + prior), with n_i the item's events: a new item has m_i alone. m_i by
    `way`: `ridge`, the prediction of v_i from the fused features, the item itself left out (LeftOutRidge, strength
    `ridge`; blocks of at most `n_each` components, whitened to the power `whiten`), or `graph`, the mean of the vectors
    of the `k` items with the closest content of each modality: one step over a frozen graph of neighbours. Unlike in
    ContentALS, content does not change what ALS finds in the log. Taught in chapter 7. Source: Gantner et al. 2010.
    """

    name = "ALS, then content"
    learns_from = "log and content"
    capabilities = Capabilities(new_items=True)

    def __init__(self, n_factors: int = 32, l2: float = 60.0, alpha: float = 10.0, prior: float = 5.0,
                 way: str = "ridge", ridge: float = 30.0, n_each: int = 96, whiten: float = 0.5, k: int = 20,
                 n_sweeps: int = 10, seed: int = 0) -> None:
        super().__init__(n_factors, l2, alpha, n_sweeps, seed)
        self.prior, self.way, self.ridge, self.n_each, self.whiten, self.k = prior, way, ridge, n_each, whiten, k

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Factorise the log, then complete; without features it is ImplicitALS. Raises ValueError for another `way`."""
        if self.way not in ("ridge", "graph"):
            raise ValueError(f"way is {self.way!r}; there are ridge and graph")
        super().fit(interactions)
        if not features:
            return self
        aligned = [one.align(interactions.items) for one in features]
        events = self.popularity_[:, None]
        mapped = (self._ridge if self.way == "ridge" else self._graph)(aligned)
        there = np.any([one.present for one in aligned], axis=0)[:, None]
        share = np.where(there, self.prior / (events + self.prior), 0)
        self.item_vectors_ = ((1 - share) * self.item_vectors_ + share * mapped).astype(np.float32)
        return self

    def _ridge(self, features: Sequence[Features]) -> np.ndarray:
        fusion = FeatureFusion(n_each=self.n_each, whiten=self.whiten).fit(features)
        rows = np.concatenate([np.ones((len(self.items_), 1)), fusion.transform(features).matrix], axis=1)
        return LeftOutRidge(rows, self.popularity_ / (self.popularity_ + self.prior), self.ridge).predict(
            self.item_vectors_)

    def _graph(self, features: Sequence[Features]) -> np.ndarray:
        """The mean vector of each item's neighbours, weighted by their similarity; items without events are none."""
        def neighbours(unit: np.ndarray) -> sparse.csr_matrix:
            known = unit * (self.popularity_ > 0)[:, None]
            return nearest(lambda some: unit[some] @ known.T, len(unit), self.k)

        near = sum(neighbours(unit_rows(one)) for one in features).maximum(0).T.tocsr()
        total = np.asarray(near.sum(axis=1)).reshape(-1, 1)
        return near @ self.item_vectors_ / np.maximum(total, 1e-12)
