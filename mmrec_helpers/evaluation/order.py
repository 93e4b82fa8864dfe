"""Where the relevant items are in the order of all candidates, a chunk of users at a time. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmrec_helpers.catalog import Queries, Stage
from mmrec_helpers.ranking.top_k import chunks


def pool(stage: Stage) -> np.ndarray:
    """How many candidates are left for each user, without what they have seen: (n,) int."""
    return int(stage.candidates.sum()) - (stage.queries.seen @ stage.candidates.astype(np.int64)).astype(int)


def above(score: Callable[[Queries], np.ndarray], stage: Stage) -> np.ndarray:
    """For each stored target, how many candidates that are not relevant have a higher score; a tie counts half.

    score: queries -> (n, items); nan and -inf are below every other score. What a user has seen is no candidate.
    Returns (targets.nnz,) float, in the order of `stage.targets.data`. Memory is bounded by `top_k.CELLS`.
    """
    parts = [np.zeros(0)]
    for rows in chunks(*stage.targets.shape):
        queries, targets = stage.queries[rows], stage.targets[rows]
        scores = np.array(score(queries))
        scores = scores.astype(np.result_type(scores, np.float32), copy=False)  # whole numbers too
        np.fmax(scores, np.finfo(scores.dtype).min, out=scores)  # -inf is for what does not count
        row = np.repeat(np.arange(len(queries)), np.diff(targets.indptr))
        values = scores[row, targets.indices]
        scores[:, ~stage.candidates] = -np.inf
        scores[queries.seen.nonzero()] = -np.inf
        scores[row, targets.indices] = -np.inf
        parts.append(np.array([(np.count_nonzero(scores[one] > value) + np.count_nonzero(scores[one] >= value)) / 2
                               for one, value in zip(row, values, strict=True)]))
    return np.concatenate(parts)
