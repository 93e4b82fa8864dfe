"""An A/B test: how far two variants are apart, how sure that is, and how many users it takes. Taught in chapter 10.

A value is one user's (the sum or mean over their visits), never one visit's: a user's visits are alike, and an interval
over visits would be too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmrec_helpers.evaluation.compare import Difference, Interval, in_words
from mmrec_helpers.evaluation.significance import ALPHA, POWER, reach


def welch(control: np.ndarray, treatment: np.ndarray, alpha: float = ALPHA) -> Difference:
    """mean(treatment) - mean(control), one value a user, with Welch's interval: the variances may differ.

    se^2 = s_c^2 / n_c + s_t^2 / n_t; the ends are se times the quantile of Student's t with Welch's degrees of freedom.
    Raises ValueError for a variant of fewer than two users. Taught in chapter 10. Source: Welch 1947.

    >>> welch(np.array([1.0, 2.0, 3.0]), np.array([2.0, 3.0, 4.0])).words
    'no difference shown'
    """
    from scipy.stats import t

    (mean_c, var_c), (mean_t, var_t) = map(_mean_and_variance, (control, treatment))
    variance = var_c + var_t
    below = var_c ** 2 / (len(control) - 1) + var_t ** 2 / (len(treatment) - 1)
    half = t.ppf(1 - alpha / 2, variance ** 2 / below) * np.sqrt(variance) if below else 0.0
    return _difference(mean_t - mean_c, half)


def ratio(control: np.ndarray, treatment: np.ndarray, alpha: float = ALPHA) -> Difference:
    """The difference of two ratios of sums, such as plays per impression, by the delta method.

    control, treatment: (n, 2), each user's numerator and denominator. R = sum y / sum x, and
    var(R) = (var(y) - 2 R cov(x, y) + R^2 var(x)) / (n mean(x)^2): users are drawn, their impressions are not
    independent. Raises ValueError for a variant of fewer than two users or without a denominator. Taught in chapter 10.
    Source: Deng, Knoblich & Lu 2018.

    >>> same = np.array([[1.0, 2.0], [0.0, 1.0], [2.0, 3.0]])
    >>> ratio(same, same).mean, ratio(same, 2 * same).mean
    (0.0, 0.0)
    """
    from scipy.stats import norm

    (ratio_c, var_c), (ratio_t, var_t) = map(_ratio_and_variance, (control, treatment))
    return _difference(ratio_t - ratio_c, norm.ppf(1 - alpha / 2) * np.sqrt(var_c + var_t))


def cuped(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """The values of all users less what their past explains: y - theta (x - mean(x)), theta = cov(x, y) / var(x).

    values, before: (n,), of both variants together, in the experiment and before it. The mean stays, and so does the
    difference that a variant makes, since chance gave out the variants; the variance falls by the factor 1 - r^2.
    Taught in chapter 10. Source: Deng, Xu, Kohavi & Walker 2013.

    >>> cuped(np.array([1.0, 2.0, 3.0]), np.array([10.0, 20.0, 30.0]))
    array([2., 2., 2.])
    """
    centred = np.asarray(before, float) - np.mean(before)
    spread = centred @ centred
    return values - (centred @ values / spread if spread else 0.0) * centred


def sample_ratio(counts: Sequence[int], shares: Sequence[float] | None = None) -> float:
    """p of the chi-squared test that chance gave out the variants as planned; below 0.001 do not read the results.

    counts: users of each variant; shares: as planned, by default equal. Taught in chapter 10. Source: Fabijan et al.
    2019 (sample ratio mismatch).

    >>> round(sample_ratio([5000, 5000]), 3), sample_ratio([5000, 4600]) < 0.001
    (1.0, True)
    """
    from scipy.stats import chisquare

    expected = np.full(len(counts), 1.0) if shares is None else np.asarray(shares, float)
    return float(chisquare(counts, expected / expected.sum() * np.sum(counts)).pvalue)


def users_needed(effect: float, spread: float, power: float = POWER, alpha: float = ALPHA) -> int:
    """Users of each variant to see a difference of this size: 2 ((z_alpha/2 + z_power) spread / effect)^2.

    spread: the standard deviation over users. Raises ValueError for no effect. Taught in chapter 10.

    >>> users_needed(0.1, 1.0)
    1570
    """
    if not effect:
        raise ValueError("an effect of 0 is never seen; say the smallest one that would matter")
    return int(np.ceil(2 * (reach(power, alpha) * spread / effect) ** 2))


def effect_seen(n: int, spread: float, power: float = POWER, alpha: float = ALPHA) -> float:
    """The smallest difference that n users a variant show with this power. Taught in chapter 10.

    >>> round(effect_seen(1570, 1.0), 3)
    0.1
    """
    return float(reach(power, alpha) * spread * np.sqrt(2 / n))


def effects(values: np.ndarray, treated: np.ndarray, share: float = 0.5) -> np.ndarray:
    """Of each user an unbiased guess of the treatment's effect: y / share where treated, else -y / (1 - share).

    Its mean is the difference of the variants (Horvitz & Thompson 1952). Taught in chapter 10.

    >>> effects(np.array([3.0, 1.0]), np.array([True, False]))
    array([ 6., -2.])
    """
    return np.where(treated, values / share, -values / (1 - share))


def always_valid(each: np.ndarray, planned: int, alpha: float = ALPHA) -> tuple[np.ndarray, np.ndarray]:
    """Ends of an interval for the mean after every user, which hold at all times together: look whenever you like.

    each: (n,) in the order of arrival, such as `effects`; planned: the number of users at which it should be tightest.
    After m users: mean +- s sqrt(2 (m r + 1) / (m^2 r) log(sqrt(m r + 1) / alpha)), s their standard deviation, with r
    from `planned`. It is asymptotic: begin to look after some dozens. Returns (n,), (n,), nan after the first.
    Taught in chapter 10. Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024 (asymptotic confidence sequences).

    >>> low, high = always_valid(np.tile([0.0, 1.0], 200), planned=400)
    >>> bool(low[-1] < 0.5 < high[-1]), round(float(high[-1] - low[-1]), 2)
    (True, 0.15)
    """
    m = np.arange(1, len(each) + 1)
    total, squares = np.cumsum(each), np.cumsum(np.square(each))
    mean = total / m
    spread = np.sqrt(np.maximum(squares / m - mean ** 2, 0) * np.divide(m, m - 1, out=np.full(len(m), np.nan),
                                                                         where=m > 1))
    reach = -2 * np.log(alpha)
    r = (reach + np.log(reach + 1)) / planned
    half = spread * np.sqrt(2 * (m * r + 1) / (m ** 2 * r) * np.log(np.sqrt(m * r + 1) / alpha))
    return mean - half, mean + half


def _mean_and_variance(values: np.ndarray) -> tuple[float, float]:
    """Of the mean: its value and its variance."""
    if len(values) < 2:
        raise ValueError(f"a variant has {len(values)} users; at least two are needed")
    return float(np.mean(values)), float(np.var(values, ddof=1)) / len(values)


def _ratio_and_variance(values: np.ndarray) -> tuple[float, float]:
    above, below = np.asarray(values, float).T
    if len(above) < 2 or not below.sum():
        raise ValueError(f"a variant has {len(above)} users and {below.sum():g} below the line; a ratio needs both")
    found = above.sum() / below.sum()
    return float(found), float(np.var(above - found * below, ddof=1)) / (len(above) * below.mean() ** 2)


def _difference(mean: float, half: float) -> Difference:
    interval = Interval(float(mean), float(mean - half), float(mean + half))
    return Difference(*interval, in_words(interval))
