"""What lists are like beside being right: how much of the shop they show, how new, how varied. Taught in chapter 9."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmrec_helpers.metrics.context import Context
from mmrec_helpers.metrics.registry import metric

SMOOTHING = 0.01
"""How much of the history's shares is mixed into those of a list, so that a label without an item is no infinity."""

CELLS = 1 << 22
"""Numbers of items' vectors that are held at a time."""


@metric("coverage", "candidates")
def coverage(c: Context) -> float:
    """The share of the candidates that appear in anybody's list: whether a method shows the shop or ten hits.

    nan without candidates. Taught in chapter 9. Source: Ge, Delgado-Battenfeld & Jannach 2010 (catalogue coverage).

    >>> coverage(Context.of([["a", "b"], ["a", None]], [{"a"}, {"c"}], "abcd", candidates=np.ones(4, bool)))
    0.5
    """
    return float((shown(c) > 0).mean()) if c.candidates.any() else float("nan")


@metric("Gini", "candidates")
def gini(c: Context) -> float:
    """How unequally places in lists are divided among the candidates: 0 if all have as many, near 1 if one has all.

    `inequality` of the number of lists that each is in. Taught in chapter 9. Source: Gini 1912.

    >>> gini(Context.of([["a", "b"], ["a", "b"]], [{"a"}, {"a"}], "abcd", candidates=np.ones(4, bool)))
    0.5
    """
    return inequality(shown(c))


def shown(c: Context) -> np.ndarray:
    """Of each candidate, in how many lists it is: (candidates,) int."""
    return np.bincount(c.columns[c.columns >= 0], minlength=len(c.candidates))[c.candidates]


def inequality(counts: np.ndarray) -> float:
    """The Gini index: 0 where all are alike, (n - 1) / n where one has everything; 0 where nobody has anything.

    With the counts in rising order x_1 ... x_n: sum (2 i - n - 1) x_i / (n sum x_i). Taught in chapter 9. Source: Gini
    1912.

    >>> inequality(np.array([1, 1, 1, 1])), inequality(np.array([0, 0, 0, 8]))
    (0.0, 0.75)
    """
    ordered, n = np.sort(counts), len(counts)
    total = ordered.sum()
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total)) if total else 0.0


@metric("novelty", "popularity")
def novelty(c: Context) -> np.ndarray:
    """How little known the items of a list are: the mean of -log2((taken by + 1) / (users + 1)), in bits.

    10 bits: about one user in 1,000 took it. (n,), nan for an empty list. Taught in chapter 9. Source: Zhou et al. 2010
    (self-information).

    >>> novelty(Context.of([["a", "b"]], [{"a"}], popularity=np.array([7, 0]), n_users=7))
    array([1.5])
    """
    return c.listed_mean(-np.log2((c.popularity + 1) / (c.n_users + 1)))


@metric("popularity lift", "popularity", "history")
def popularity_lift(c: Context) -> np.ndarray:
    """How much more popular a list is than what its user took before: mean in the list / mean in the history - 1.

    0: as popular; 1: twice. (n,), nan without a history. Taught in chapter 9. Source: Abdollahpouri et al. 2019.

    >>> past = Context.of([["a"]], [["b"]]).targets
    >>> popularity_lift(Context.of([["a"]], [["b"]], popularity=np.array([30, 10]), history=past))
    array([2.])
    """
    taken = (c.history > 0).astype(float)
    length = np.diff(c.history.indptr)
    past = np.divide(taken @ c.popularity, length, out=np.full(len(length), np.nan), where=length > 0)
    return np.divide(c.listed_mean(c.popularity.astype(float)), past, out=np.full(len(length), np.nan),
                     where=past > 0) - 1


@metric("diversity", "units")
def diversity(c: Context) -> dict[str, np.ndarray]:
    """How unlike each other the items of a list are in each modality: the mean of 1 - cosine over its pairs.

    modality -> (n,) in [0, 2], nan for a list of fewer than two items; an item without such a medium has cosine 0 with
    all (intra-list diversity). Taught in chapter 9. Source: Ziegler et al. 2005.

    >>> units = {"text": np.array([[1.0, 0], [1, 0], [0, 1]])}
    >>> diversity(Context.of([["a", "b"], ["a", "c"]], [{"a"}, {"a"}], units=units))
    {'text': array([0., 1.])}
    """
    return {modality: pair_distance(c.columns, unit) for modality, unit in c.units.items()}


def pair_distance(columns: np.ndarray, unit: np.ndarray) -> np.ndarray:
    """The mean of 1 - cosine over the pairs of each list: columns (n, k), -1 at an empty place, unit (items, d): (n,).

    With the sum s of a list's m rows, the cosines of its pairs add up to |s|^2 less the rows' own squares, without a
    (k, k) table: 1 - (|s|^2 - sum |u|^2) / (m (m - 1)).

    >>> pair_distance(np.array([[0, 1], [0, -1]]), np.array([[1.0, 0], [-1, 0]]))
    array([ 2., nan])
    """
    rows = np.concatenate([unit, np.zeros((1, unit.shape[1]))])  # -1: an empty place
    squares, length = (rows ** 2).sum(axis=1), (columns >= 0).sum(axis=1)
    pairs, size = np.empty(len(columns)), max(1, CELLS // max(1, unit.shape[1]))
    for start in range(0, len(columns), size):
        some = columns[start:start + size]
        total = np.zeros((len(some), unit.shape[1]))
        for column in some.T:
            total += rows[column]
        pairs[start:start + size] = (total ** 2).sum(axis=1) - squares[some].sum(axis=1)
    return 1 - np.divide(pairs, length * (length - 1), out=np.full(len(columns), np.nan), where=length > 1)


@metric("miscalibration", "history", "labels")
def miscalibration(c: Context) -> np.ndarray:
    """How far the categories of a list are from those of its user's history: `calibration` of their shares.

    (n,), 0 where they agree; nan without a history. Taught in chapter 9. Source: Steck 2018.

    >>> past = Context.of([["a", "b"]], [["a", "b"]]).targets
    >>> one = Context.of([["a", "b"]], [["a"]], history=past, labels=np.array(["jazz", "folk"]))
    >>> miscalibration(one).round(3) + 0.0
    array([0.])
    """
    codes, names = pd.factorize(c.labels)
    codes, found = np.append(codes, -1), np.empty(len(c.columns))  # column -1, an empty place, has no label
    size = max(1, CELLS // max(1, len(names)))
    for start in range(0, len(c.columns), size):
        past, columns = c.history[start:start + size], c.columns[start:start + size]
        row = np.repeat(np.arange(len(columns)), np.diff(past.indptr))
        found[start:start + size] = calibration(
            _shares(row, codes[past.indices], (len(columns), len(names))),
            _shares(np.repeat(np.arange(len(columns)), c.k), codes[columns.ravel()], (len(columns), len(names))))
    return found


def _shares(row: np.ndarray, codes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The shares of the labels in each row; code -1 has no label."""
    cell = (row * shape[1] + codes)[codes >= 0]
    counts = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape).astype(float)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def calibration(past: np.ndarray, listed: np.ndarray) -> np.ndarray:
    """How far a list is from the interests of its user: KL(p || q~) = sum over labels g of p_g log(p_g / q~_g).

    past: (..., labels), p, the shares of the labels (categories, genres) in what was taken; listed: q, those in the
    list; q~ = 0.99 q + 0.01 p. Returns (...), 0 where they agree, log(100) where they have nothing in common; nan where
    nothing was taken. Taught in chapter 9. Source: Steck 2018.

    >>> calibration(np.array([[0.5, 0.5], [0.5, 0.5]]), np.array([[0.5, 0.5], [1.0, 0.0]])).round(3)
    array([0.   , 1.959])
    """
    smooth = (1 - SMOOTHING) * listed + SMOOTHING * past
    ratio = np.divide(past, smooth, out=np.ones(smooth.shape), where=np.broadcast_to(past > 0, smooth.shape))
    return np.where(past.any(axis=-1), (past * np.log(ratio)).sum(axis=-1), np.nan)
