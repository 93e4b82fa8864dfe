"""How good a list is: one formula a function. Taught in chapter 9.

Throughout, hits: (n_users, k) bool, whether the item at each rank is relevant (an empty place is no hit);
n_relevant: (n_users,) int, how many items are relevant to the user in all. Each function gives (n_users,)
float in [0, 1], and nan where a user has nothing relevant: such a list cannot be judged.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import positions

SMOOTHING = 0.01
"""How much of the history's shares is mixed into those of a list, so that a label without an item is no infinity."""


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


def diversity(lists: np.ndarray, items: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """How unlike each other the items of a list are: the mean of 1 - cosine over its pairs (intra-list diversity).

    lists: (n_users, k) ids, None at an empty place; unit: (n, d) rows of length 1 of the items (n,), 0 for an item
    without features, which has cosine 0 with all. Returns (n_users,) float in [0, 2], nan for a list of fewer than two
    items. Raises UnknownId. Taught in chapter 9. Source: Ziegler et al. 2005.

    With the sum s of a list's m rows, the cosines of its pairs add up to |s|^2 less the rows' own squares, without a
    (k, k) table: 1 - (|s|^2 - sum |u|^2) / (m (m - 1)).

    >>> diversity(np.array([["a", "b"], ["a", "c"]]), np.array(["a", "b", "c"]), np.array([[1, 0], [1, 0], [0, 1]]))
    array([0., 1.])
    """
    codes, ids = pd.factorize(lists.ravel())
    rows = np.concatenate([unit[positions(ids, items, "item")], np.zeros((1, unit.shape[1]))])  # -1: an empty place
    codes = codes.reshape(lists.shape)
    total, length = sum((rows[code] for code in codes.T), np.zeros((len(lists), unit.shape[1]))), (codes >= 0).sum(1)
    pairs = (total ** 2).sum(axis=1) - (rows ** 2).sum(axis=1)[codes].sum(axis=1)
    return 1 - np.divide(pairs, length * (length - 1), out=np.full(len(lists), np.nan), where=length > 1)


def calibration(past: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """How far a list is from the interests of its user: KL(p || q~) = sum over labels g of p_g log(p_g / q~_g).

    past: (..., labels), p, the shares of the labels (categories, genres) in what was taken; listed: q, those in the
    list; q~ = 0.99 q + 0.01 p. Returns (...), 0 where they agree, log(100) where they have nothing in common; nan where
    nothing was taken. Taught in chapter 9. Source: Steck 2018.

    >>> calibration(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[0.5, 0.5], [1.0, 0.0]])).round(3)
    array([0.   , 1.959])
    """
    smooth = (1 - SMOOTHING) * listed + SMOOTHING * past
    ratio = np.divide(past, smooth, out=np.ones(smooth.shape), where=np.broadcast_to(past > 0, smooth.shape))
    return np.where(past.any(axis=-1), (past * np.log(ratio)).sum(axis=-1), np.nan)


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "ndcg": ndcg, "recall": recall, "precision": precision, "f1": f1, "hit_rate": hit_rate}


def _ratio(above: np.ndarray, below: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """above / below, nan where nothing is relevant."""
    return np.divide(above, below, out=np.full(len(n_relevant), np.nan), where=np.asarray(n_relevant) > 0)
