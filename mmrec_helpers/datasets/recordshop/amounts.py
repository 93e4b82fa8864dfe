"""How much dirt, and where it may go. Taught in chapter 2."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

ITEMS = 1_200
"""Records of the catalogue that the amounts are for; others get theirs in proportion, at least one each."""

Dirt = dict[str, list]
"""Cause -> what was planted: row numbers of events, item ids, pairs of item ids (older, younger), user ids."""


def amounts(usual: dict[str, int], scale: float) -> dict[str, int]:
    """The usual amounts of a catalogue `scale` times as large; scale 0 plants nothing.

    >>> amounts({"bot": 6, "mojibake": 25}, 0.1)
    {'bot': 1, 'mojibake': 2}
    """
    return {cause: max(1, round(number * scale)) if scale > 0 else 0 for cause, number in usual.items()}


class Pool:
    """Numbers of rows not spoilt yet, in random order; each is given once.

    >>> pool = Pool(4, np.random.default_rng(0))
    >>> pool.take(9, fit=[True, False, True, False]), pool.take(1).shape, pool.take(9).shape
    (array([0, 2]), (1,), (1,))
    """

    def __init__(self, n: int, rng: np.random.Generator) -> None:
        self.free = rng.permutation(n)

    def take(self, wanted: int, fit: ArrayLike | None = None) -> np.ndarray:
        """Up to `wanted` rows, of those for which `fit` (n,) is true."""
        taken = (self.free if fit is None else self.free[np.asarray(fit, bool)[self.free]])[:wanted]
        self.free = self.free[~np.isin(self.free, taken)]
        return np.sort(taken)
