"""Methods on several tasks, as a picture of intervals and as tables of differences. Used in chapters 7 and 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from mmrec_helpers.evaluation.compare import NO_DIFFERENCE
from mmrec_helpers.ranking import Ranker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Results = Mapping[str, Mapping[str, Mapping]]
"""Of every task, first the one that sorts the methods: their rows, as a benchmark keeps them."""


def intervals(found: Results, titles: Mapping[str, str], colors: Mapping[str, str], line: str) -> Figure:
    """NDCG of every method on every task, with its interval, in the colour of its level; a dotted line at one of them.

    titles: of the tasks; colors: of the levels, by their names.
    """
    import matplotlib.pyplot as plt

    order = best_first(found)[::-1]
    figure, panels = plt.subplots(1, len(found), figsize=(2.5 + 1.7 * len(found), 0.8 + 0.23 * len(order)), sharey=True,
                                  squeeze=False, layout="constrained")
    for axes, (task, rows) in zip(panels[0], found.items(), strict=True):
        for name, row in rows.items():
            _interval(axes, row["ndcg"], order.index(name), colors[row["level"]])
        axes.axvline(rows[line]["ndcg"]["mean"], color="#999999", lw=0.8, ls=":")
        axes.set(title=titles[task], yticks=range(len(order)), yticklabels=order, xlim=(0, None))
        axes.locator_params(axis="x", nbins=4)
        axes.tick_params(labelsize=8)
    shown = {row["level"] for rows in found.values() for row in rows.values()}
    handles = [plt.Line2D([], [], color=color, marker="o", label=level) for level, color in colors.items()
               if level in shown]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=8)
    return figure


def differences(found: Results, titles: Mapping[str, str], other: str, methods: Sequence[str] = ()) -> pd.DataFrame:
    """How far methods are above another, a column for each task: the paired difference of NDCG, and that in words.

    methods: by default all, best first. "=": no difference shown.
    """
    rows = methods or [name for name in best_first(found) if name != other]
    return pd.DataFrame({titles[task]: {name: _difference(each.get(name, {}).get(f"against {other}")) for name in rows}
                         for task, each in found.items()})


def choices(rankers: Mapping[str, Ranker], found: Results, titles: Mapping[str, str]) -> pd.DataFrame:
    """What each ranker can do, its core-seconds of a fit on the first of the tasks of `titles`, and its NDCG on each.

    rankers: by the names of their rows.
    """
    first = next(iter(titles))
    return pd.DataFrame({name: {
        "new items": _yes(one.capabilities.new_items), "added without a refit": _yes(hasattr(one, "add_items")),
        "reasons by past item": _yes(one.capabilities.explains),
        "parts by source": _yes(type(one).parts is not Ranker.parts),
        "fit, core-s": found[first].get(name, {}).get("fit core-s", ""),
        **{title: _mean(found[task].get(name)) for task, title in titles.items()}}
        for name, one in rankers.items()}).T


def best_first(found: Results) -> list[str]:
    """Every method of any task, by its mean on the first; those that are not there last."""
    every = dict.fromkeys(name for rows in found.values() for name in rows)
    first = next(iter(found.values()), {})
    return sorted(every, key=lambda name: -first[name]["ndcg"]["mean"] if name in first else 0)


def _interval(axes: Axes, row: Mapping[str, float], height: float, color: str) -> None:
    axes.plot([row["low"], row["high"]], [height, height], color=color)
    axes.plot(row["mean"], height, "o", ms=4, color=color)


def _difference(row: Mapping[str, object] | None) -> str:
    if row is None:
        return ""
    return f"{round(row['mean'], 3) + 0.0:+.3f} {'=' if row['words'] == NO_DIFFERENCE else row['words']}"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _mean(row: Mapping[str, Mapping[str, float]] | None) -> str:
    return "" if row is None else f"{row['ndcg']['mean']:.3f}"
