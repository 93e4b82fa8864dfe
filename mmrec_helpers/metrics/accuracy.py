"""How much of what a user took is in the list, and how high: one formula a function. Taught in chapter 9.

Each gives (n_users,) float in [0, 1], and nan where a user has nothing relevant: such a list cannot be judged. hits:
relevant items in the list; relevant: those that there are.
"""

from __future__ import annotations

import numpy as np

from mmrec_helpers.metrics.context import Context
from mmrec_helpers.metrics.registry import metric


@metric("NDCG")
def ndcg(c: Context) -> np.ndarray:
    """Normalised discounted cumulative gain: early hits count more, and the best list possible has 1.

    NDCG@k = sum over ranks r with a hit of 1 / log2(r + 1), divided by the same sum over the ranks 1 to
    min(relevant, k). Grades do not count here. Taught in chapter 9. Source: Järvelin & Kekäläinen 2002.

    >>> ndcg(Context.of([["a", "b", "c"]], [{"a", "c"}])).round(3)
    array([0.92])
    """
    discount = _discount(c.k)
    ideal = discount.cumsum()[np.minimum(c.n_relevant, c.k) - 1]
    return c.judged(c.hits @ discount, ideal)


@metric("graded NDCG")
def graded_ndcg(c: Context) -> np.ndarray:
    """NDCG with the grade of an item as its gain: DCG@k = sum over ranks r of grade_r / log2(r + 1).

    Divided by the DCG of the best list possible: the highest grades first. The same as `ndcg` where all grades are 1.
    Taught in chapter 9. Source: Järvelin & Kekäläinen 2002.

    >>> graded_ndcg(Context.of([["a", "b"]], [{"a": 1, "b": 3}])).round(3)
    array([0.797])
    """
    discount = _discount(c.k)
    row = np.repeat(np.arange(len(c.columns)), c.n_relevant)
    order = np.lexsort((-c.targets.data, row))
    place = np.arange(len(row)) - np.repeat(c.targets.indptr[:-1], c.n_relevant)
    gain = np.where(place < c.k, c.targets.data[order] * discount[np.minimum(place, c.k - 1)], 0)
    return c.judged(c.gains @ discount, np.bincount(row, gain, len(c.columns)))


@metric("recall")
def recall(c: Context) -> np.ndarray:
    """The share of the relevant items that the list holds: recall@k = hits / relevant.

    It stays below 1 where a user has more than k relevant items. Taught in chapter 9.

    >>> recall(Context.of([["a", "b", "c"]], [{"a", "c", "x", "y"}]))
    array([0.5])
    """
    return c.judged(c.n_hits, c.n_relevant)


@metric("precision")
def precision(c: Context) -> np.ndarray:
    """The share of the list that is relevant: precision@k = hits / k.

    A list that runs short is still divided by k. Taught in chapter 9.

    >>> precision(Context.of([["a", "b", "c", "d"]], [{"a", "c"}]))
    array([0.5])
    """
    return c.judged(c.n_hits, float(c.k))


@metric("F1")
def f1(c: Context) -> np.ndarray:
    """The harmonic mean of precision and recall: F1@k = 2PR / (P + R) = 2 hits / (k + relevant).

    The second form needs no case for P + R = 0. Taught in chapter 9. Source: van Rijsbergen 1979.

    >>> f1(Context.of([["a", "b", "c", "d"]], [{"a", "c", "x", "y"}]))
    array([0.5])
    """
    return c.judged(2 * c.n_hits, c.k + c.n_relevant)


@metric("hit rate")
def hit_rate(c: Context) -> np.ndarray:
    """Whether the list holds anything relevant at all: 1 or 0. Taught in chapter 9.

    >>> hit_rate(Context.of([["a", "b"], ["a", "b"]], [{"b"}, {"c"}]))
    array([1., 0.])
    """
    return c.judged(c.n_hits > 0, 1.0)


@metric("MRR")
def mrr(c: Context) -> np.ndarray:
    """Reciprocal rank: 1 / rank of the first hit, 0 without one; its mean over users is MRR. Taught in chapter 9.

    Source: Voorhees 1999.

    >>> mrr(Context.of([["a", "b", "c"]], [{"b", "c"}]))
    array([0.5])
    """
    return c.judged(np.where(c.n_hits > 0, 1 / (c.hits.argmax(axis=1) + 1), 0), 1.0)


@metric("MAP")
def average_precision(c: Context) -> np.ndarray:
    """AP@k = sum over ranks r with a hit of precision@r, divided by relevant; its mean over users is MAP.

    As in trec_eval: it stays below 1 where a user has more than k relevant items. Taught in chapter 9. Source: Buckley
    & Voorhees 2000.

    >>> average_precision(Context.of([["a", "b", "c"]], [{"a", "c"}])).round(3)
    array([0.833])
    """
    so_far = c.hits.cumsum(axis=1) / np.arange(1, c.k + 1)
    return c.judged((so_far * c.hits).sum(axis=1), c.n_relevant)


@metric("AUC", "above", "pool")
def auc(c: Context) -> np.ndarray:
    """The chance that a relevant candidate has a higher score than one that is not: over the whole order, not a list.

    AUC = 1 - mean over the relevant of (others above it / others), a tie counts half; nan where there are no others.
    Taught in chapter 9. Source: Rendle et al. 2009.

    >>> c = Context.of([["a"]], [{"a", "b"}], above=np.array([0.0, 1.5]), pool=np.array([5]))
    >>> auc(c)
    array([0.75])
    """
    row = np.repeat(np.arange(len(c.columns)), c.n_relevant)
    above = np.bincount(row, c.above, len(c.columns))
    pairs = (c.n_relevant * (c.pool - c.n_relevant)).astype(float)
    return 1 - np.divide(above, pairs, out=np.full(len(above), np.nan), where=pairs > 0)


@metric("accuracy", "pool")
def accuracy(c: Context) -> np.ndarray:
    """The share of the candidates about which the list is right: taken and listed, or neither.

    accuracy@k = (hits + candidates - listed - missed) / candidates. Nearly all candidates are neither, so that an
    empty list has an accuracy near 1 as well: it says little here, and what is called accuracy of a recommender is
    often precision. Taught in chapter 9.

    >>> accuracy(Context.of([["a", "b"]], [{"a", "c"}], pool=np.array([10])))
    array([0.8])
    """
    wrong = (c.n_listed - c.n_hits) + (c.n_relevant - c.n_hits)
    return c.judged(c.pool - wrong, np.maximum(c.pool, 1))


def _discount(k: int) -> np.ndarray:
    """1 / log2(rank + 1) of the ranks 1 to k."""
    return 1 / np.log2(np.arange(k) + 2)
