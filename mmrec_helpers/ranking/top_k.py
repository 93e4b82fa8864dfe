"""The k best of each row, without sorting the others. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CELLS = 1 << 21
"""Scores that are held at a time: 8 MiB of float32."""


def top_k(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns of the k largest scores of each row, (n, k) int, and the scores, (n, k), best first.

    Ties go to the earlier column. A score of -inf or nan is never given: column -1 and score nan take its place.
    No row is sorted: the k-th largest of the maxima of groups of columns is no more than the k-th largest score, since
    k different scores reach it; what is not below it, a few more than k, is sorted.

    >>> top_k(np.array([[1.0, 3.0, 3.0, -np.inf]]), 4)
    (array([[ 1,  2,  0, -1]]), array([[ 3.,  3.,  1., nan]]))
    """
    n_rows, n_columns = scores.shape
    k = min(k, n_columns)
    if k == 0 or n_rows == 0:
        return np.zeros((n_rows, k), int), np.zeros((n_rows, k))
    least = reached_by(scores, k)
    if np.isnan(least).any():
        scores = np.where(np.isnan(scores), -np.inf, scores)
        least = reached_by(scores, k)
    chosen = scores >= least[:, None]
    crowded = np.count_nonzero(chosen, axis=1) > 4 * k
    if crowded.any():  # many ties, or no score at all
        chosen[crowded] = _first_of_ties(scores[crowded], k)
    columns, values = _side_by_side(scores, chosen)
    order = np.argsort(-values, axis=1, kind="stable")[:, :k]
    columns, values = (np.take_along_axis(one, order, axis=1) for one in (columns, values))
    there = values > -np.inf
    return np.where(there, columns, -1), np.where(there, values, np.nan)


def reached_by(scores: np.ndarray, k: int) -> np.ndarray:
    """A value that at least k scores of each row reach, the k-th largest or somewhat less: (n,); nan if a row has one.

    >>> reached_by(np.array([[5.0, 1.0, 4.0, 2.0, 3.0]]), 2)
    array([4.])
    """
    n_columns = scores.shape[1]
    width = -(-n_columns // max(1, min(64, n_columns // (4 * k))))
    if width < n_columns:
        groups = [scores[:, start:start + width] for start in range(0, n_columns, width)]
        scores = groups[0].copy()
        for one in groups[1:]:  # the last may be narrower
            np.maximum(scores[:, :one.shape[1]], one, out=scores[:, :one.shape[1]])
    least = np.partition(scores, scores.shape[1] - k, axis=1)[:, scores.shape[1] - k]
    return np.where(np.isnan(scores).any(axis=1), np.nan, least)


def _side_by_side(scores: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns that are chosen in each row, and their scores, from the left; beyond them -1 and -inf."""
    row, column = np.divmod(np.flatnonzero(chosen), scores.shape[1])
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(len(scores)))[row]
    shape = len(scores), int(place.max(initial=-1)) + 1
    columns, values = np.full(shape, -1), np.full(shape, -np.inf, scores.dtype)
    columns[row, place], values[row, place] = column, scores[row, column]
    return columns, values


def _first_of_ties(scores: np.ndarray, k: int) -> np.ndarray:
    """Where the k largest of each row are, of equal ones the first: (n, columns) bool."""
    last = np.partition(scores, scores.shape[1] - k, axis=1)[:, [scores.shape[1] - k]]
    above, level = scores > last, scores == last
    room = k - np.count_nonzero(above, axis=1, keepdims=True)
    return above | (level & (np.cumsum(level, axis=1, dtype=np.int32) <= room))


def chunks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Slices of rows with at most `CELLS` scores each, one row at least."""
    size = max(1, CELLS // max(n_columns, 1))
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))
