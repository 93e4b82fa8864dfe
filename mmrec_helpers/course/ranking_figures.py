"""The committed figures of rankers, ours and those of other libraries, as pictures and tables. Used in chapter 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mmrec_helpers.course import result_figures
from mmrec_helpers.course.bench_tables import BENCH, read

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOP = {"redraws": "5 redraws", "redraws, long tail": "long tail", "cold users": "new users",
        "cold items": "new records"}
FILMS = {"MovieLens": "MovieLens", "MovieLens, long tail": "long tail", "MovieLens, cold users": "new users",
         "MovieLens, cold items": "new films"}
"""The tasks that are shown, each with its title."""

LEVELS = {"control": "controls", "none": "without content", "content": "with content", "peer": "other libraries"}
"""What the levels of the rows are called."""

COLORS = {"controls": "#555555", "without content": "#c46d5e", "with content": "#4878a8", "other libraries": "#d9a441"}

TITLES = {"fit_s": "fit, core-seconds", "gib": "memory, GiB"}
"""What `growth` shows."""


def results(tasks: Sequence[str], folder: str | Path = BENCH) -> dict[str, dict[str, dict]]:
    """Of these tasks the methods' rows, from ranking.json; a task that was not measured is left out."""
    found = read("ranking", folder)
    return {task: {name: {**row, "level": LEVELS[row["level"]]} for name, row in found[task]["methods"].items()}
            for task in tasks if task in found}


def intervals(tasks: Mapping[str, str] = SHOP, folder: str | Path = BENCH) -> Figure:
    """NDCG of every ranker on every task, with its interval; a dotted line at the hybrid."""
    found = read("ranking", folder)
    titles = {task: f"{title}\nNDCG@{found[task]['k']}" for task, title in tasks.items() if task in found}
    return result_figures.intervals(results(tasks, folder), titles, COLORS, "hybrid")


def differences(tasks: Mapping[str, str] = SHOP, methods: Sequence[str] = (),
                folder: str | Path = BENCH) -> pd.DataFrame:
    """How far rankers are above the hybrid, a column for each task; "=": no difference shown."""
    return result_figures.differences(results(tasks, folder), tasks, "hybrid", methods)


def left_to_find(task: str = "redraws", folder: str | Path = BENCH) -> pd.DataFrame:
    """Best first: NDCG, its share of what the planted tastes themselves reach, NDCG with the planted factors in place
    of learned features, settings that were tried, core-seconds of a fit."""
    rows = results([task], folder)[task]
    return pd.DataFrame({name: {
        "NDCG": f"{row['ndcg']['mean']:.3f}",
        "of the oracle": f"{row['of the oracle']:.0%}" if "of the oracle" in row else "",
        "with planted": f"{row['planted']:.3f}" if "planted" in row else "",
        "settings tried": row["budget"], "fit, core-s": row["fit core-s"]} for name, row in rows.items()}).T


def growth(folder: str | Path = BENCH) -> Figure:
    """Core-seconds of a fit and largest memory over the number of items and of users, both axes logarithmic."""
    import matplotlib.pyplot as plt

    rankers = read("growth", folder)["rankers"]
    every = [(along, what) for what in TITLES for along in ("items", "users")]
    figure, panels = plt.subplots(1, len(every), figsize=(13, 3.4), layout="constrained")
    for axes, (along, what) in zip(panels, every, strict=True):
        for number, (name, curves) in enumerate(rankers.items()):
            through = {int(size): max(one[what], 1e-2) for size, one in curves[along].items() if what in one}
            axes.plot(*zip(*through.items(), strict=True), "-o", ms=3, label=name, color=plt.cm.tab20(number))
        axes.set(xscale="log", yscale="log", xlabel=along, title=TITLES[what])
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    return figure


def exponents(folder: str | Path = BENCH) -> pd.DataFrame:
    """By ranker, the exponents of a fit's and of all lists' seconds, by items and by users, and where it stops."""
    return pd.DataFrame({name: {**one["exponents"], "stops at": _stops(one)} for name, one in
                         read("growth", folder)["rankers"].items()}).T.fillna("")


def _stops(curves: Mapping[str, Mapping[str, Mapping]]) -> str:
    """The smallest size of each kind that it did not get through, and why."""
    stopped = {along: {int(size): one["stops"] for size, one in curves[along].items() if "stops" in one}
               for along in ("items", "users")}
    return "; ".join(f"{min(sizes):,} {along} ({'time' if 'seconds' in sizes[min(sizes)] else 'memory'})"
                     for along, sizes in stopped.items() if sizes)
