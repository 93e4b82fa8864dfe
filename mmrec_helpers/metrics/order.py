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

    score: queries -> (n, items); nan is below every other score. What a user has seen is no candidate. Returns
    (targets.nnz,) float, in the order of `stage.targets.data`. Memory is bounded by CELLS.
    """
    n, n_items = stage.targets.shape
    size, parts = max(1, CELLS // max(n_items, 1)), []
    for start in range(0, n, size):
        rows = slice(start, min(start + size, n))
        queries, targets = stage.queries[rows], stage.targets[rows]
        scores = np.nan_to_num(np.asarray(score(queries), float), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
        others = np.tile(stage.candidates, (len(queries), 1))
        others[queries.seen.nonzero()] = False
        others[np.repeat(np.arange(len(queries)), np.diff(targets.indptr)), targets.indices] = False
        parts += [_beaten(np.sort(scores[row, others[row]]), scores[row, targets[[row]].indices])
                  for row in range(len(queries))]
    return np.concatenate(parts) if parts else np.zeros(0)


def _beaten(others: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of each value, how many of these sorted others are above it; equal ones count half."""
    below, up_to = (np.searchsorted(others, values, side) for side in ("left", "right"))
    return len(others) - up_to + 0.5 * (up_to - below)
