"""What another policy would have earned, from the log of the one that ran. Taught in chapter 10.

Throughout, one row is one action that was logged: reward (n,); logged (n,) the chance with which the old policy took
it, above 0; target (n,) the chance with which the new one would have. w = target / logged.
"""

from __future__ import annotations

import numpy as np

from mmrec_helpers.evaluation.compare import Interval

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def ips(reward: np.ndarray, logged: np.ndarray, target: np.ndarray, most: float = np.inf) -> Interval:
    """Inverse propensity scores: the mean of w r. Unbiased where the old policy may take whatever the new one would.

    most: weights are cut there (clipped IPS): less variance, and a bias downwards. Source: Horvitz & Thompson 1952;
    Ionides 2008. Taught in chapter 10.

    >>> ips(np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([1.0, 0.0])).mean
    1.0
    """
    return _mean(np.minimum(weights(logged, target), most) * reward)


def snips(reward: np.ndarray, logged: np.ndarray, target: np.ndarray) -> Interval:
    """Self-normalised: sum w r / sum w. A little biased, with less variance, and never outside the rewards' range.

    Its interval is that of a ratio, by the delta method. Source: Swaminathan & Joachims 2015. Taught in chapter 10.

    >>> snips(np.array([1.0, 1.0]), np.array([0.5, 0.1]), np.array([0.2, 0.6])).mean
    1.0
    """
    w = weights(logged, target)
    found = float(w @ reward / w.sum()) if w.any() else np.nan
    return _around(found, w * (reward - found) / w.mean() if w.any() else w)


def direct(expected: np.ndarray) -> Interval:
    """The direct method: the mean of what a model expects of the new policy, biased as far as the model is.

    expected: (n,) the sum over actions of target chance times predicted reward, in each logged context. Its interval
    knows nothing of that bias. Taught in chapter 10.

    >>> direct(np.array([0.5, 0.5])).mean
    0.5
    """
    return _mean(expected)


def doubly_robust(reward: np.ndarray, logged: np.ndarray, target: np.ndarray, predicted: np.ndarray,
                  expected: np.ndarray) -> Interval:
    """The direct method, and w times what the model got wrong: unbiased if the propensities or the model are right.

    predicted: (n,) the model's reward of the logged action; expected as in `direct`. Source: Dudík, Langford & Li 2011.
    Taught in chapter 10.

    >>> half, one = np.full(2, 0.5), np.ones(2)
    >>> doubly_robust(np.array([1.0, 0.0]), half, np.array([1.0, 0.0]), one, one).mean
    1.0
    """
    return _mean(expected + weights(logged, target) * (reward - predicted))


def effective_size(logged: np.ndarray, target: np.ndarray) -> float:
    """How many rows of equal weight would say as much: (sum w)^2 / sum w^2, between 1 and n. Source: Kong 1992.

    >>> effective_size(np.array([0.5, 0.5]), np.array([0.5, 0.5])), effective_size(np.ones(2), np.array([1.0, 0.0]))
    (2.0, 1.0)
    """
    w = weights(logged, target)
    return float(w.sum() ** 2 / (w @ w)) if w.any() else 0.0


def warnings(logged: np.ndarray, target: np.ndarray, least: float = 0.01) -> list[str]:
    """What makes an estimate from this log doubtful, in words; empty where nothing does. Taught in chapter 10.

    least: effective sample size as a share of n, below which a few rows decide. The mean of w is 1 on average where
    the old policy covers the new one.

    >>> warnings(np.full(100, 0.5), np.full(100, 0.5))
    []
    """
    w, n = weights(logged, target), len(logged)
    found, size = [], effective_size(logged, target)
    if size < least * n:
        found.append(f"few rows decide: an effective sample of {size:.0f} of {n} rows")
    error = np.std(w, ddof=1) / np.sqrt(n) if n > 1 else np.inf
    if abs(w.mean() - 1) > 3 * error + 1e-9:
        found.append(f"weights have mean {w.mean():.2f}, not 1: the old policy does not take all that the new one "
                     "would, or the propensities are wrong")
    return found


def weights(logged: np.ndarray, target: np.ndarray) -> np.ndarray:
    """w. Raises ValueError for a propensity outside (0, 1], which no estimate can use.

    >>> weights(np.array([0.5, 0.25]), np.array([0.5, 0.5]))
    array([1., 2.])
    """
    logged = np.asarray(logged, float)
    if not ((logged > 0) & (logged <= 1)).all():
        row = int(np.flatnonzero(~((logged > 0) & (logged <= 1)))[0])
        raise ValueError(f"row {row}: propensity {logged[row]:g}; log the chance, above 0 and at most 1, with which "
                         "the policy took the action")
    return np.asarray(target, float) / logged


def _mean(values: np.ndarray) -> Interval:
    return _around(float(np.mean(values)), values - np.mean(values))


def _around(mean: float, deviations: np.ndarray) -> Interval:
    """A mean with the normal interval of its deviations' mean."""
    half = Z * np.sqrt(deviations @ deviations / max(len(deviations) - 1, 1) / len(deviations))
    return Interval(mean, float(mean - half), float(mean + half))
