"""Exercises of chapter 1: a cosine that survives an empty column, a list without what she has, a fair blend."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from mmrec_helpers.course.checks import Exercise, Mistake, gives_like

# ---- 1. cosine(a, b): of two columns of 0 and 1

A, G, NEW = np.array([1, 1, 1, 0, 0]), np.array([0, 1, 1, 0, 0]), np.zeros(5, int)

Cosine = Callable[[np.ndarray, np.ndarray], float]


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    below = np.sqrt(a.sum() * b.sum())
    return float((a * b).sum() / below) if below > 0 else 0.0


def _value(cosine: Cosine, a: np.ndarray, b: np.ndarray) -> float:
    """What an answer gives; nan where it divides by zero, in whichever way."""
    with np.errstate(all="ignore"):
        try:
            return float(cosine(a, b))
        except ZeroDivisionError:
            return float("nan")


def _gives(a: np.ndarray, b: np.ndarray, wanted: float) -> Callable[[Cosine], bool]:
    return lambda cosine: bool(np.isclose(_value(cosine, a, b), wanted, equal_nan=True))


def _cosine_right(cosine: Cosine) -> bool:
    pairs = ((A, G), (A, A), (A, 1 - A), (A, NEW), (NEW, NEW))
    return all(_gives(a, b, _cosine(a, b))(cosine) for a, b in pairs)


cosine_of_columns = Exercise(
    "cosine_of_columns", _cosine_right, _cosine,
    [Mistake("no root", lambda a, b: (a * b).sum() / max(a.sum() * b.sum(), 1), _gives(A, G, 2 / 6),
             "you divide by the product of both counts; the cosine divides by the square root of it. A column with "
             "itself must give 1"),
     Mistake("share of either", lambda a, b: (a * b).sum() / max(((a + b) > 0).sum(), 1), _gives(A, G, 2 / 3),
             "you divide by the people who took either record: that is the Jaccard index, a relative of the cosine. "
             "Divide by the square root of the product of the two counts"),
     Mistake("empty column", lambda a, b: (a * b).sum() / np.sqrt(a.sum() * b.sum()), _gives(A, NEW, np.nan),
             "a record that nobody took has a count of 0, and you divide by it: such a pair has nothing in common, "
             "so give 0.0 before you divide")],
    "count the people who took both: (a * b).sum(). Then divide by np.sqrt(a.sum() * b.sum()), unless that is 0",
    """def cosine(a, b):
    below = np.sqrt(a.sum() * b.sum())
    return (a * b).sum() / below if below > 0 else 0.0
""")

# ---- 2. recommend(p, features, taken, k): the k best ids, best first, without what is taken

FEATURES = pd.DataFrame({"sea": [0.9, 1.0, 0.8, -0.9, 0.7, -1.0], "fast": [-0.5, 1.0, 0.9, 0.8, -0.9, -1.0]},
                        list("ABCDEF"))
PROFILE, TAKEN, K = np.array([1.0, 0.25]), ["A", "B"], 3
"""No two scores are the same, so that any way of sorting gives one list."""

Recommend = Callable[[np.ndarray, pd.DataFrame, Sequence[str], int], Sequence[str]]


def _recommend(p: np.ndarray, features: pd.DataFrame, taken: Sequence[str], k: int) -> list[str]:
    scores = (features @ p).drop(list(taken))
    return list(scores.sort_values(ascending=False, kind="stable").index[:k])


def _listed(recommend: Recommend) -> list[str]:
    return list(recommend(PROFILE, FEATURES.copy(), list(TAKEN), K))


def _recommend_right(recommend: Recommend) -> bool:
    everything = list(recommend(-PROFILE, FEATURES.copy(), ["F"], 99))
    return _listed(recommend) == ["C", "E", "D"] and everything == ["D", "E", "A", "C", "B"]


def _keeps_taken(p: np.ndarray, features: pd.DataFrame, taken: Sequence[str], k: int) -> list[str]:
    return list((features @ p).sort_values(ascending=False).index[:k])


def _drops_late(p: np.ndarray, features: pd.DataFrame, taken: Sequence[str], k: int) -> list[str]:
    return [item for item in _keeps_taken(p, features, taken, k) if item not in taken]


def _worst_first(p: np.ndarray, features: pd.DataFrame, taken: Sequence[str], k: int) -> list[str]:
    return list((features @ p).drop(list(taken)).sort_values().index[:k])


list_of_new = Exercise(
    "list_of_new", _recommend_right, _recommend,
    [Mistake("has it already", _keeps_taken, lambda recommend: bool(set(_listed(recommend)) & set(TAKEN)),
             "there are records on your list that she has: they fit her so well because her profile was made of "
             "them. Drop what is taken"),
     Mistake("dropped too late", _drops_late, lambda recommend: len(_listed(recommend)) < K,
             "your list is too short: you cut it at k first and dropped what is taken afterwards. Drop, then cut"),
     Mistake("worst first", _worst_first, lambda recommend: _listed(recommend) == ["F", "D", "E"],
             "your list begins with what suits her least: sorting goes up unless you say ascending=False")],
    "score every record with features @ p, drop the taken, sort from large to small, keep k ids",
    """def recommend(p, features, taken, k):
    scores = (features @ p).drop(taken)
    return list(scores.sort_values(ascending=False, kind="stable").index[:k])
""")

# ---- 3. blend(scores, weights): decision-level fusion in which nobody shouts

SCORES, WEIGHTS = np.array([[100.0, 300.0, 200.0, 0.0], [0.5, 0.1, 0.2, 0.4]]), np.array([0.25, 0.75])

Blend = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _blend(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ (scores / scores.std(axis=1, keepdims=True))


def _unscaled(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ scores


def _unweighted(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (scores / scores.std(axis=1, keepdims=True)).sum(axis=0)


def _one_scale(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return weights @ (scores / scores.std())


fair_blend = Exercise(
    "fair_blend", gives_like(_blend, (SCORES, WEIGHTS)), _blend,
    [Mistake("not scaled", _unscaled, gives_like(_unscaled, (SCORES, WEIGHTS)),
             "you add the scores as they come: one ranker speaks in hundreds and drowns the other, whatever its "
             "weight. Divide each ranker's row by its own standard deviation first"),
     Mistake("weights forgotten", _unweighted, gives_like(_unweighted, (SCORES, WEIGHTS)),
             "both rankers have the same say: multiply each scaled row by its weight before you add"),
     Mistake("one scale for all", _one_scale, gives_like(_one_scale, (SCORES, WEIGHTS)),
             "you divide all scores by one number, so the loud ranker stays as loud: each row needs its own spread, "
             "scores.std(axis=1, keepdims=True)")],
    "first bring every row to spread 1: scores / scores.std(axis=1, keepdims=True); then weights @ that",
    """def blend(scores, weights):
    scaled = scores / scores.std(axis=1, keepdims=True)
    return weights @ scaled
""")

EXERCISES = {one.name: one for one in (cosine_of_columns, list_of_new, fair_blend)}
