"""The table of methods: means with intervals, and how far each method is below the best. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mmrec_helpers.evaluation.compare import Difference, Interval, bootstrap, paired
from mmrec_helpers.evaluation.evaluator import Scores
from mmrec_helpers.evaluation.online.experiment import welch
from mmrec_helpers.evaluation.protocol import ResultTable, as_text
from mmrec_helpers.metrics import title

SHOWN = ("ndcg", "recall", "precision", "f1")


def table(scores: Sequence[Scores], metric: str = "ndcg", shown: Sequence[str] = SHOWN, n: int = 1000,
          seed: int = 0, chosen_on: str = "") -> ResultTable:
    """One row per method, best mean of `metric` first: means with 95 % intervals, coverage, difference to the best.

    The difference is paired, over the same users, in figures and in words. The first row was picked on these very
    users, so small differences to it look a little larger than they are. Below the table is its protocol card;
    chosen_on: where the settings were chosen, for the card: `valid`. Raises ValueError if two methods have the same
    name, or where fewer than two users were judged: a mean without an interval is not shown. Taught in chapter 9.

    >>> users, lists = np.arange(40).astype(str), np.full((40, 20), None)
    >>> both = [Scores(name, users, {"ndcg": np.full(40, mean)}, {"coverage": 0.5}, lists)
    ...         for name, mean in (("a", 0.2), ("b", 0.3))]
    >>> table(both, shown=["ndcg"]).loc["a"].tolist()
    ['0.200 [0.200, 0.200]', '0.500', '-0.100 [-0.100, -0.100]', 'lower']
    """
    shown = [one for one in shown if all(one in each.metrics for each in scores)]
    for one in scores:
        if (judged := len(_judged(one.metrics[metric]))) < 2:
            raise ValueError(f"{one.name}: {judged} users were judged; at least two are needed for an interval, and no "
                             "mean is shown without one")
    rows = ResultTable(as_table(numbers(scores, metric, n, seed, shown), metric, shown))
    rows.card = as_text({one.name: {**one.card, **({"chosen on": chosen_on} if chosen_on else {})} for one in scores})
    return rows


def segments(scores: Scores, segment: Sequence[object], metric: str = "ndcg") -> ResultTable:
    """One row for each group of users: how many, their mean with its 95 % interval, and its gap to all others.

    segment: the group of each user, in the order of `scores.users` (their age, or a quarter of the lengths of their
    histories). The gap is a difference between different users, by Welch's interval; with many groups some gap is seen
    by chance. A group of one user has no interval and is left out. Taught in chapter 9.

    >>> half = np.repeat([0.2, 0.4], 20) + np.tile([0.0, 0.02], 20)
    >>> one = Scores("a", np.arange(40).astype(str), {"ndcg": half}, {}, np.full((40, 20), None))
    >>> segments(one, np.repeat(["new", "old"], 20))["in words"].tolist()
    ['lower', 'higher']
    """
    values, group, rows = scores.metrics[metric], np.asarray(segment, object), {}
    for name in dict.fromkeys(group):
        here, rest = _judged(values[group == name]), _judged(values[group != name])
        if min(len(here), len(rest)) > 1:
            gap = _plain(welch(rest, here))
            rows[name] = {"users": len(here), f"{title(metric)}@{scores.k} (95 %)": interval(_plain(bootstrap(here))),
                          "gap to the others": interval(gap), "in words": gap["words"]}
    found = ResultTable(pd.DataFrame.from_dict(rows, orient="index").rename_axis("group"))
    found.card = as_text({scores.name: scores.card})
    return found


def by_targets(scores: Scores, metric: str = "ndcg") -> ResultTable:
    """One row for all targets, and for those that are known, rare and new items: users, targets, the users' mean with
    its 95 % interval (`-` where fewer than two were judged).

    metric: one that was measured on the groups too, so none of the whole order or of content. Raises ValueError for
    another. Taught in chapters 1 and 9.

    >>> half, targets = {"ndcg": np.repeat([0.2, 0.4], 20)}, {"all": 90, "new": 50}
    >>> one = Scores("a", np.arange(40).astype(str), half, {}, np.full((40, 20), None), {"new": half}, targets)
    >>> by_targets(one).loc["new", "NDCG@20 (95 %)"]
    '0.300 [0.265, 0.334]'
    """
    rows, groups = {}, {"all": scores.metrics, **scores.groups}
    there = [name for name in scores.metrics if all(name in one for one in groups.values())]
    if metric not in there:
        raise ValueError(f"{scores.name}: {metric!r} was not measured on every group; {', '.join(there)} were")
    for name, metrics in groups.items():
        judged = _judged(metrics[metric])
        mean = interval(_plain(bootstrap(judged))) if len(judged) > 1 else "-"
        rows[name] = {"users": len(judged), "targets": scores.targets.get(name, 0),
                      f"{title(metric)}@{scores.k} (95 %)": mean}
    found = ResultTable(pd.DataFrame.from_dict(rows, orient="index").rename_axis("targets on"))
    found.card = as_text({scores.name: scores.card})
    return found


def numbers(scores: Sequence[Scores], metric: str = "ndcg", n: int = 1000, seed: int = 0,
            shown: Sequence[str] | None = None) -> dict[str, dict]:
    """The same as dictionaries: method -> each metric's mean, low and high, coverage, number of users.

    Further the difference to the best, and `metric` on targets that are known, rare and new; None for nan. shown: which
    metrics (default: all).

    >>> ndcg = np.array([0.5, 0.5])
    >>> one = Scores("a", np.array(["u", "v"]), {"ndcg": ndcg}, {"coverage": 0.25}, np.full((2, 1), None))
    >>> numbers([one])["a"]["ndcg"], numbers([one])["a"]["users"]
    ({'mean': 0.5, 'low': 0.5, 'high': 0.5}, 2)
    """
    names = pd.Index([one.name for one in scores])
    if names.has_duplicates:
        raise ValueError(f"two methods are called {names[names.duplicated()][0]!r}; give one another name")
    ranked = sorted(scores, key=lambda one: (-np.nanmean(one.metrics[metric]), one.name))
    return {one.name: {
        **{name: _plain(bootstrap(one.metrics[name], n, seed)) for name in shown or one.metrics},
        "against the best": None if one is ranked[0] else _plain(paired(one, ranked[0], metric, n, seed)),
        "groups": {group: _group(one, group, metric) for group in one.groups},
        "coverage": None if np.isnan(one.coverage) else one.coverage, "k": one.k,
        "users": len(one.users)} for one in ranked}


def as_table(methods: Mapping[str, Mapping], metric: str = "ndcg", shown: Sequence[str] = SHOWN) -> pd.DataFrame:
    """What `numbers` gave, as text."""
    rows = {}
    for name, one in methods.items():
        below = one["against the best"]
        rows[name] = {f"{title(each)}@{one['k']} (95 %)": interval(one[each]) for each in shown} | {
            "coverage": figure(one["coverage"]),
            f"{title(metric)} against the best": interval(below) if below else "",
            "in words": below["words"] if below else "best"}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("method")


def figure(value: float | None) -> str:
    """Three decimals; `-` for None."""
    return "-" if value is None else f"{value:.3f}"


def interval(one: Mapping[str, float | None]) -> str:
    """`0.213 [0.201, 0.225]`; only the mean where there is no interval."""
    return figure(one["mean"]) + ("" if one["low"] is None else f" [{one['low']:.3f}, {one['high']:.3f}]")


def _group(one: Scores, group: str, metric: str) -> dict[str, float | int | None]:
    judged = _judged(one.groups[group].get(metric, np.zeros(0)))
    return {metric: float(judged.mean()) if len(judged) else None, "users": len(judged),
            "targets": one.targets.get(group, 0)}


def _judged(values: np.ndarray) -> np.ndarray:
    """Without the users who have no target to find, whose figure is nan."""
    return values[~np.isnan(values)]


def _plain(figures: Interval | Difference) -> dict[str, float | str | None]:
    return {name: None if value != value else value for name, value in figures._asdict().items()}
