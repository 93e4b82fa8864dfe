"""One ranker on one split: a list for everybody asked, and how good each list is. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Split
from mmrec_helpers.metrics import METRICS, coverage


class Recommends(Protocol):
    """What `evaluate` asks of a ranker."""

    name: str

    def recommend(self, histories: sparse.csr_matrix, k: int, exclude: sparse.csr_matrix | None = None,
                  candidates: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k best items of each history: ids (n, k), None where fewer are left, and scores (n, k)."""
        ...


@dataclass(frozen=True)
class Scores:
    """How good one ranker's lists are, user by user.

    name: the ranker's; users: (n,) ids of those judged; metrics: by name, (n,) float each; coverage: share of
    the candidates in any list; lists: (n, k) item ids, best first, None where fewer were left.
    Taught in chapter 9.
    """

    name: str
    users: np.ndarray
    metrics: Mapping[str, np.ndarray]
    coverage: float
    lists: np.ndarray

    @property
    def k(self) -> int:
        """The length of the lists."""
        return self.lists.shape[1]


def evaluate(ranker: Recommends, split: Split, stage: str = "test", k: int = 20, batch: int = 1024) -> Scores:
    """Ask a fitted ranker for the k best items of every user with a target and a past, and score the lists.

    What is known of a user at `stage` is the ranker's input and never a candidate. A user of whom nothing is
    known is not judged: everybody like that gets one and the same list. batch: users asked at a time, so that
    memory stays small. Raises ValueError where nobody can be judged, where the ranker's items are not the
    split's, or where it names an item twice in a list. Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> from mmrec_helpers.ranking import Popularity
    >>> split = splits.user_time(splits.example(), min_events=1)
    >>> scores = evaluate(Popularity().fit(split.learn("test")), split, k=2)
    >>> scores.users, scores.lists, scores.metrics["recall"], scores.coverage
    (array(['a', 'b'], dtype=object), array([['i9', None],
           ['i4', None]], dtype=object), array([1., 1.]), 0.2)
    """
    _check_columns(ranker, split)
    targets, known = getattr(split, stage), split.known[stage].matrix
    judged = np.flatnonzero((np.diff(targets.matrix.indptr) > 0) & (np.diff(known.indptr) > 0))
    if not len(judged):
        raise ValueError(f"nobody has both a past and a target in {stage!r}; a larger share may help")
    candidates = split.candidates[stage]
    lists, hits = [], []
    for rows in np.split(judged, range(batch, len(judged), batch)):
        ids = _full(ranker.recommend(known[rows], k, exclude=known[rows], candidates=candidates)[0], k)
        lists.append(ids)
        hits.append(_hits(ids, targets.matrix[rows], targets.items, ranker.name))
    n_relevant = np.diff(targets.matrix.indptr)[judged]
    metrics = {name: metric(np.concatenate(hits), n_relevant) for name, metric in METRICS.items()}
    lists = np.concatenate(lists)
    shown = coverage(lists, targets.items[candidates])
    return Scores(ranker.name, targets.users[judged], metrics, shown, lists)


def _hits(lists: np.ndarray, targets: sparse.csr_matrix, items: np.ndarray, name: str) -> np.ndarray:
    """Whether the item at each rank is a target of that user: (n, k) bool. An id given twice raises."""
    column = pd.Index(items).get_indexer(lists.ravel()).reshape(lists.shape)
    ordered = np.sort(column, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise ValueError(f"{name} recommends an item twice in one list")
    relevant = targets.toarray() > 0
    return np.take_along_axis(relevant, column.clip(0), axis=1) & (column >= 0)


def _full(ids: np.ndarray, k: int) -> np.ndarray:
    """The lists k places long: None in those that a ranker with fewer items did not give."""
    full = np.full((len(ids), k), None, dtype=object)
    full[:, :ids.shape[1]] = ids
    return full


def _check_columns(ranker: Recommends, split: Split) -> None:
    """A ranker fitted on other columns would score the wrong items without a word."""
    fitted = getattr(ranker, "items_", None)
    if fitted is not None and not np.array_equal(fitted, split.train.items):
        raise ValueError(f"{ranker.name} was fitted on other items than the split's; fit it on split.learn")
