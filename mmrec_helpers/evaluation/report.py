"""The table of methods: how good, how sure, what was seen, what was chosen on what. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mmrec_helpers.evaluation.compare import Difference, Interval, bootstrap, paired
from mmrec_helpers.evaluation.evaluator import Scores

TITLES = {"ndcg": "NDCG", "recall": "recall", "precision": "precision", "f1": "F1", "hit_rate": "hit rate"}

SHOWN = ("ndcg", "recall", "precision", "f1")

Notes = Mapping[str, Mapping[str, str]]


def table(scores: Sequence[Scores], metric: str = "ndcg", shown: Sequence[str] = SHOWN,
          notes: Notes | None = None, n: int = 1000, seed: int = 0) -> pd.DataFrame:
    """One row a method, best mean of `metric` first: means with 95 % intervals, and how far below the best.

    Beside them the paired difference to the first row over the same users, in numbers and in words. The first
    row was picked on these very users, so small differences to it look a little larger than they are.
    notes: for a method, further columns (`{"EASE": {"seen in training": "events", "chosen on": "valid"}}`).
    Raises ValueError where two methods have one name. Taught in chapter 9.

    >>> users, lists = np.arange(40).astype(str), np.full((40, 20), None)
    >>> both = [Scores(name, users, {"ndcg": np.full(40, mean)}, 0.5, lists)
    ...         for name, mean in (("a", 0.2), ("b", 0.3))]
    >>> print(as_text(table(both, shown=["ndcg"])))
               NDCG@20 (95 %)  coverage  NDCG against the best         in words
    method
    b    0.300 [0.300, 0.300]     0.500                                    best
    a    0.200 [0.200, 0.200]     0.500 -0.100 [-0.100, -0.100]           lower
    """
    _check_names(scores)
    ranked = sorted(scores, key=lambda one: (-np.nanmean(one.metrics[metric]), one.name))
    rows = {one.name: _row(one, ranked[0], metric, shown, n, seed) | dict((notes or {}).get(one.name, {}))
            for one in ranked}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method").fillna("")


def numbers(scores: Sequence[Scores], metric: str = "ndcg", n: int = 1000, seed: int = 0) -> dict[str, dict]:
    """The same for machines, best first: by method, each metric's mean, low and high, the coverage, the users judged.

    Beside them the difference to the best, and `metric` on targets that are known, rare and new. None is a figure
    that there is not.

    >>> ndcg = np.array([0.5, 0.5])
    >>> one = Scores("a", np.array(["u", "v"]), {"ndcg": ndcg}, 0.25, np.full((2, 1), None))
    >>> numbers([one])["a"]["ndcg"], numbers([one])["a"]["users"]
    ({'mean': 0.5, 'low': 0.5, 'high': 0.5}, 2)
    """
    _check_names(scores)
    ranked = sorted(scores, key=lambda one: (-np.nanmean(one.metrics[metric]), one.name))
    return {one.name: {
        **{name: _plain(bootstrap(values, n, seed)) for name, values in one.metrics.items()},
        "against the best": None if one is ranked[0] else _plain(paired(one, ranked[0], metric, n, seed)),
        "groups": {group: _group(one, group, metric) for group in one.groups},
        "coverage": one.coverage, "k": one.k, "users": len(one.users)} for one in ranked}


def as_text(report: pd.DataFrame, width: int | None = None) -> str:
    """The table as lines of text; wider than `width` it goes on below, the methods' names repeated."""
    return "\n".join(line.rstrip() for line in report.to_string(line_width=width).splitlines())


def _row(one: Scores, best: Scores, metric: str, shown: Sequence[str], n: int, seed: int) -> dict[str, str]:
    row = {f"{TITLES.get(name, name)}@{one.k} (95 %)": _cell(bootstrap(one.metrics[name], n, seed))
           for name in shown}
    row["coverage"] = f"{one.coverage:.3f}"
    mean, low, high, words = paired(one, best, metric, n, seed)
    against = f"{TITLES.get(metric, metric)} against the best"
    return row | {against: "" if one is best else _cell(Interval(mean, low, high)),
                  "in words": "best" if one is best else words}


def _group(one: Scores, group: str, metric: str) -> dict[str, float | int | None]:
    judged = one.groups[group][metric]
    judged = judged[~np.isnan(judged)]
    return {metric: float(judged.mean()) if len(judged) else None, "users": len(judged),
            "targets": one.targets.get(group, 0)}


def _plain(figures: Interval | Difference) -> dict[str, float | str | None]:
    return {name: None if value != value else value for name, value in figures._asdict().items()}


def _cell(interval: Interval) -> str:
    """`0.213 [0.201, 0.225]`; without the interval where there is none."""
    mean, low, high = (f"{number:.3f}" for number in interval)
    return mean if low == "nan" else f"{mean} [{low}, {high}]"


def _check_names(scores: Sequence[Scores]) -> None:
    names = pd.Index([one.name for one in scores])
    if names.has_duplicates:
        raise ValueError(f"two methods are called {names[names.duplicated()][0]!r}; give one another name")
