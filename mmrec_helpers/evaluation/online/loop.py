"""A system that learns from what it showed: weeks of lists, answers and new fits. Taught in chapter 10."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Interactions, positions
from mmrec_helpers.evaluation.online.listeners import Listeners
from mmrec_helpers.metrics import inequality
from mmrec_helpers.ranking import Ranker


class Week(NamedTuple):
    """What one week brought: reward, the share of impressions that were taken; coverage, the share of all records in
    any list; gini, how unequal the impressions of the records are (0: all alike, near 1: one has them all)."""

    reward: float
    coverage: float
    gini: float


def weeks(listeners: Listeners, start: Interactions, ranker: Ranker, n_weeks: int, k: int = 10, explore: float = 0.0,
          fit: Callable[[Ranker, Interactions], Ranker] | None = None, seed: int = 0,
          first_day: float = np.inf) -> list[Week]:
    """Every week the ranker is fitted on the log so far, and its k best records that a listener has not taken are shown
    to each; what they take joins the log.

    start: the log of listeners of the world, its items in the world's order; explore: the share of places that get any
    record by chance; fit: how to fit (with features, say), by default `ranker.fit(log)`; first_day: of the first week,
    in days since the world began (a taste drifts on its day; by default all is after every drift). Raises UnknownId
    for a user who is no listener. Taught in chapter 10. Source of the question: Chaney, Stewart & Engelhardt 2018.

    >>> from mmrec_helpers.datasets.recordshop.world import make_world
    >>> from mmrec_helpers.ranking import Popularity
    >>> world = make_world(30, 20, seed=1)
    >>> log = Interactions(np.eye(20, 30), world.user_ids, world.item_ids)
    >>> len(weeks(Listeners(world), log, Popularity(), n_weeks=3, k=5))
    3
    """
    rng, taken, found = np.random.default_rng(seed), start.matrix, []
    people = positions(start.users, np.array(listeners.world.user_ids), "listener")
    rows, shown = np.arange(len(people))[:, None], sparse.csr_matrix(start.matrix.shape, dtype=np.float32)
    for week in range(n_weeks):
        log = Interactions(taken, start.users, start.items)
        fitted = ranker.clone().fit(log) if fit is None else fit(ranker.clone(), log)
        lists = _places(fitted.recommend(log.queries(), k).ids, start.items)
        lists = _explored(lists, len(start.items), explore, rng)
        rewards = listeners.respond(people, lists, rng, first_day + 7 * week, shown[rows, lists.clip(0)].toarray())
        shown = shown + _marked(lists, lists >= 0, shown.shape)
        taken = taken.maximum(_marked(lists, rewards, taken.shape))
        found.append(Week(float(rewards[lists >= 0].mean()), *_spread(lists, len(start.items))))
    return found


def _places(ids: np.ndarray, items: np.ndarray) -> np.ndarray:
    """Ids by their places among the items; -1 for None."""
    return pd.Index(items).get_indexer(ids.ravel()).reshape(ids.shape)


def _marked(lists: np.ndarray, where: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    """1 at the records of each list where `where` says so: (users, items)."""
    row, _ = np.nonzero(where)
    return sparse.csr_matrix((np.ones(len(row), np.float32), (row, lists[where])), shape)


def _explored(lists: np.ndarray, n_items: int, share: float, rng: np.random.Generator) -> np.ndarray:
    """Some places with any record; one that is in the list twice then leaves its second place empty."""
    lists = np.where(rng.random(lists.shape) < share, rng.integers(n_items, size=lists.shape), lists)
    order = np.argsort(lists, axis=1, kind="stable")
    ordered = np.take_along_axis(lists, order, axis=1)
    again = np.zeros(lists.shape, bool)
    np.put_along_axis(again, order[:, 1:], ordered[:, 1:] == ordered[:, :-1], axis=1)
    return np.where(again, -1, lists)


def _spread(lists: np.ndarray, n_items: int) -> tuple[float, float]:
    counts = np.bincount(lists[lists >= 0], minlength=n_items)
    return float((counts > 0).mean()), inequality(counts)
