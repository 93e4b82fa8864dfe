"""How sure a mean is, and whether one ranker beats another for the same users. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from mmrec_helpers.evaluation.evaluator import Scores

NO_DIFFERENCE = "no difference shown"

KEPT = 1 << 22
"""Resamples times users, up to which the resamples are kept for the next metric: 32 MiB."""


class Interval(NamedTuple):
    """A mean with the ends of its 95 % interval; the ends are nan where fewer than two users were judged."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """By how much one ranker's mean is above another's, its 95 % interval, and that in words."""

    mean: float
    low: float
    high: float
    words: str


def bootstrap(values: np.ndarray, n: int = 1000, seed: int = 0) -> Interval:
    """The mean over users and its 95 % interval: percentiles 2.5 and 97.5 of the means of n resamples.

    A resample draws as many users as there are, with replacement: so the test could have come out with other
    users. values: (n_users,), nan for those who are not judged. With fewer than about 30 users the interval
    is too narrow. Taught in chapter 9. Source: Efron 1979.

    >>> bootstrap(np.array([0.0, 1.0] * 50), seed=1)
    Interval(mean=0.5, low=0.4, high=0.6)
    """
    judged = np.asarray(values, float)
    judged = judged[~np.isnan(judged)]
    if len(judged) < 2:
        return Interval(float(judged.mean()) if len(judged) else np.nan, np.nan, np.nan)
    low, high = np.percentile(_means(judged, n, seed), [2.5, 97.5])
    return Interval(float(judged.mean()), float(low), float(high))


def _means(values: np.ndarray, n: int, seed: int) -> np.ndarray:
    """The means of n resamples of the values. Metrics of the same users share the resamples, which are kept."""
    if n * len(values) <= KEPT:
        return _times_drawn(len(values), n, seed) @ values / len(values)
    rng = np.random.default_rng(seed)
    return np.array([values[rng.integers(len(values), size=len(values))].mean() for _ in range(n)])


@lru_cache(maxsize=4)
def _times_drawn(n_users: int, n: int, seed: int) -> np.ndarray:
    """How often each user is drawn in each resample: (n, n_users)."""
    drawn = np.random.default_rng(seed).integers(n_users, size=(n, n_users)) + n_users * np.arange(n)[:, None]
    return np.bincount(drawn.ravel(), minlength=n * n_users).reshape(n, n_users).astype(float)


def bootstrap_draws(draws: Sequence[np.ndarray], n: int = 1000, seed: int = 0) -> Interval:
    """The mean over draws of something random, and a 95 % interval that covers the draws and the users in them.

    draws: for each draw (of cold items, of a network's seed, of a log), the values of its users, nan for those who are
    not judged. A resample draws as many draws, with replacement, then as many users within each. With one draw it is
    the interval over its users alone. Taught in chapter 9. Source: Davison & Hinkley 1997, section 3.8.

    >>> bootstrap_draws([np.zeros(100), np.ones(100)], seed=1)
    Interval(mean=0.5, low=0.0, high=1.0)
    """
    judged = [values[~np.isnan(values)] for values in (np.asarray(one, float) for one in draws)]
    rng = np.random.default_rng(seed)
    means = np.array([[each[rng.integers(len(each), size=len(each))].mean() for _ in range(n)] for each in judged])
    chosen = rng.integers(len(judged), size=(len(judged), n))
    low, high = np.percentile(means[chosen, np.arange(n)].mean(axis=0), [2.5, 97.5])
    return Interval(float(np.mean([each.mean() for each in judged])), float(low), float(high))


def in_words(interval: Interval) -> str:
    """`higher`, `lower`, or `no difference shown` where 0 lies in the interval or there is none."""
    return "higher" if interval.low > 0 else "lower" if interval.high < 0 else NO_DIFFERENCE


def paired(a: Scores, b: Scores, metric: str = "ndcg", n: int = 1000, seed: int = 0) -> Difference:
    """The mean over users of a's score minus b's, with the interval of that difference.

    Comparing each user with themselves leaves out how hard users are, so it shows differences that two
    separate intervals hide. Words: `no difference shown` where 0 lies in the interval. Raises ValueError
    where the two judged different users. Taught in chapter 9.

    >>> users, lists = np.arange(40).astype(str), np.full((40, 1), None)
    >>> good, bad = (Scores("x", users, {"ndcg": np.full(40, x)}, {}, lists) for x in (0.5, 0.25))
    >>> paired(good, bad), paired(good, good).words
    (Difference(mean=0.25, low=0.25, high=0.25, words='higher'), 'no difference shown')
    """
    place = pd.Index(b.users).get_indexer(a.users)
    if len(a.users) != len(b.users) or (place < 0).any():
        raise ValueError(f"{a.name} and {b.name} judged different users; evaluate both on one split")
    difference = bootstrap(a.metrics[metric] - b.metrics[metric][place], n, seed)
    return Difference(*difference, in_words(difference))
