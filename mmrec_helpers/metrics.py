"""How good a list is: one formula a function. Taught in chapter 9.

Throughout, hits: (n_users, k) bool, whether the item at each rank is relevant (an empty place is no hit);
n_relevant: (n_users,) int, how many items are relevant to the user in all. Each function gives (n_users,)
float in [0, 1], and nan where a user has nothing relevant: such a list cannot be judged.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def recall(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """The share of the relevant items that the list holds: recall@k = hits / relevant.

    It stays below 1 where a user has more than k relevant items. Taught in chapter 9.

    >>> recall(np.array([[True, False, True]]), np.array([4]))
    array([0.5])
    """
    return _ratio(hits.sum(1), n_relevant, n_relevant)


def precision(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """The share of the list that is relevant: precision@k = hits / k.

    A list that runs short is still divided by k. Taught in chapter 9.

    >>> precision(np.array([[True, False, True, False]]), np.array([2]))
    array([0.5])
    """
    return _ratio(hits.sum(1), np.full(len(hits), hits.shape[1]), n_relevant)


def f1(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """The harmonic mean of precision and recall: F1@k = 2PR / (P + R) = 2 hits / (k + relevant).

    The second form needs no case for P + R = 0. Taught in chapter 9. Source: van Rijsbergen 1979.

    >>> f1(np.array([[True, False, True, False]]), np.array([4]))
    array([0.5])
    """
    return _ratio(2 * hits.sum(1), hits.shape[1] + n_relevant, n_relevant)


def ndcg(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Normalised discounted cumulative gain: early hits count more, and the best list possible has 1.

    NDCG@k = sum over ranks r with a hit of 1 / log2(r + 1), divided by the same sum over the ranks
    1 to min(relevant, k). Taught in chapter 9. Source: Järvelin & Kekäläinen 2002.

    >>> ndcg(np.array([[True, False, True]]), np.array([2])).round(3)
    array([0.92])
    """
    k = hits.shape[1]
    discount = 1 / np.log2(np.arange(k) + 2)
    ideal = discount.cumsum()[np.minimum(n_relevant, k) - 1]
    return _ratio(hits @ discount, ideal, n_relevant)


def hit_rate(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Whether the list holds anything relevant at all: 1 or 0. Taught in chapter 9.

    >>> hit_rate(np.array([[False, True], [False, False]]), np.array([3, 1]))
    array([1., 0.])
    """
    return _ratio(hits.any(1), np.ones(len(hits)), n_relevant)


def coverage(lists: np.ndarray, candidates: np.ndarray) -> float:
    """The share of the candidates that appear in anybody's list: whether a method shows the shop or ten hits.

    lists: (n_users, k) ids, None at an empty place; candidates: (n,) ids. Returns nan without candidates.
    Taught in chapter 9. Source: Ge, Delgado-Battenfeld & Jannach 2010 (catalogue coverage).

    >>> coverage(np.array([["a", "b"], ["a", None]], dtype=object), np.array(["a", "b", "c", "d"]))
    0.5
    """
    offered = set(candidates)
    return len(offered & set(lists.ravel())) / len(offered) if offered else float("nan")


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "ndcg": ndcg, "recall": recall, "precision": precision, "f1": f1, "hit_rate": hit_rate}


def _ratio(above: np.ndarray, below: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """above / below, nan where nothing is relevant."""
    return np.divide(above, below, out=np.full(len(n_relevant), np.nan), where=np.asarray(n_relevant) > 0)
