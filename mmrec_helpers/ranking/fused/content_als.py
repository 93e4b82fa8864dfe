"""Implicit ALS whose item vectors are expected where their content says: fusion in the model. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.fusion import Block, LeftOutRidge, apply_block, fit_block, mapped
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.factors import ImplicitALS, least_squares
from mmrec_helpers.ranking.fused.positives import first_events

SHRINK = 5.0
"""An item with so many events counts half in the regression on content."""


class ContentALS(ImplicitALS):
    """Implicit ALS with a content prior: a vector is expected where its item's content says, and moves with the events.

    min over U, V of sum over all u, i of c_ui (p_ui - u.v_i)^2 + l2 (|U|^2 + sum over i of |v_i - m_i|^2), with
    c_ui = e_i + alpha x_ui. m_i = w_0 + sum over the features of W_m f_im is a ridge regression (strength `ridge`) of
    the other items' vectors on their features, found anew in every sweep: v_i ~ N(m_i, 1 / l2), in the words of
    probability. e_i, the exposure, is the share of the log since the item's first event: nobody refused an item that
    was not there. An item without an event has v_i = m_i. Features: each centred, its `n_each` principal components
    whitened to the power `whiten`. Without any features, m_i is the mean item. Sources: Hu, Koren & Volinsky 2008; for
    the prior Agarwal & Chen 2009 (regression-based latent factor models). Taught in chapter 7.

    >>> taken = Interactions([[1, 1, 0], [1, 0, 0], [0, 1, 0]], ["u", "v", "w"], ["a", "b", "c"])
    >>> text = Features("tfidf", "text", ["a", "b", "c"], [[1, 0], [0, 1], [1, 0.1]])
    >>> ContentALS(n_factors=2, l2=0.1, ridge=0.1).fit(taken, [text]).recommend([["a"]], k=2).ids
    array([['c', 'b']], dtype=object)
    """

    name = "ALS + content"
    learns_from = "log and content"
    capabilities = Capabilities(new_items=True)
    learnt: ClassVar = {**ImplicitALS.learnt, "exposure_": "n", "modalities_": "m", "widths_": "m",
                        "centre_": "f", "map_": "fd", "average_": "d", "expected_": "mnd"}

    def __init__(self, n_factors: int = 32, l2: float = 75.0, alpha: float = 20.0, ridge: float = 30.0,
                 n_each: int = 96, whiten: float = 0.5, n_sweeps: int = 10, seed: int = 0) -> None:
        super().__init__(n_factors, l2, alpha, n_sweeps, seed)
        self.ridge, self.n_each, self.whiten = ridge, n_each, whiten

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Alternate: users' vectors, what content says of the items, items' vectors."""
        super(ImplicitALS, self).fit(interactions)
        taken, by_item = interactions.matrix, interactions.matrix.T.tocsr()
        self.exposure_, events = exposure(interactions), self.popularity_
        aligned = [one.align(interactions.items) for one in features]
        blocks = [fit_block(one, self.n_each, self.whiten) for one in aligned]
        rows = [np.ones((len(events), 1)), *map(apply_block, aligned, blocks)]
        content = LeftOutRidge(np.concatenate(rows, axis=1), events / (events + SHRINK), self.ridge)
        self.item_vectors_ = self.start(len(events)) * (events > 0)[:, None]
        weights = content.weights(self.item_vectors_)
        for _ in range(self.n_sweeps):
            users = least_squares(taken, self.item_vectors_, self.l2, self.alpha, columns=self.exposure_)
            weights, prior = content.weights(self.item_vectors_), content.predict(self.item_vectors_)
            self.item_vectors_ = least_squares(by_item, users, self.l2, self.alpha, self.exposure_, prior=prior)
        return self._keep(aligned, blocks, weights)

    def add_items(self, features: Sequence[Features]) -> Self:
        """Learn the items of these features that are not known yet; vectors of the others stay as they are.

        Raises ValueError where these are not the features it was fitted on, by name and width.
        """
        new = self.unknown(features)
        expected = self._expected([one.align(new) for one in features], len(new))
        self.extend(new)
        self.exposure_ = np.concatenate([self.exposure_, np.zeros(len(new), np.float32)])
        self.item_vectors_ = np.concatenate([self.item_vectors_, self.average_ + expected.sum(axis=0)])
        self.expected_ = np.concatenate([self.expected_, expected], axis=1)
        return self

    def content_scores(self, queries: Queries) -> dict[str, np.ndarray]:
        """What each feature adds to the score of every item: name -> (n, items). Taught in chapter 6."""
        users = self.user_vectors(queries.history)
        return {name: users @ expected.T for name, expected in zip(self.modalities_, self.expected_, strict=True)}

    def parts(self, query: Queries, columns: np.ndarray) -> dict[str, np.ndarray]:
        """What each feature adds to the score, and `log`: what the events say beyond that."""
        content = {name: scores[0, columns] for name, scores in self.content_scores(query).items()}
        return {**content, "log": self.score(query)[0, columns] - sum(content.values())}

    def _keep(self, features: Sequence[Features], blocks: Sequence[Block], weights: np.ndarray) -> Self:
        """What a new item needs: of all the steps from a row of features to a vector, the one matrix they make."""
        self.modalities_ = np.array([one.name for one in features], object)
        self.widths_ = np.array([one.matrix.shape[1] for one in features], int)
        self.average_, start, maps = weights[0].astype(np.float32), 1, []
        for block in blocks:
            width = len(block.centre) if block.axes is None else block.axes.shape[1]
            one = weights[start:start + width] / block.scale
            maps.append(one if block.axes is None else block.axes @ one)
            start += width
        self.map_ = np.concatenate([np.zeros((0, self.n_factors)), *maps]).astype(np.float32)
        self.centre_ = np.concatenate([np.zeros(0), *(block.centre for block in blocks)]).astype(np.float32)
        self.expected_ = self._expected(features, len(self.items_))
        return self

    def _expected(self, features: Sequence[Features], n: int) -> np.ndarray:
        """What each feature adds to the vectors expected of its n items: (features, n, d); 0 where absent."""
        return mapped(features, self.modalities_, self.widths_, self.centre_, self.map_, n)


def exposure(interactions: Interactions) -> np.ndarray:
    """The share of the log since each item's first event, (items,) float32; 0 for an item without an event.

    1 for every other item where the interactions carry no times.

    >>> log = Interactions([[1, 1], [0, 1]], ["u", "v"], ["old", "new"], time=[[1, 3], [0, 5]])
    >>> exposure(log).round(2)
    array([1.  , 0.67], dtype=float32)
    """
    taken = interactions.matrix.getnnz(axis=0) > 0
    if interactions.time is None:
        return taken.astype(np.float32)
    times = np.sort(sparse.coo_matrix(interactions.time).data)
    since = 1 - np.searchsorted(times, first_events(interactions)) / max(len(times), 1)
    return np.where(taken, since, 0).astype(np.float32)
