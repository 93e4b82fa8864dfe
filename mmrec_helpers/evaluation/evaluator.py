"""One ranker at one stage: a list for everybody asked, and how good each list is. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Features, Stage
from mmrec_helpers.evaluation.order import above, pool
from mmrec_helpers.evaluation.protocol import card
from mmrec_helpers.evaluation.sources import Recommends, Source, as_recommender
from mmrec_helpers.metrics import METRICS, Context, measure, possible
from mmrec_helpers.ranking.neighbours import unit_rows
from mmrec_helpers.splits.stage import CountedStage

KNOWN = 5
"""An item with at least this many positive events in what was learnt is known; one with fewer rare, with none new."""

GROUPS = ("known", "rare", "new")

USUAL = ("ndcg", "recall", "precision", "f1", "hit_rate", "coverage")
"""The metrics that are measured where nothing else is said: quick, and of accuracy but for one."""

EVERY = "every"


@dataclass(frozen=True)
class Scores:
    """How good one ranker's lists are, user by user.

    name: the ranker's; users: (n,) ids of those judged; metrics: by name, (n,) float each; shop: metrics of all lists
    together, by name; lists: (n, k) item ids, best first, None where fewer were left; groups: the metrics on the
    targets that are known, rare and new alone, (n,) float, nan for a user without such a target; targets: how many
    targets there are, of all and of each group; card: what was divided, seen and asked (`protocol.card`). Taught in
    chapter 9.
    """

    name: str
    users: np.ndarray
    metrics: Mapping[str, np.ndarray]
    shop: Mapping[str, float]
    lists: np.ndarray
    groups: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    targets: Mapping[str, int] = field(default_factory=dict)
    card: Mapping[str, object] = field(default_factory=dict)

    @property
    def k(self) -> int:
        """The length of the lists."""
        return self.lists.shape[1]

    @property
    def coverage(self) -> float:
        """The share of the candidates in any list."""
        return self.shop.get("coverage", float("nan"))

    def by_user(self, metric: str = "ndcg") -> pd.Series:
        """A metric's values by user id, nan for who was not judged: what `interval_over_draws` takes."""
        return pd.Series(self.metrics[metric], self.users)


def evaluate(ranker: Source, stage: Stage, k: int = 20, metrics: Sequence[str] | str = USUAL,
             features: Sequence[Features] = (), labels: Mapping[str, str] | None = None) -> Scores:
    """Ask a fitted ranker for the k best candidates of everybody asked at a stage, and score the lists.

    ranker: one of the package, or any library's answer: scores (users asked, items), a table of lists (`user_id,
    item_id` and `rank` or `score`), or a function of queries that gives scores. metrics: names, or "every" that what is
    given allows (AUC is of the scores, also where a list is one of popular items because they say nothing); features:
    for diversity, one of each modality, centred as in content kNN and MMR; labels: item id -> category, for
    miscalibration. Known items are those with at least 5 positive events in `stage.fit`, rare ones have 1 to 4, new
    ones none. A stage of a split counts that it was asked. Raises ValueError where the ranker's items are not the
    stage's, or where a list has an item twice or one of another shop. Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> from mmrec_helpers.ranking import Popularity
    >>> test = splits.user_time(splits.example()).test
    >>> scores = evaluate(Popularity().fit(test.fit), test, k=2)
    >>> scores.users, scores.lists, scores.metrics["recall"], scores.coverage
    (array(['a', 'b'], dtype=object), array([['i9', None],
           ['i4', None]], dtype=object), array([1., 1.]), 0.2)
    """
    asked = as_recommender(ranker, stage)
    _check_columns(asked, stage)
    lists = _full(asked.recommend(stage.queries, k, only=stage.candidates).ids, k)
    column = pd.Index(stage.fit.items).get_indexer(lists.ravel()).reshape(lists.shape)
    _check_lists(lists, column, asked.name)
    context = _context(asked, stage, column, metrics, features, labels)
    names = possible(context) if metrics == EVERY else [metrics] if isinstance(metrics, str) else list(metrics)
    users, shop = measure(context, names)
    if isinstance(stage, CountedStage):
        stage.opened.append(asked.name)
    groups, targets = _groups(stage, column, [one for one in names if not METRICS[one].needs])
    return Scores(asked.name, stage.queries.users, users, shop, lists, groups, {"all": stage.targets.nnz, **targets},
                  card(stage, asked))


def _context(asked: Recommends, stage: Stage, column: np.ndarray, metrics: Sequence[str] | str,
             features: Sequence[Features], labels: Mapping[str, str] | None) -> Context:
    """All that is known at the stage; the order of all candidates only where a metric asks for it."""
    if len(several := [one.name for one in features]) > len({one.modality for one in features}):
        raise ValueError(f"features {', '.join(several)}: two of one modality; diversity needs one of each")
    items, left = stage.fit.items, pool(stage)
    ordered = (metrics == EVERY or "auc" in metrics) and hasattr(asked, "score")
    units = {one.modality: unit_rows(one.align(items)) for one in features}
    return Context(column, stage.targets, stage.queries.history, stage.fit.matrix.getnnz(axis=0),
                   stage.fit.matrix.shape[0], stage.candidates, left, above(asked.score, stage) if ordered else None,
                   units, None if labels is None else np.array([labels.get(one) for one in items], object))


def _groups(stage: Stage, column: np.ndarray, names: Sequence[str]) -> tuple[dict[str, dict], dict[str, int]]:
    """Metrics on the targets that are known, rare and new alone, and how many there are of each."""
    taken, metrics, targets = stage.fit.matrix.getnnz(axis=0), {}, {}
    kinds = np.where(taken >= KNOWN, 0, np.where(taken > 0, 1, 2))
    for number, group in enumerate(GROUPS):
        own = stage.targets @ sparse.diags_array((kinds == number).astype(np.float32))
        own.eliminate_zeros()
        metrics[group], targets[group] = measure(Context(column, own), names)[0], own.nnz
    return metrics, targets


def _full(ids: np.ndarray, k: int) -> np.ndarray:
    """The lists k places long: None in those that a ranker with fewer items did not give."""
    full = np.full((len(ids), k), None, dtype=object)
    full[:, :ids.shape[1]] = ids[:, :k]
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
