"""Exercises of chapter 1: a cosine with an empty column, a list without what was taken, a weighted blend of scores."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmrec_helpers.course.checks import Exercise, in_order

A, B, NEW = np.array([1, 1, 1, 1, 0, 0, 1]), np.array([0, 0, 1, 1, 1, 0, 0]), np.zeros(7, int)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """The cosine of two columns of 0 and 1."""
    below = np.sqrt(a.sum() * b.sum())
    return (a * b).sum() / below if below > 0 else 0.0


cosine_of_columns = Exercise(
    "cosine_of_columns", cosine, [(A, B), (B, 1 - B), (A, NEW), (NEW, A), (NEW, NEW)],
    mistakes=[
        (lambda a, b: (a * b).sum() / max(a.sum() * b.sum(), 1),
         "you divide by the product of both counts; the cosine divides by the square root of it. A column with itself "
         "must give 1"),
        (lambda a, b: (a * b).sum() / max(((a + b) > 0).sum(), 1),
         "you divide by the number of people who took either record: that is the Jaccard index, a relative of the "
         "cosine. Divide by the square root of the product of the two counts"),
        (lambda a, b: 2 * (a * b).sum() / max(a.sum() + b.sum(), 1),
         "you divide by the mean of the two counts: that is the Dice coefficient, a relative of the cosine. Divide by "
         "the square root of their product"),
        (lambda a, b: (a * b).sum() / np.sqrt(a.sum() * b.sum()),
         "a record that nobody took has a count of 0, and you divide by it: such a pair has nothing in common, so "
         "return 0.0 before you divide, whichever of the two is empty"),
        (lambda a, b: cosine(a, b) if a.any() and b.any() else 1.0,
         "a record that nobody took has nothing in common with any record: its cosine must be 0.0"),
    ],
    tip="count the people who took both: (a * b).sum(). Then divide by np.sqrt(a.sum() * b.sum()), unless that is 0")

FEATURES = pd.DataFrame({"sea": [0.9, 1.0, 0.8, -0.9, 0.3, -1.0], "fast": [-0.5, 1.0, 0.9, 0.8, 0.1, -1.0]},
                        list("ABCDEF"))
PROFILE = np.array([1.0, 0.25])
"""No two scores are the same, so that any way of sorting gives one list."""


def recommend(p: np.ndarray, features: pd.DataFrame, taken: list[str], k: int) -> list[str]:
    """The ids of the k best records, best first, without those that are taken."""
    scores = (features @ p).drop(taken)
    return list(scores.sort_values(ascending=False, kind="stable").index[:k])


list_of_new = Exercise(
    "list_of_new", recommend, [(PROFILE, FEATURES, ["A", "B"], 3), (-PROFILE, FEATURES, ["F"], 99)], same=in_order,
    mistakes=[
        (lambda p, features, taken, k: recommend(p, features, [], k),
         "your list has records that she has taken: they fit her well because her profile was made of them. Drop what "
         "is taken"),
        (lambda p, features, taken, k: [item for item in recommend(p, features, [], k) if item not in taken],
         "your list is too short: you cut it at k first and dropped what is taken afterwards. Drop, then cut"),
        (lambda p, features, taken, k: recommend(-p, features, taken, k),
         "your list begins with what suits her least: sorting goes up unless you say ascending=False"),
        (lambda p, features, taken, k: recommend(p, features.div(np.linalg.norm(features, axis=1), axis=0), taken, k),
         "you divide by the length of each row: that is the cosine. Here the score is the product alone"),
        (lambda p, features, taken, k: (features @ p).drop(taken).sort_values(ascending=False)[:k],
         "you return the scores: return the ids that belong to them, which are in the index"),
        (lambda p, features, taken, k: features.index[np.argsort(-(features.drop(taken) @ p).to_numpy())[:k]],
         "your places count the rows that are left, your ids come from the whole table: take both from the table "
         "without what is taken"),
    ],
    tip="score every record with features @ p, drop the taken, sort from large to small, keep k ids")

SCORES, WEIGHTS = np.array([[100.0, 300.0, 200.0, 0.0, 120.0], [0.5, 0.1, 0.2, 0.4, 0.9]]), np.array([0.5, 2.0])
MORE = np.vstack([SCORES, [3.0, -2.0, 5.0, 4.0, 0.0]])


def blend(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Decision-level fusion, each ranker on the same scale."""
    scaled = scores / scores.std(axis=1, keepdims=True)
    return weights @ scaled


fair_blend = Exercise(
    "fair_blend", blend, [(SCORES, WEIGHTS), (MORE, np.array([0.5, 2.0, 0.7]))],
    mistakes=[
        (lambda scores, weights: weights @ scores,
         "you add the scores as they are: one ranker gives hundreds and decides alone, whatever its weight. Divide "
         "each ranker's row by its own standard deviation first"),
        (lambda scores, weights: blend(scores, np.ones_like(weights)),
         "both rankers count the same: multiply each scaled row by its weight before you add"),
        (lambda scores, weights: weights @ (scores / scores.std()),
         "you divide all scores by one number, so the ranker with the large scores still decides: divide each row by "
         "its own, scores.std(axis=1, keepdims=True)"),
        (lambda scores, weights: weights @ (scores / scores.std(axis=0)),
         "you divide by the spread of each column, over the rankers; a ranker is a row: axis=1"),
        (lambda scores, weights: blend(scores - scores.mean(axis=1, keepdims=True), weights),
         "you also subtract each row's mean. The order of the list stays the same, but the task is to divide only"),
        (lambda scores, weights: weights @ (scores / scores.std(axis=1, keepdims=True, ddof=1)),
         "you use the standard deviation of a sample (ddof=1, as pandas does). The order of the list stays the same, "
         "but use the one of scores.std(), which divides by n"),
        (lambda scores, weights: blend(scores, weights / weights.sum()),
         "you divide by the sum of the weights: the task is a weighted sum, not a weighted mean"),
    ],
    tip="first bring every row to spread 1: scores / scores.std(axis=1, keepdims=True); then weights @ that")
