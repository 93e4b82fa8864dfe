"""The k best of each row, without sorting the others. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CELLS = 1 << 23
"""Scores that are held at a time: 32 MiB of float32."""


def top_k(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of the k largest scores of each row, (n, k) int, and the scores, (n, k), best first.

    Ties go to the earlier column. A score of -inf or nan is never given: column -1 and score nan take its place.
    Time grows with the columns, not with their logarithm: numpy's partition finds the k-th score, no sort is needed.

    >>> top_k(np.array([[1.0, 3.0, 3.0, -np.inf]]), 4)
    (array([[ 1,  2,  0, -1]]), array([[ 3.,  3.,  1., nan]]))
    """
    n_rows, n_columns = scores.shape
    k = min(k, n_columns)
    if k == 0:
        return np.zeros((n_rows, 0), int), np.zeros((n_rows, 0))
    if (nan := np.isnan(scores)).any():
        scores = np.where(nan, -np.inf, scores)
    last = np.partition(scores, n_columns - k, axis=1)[:, [n_columns - k]]
    chosen = scores >= last
    crowded = np.count_nonzero(chosen, axis=1) > k
    if crowded.any():  # ties with the k-th: there is room for the first of them
        chosen[crowded] = _first_of_ties(scores[crowded], last[crowded], k)
    columns = (np.flatnonzero(chosen) % n_columns).reshape(n_rows, k)
    values = np.take_along_axis(scores, columns, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    columns, values = (np.take_along_axis(one, order, axis=1) for one in (columns, values))
    there = values > -np.inf
    return np.where(there, columns, -1), np.where(there, values, np.nan)


def _first_of_ties(scores: np.ndarray, last: np.ndarray, k: int) -> np.ndarray:
    above, level = scores > last, scores == last
    room = k - np.count_nonzero(above, axis=1, keepdims=True)
    return above | (level & (np.cumsum(level, axis=1, dtype=np.int32) <= room))


def chunks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of rows with at most `CELLS` scores each, one row at least."""
    size = max(1, CELLS // max(n_columns, 1))
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))
