"""The levels of fusion as diagrams, and the committed figures of fusion as pictures and tables. Used in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmrec_helpers.course import result_figures
from mmrec_helpers.course.bench_tables import BENCH, read
from mmrec_helpers.evaluation.compare import NO_DIFFERENCE
from mmrec_helpers.ranking import Ranker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TASKS = {"redraws": "5 redraws", "recordshop": "own log", "redraws, long tail": "long tail",
         "cold items": "cold items", "MovieLens": "MovieLens", "MovieLens, cold items": "MovieLens, cold"}
"""The tasks that are shown, each with its title."""

COLORS = {"none": "#999999", "control": "#555555", "one modality": "#8c6bb1", "features": "#c46d5e",
          "decisions": "#d9a441", "model": "#4878a8"}
"""Of each level of fusion."""

NAMES = {"tfidf": "text", "cover-cnn": "cover", "preview-gru": "sound"}
"""What the record shop's features are called in pictures."""

WIDEST = 0.06
"""The change of NDCG that is drawn in the deepest colour."""

Places = Mapping[str, tuple[float, float]]


# ---- diagrams


def levels() -> Figure:
    """The three levels of fusion side by side."""
    import matplotlib.pyplot as plt

    media = {"text": (0, 3), "cover": (1, 3), "sound": (2, 3)}
    each = {"ranker" + "." * n: (n, 2) for n in range(3)}
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.4), layout="tight")
    boxes(left, media | {"one vector": (1, 2), "ranker": (1, 1), "list": (1, 0)},
          [*((one, "one vector") for one in media), ("one vector", "ranker"), ("ranker", "list")], "feature level")
    boxes(middle, media | each | {"sum of votes": (1, 1), "list": (1, 0)},
          [*zip(media, each, strict=True), *((one, "sum of votes") for one in each), ("sum of votes", "list")],
          "decision level")
    boxes(right, media | {"log": (-0.1, 1.5), "one model,\none objective": (1, 1.5), "list": (1, 0)},
          [*((one, "one model,\none objective") for one in [*media, "log"]), ("one model,\none objective", "list")],
          "model level")
    return figure


def towers() -> Figure:
    """The two towers: item and user."""
    import matplotlib.pyplot as plt

    inputs = {one: (0.0, 3 - 0.6 * n) for n, one in enumerate(("text", "cover", "sound", "log (ALS)", "mask"))}
    figure, axes = plt.subplots(figsize=(9, 3.4))
    boxes(axes, inputs | {
        "x: side by side": (0.7, 1.8), "gelu(C x)": (1.25, 2.5), "A x": (1.25, 1.1), "item's v": (1.75, 1.8),
        "past items' v": (0.7, 0), "weighted mean z": (1.25, 0), "u = z W + b": (1.75, 0), "score u · v": (2.3, 0.9)},
        [*((one, "x: side by side") for one in inputs), ("x: side by side", "gelu(C x)"), ("x: side by side", "A x"),
         ("gelu(C x)", "item's v"), ("A x", "item's v"), ("past items' v", "weighted mean z"),
         ("weighted mean z", "u = z W + b"), ("u = z W + b", "score u · v"), ("item's v", "score u · v")])
    return figure


def gates() -> Figure:
    """Gated fusion, and attention among the modalities, of an item without a sound."""
    import matplotlib.pyplot as plt

    media = {"text": (0, 3.2), "cover": (1, 3.2), "sound: absent": (2, 3.2)}
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), layout="tight")
    boxes(left, media | {"P f": (0, 2.2), "P f.": (1, 2.2), "masked softmax: h": (2, 2.2), "v: each h P f": (0.5, 1.1),
                         "how alike is the past\nin each modality?": (2, 1.1), "softmax: g": (2, 0),
                         "score: sum of g u · v": (0.5, 0)},
          [("text", "P f"), ("cover", "P f."), ("text", "masked softmax: h"), ("cover", "masked softmax: h"),
           ("P f", "v: each h P f"), ("P f.", "v: each h P f"), ("masked softmax: h", "v: each h P f"),
           ("how alike is the past\nin each modality?", "softmax: g"), ("softmax: g", "score: sum of g u · v"),
           ("v: each h P f", "score: sum of g u · v")], "gated fusion")
    boxes(right, media | {"token P f": (0, 2.2), "token P f.": (1, 2.2), "masked out": (2, 2.2),
                          "attention among the tokens": (0.5, 1.1), "v: their sum / root of their number": (0.5, 0)},
          [("text", "token P f"), ("cover", "token P f."), ("sound: absent", "masked out"),
           ("token P f", "attention among the tokens"), ("token P f.", "attention among the tokens"),
           ("attention among the tokens", "v: their sum / root of their number")], "cross-modal attention")
    return figure


def boxes(axes: Axes, places: Places, arrows: Sequence[tuple[str, str]], title: str = "") -> None:
    """Labelled boxes and arrows between them. A dot at the end of a label is not shown: so two can look the same."""
    made = {label: axes.text(*place, label.rstrip("."), ha="center", va="center", fontsize=9,
                             bbox={"boxstyle": "round,pad=0.4", "fc": "#eef4fb", "ec": "#4878a8"})
            for label, place in places.items()}
    for start, end in arrows:
        axes.annotate("", places[end], places[start], arrowprops={
            "arrowstyle": "->", "color": "#4878a8", "shrinkA": 1, "shrinkB": 1,
            "patchA": made[start].get_bbox_patch(), "patchB": made[end].get_bbox_patch()})
    axes.set(xlim=(-0.4, 2.6), ylim=(-0.3, 3.5), title=title)
    axes.axis("off")


# ---- committed figures


def results(folder: str | Path = BENCH) -> dict[str, dict[str, dict]]:
    """Of every task its methods, from fusion.json and networks.json: what both have is that of fusion.json."""
    closed, trained = read("fusion", folder), read("networks", folder)
    return {task: trained.get(task, {}).get("methods", {}) | closed[task]["methods"]
            for task in TASKS if task in closed}


def intervals(folder: str | Path = BENCH) -> Figure:
    """NDCG of every method on every task, with its interval; a dotted line at ALS."""
    closed = read("fusion", folder)
    titles = {task: f"{title}\nNDCG@{closed[task]['k']}" for task, title in TASKS.items() if task in closed}
    return result_figures.intervals(results(folder), titles, COLORS, "ALS")


def differences(other: str, methods: Sequence[str] = (), folder: str | Path = BENCH) -> pd.DataFrame:
    """As `result_figures.differences`, of ALS or of ALS + prior without content, on every task."""
    return result_figures.differences(results(folder), TASKS, other, methods)


def knock_outs(tasks: Sequence[str] = ("cold items", "redraws"), folder: str | Path = BENCH) -> Figure:
    """By method, the change of NDCG where one modality, or all, says nothing; bold where a difference is shown."""
    import matplotlib.pyplot as plt

    found = {task: knocked(task, folder) for task in tasks}
    sizes = [len(rows) for rows in found.values()]
    figure, panels = plt.subplots(len(tasks), 1, figsize=(10, 1.2 * len(tasks) + 0.3 * sum(sizes)), squeeze=False,
                                  height_ratios=[size + 0.1 for size in sizes], layout="constrained")
    for axes, (task, rows) in zip(panels[:, 0], found.items(), strict=True):
        ways = list(max(rows.values(), key=len))
        means = np.array([[row[way]["mean"] if way in row else np.nan for way in ways] for row in rows.values()])
        axes.imshow(means, cmap="RdBu", vmin=-WIDEST, vmax=WIDEST, aspect="auto")
        for (y, x), mean in np.ndenumerate(means):
            if not np.isnan(mean):
                shown = list(rows.values())[y][ways[x]]["words"] != NO_DIFFERENCE
                axes.text(x, y, f"{mean:+.3f}", ha="center", va="center", fontsize=8,
                          weight="bold" if shown else "normal", color="white" if abs(mean) > WIDEST / 1.5 else "black")
        axes.set(title=TASKS[task], yticks=range(len(rows)), yticklabels=list(rows), xticks=[])
    panels[-1, 0].set_xticks(range(len(ways)), [_named(way) for way in ways], rotation=30, ha="right")
    return figure


def knocked(task: str, folder: str | Path = BENCH) -> dict[str, dict[str, Mapping[str, object]]]:
    """By method and by way of saying nothing, the paired difference to the real features, from modalities.json and
    networks.json."""
    closed, trained = read("modalities", folder)[task], read("networks", folder).get(task, {})
    methods = closed["knock-out"] | trained.get("knock-out", {})
    return {name: {way: next(value for key, value in row.items() if key.startswith("against"))
                   for way, row in ways.items() if way != "intact"} for name, ways in methods.items()}


def by_modality(tasks: Sequence[str] = ("redraws", "cold items"), folder: str | Path = BENCH) -> Figure:
    """NDCG of ALS + content over the number of modalities, for learned features and for the planted factors."""
    import matplotlib.pyplot as plt

    figure, panels = plt.subplots(1, len(tasks), figsize=(5 * len(tasks), 3.3), layout="tight", squeeze=False)
    for axes, task in zip(panels[0], tasks, strict=True):
        every = {name: row["ndcg"] for name, row in read("modalities", folder)[task]["by modality"].items()}
        for start, color, title in (("true", "#d9a441", "planted factors"), ("", "#4878a8", "learned features")):
            some = {name: row for name, row in every.items()
                    if name == "none" or name.startswith("true") == (start == "true")}
            sizes = [0 if name == "none" else name.count("+") + 1 for name in some]
            places = [size + 0.12 * (sizes[:n].count(size) - (sizes.count(size) - 1) / 2)
                      for n, size in enumerate(sizes)]
            axes.plot(*zip(*pd.Series([row["mean"] for row in some.values()]).groupby(sizes).mean().items(),
                           strict=True), color=color, lw=1, label=title)
            for row, place in zip(some.values(), places, strict=True):
                axes.plot([place, place], [row["low"], row["high"]], color=color, lw=1.5)
                axes.plot(place, row["mean"], "o", ms=4, color=color)
        axes.set(title=TASKS[task], xlabel="number of modalities", ylabel="NDCG", xticks=range(4), ylim=(0, None))
        axes.legend(fontsize=8)
    return figure


def choices(rankers: Mapping[str, Ranker], folder: str | Path = BENCH) -> pd.DataFrame:
    """As `result_figures.choices`, on the redraws and on cold items, with the level of fusion before it."""
    found = results(folder)
    table = result_figures.choices(rankers, found, {task: TASKS[task] for task in ("redraws", "cold items")})
    table.insert(0, "fused at", [found["redraws"].get(name, {}).get("level", "") for name in rankers])
    return table


def _named(way: str) -> str:
    name, _, how = way.rpartition(" ")
    return f"{NAMES.get(name, name)} {how}"
