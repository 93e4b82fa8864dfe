"""What can be judged: a ranker, or any library's scores and lists. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Queries, Recommendations, Stage
from mmrec_helpers.ranking.base import Ranker


class Recommends(Protocol):
    """What `evaluate` asks of a ranker."""

    name: str

    def recommend(self, queries: Queries, k: int, only: np.ndarray) -> Recommendations:
        """The k best items of each query; only: (items,) bool, what may be offered."""
        ...


Source = Recommends | np.ndarray | pd.DataFrame | Callable[[Queries], np.ndarray]
"""A ranker; scores, a row for each user asked and a column for each item of the stage; lists, `user_id, item_id` and
`rank` or `score`; a function of queries that gives scores."""


def as_recommender(source: Source, stage: Stage) -> Recommends:
    """The same as something that recommends. Raises ValueError for scores of another shape or a table without its
    columns, TypeError for anything else; a table of lists raises ValueError when it is asked for a user that it lacks.

    >>> from mmrec_helpers import splits
    >>> test = splits.user_time(splits.example()).test
    >>> as_recommender(np.ones((2, 10)), test).recommend(test.queries, 1, test.candidates).ids.tolist()
    [['i9'], ['i4']]
    """
    if hasattr(source, "recommend"):
        return source
    if isinstance(source, pd.DataFrame):
        return GivenLists(source, stage)
    if isinstance(source, np.ndarray):
        return GivenScores(_rows_of(source, stage), stage)
    if callable(source):
        return GivenScores(source, stage, getattr(source, "__name__", "scores"))
    raise TypeError(f"{type(source).__name__} is no ranker, array of scores, table of lists or function of queries")


class GivenScores(Ranker):
    """Scores from elsewhere, asked as a ranker is: what was seen and what is no candidate is left out here."""

    def __init__(self, score: Callable[[Queries], np.ndarray], stage: Stage, name: str = "scores") -> None:
        self.scored, self.name, self.items_ = score, name, stage.fit.items
        self.popularity_ = np.zeros(len(self.items_), np.float32)

    def score(self, queries: Queries) -> np.ndarray:
        """What was given, for these users."""
        return self.scored(queries)


class GivenLists:
    """Lists from elsewhere; what may not be offered is left out, and the rest moves up."""

    def __init__(self, table: pd.DataFrame, stage: Stage) -> None:
        self.name, self.items = table.attrs.get("name", "lists"), pd.Index(stage.fit.items)
        order = "rank" if "rank" in table else "score"
        if missing := [one for one in ("user_id", "item_id", order) if one not in table]:
            raise ValueError(f"no column {missing[0]!r}; a table of lists has user_id, item_id, and rank or score")
        ordered = table.sort_values(["user_id", order], ascending=[True, order == "rank"], kind="stable")
        self.table = ordered[["user_id", "item_id"]]

    def recommend(self, queries: Queries, k: int, only: np.ndarray) -> Recommendations:
        """The first k of each user's list that may be offered."""
        table = self.table[self.table["user_id"].isin(queries.users)]
        if len(without := pd.Index(queries.users).difference(table["user_id"])):
            raise ValueError(f"{self.name}: no list for user {without[0]!r} (and {len(without) - 1} more of those "
                             "asked), who would count as one without a hit. Are the ids text, as everywhere?")
        row = pd.Index(queries.users).get_indexer(table["user_id"])
        column = self.items.get_indexer(table["item_id"])  # -1: the evaluator will name it
        seen = np.asarray(queries.seen[row, column.clip(0)]).ravel()
        left = table[(column < 0) | (only[column] & ~seen)].assign(
            place=lambda rows: rows.groupby("user_id").cumcount())
        left = left[left["place"] < k]
        ids = np.full((len(queries), k), None, object)
        ids[pd.Index(queries.users).get_indexer(left["user_id"]), left["place"]] = left["item_id"]
        return Recommendations(ids, np.full(ids.shape, np.nan), queries.users, np.zeros(len(queries), bool))


def _rows_of(scores: np.ndarray, stage: Stage) -> Callable[[Queries], np.ndarray]:
    """The rows of the users that are asked."""
    if scores.shape != stage.targets.shape:
        raise ValueError(f"scores {scores.shape}; the stage asks {stage.targets.shape[0]} users about "
                         f"{stage.targets.shape[1]} items, in the order of stage.queries.users and stage.fit.items")
    users = pd.Index(stage.queries.users)
    return lambda queries: scores[users.get_indexer(queries.users)]
