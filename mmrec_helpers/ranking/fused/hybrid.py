"""The ranker that `mmrec run` serves: ALS with a content prior, L3AE, user kNN, a kernel for new items. Chapter 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Self

import numpy as np

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking.base import Ranker
from mmrec_helpers.ranking.fused.blend import Blend
from mmrec_helpers.ranking.fused.content_als import ContentALS
from mmrec_helpers.ranking.fused.content_kernel import Completion, ContentKernel
from mmrec_helpers.ranking.fused.linear import L3AE
from mmrec_helpers.ranking.linear import MAX_ITEMS, most_events
from mmrec_helpers.ranking.users import UserKNN


class HybridRanker(Blend):
    """Known items by votes of models of log and content and of similar users; new ones by their likeness to those.

    An item with an event: score = (1 - user_share) ((1 - share) / n_seeds * sum over seeds of ContentALS + share *
    L3AE) + user_share * UserKNN, each divided by the spread of its scores, as in `Blend`. An item without: `new_scale`
    (it counts where new and known items are in one list) times a kernel ridge regression of the user's scores of known
    items on what the items are (`Completion`), from the `max_items` items with most events. n_factors, l2, alpha,
    ridge: of ContentALS; linear_l2, pull, content_l2: of L3AE; user_k, user_shrink: of UserKNN, which is not fitted
    where its share is 0; smooth: strength of the kernel ridge; gaussian: how much of its kernel is Gaussian;
    weights_of: of some features in the kernel, by name, the others weigh 1. `parts` is by features, `log`, `L3AE` and
    `user kNN`, and sums up to the score. Without features it is a blend of ALS with a prior, EASE and user kNN. Taught
    in chapter 8.

    >>> taken = Interactions([[1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 0, 0]], ["u", "v", "w"], ["a", "b", "c", "d"])
    >>> text = Features("tfidf", "text", ["a", "b", "c", "d"], [[1, 0], [0, 1], [1, 0.1], [0, 1]])
    >>> HybridRanker(n_factors=2, l2=0.1, ridge=0.1, n_seeds=2).fit(taken, [text]).recommend(["b", "d"], k=2).ids
    array([['a', 'c']], dtype=object)
    """

    name = "hybrid"
    learnt: ClassVar = {**Blend.learnt, "modalities_": "m", "widths_": "m", "centre_": "f", "axes_": "fc",
                        "rows_": "mnc"}
    only_scoring = ("share", "user_share", "new_scale", "smooth", "gaussian", "weights_of")
    of_kernel = ("smooth", "gaussian", "weights_of")
    """Those of `only_scoring` that change the kernel."""
    how = "scores"

    def __init__(self, n_factors: int = 32, l2: float = 75.0, alpha: float = 20.0, ridge: float = 30.0,
                 linear_l2: float = 200.0, pull: float = 100.0, content_l2: float = 10.0, share: float = 0.1,
                 user_k: int = 100, user_shrink: float = 5.0, user_share: float = 0.0, n_seeds: int = 5,
                 smooth: float = 1.0, gaussian: float = 0.5, weights_of: Mapping[str, float] | None = None,
                 new_scale: float = 0.6, max_items: int = MAX_ITEMS, seed: int = 0) -> None:
        self.n_factors, self.l2, self.alpha, self.ridge = n_factors, l2, alpha, ridge
        self.linear_l2, self.pull, self.content_l2, self.share = linear_l2, pull, content_l2, share
        self.user_k, self.user_shrink, self.user_share, self.n_seeds = user_k, user_shrink, user_share, n_seeds
        self.smooth, self.gaussian, self.weights_of = smooth, gaussian, weights_of
        self.new_scale, self.max_items, self.seed = new_scale, max_items, seed

    @property
    def rankers(self) -> dict[str, Ranker]:
        """Its models, unfitted: ContentALS once a seed, L3AE, and UserKNN if it has a share."""
        als = {f"{ContentALS.name} {number}": ContentALS(
            self.n_factors, self.l2, self.alpha, self.ridge, seed=self.seed + number) for number in range(self.n_seeds)}
        users = {UserKNN.name: UserKNN(self.user_k, self.user_shrink)} if self.user_share else {}
        return {**als, L3AE.name: L3AE(self.linear_l2, self.pull, self.content_l2, self.max_items), **users}

    @property
    def weights(self) -> dict[str, float]:
        """How much each of them counts."""
        own = {L3AE.name: self.share * (1 - self.user_share), UserKNN.name: self.user_share}
        each = (1 - self.share) * (1 - self.user_share) / self.n_seeds
        return {name: own.get(name, each) for name in self.rankers}

    def clone(self) -> Self:
        """A ranker with the same arguments that has learnt nothing."""
        return Ranker.clone(self)

    def fits_like(self, other: Ranker | None) -> bool:
        """As `Ranker.fits_like`; UserKNN is fitted only where its share is not 0."""
        return super().fits_like(other) and bool(self.user_share) == bool(other.user_share)

    def scoring(self, like: Ranker) -> Self:
        """As `Ranker.scoring`; the kernel is solved again only where it would be another."""
        same = all(getattr(self, name) == getattr(like, name) for name in self.of_kernel)
        other = super().scoring(like)
        return other if same else other._complete()

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Fit the models, then the kernel."""
        super().fit(interactions, features)
        aligned = [one.align(interactions.items) for one in features]
        kernel = ContentKernel.of(aligned)
        self.modalities_, self.widths_, self.centre_, self.axes_ = kernel
        self.rows_ = kernel.rows(aligned, len(self.items_))
        return self._complete()

    def score(self, queries: Queries) -> np.ndarray:
        """The weighted sum of votes; for new items what the kernel makes of it: (n, items)."""
        scores = super().score(queries)
        if self.completion_ is not None:
            scores[:, self.completion_.new] = self.new_scale * self.completion_.apply(scores[:, self.completion_.known])
        return scores

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """What each past item adds: (past, len(columns)); for new items by way of the known ones."""
        added = super().added(query, columns)
        if self.completion_ is not None and (new := np.isin(columns, self.completion_.new)).any():
            completed = self.new_scale * self.completion_.apply(super().added(query, self.completion_.known))
            added[:, new] = completed[:, np.searchsorted(self.completion_.new, columns[new])]
        return added

    def parts(self, query: Queries, columns: np.ndarray) -> dict[str, np.ndarray]:
        """What each of the features adds to the score, `L3AE`, `user kNN`, and `log`: what events say beyond that."""
        parts = {name: np.zeros(len(columns)) for name in self.modalities_}
        for name, ranker in self.rankers_.items():
            for part, value in ranker.parts(query, columns).items():
                parts[part] = parts.get(part, 0) + self._factor(name) * value
        whole = [name for name in (L3AE.name, UserKNN.name) if name in self.rankers_]
        parts |= {name: self._vote(name, query)[0, columns] for name in whole}
        if self.completion_ is not None and (new := np.isin(columns, self.completion_.new)).any():
            known = super().score(query)[0, self.completion_.known]
            by_feature = self.completion_.parts(known, np.searchsorted(self.completion_.new, columns[new]))
            for name, value in zip((*self.modalities_, "log", *whole), (*by_feature, *(0 for _ in whole)), strict=True):
                parts[name][new] = self.new_scale * value
        return parts

    def add_items(self, features: Sequence[Features]) -> Self:
        """Learn the items of these features that are not known yet; scores of the others stay as they are.

        Raises ValueError where these are not the features it was fitted on, by name and width.
        """
        new = self.unknown(features)
        kernel = ContentKernel(self.modalities_, self.widths_, self.centre_, self.axes_)
        rows = kernel.rows([one.align(new) for one in features], len(new))
        for ranker in self.rankers_.values():
            ranker.add_items(features) if isinstance(ranker, ContentALS) else ranker.extend(new)
        self.extend(new)
        self.rows_ = np.concatenate([self.rows_, rows], axis=1)
        return self._complete()

    @classmethod
    def from_state(cls, params: Mapping[str, object], state: Mapping[str, np.ndarray]) -> Self:
        """As `Ranker.from_state`."""
        ranker = super().from_state(params, state)
        if ranker.widths_.sum() != len(ranker.centre_):
            raise ValueError("widths_ does not fit")
        return ranker._complete()

    def _complete(self) -> Self:
        """Where there are known and new items with features, how scores of the former give those of the latter.

        Raises ValueError for a weight of features that are not there.
        """
        if strange := sorted({*(self.weights_of or {})} - {*self.modalities_}):
            known = ", ".join(self.modalities_) or "none"
            raise ValueError(f"weights_of names {strange[0]!r}; it was fitted on {known}")
        there = (self.rows_ != 0).any(axis=(0, 2))
        known = most_events(self.popularity_, there & (self.popularity_ > 0), self.max_items)
        new, self.completion_ = np.flatnonzero(there & (self.popularity_ == 0)), None
        if len(known) and len(new):
            weights = [(self.weights_of or {}).get(name, 1.0) for name in self.modalities_]
            self.completion_ = Completion.of(self.rows_, self.popularity_, known, new, weights, self.smooth,
                                              self.gaussian)
        return self
