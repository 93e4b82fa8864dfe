"""Runs as one page that needs nothing else: protocol card, pictures, tables, segments, lists. Taught in chapter 9.

Its layout is `report.html`, a Jinja2 template that escapes every value. It reads the runs' folders alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import CatalogError
from mmrec_helpers.evaluation.compare import bootstrap
from mmrec_helpers.evaluation.evaluator import GROUPS
from mmrec_helpers.evaluation.report import as_table
from mmrec_helpers.evaluation.runs import SCORES, about_run, compare
from mmrec_helpers.evaluation.templates import Bar, bars, render

EXAMPLES = "examples.json"
"""In a run's folder: lists as they were judged."""

BINS = 4
"""Segments of the users, by how much they had taken before."""


@dataclass(frozen=True)
class Report:
    """One run as the page shows it. card: title -> text; bars: NDCG of every method; groups and segments: title ->
    bars; shares: (label, share of users) of the NDCG of the method that is served; curves: method -> NDCG on valid of
    every setting that was tried; table: all methods; examples: lists, those that failed apart."""

    name: str
    best: str
    k: int
    card: Mapping[str, object]
    bars: Sequence[Bar]
    groups: Mapping[str, Sequence[Bar]]
    segments: Mapping[str, Sequence[Bar]]
    shares: Sequence[tuple[str, float]]
    curves: Mapping[str, Sequence[float]]
    table: pd.DataFrame
    examples: Sequence[Mapping[str, object]]


def write_report(folders: Sequence[Path], path: Path) -> Path:
    """One HTML file on a run, or on several side by side; the first is what the others are compared with.

    Raises CatalogError for a folder that lacks a file. Runs that asked different things are shown, and the page says
    why they are not compared. Returns the path. Taught in chapter 9.
    """
    folders = [one.resolve() for one in folders]
    names = _names(folders)
    runs = [replace(read(one), name=name) for one, name in zip(folders, names, strict=True)]
    verdicts = [(name, _verdict(folders[0], one, names[0])) for one, name in zip(folders[1:], names[1:], strict=True)]
    path.write_text(render("report.html", runs=runs, verdicts=verdicts), encoding="utf-8")
    return path


def read(folder: Path) -> Report:
    """A run's folder, as the page shows it. Raises CatalogError."""
    about, shown = about_run(folder, EXAMPLES), json.loads((folder / EXAMPLES).read_text(encoding="utf-8"))
    scores, methods, best = pd.read_parquet(folder / SCORES), about["methods"], about["best"]
    own = scores[scores["method"] == best]
    return Report(
        folder.name, best, about["k"], card(about, own), bars(methods, best),
        {group: _bars(scores, f"ndcg, {group}", best) for group in GROUPS}, by_history(scores, best),
        shares(own["ndcg"]), {name: one["valid"] for name, one in methods.items() if len(one["valid"]) > 1},
        as_table(methods).reset_index(), shown)


def card(about: Mapping[str, object], own: pd.DataFrame) -> dict[str, object]:
    """What was asked of whom, title -> text."""
    protocol = about["protocol"]
    starts = [f"{stage} begins {start}" for stage, start in protocol.get("starts", {}).items() if start]
    return {"data": about["data"], "split": f"{protocol['split']}: {protocol['how']}", "stages": "; ".join(starts),
            "learned from": f"{about['seen']:,} positive events before the test" if "seen" in about else "",
            "settings chosen on": "valid", "masked": protocol["masked"], "candidates": protocol["candidates"],
            "target": protocol["target"], "seed": protocol["seed"], "users in the test": len(own),
            "test opened": opened(about["opened"], len(about["methods"])) if "opened" in about else ""}


def opened(times: int, methods: int) -> str:
    """How often the test was asked, beside how often it had to be.

    >>> opened(9, 2)
    '9 times, for 2 methods: more than once for some'
    """
    return f"{times} times, " + ("once for each method" if times == methods else
                                 f"for {methods} methods: more than once for some")


def by_history(scores: pd.DataFrame, best: str) -> dict[str, list[Bar]]:
    """NDCG by how much users had taken before, in groups of about the same size."""
    if "past" not in scores:
        return {}
    edges = np.unique(np.quantile(scores["past"], np.linspace(0, 1, BINS + 1)[1:-1], method="lower"))
    groups, found = np.searchsorted(edges, scores["past"]), {}
    for group in np.unique(groups):
        some = scores[groups == group]
        least, most = some["past"].min(), some["past"].max()
        found[f"{least} to {most} items taken before" if least < most else f"{least} taken before"] = _bars(
            some, "ndcg", best)
    return found


def shares(ndcg: pd.Series) -> list[tuple[str, float]]:
    """How many users have a list without a hit, and how good the others' are.

    >>> shares(pd.Series([0.0, 0.0, 0.1, 1.0]))[:2]
    [('no hit', 0.5), ('above 0 to 0.2', 0.25)]
    """
    edges = [0, 0.2, 0.4, 0.6, 0.8, 1]
    hit = ndcg[ndcg > 0]
    counts = np.bincount(np.searchsorted(edges, hit.round(9)) - 1, minlength=len(edges) - 1)
    return [("no hit", float((ndcg == 0).mean())), *(
        (f"above {low:g} to {high:g}", float(count / len(ndcg)))
        for low, high, count in zip(edges, edges[1:], counts, strict=False))]


def _bars(scores: pd.DataFrame, column: str, best: str) -> list[Bar]:
    """The methods that are compared in small: the one that is served, the three best, and popularity."""
    means = scores.groupby("method")["ndcg"].mean().sort_values(ascending=False)
    names = dict.fromkeys([best, *means.index[:3], *means.index[means.index == "popularity"]])
    return [Bar(name, bootstrap(scores.loc[scores["method"] == name, column].to_numpy()), name == best)
            for name in names if scores.loc[scores["method"] == name, column].notna().any()]


def _names(folders: Sequence[Path]) -> list[str]:
    """The folders' names; with their parents' where two have the same."""
    names = [one.name for one in folders]
    return [name if names.count(name) == 1 else f"{one.parent.name}/{name}" for one, name in zip(
        folders, names, strict=True)]


def _verdict(first: Path, other: Path, name: str) -> str:
    """Of another run against the first, or why there is none."""
    try:
        found = compare(first, other)
    except CatalogError as fault:
        return f"not compared: {fault}"
    mean, low, high, words = found.difference
    return (f"{words}: {found.metric} of {found.methods[1]}, less that of {found.methods[0]} in {name}: {mean:+.3f} "
            f"[{low:+.3f}, {high:+.3f}], p = {found.p:.4f} (permutation), {found.users} users")
