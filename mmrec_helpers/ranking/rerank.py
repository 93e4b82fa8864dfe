"""Re-ranking: filters after a ranker, from its best candidates to the list that is shown. Taught in chapter 8.

A filter is a pure function from longer `Recommendations` to shorter ones, (n, candidates) -> (n, k); the scores stay
the ranker's, so one filter can follow another. What is decided before the ranking is not here: `Ranker.recommend`
leaves out what a user has seen, and takes `only` (what may be offered) and `without` (what may not).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries, Recommendations, positions
from mmrec_helpers.metrics import calibration
from mmrec_helpers.ranking.base import Ranker
from mmrec_helpers.ranking.labels import Labels, codes_of, label_shares, past_shares
from mmrec_helpers.ranking.neighbours import centre, unit_rows
from mmrec_helpers.ranking.top_k import chunks

Penalty = Callable[[np.ndarray | None], np.ndarray]
"""(n,) places chosen last (None at the start) -> (n, candidates) what choosing each of them next would cost."""

TIE = 1e-6
"""Values closer than this are a tie, which the better ranked wins: rounding decides nothing."""


def mmr(recommended: Recommendations, features: Features, k: int, diversity: float = 0.3) -> Recommendations:
    """Maximal marginal relevance: each place goes to an item that is good and unlike those above it.

    Next is the argmax of (1 - diversity) relevance - diversity max similarity to what is chosen, ties to the better
    ranked. relevance: the score, scaled so that each list's candidates have 0 to 1; similarity: the cosine of the
    features' centred rows, 0 for an item without features. diversity: 0 keeps the order, 1 looks at the features
    alone. Raises ValueError for k below 1 or a diversity outside [0, 1].
    Taught in chapter 8. Source: Carbonell & Goldstein 1998.

    >>> found = Recommendations(np.array([["a", "b", "c"]]), np.array([[3.0, 2.9, 1.0]]), None, np.array([False]))
    >>> look = Features("cnn", "image", ["a", "b", "c"], [[1, 0], [1, 0.1], [0, 1]])
    >>> mmr(found, look, k=2, diversity=0.5).ids
    array([['a', 'c']], dtype=object)
    """
    codes, ids = codes_of(recommended)
    unit = _with_empty(unit_rows(features.align(ids), centre(features)))

    def start(rows: slice) -> Penalty:
        candidates, closest = unit[codes[rows]], None

        def penalty(last: np.ndarray | None) -> np.ndarray:
            nonlocal closest
            if last is None:
                return np.zeros(candidates.shape[:2])
            similar = (candidates @ candidates[np.arange(len(last)), last, :, None])[:, :, 0]
            closest = similar if closest is None else np.maximum(closest, similar)
            return closest

        return penalty

    return _greedy(recommended, k, _fraction("diversity", diversity), start, unit.shape[1])


def calibrated(recommended: Recommendations, history: Interactions, labels: Labels, k: int,
               strength: float = 0.5) -> Recommendations:
    """A list whose labels have about the shares that they have in what its user took.

    Next is the argmax of (1 - strength) relevance - strength KL(p || q~), with q the shares of the labels in the list
    if the item is added, p those in the history, as in `metrics.calibration`; relevance as in `mmr`. An item with
    several labels counts for each in equal parts; one without labels changes no shares; who took nothing with a label
    keeps the order. history: its row of the list's user, by id; for lists without users, row by row. Raises ValueError
    for k below 1, a strength outside [0, 1] or lists without users that are not as many as the rows, UnknownId for a
    user without a row and an item that `labels` lacks. Taught in chapter 8. Source: Steck 2018.

    >>> found = Recommendations(np.array([["a", "b", "c"]]), np.array([[3.0, 2.9, 1.0]]), None, np.array([False]))
    >>> past = Interactions([[1, 1]], ["u"], ["x", "y"])
    >>> calibrated(found, past, {"a": "jazz", "b": "jazz", "c": "folk", "x": "jazz", "y": "folk"}, k=2).ids
    array([['a', 'c']], dtype=object)
    """
    codes, ids = codes_of(recommended)
    past = past_shares(history, labels)[_rows(recommended, history)]
    shares = _with_empty(label_shares(ids, labels).toarray())

    def start(rows: slice) -> Penalty:
        candidates, wanted = shares[codes[rows]], past[rows, None]
        labelled = candidates.any(axis=2)
        total, count = np.zeros_like(wanted), np.zeros((len(wanted), 1), int)

        def penalty(last: np.ndarray | None) -> np.ndarray:
            nonlocal total, count
            if last is not None:
                each = np.arange(len(last))
                total, count = total + candidates[each, last][:, None], count + labelled[each, last][:, None]
            listed = (total + candidates) / np.maximum(count + labelled, 1)[:, :, None]
            return np.nan_to_num(calibration(wanted, listed))

        return penalty

    return _greedy(recommended, k, _fraction("strength", strength), start, shares.shape[1])


def max_per_label(recommended: Recommendations, labels: Labels, k: int, most: int = 2) -> Recommendations:
    """A business rule: at most so many items of one label (an artist, a category) in a list, its order kept.

    From the top, an item is left out where one of its labels is full; items without labels are never. A list may run
    short: ask the ranker for more candidates. Raises ValueError for k or `most` below 1, UnknownId for an item that
    `labels` lacks. Taught in chapter 8.

    >>> found = Recommendations(np.array([["a", "b", "c"]]), np.array([[3.0, 2.0, 1.0]]), None, np.array([False]))
    >>> max_per_label(found, {"a": "Ada", "b": "Ada", "c": "Bo"}, k=2, most=1).ids
    array([['a', 'c']], dtype=object)
    """
    codes, ids = codes_of(recommended)
    shares, places = label_shares(ids, labels), np.full(codes.shape, -1)
    has = sparse.vstack([shares > 0, sparse.csr_matrix((1, shares.shape[1]), dtype=bool)], format="csr")
    _whole("most", most)
    for rows in chunks(len(codes), has.shape[1]):
        count = np.zeros((len(codes[rows]), has.shape[1]), np.int32)
        for place in range(codes.shape[1]):
            own = has[codes[rows, place]]
            full = np.asarray(own.multiply(count >= most).sum(axis=1)).ravel() > 0
            kept = (codes[rows, place] >= 0) & ~full
            count += own.multiply(kept[:, None]).astype(np.int32).toarray()
            places[rows, place] = np.where(kept, place, -1)
    first = np.argsort(places < 0, axis=1, kind="stable")[:, :_length(k, codes)]
    return _taken(recommended, np.take_along_axis(places, first, axis=1))


class Reranked:
    """A fitted ranker with a filter after it, for `evaluation.evaluate`: what does the filter cost in accuracy?

    step: called as step(recommended, k=k) with the ranker's `n_candidates` best (k, if that is more), such as
    `partial(mmr, features=text, diversity=0.3)`; name: for tables. Taught in chapter 8.

    >>> from functools import partial
    >>> from mmrec_helpers.ranking import Popularity
    >>> popular = Popularity().fit(Interactions([[1, 1, 0], [1, 0, 0]], ["u", "v"], ["a", "b", "c"]))
    >>> one_each = partial(max_per_label, labels={"a": "Ada", "b": "Ada", "c": "Bo"}, most=1)
    >>> Reranked(popular, one_each).recommend([], 2).ids
    array([['a', 'c']], dtype=object)
    """

    def __init__(self, ranker: Ranker, step: Callable[..., Recommendations], n_candidates: int = 100,
                 name: str | None = None) -> None:
        self.ranker, self.step, self.n_candidates = ranker, step, n_candidates
        self.name = f"{ranker.name}, re-ranked" if name is None else name

    @property
    def items_(self) -> np.ndarray:
        """The items that the ranker was fitted on."""
        return self.ranker.items_

    def recommend(self, queries: Queries | Sequence[str] | Sequence[Sequence[str]], k: int = 10,
                  only: Sequence[str] | np.ndarray | None = None, without: Sequence[str] = ()) -> Recommendations:
        """As `Ranker.recommend`, then the filter."""
        return self.step(self.ranker.recommend(queries, max(k, self.n_candidates), only, without), k=k)


def _greedy(recommended: Recommendations, k: int, share: float, start: Callable[[slice], Penalty],
            width: int) -> Recommendations:
    """Place by place, the argmax of (1 - share) relevance - share penalty; width: numbers that a candidate needs."""
    relevance, chosen = _relevance(recommended), np.full((len(recommended.ids), _length(k, recommended.ids)), -1)
    for rows in chunks(len(relevance), relevance.shape[1] * max(width, 1)):
        penalty, last, left = start(rows), None, relevance[rows] > -np.inf
        each = np.arange(len(left))
        for place in range(chosen.shape[1]):
            value = np.where(left, (1 - share) * relevance[rows] - share * penalty(last), -np.inf)
            last = (value >= value.max(axis=1, keepdims=True) - TIE).argmax(axis=1)
            chosen[rows, place] = np.where(left[each, last], last, -1)
            left[each, last] = False
    return _taken(recommended, chosen)


def _relevance(recommended: Recommendations) -> np.ndarray:
    """Scores from 0 to 1 in each list; -inf at an empty place."""
    there = pd.notna(recommended.ids)
    scores = np.where(there, recommended.scores, 0).astype(np.float64)
    low = scores.min(axis=1, where=there, initial=np.inf, keepdims=True)
    spread = scores.max(axis=1, where=there, initial=-np.inf, keepdims=True) - low
    return np.where(there, (scores - low) / np.where(spread > 0, spread, 1), -np.inf)


def _taken(recommended: Recommendations, places: np.ndarray) -> Recommendations:
    """The candidates at these places, (n, k); -1 is an empty place."""
    ids, scores = (np.take_along_axis(part, places.clip(0), axis=1) for part in (recommended.ids, recommended.scores))
    return Recommendations(np.where(places >= 0, ids, None), np.where(places >= 0, scores, np.nan), recommended.users,
                           recommended.by_popularity)


def _with_empty(rows: np.ndarray) -> np.ndarray:
    """A row of zeros as the last: that of place -1."""
    return np.concatenate([rows, np.zeros((1, rows.shape[1]), rows.dtype)])


def _rows(recommended: Recommendations, history: Interactions) -> np.ndarray:
    if recommended.users is not None:
        return positions(recommended.users, history.users, "user")
    if len(history.users) != len(recommended.ids):
        raise ValueError(f"{len(recommended.ids)} lists without users for {len(history.users)} histories")
    return np.arange(len(history.users))


def _length(k: int, candidates: np.ndarray) -> int:
    _whole("k", k)
    return min(k, candidates.shape[1])


def _whole(name: str, value: int) -> None:
    if value < 1:
        raise ValueError(f"{name} is {value}; ask for at least 1")


def _fraction(name: str, value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; it goes from 0 to 1")
    return value
