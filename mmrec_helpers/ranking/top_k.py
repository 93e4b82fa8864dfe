"""The k best of each row, without sorting the others. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CELLS = 1 << 23
"""Scores that are held at a time: 32 MiB of float32."""


def top_k(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of the k largest scores of each row, (n, k) int, and the scores, (n, k), best first.

    Ties go to the earlier column. A score of -inf or nan is never given: column -1 and score nan stand in its place.
    Time grows with the columns, not with their logarithm: numpy's partition finds the k-th score, no sort is needed.

    >>> top_k(np.array([[1.0, 3.0, 3.0, -np.inf]]), 4)
    (array([[ 1,  2,  0, -1]]), array([[ 3.,  3.,  1., nan]]))
    """
    scores = np.where(np.isnan(scores), -np.inf, scores)
    k, n_columns = min(k, scores.shape[1]), scores.shape[1]
    if k == 0:
        return np.zeros((len(scores), 0), int), np.zeros((len(scores), 0))
    last = np.partition(scores, n_columns - k, axis=1)[:, [n_columns - k]]
    above, level = scores > last, scores == last
    room = k - above.sum(axis=1, keepdims=True)
    crowded = level.sum(axis=1) > room[:, 0]
    level[crowded] &= np.cumsum(level[crowded], axis=1) <= room[crowded]
    columns = np.nonzero(above | level)[1].reshape(len(scores), k)
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns, values = (np.take_along_axis(one, order, axis=1) for one in (columns, values))
    there = values > -np.inf
    return np.where(there, columns, -1), np.where(there, values, np.nan)


def chunks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of rows with at most `CELLS` scores each, one row at least."""
    size = max(1, CELLS // max(n_columns, 1))
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))
