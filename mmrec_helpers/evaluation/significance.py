"""Is a difference more than chance, how small a one would be seen, and what chance is made of. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

ALPHA, POWER = 0.05, 0.8
"""False alarms that are allowed where there is no difference; the share of true ones of that size that are seen."""

CELLS = 1 << 22
"""Signs that are held at a time."""


def permutation(differences: np.ndarray, n: int = 10_000, seed: int = 0) -> float:
    """p of a paired test: how often chance signs give a mean difference as large as the one that was seen.

    differences: (users,) one ranker's score less the other's, nan for who was not judged. If neither is better, each
    user's difference could as well have the other sign; p = (1 + draws with |mean| >= the one seen) / (1 + n). Raises
    ValueError where nobody was judged. Taught in chapter 9. Source: Fisher 1935; Smucker, Allan & Carterette 2007.

    >>> permutation(np.full(20, 0.1)) < 0.001, permutation(np.array([1.0, -1.0] * 10)) > 0.9
    (True, True)
    """
    judged = _judged(differences)
    rng, seen, reached = np.random.default_rng(seed), abs(judged.sum()) - 1e-12, 0
    for start in range(0, n, size := max(1, CELLS // len(judged))):
        signs = rng.integers(0, 2, (min(size, n - start), len(judged)), dtype=np.int8)
        reached += int((abs((2.0 * signs - 1) @ judged) >= seen).sum())
    return (1 + reached) / (1 + n)


def t_test(differences: np.ndarray) -> float:
    """p of the paired t-test: t = mean / (s / sqrt(n)), two-sided, n - 1 degrees of freedom.

    It takes the mean of the differences to be normal, as it nearly is with many users. differences as in `permutation`.
    Raises ValueError for fewer than two users. Taught in chapter 9. Source: Student 1908.

    >>> round(t_test(np.array([0.1, 0.2, 0.3, -0.1])), 3)
    0.239
    """
    from scipy.stats import t

    judged = _judged(differences)
    if len(judged) < 2:
        raise ValueError("1 user was judged by both; a t-test needs at least two")
    if not np.ptp(judged):
        return float(judged[0] == 0)
    error = judged.std(ddof=1) / np.sqrt(len(judged))
    return float(2 * t.sf(abs(judged.mean()) / error, len(judged) - 1))


def holm(p: Sequence[float]) -> np.ndarray:
    """p of each of several comparisons, corrected so that the chance of any false alarm among them stays at the level.

    The smallest is multiplied by their number, the next by one less, and so on; none falls below one before it. Taught
    in chapter 9. Source: Holm 1979.

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p, float)
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)).clip(max=1)
    return raised[np.argsort(order, kind="stable")]


def difference_seen(differences: np.ndarray, power: float = POWER, alpha: float = ALPHA) -> float:
    """The smallest difference that as many users would show, with this power: (z_alpha/2 + z_power) s / sqrt(n).

    differences: as in `permutation`; s their standard deviation, which matters and not their mean. "No difference
    shown" says little where this is large. Taught in chapter 9.

    >>> round(difference_seen(np.array([-1.0, 1.0] * 50)), 3)
    0.282
    """
    judged = _judged(differences)
    return float(reach(power, alpha) * judged.std(ddof=1) / np.sqrt(len(judged)))


def reach(power: float, alpha: float) -> float:
    """How many standard errors an effect must be from 0 to be seen: z_alpha/2 + z_power.

    >>> round(reach(0.8, 0.05), 3)
    2.802
    """
    from scipy.stats import norm

    return float(norm.ppf(1 - alpha / 2) + norm.ppf(power))


class Chance(NamedTuple):
    """Standard errors of a mean over users and trainings. users: other users; seeds: other seeds of the training;
    both: the two together."""

    users: float
    seeds: float
    both: float


def chance(values: np.ndarray) -> Chance:
    """What a mean's chance is made of: values (seeds, users), the scores of several trainings for the same users.

    With v_su = m + user + seed + rest, the mean squares give each part: var(user) + var(rest) / S from the means of
    users, and so on (two-way random effects, one value a cell). An average over S seeds of U users has the variance
    var(user) / U + var(seed) / S + var(rest) / (S U). Raises ValueError for fewer than two of either. Taught in
    chapter 9. Source: Searle, Casella & McCulloch 1992.

    >>> chance(np.array([[0.0, 1.0, 0.0, 1.0], [0.0, 1.0, 0.0, 1.0]])).seeds
    0.0
    """
    values = np.asarray(values, float)
    if min(values.shape) < 2:
        raise ValueError(f"{values.shape[0]} seeds and {values.shape[1]} users; at least two of each are needed")
    (s, u), centre = values.shape, values.mean()
    by_user, by_seed = values.mean(axis=0) - centre, values.mean(axis=1) - centre
    rest = ((values - centre - by_user - by_seed[:, None]) ** 2).sum() / ((s - 1) * (u - 1))
    users = max(by_user @ by_user / (u - 1) - rest / s, 0.0)
    seeds = max(by_seed @ by_seed / (s - 1) - rest / u, 0.0)
    parts = users / u, seeds / s, rest / (s * u)
    return Chance(float(np.sqrt(parts[0])), float(np.sqrt(parts[1])), float(np.sqrt(sum(parts))))


def _judged(differences: np.ndarray) -> np.ndarray:
    judged = np.asarray(differences, float)
    judged = judged[~np.isnan(judged)]
    if not len(judged):
        raise ValueError("nobody was judged by both; evaluate both rankers on one split")
    return judged
