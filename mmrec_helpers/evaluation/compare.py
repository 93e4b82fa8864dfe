"""How sure a mean is, and whether one ranker beats another for the same users. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr, stdtrit

from mmrec_helpers.evaluation.evaluator import Scores
from mmrec_helpers.ranking.top_k import chunks

NO_DIFFERENCE = "no difference shown"

KEPT = 1 << 26
"""Resamples times users, up to which the resamples are kept for the next metric: 64 MiB, two such."""


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
    """The mean over users and its 95 % interval: percentiles of the means of n resamples.

    A resample draws as many users as there are, with replacement: so the test could have come out with other
    users. The percentiles are 2.5 and 97.5 with many users, and farther out with few, as far as Student's t is from
    1.96 standard errors: plain ones are too narrow then. values: (n_users,), nan for those who are not judged. With
    fewer than about 50 users the interval is still a little too narrow. Taught in chapter 9. Source: Efron 1979,
    Hesterberg 2015 (expanded percentiles).

    >>> bootstrap(np.array([0.0, 1.0] * 50), seed=1)
    Interval(mean=0.5, low=0.4, high=0.6)
    """
    judged = np.asarray(values, float)
    judged = judged[~np.isnan(judged)]
    if len(judged) < 2:
        return Interval(float(judged.mean()) if len(judged) else np.nan, np.nan, np.nan)
    tail = ndtr(-np.sqrt(len(judged) / (len(judged) - 1)) * stdtrit(len(judged) - 1, 0.975))
    low, high = np.quantile(_means(judged, n, seed), [tail, 1 - tail])
    return Interval(float(judged.mean()), float(low), float(high))


def _means(values: np.ndarray, n: int, seed: int) -> np.ndarray:
    """The means of n resamples of the values. Metrics of the same users share the resamples, which are kept."""
    if n * len(values) <= KEPT:
        drawn = _times_drawn(len(values), n, seed)
        return np.concatenate([drawn[some] @ values for some in chunks(n, len(values))]) / len(values)
    rng = np.random.default_rng(seed)
    return np.array([values[rng.integers(len(values), size=len(values))].mean() for _ in range(n)])


@lru_cache(maxsize=2)
def _times_drawn(n_users: int, n: int, seed: int) -> np.ndarray:
    """How often each user is drawn in each resample: (n, n_users) uint8."""
    rng, drawn = np.random.default_rng(seed), np.empty((n, n_users), np.uint8)
    for row in drawn:
        row[:] = np.bincount(rng.integers(n_users, size=n_users), minlength=n_users)
    return drawn


def interval_over_draws(draws: Sequence[pd.Series]) -> Interval:
    """The mean over draws of something random, and a 95 % interval that holds both: other draws and other users.

    draws: for each draw (of cold items, of a network's seed, of a log) the values of its users, by user id
    (`Scores.by_user`, or a difference of two), nan for those who are not judged. The interval is
    m +- t * sqrt(a / D + c) for the mean m of the D draws' means. c, what draws with the same users have in common, so
    that more draws do not average it out: the mean covariance of two draws' means, by the users that they share; 0
    where they share none. a, by what else draws differ: the variance of their means over the draws, with D - 1 degrees
    of freedom, or what users alone give, their squared standard errors less c, where that is more. t: Student's, with
    Satterthwaite's degrees of freedom of the sum. With one draw it is the bootstrap over its users; two or three draws
    are few: it may be too narrow. Taught in chapter 9. Source: Searle, Casella & McCulloch 1992 (components),
    Satterthwaite 1946.

    >>> round(interval_over_draws([pd.Series([0.2, 0.4, 0.6]), pd.Series([0.4, 0.8, 0.6])]).mean, 3)
    0.5
    """
    values = pd.concat(draws, axis=1, keys=range(len(draws)))
    values = values[values.notna().any(axis=1)]
    if len(draws) == 1 or len(values) < 2:
        return bootstrap(values.to_numpy().ravel())
    means, n_draws = values.mean(), len(draws)
    mean, seen, (own, shared) = float(means.mean()), means.var(), _components(values - means)
    a, freedom = (seen, n_draws - 1) if seen > own - shared else (own - shared, values.notna().sum().sum() - n_draws)
    if not (variance := a / n_draws + shared) > 0:
        return Interval(mean, mean, mean)
    freedom = variance**2 / ((a / n_draws) ** 2 / freedom + shared**2 / (len(values) - 1))
    reach = float(stdtrit(freedom, 0.975) * np.sqrt(variance))
    return Interval(mean, mean - reach, mean + reach)


def _components(centred: pd.DataFrame) -> tuple[float, float]:
    """Of draws (columns) less their means, and their users (rows): the mean squared standard error of the draws' means,
    and the mean covariance of two of them: that of the n users in both, times n / (n_x n_y); at least 0."""
    there, values = centred.notna().to_numpy(float), centred.fillna(0.0).to_numpy()
    both, n = there.T @ there, there.sum(axis=0)
    covariance = (values.T @ values) / np.maximum(both - 1, 1) * both / np.outer(n, n)
    return float(np.diag(covariance).mean()), max(float(covariance[~np.eye(len(n), dtype=bool)].mean()), 0.0)


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
    if len(a.users) != len(b.users) or set(a.users) != set(b.users):
        raise ValueError(f"{a.name} and {b.name} judged different users; evaluate both on one split")
    difference = bootstrap((a.by_user(metric) - b.by_user(metric).reindex(a.users)).to_numpy(), n, seed)
    return Difference(*difference, in_words(difference))
