"""Where the relevant items are in the order of all candidates, a chunk of users at a time. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmrec_helpers.catalog import Queries, Stage

CELLS = 1 << 21
"""Scores that are held at a time."""


def pool(stage: Stage) -> np.ndarray:
    """How many candidates are left for each user, without what they have seen: (n,) int."""
    return int(stage.candidates.sum()) - (stage.queries.seen @ stage.candidates.astype(np.int64)).astype(int)


def above(score: Callable[[Queries], np.ndarray], stage: Stage) -> np.ndarray:
    """For each stored target, how many candidates that are not relevant have a higher score; a tie counts half.

    score: queries -> (n, items). What a user has seen is no candidate. Returns (targets.nnz,) float, in the order of
    `stage.targets.data`. Memory is bounded by CELLS.
    """
    n, n_items = stage.targets.shape
    size, parts = max(1, CELLS // max(n_items, 1)), []
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        queries, targets = stage.queries[rows], stage.targets[rows]
        scores = np.array(score(queries), float)
        own = np.repeat(np.arange(len(queries)), np.diff(targets.indptr)), targets.indices
        reached = scores[own]
        others = scores
        others[:, ~stage.candidates] = np.nan  # no comparison with nan is true
        others[queries.seen.nonzero()] = np.nan
        others[own] = np.nan
        parts += [_beaten(others[row], value) for row, value in zip(own[0], reached, strict=True)]
    return np.array(parts, float)


def _beaten(others: np.ndarray, value: float) -> float:
    return float((others > value).sum() + 0.5 * (others == value).sum())
