"""Two saved runs, compared user by user. Taught in chapter 9."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from mmrec_helpers.catalog import CatalogError
from mmrec_helpers.evaluation.compare import Difference, Interval, bootstrap, in_words
from mmrec_helpers.evaluation.evaluator import Scores
from mmrec_helpers.evaluation.significance import difference_seen, permutation
from mmrec_helpers.metrics import title

SCORES = "scores.parquet"
"""In a run's folder: a row for each user and method, with every metric."""

SAME = ("data", "k", "protocol")
"""What two runs must have in common."""


class Verdict(NamedTuple):
    """methods: of the one run and the other; each: their means; difference: the second less the first; p: of the paired
    permutation test; seen: the difference that as many users would show with 80 % power; users: how many; metric: its
    title, with the length of the lists."""

    methods: tuple[str, str]
    each: tuple[Interval, Interval]
    difference: Difference
    p: float
    seen: float
    users: int
    metric: str

    def __str__(self) -> str:
        """A line for each run, then the verdict."""
        lines = [f"{letter}  {name:24} {one.mean:.3f} [{one.low:.3f}, {one.high:.3f}]"
                 for letter, name, one in zip("AB", self.methods, self.each, strict=True)]
        mean, low, high, words = self.difference
        return "\n".join([
            f"{self.metric}, {self.users} users, 95 % intervals", *lines,
            f"B - A: {mean:+.3f} [{low:+.3f}, {high:+.3f}], {words}; permutation test: p = {self.p:.4f}",
            f"With these users a difference of {self.seen:.3f} is seen 4 times in 5."])


def scores_table(scores: Sequence[Scores], past: Sequence[int] = ()) -> pd.DataFrame:
    """A row for each user and method: `user_id, method`, every metric, and NDCG on known, rare and new targets.

    past: how many items each user had taken before, as a column of that name.

    >>> import numpy as np
    >>> one = Scores("a", np.array(["u"]), {"ndcg": np.array([0.5])}, {}, np.full((1, 1), None))
    >>> scores_table([one], past=[3]).to_dict("records")
    [{'user_id': 'u', 'method': 'a', 'ndcg': 0.5, 'past': 3}]
    """
    return pd.concat([pd.DataFrame({
        "user_id": one.users, "method": one.name, **one.metrics,
        **{f"ndcg, {group}": metrics["ndcg"] for group, metrics in one.groups.items() if "ndcg" in metrics},
        **({"past": past} if len(past) else {})}) for one in scores], ignore_index=True)


def compare(a: Path, b: Path, metric: str = "ndcg", methods: Sequence[str | None] = (None, None)) -> Verdict:
    """Is the second run better for its users than the first? Paired, user by user.

    methods: of each run, by default the one that it serves: the best on valid. Raises CatalogError where a folder has
    no scores, where the runs asked other things (data, length of the lists, split) or other users, and where there is
    no such method or metric. Taught in chapter 9.
    """
    about = [about_run(one) for one in (a, b)]
    for key in SAME:
        if about[0][key] != about[1][key]:
            raise CatalogError(f"{a} and {b} differ in {_difference(key, *(one[key] for one in about))}; compare runs "
                               "on the same data, split and length of lists")
    names = [method or one["best"] for method, one in zip(methods, about, strict=True)]
    values = [_values(one, name, metric) for one, name in zip((a, b), names, strict=True)]
    if set(values[0].index) != set(values[1].index):
        raise CatalogError(f"{a} and {b} judged different users ({len(values[0])} and {len(values[1])}); runs with "
                           "--pseudonyms cannot be compared")
    other = (values[1].reindex(values[0].index) - values[0]).dropna()
    if len(other) < 2:
        raise CatalogError(f"{a} and {b}: {len(other)} users were judged by {metric}; at least two are needed")
    found = bootstrap(other.to_numpy())
    return Verdict((names[0], names[1]), tuple(bootstrap(one.to_numpy()) for one in values),
                   Difference(*found, in_words(found)), permutation(other.to_numpy()),
                   difference_seen(other.to_numpy()), len(other), f"{title(metric)}@{about[0]['k']}")


def about_run(folder: Path, *files: str) -> Mapping[str, object]:
    """A run's metrics.json. Raises CatalogError where it, the scores or one of these files is missing."""
    for name in ("metrics.json", SCORES, *files):
        if not (folder / name).is_file():
            raise CatalogError(f"{folder}: no {name}; make the run again with `mmrec run --name {folder.name}`")
    return json.loads((folder / "metrics.json").read_text(encoding="utf-8"))


def _values(folder: Path, method: str, metric: str) -> pd.Series:
    """The metric of each user, by id."""
    table = pd.read_parquet(folder / SCORES)
    known = sorted(set(table["method"]))
    if method not in known:
        raise CatalogError(f"{folder}: no method {method!r}; there are {', '.join(known)}")
    metrics = table.columns.drop([one for one in ("user_id", "method", "past") if one in table])
    if metric not in metrics:
        raise CatalogError(f"{folder}: no metric {metric!r}; there are {', '.join(metrics)}")
    return table[table["method"] == method].set_index("user_id")[metric]


def _difference(key: str, one: object, other: object) -> str:
    """Of a protocol, the first part that differs."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        part = next(name for name in {**one, **other} if one.get(name) != other.get(name))
        return f"{key}: {part} is {one.get(part)!r} and {other.get(part)!r}"
    return f"{key}: {one!r} and {other!r}"
