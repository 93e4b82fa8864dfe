"""One ranker at one stage: a list for everybody asked, and how good each list is. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Queries, Recommendations, Stage
from mmrec_helpers.metrics import METRICS, coverage

KNOWN = 5
"""An item with at least this many positive events in what was learnt is known; one with fewer rare, with none new."""

GROUPS = ("known", "rare", "new")


class Recommends(Protocol):
    """What `evaluate` asks of a ranker."""

    name: str

    def recommend(self, queries: Queries, k: int, only: np.ndarray) -> Recommendations:
        """The k best items of each query; only: (items,) bool, what may be offered."""
        ...


@dataclass(frozen=True)
class Scores:
    """How good one ranker's lists are, user by user.

    name: the ranker's; users: (n,) ids of those judged; metrics: by name, (n,) float each; coverage: share of
    the candidates in any list; lists: (n, k) item ids, best first, None where fewer were left; groups: the metrics on
    the targets that are known, rare and new alone, (n,) float, nan for a user without such a target; targets: how many
    targets there are, of all and of each group. Taught in chapter 9.
    """

    name: str
    users: np.ndarray
    metrics: Mapping[str, np.ndarray]
    coverage: float
    lists: np.ndarray
    groups: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    targets: Mapping[str, int] = field(default_factory=dict)

    @property
    def k(self) -> int:
        """The length of the lists."""
        return self.lists.shape[1]

    def summary(self) -> pd.DataFrame:
        """The mean of every metric over all targets, and over known, rare and new ones, each with its users."""
        rows = {"all": self.metrics, **self.groups}
        return pd.DataFrame({
            name: {**{f"{metric}@{self.k}": _mean(values) for metric, values in metrics.items()},
                   "users": int(np.sum(~np.isnan(metrics["ndcg"]))), "targets": self.targets.get(name, 0)}
            for name, metrics in rows.items()}).T.rename_axis("targets on").round(3)


def evaluate(ranker: Recommends, stage: Stage, k: int = 20) -> Scores:
    """Ask a fitted ranker for the k best candidates of everybody asked at a stage, and score the lists.

    Known items are those with at least 5 positive events in `stage.fit`, rare ones have 1 to 4, new ones none. Raises
    ValueError where the ranker's items are not the stage's, or where a list has an item twice or one of another shop.
    Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> from mmrec_helpers.ranking import Popularity
    >>> test = splits.user_time(splits.example()).test
    >>> scores = evaluate(Popularity().fit(test.fit), test, k=2)
    >>> scores.users, scores.lists, scores.metrics["recall"], scores.coverage
    (array(['a', 'b'], dtype=object), array([['i9', None],
           ['i4', None]], dtype=object), array([1., 1.]), 0.2)
    """
    _check_columns(ranker, stage)
    items = stage.fit.items
    lists = _full(ranker.recommend(stage.queries, k, only=stage.candidates).ids, k)
    column = pd.Index(items).get_indexer(lists.ravel()).reshape(lists.shape)
    _check_lists(lists, column, ranker.name)
    taken = stage.fit.matrix.getnnz(axis=0)
    kinds = np.where(taken >= KNOWN, 0, np.where(taken > 0, 1, 2))
    metrics = {"all": _metrics(column, stage.targets)}
    targets = {"all": stage.targets.nnz}
    for number, group in enumerate(GROUPS):
        own = stage.targets @ sparse.diags_array((kinds == number).astype(np.float32))
        own.eliminate_zeros()
        metrics[group], targets[group] = _metrics(column, own), own.nnz
    shown = coverage(lists, items[stage.candidates])
    return Scores(ranker.name, stage.queries.users, metrics.pop("all"), shown, lists, metrics, targets)


def _metrics(column: np.ndarray, targets: sparse.csr_matrix) -> dict[str, np.ndarray]:
    """Every metric of lists of columns, (n, k), -1 at an empty place: name -> (n,)."""
    n, n_items = targets.shape
    coo = targets.tocoo()
    relevant = coo.row.astype(np.int64) * n_items + coo.col
    hits = np.isin(np.arange(n)[:, None] * n_items + column, relevant) & (column >= 0)
    n_relevant = np.diff(targets.tocsr().indptr)
    return {name: metric(hits, n_relevant) for name, metric in METRICS.items()}


def _mean(values: np.ndarray) -> float:
    return float(np.nanmean(values)) if not np.isnan(values).all() else np.nan


def _full(ids: np.ndarray, k: int) -> np.ndarray:
    """The lists k places long: None in those that a ranker with fewer items did not give."""
    full = np.full((len(ids), k), None, dtype=object)
    full[:, :ids.shape[1]] = ids
    return full


def _check_lists(lists: np.ndarray, column: np.ndarray, name: str) -> None:
    if len(strange := lists[(column < 0) & pd.notna(lists)]):
        raise ValueError(f"{name} recommends {strange[0]!r}, which is no item of the stage")
    ordered = np.sort(column, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise ValueError(f"{name} recommends an item twice in one list")


def _check_columns(ranker: Recommends, stage: Stage) -> None:
    """A ranker fitted on other columns would score the wrong items without a word."""
    fitted = getattr(ranker, "items_", None)
    if fitted is not None and not np.array_equal(fitted, stage.fit.items):
        raise ValueError(f"{ranker.name} was fitted on other items than the stage's; fit it on stage.fit")
