"""The benchmarks' committed figures as tables that fit a notebook. Used in chapters 3 to 5 and 7."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from mmrec_helpers.evaluation.compare import Interval, in_words

BENCH = "../bench"
MEASURES = {"r2": "R²", "genre_auc": "genre AUC"}


class LongRun(NamedTuple):
    """A network's long training: tables with a row for each epoch (R²: for some; 0 is untrained).

    loss, r2 (the mean over the factors): a column for each seed; by_factor: R² as the mean over the seeds; guess: the
    loss of guessing.
    """

    loss: pd.DataFrame
    r2: pd.DataFrame
    by_factor: pd.DataFrame
    guess: float


def read(name: str, folder: str | Path = BENCH) -> dict:
    """The committed figures of `bench/NAME.json`."""
    return json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8"))


def long_run(network: str, folder: str | Path = BENCH) -> LongRun:
    """The losses and R² of a network ("word-gru") over 30 epochs, from curves.json. Taught in chapter 3."""
    run = read("curves", folder)["networks"][network]
    r2 = np.array(run["r2_by_axis"])  # (seeds, epochs, factors)
    loss = pd.DataFrame(run["loss"]).T
    return LongRun(loss.set_axis(loss.index + 1), pd.DataFrame(r2.mean(axis=2).T, run["probed"]),
                   pd.DataFrame(r2.mean(axis=0), run["probed"], run["axes"]), run["guess"])


def encoders_table(modality: str, shop: str = "recordshop", folder: str | Path = BENCH) -> pd.DataFrame:
    """One row for each extractor of the modality, from encoders.json; empty where the shop has no such media.

    Columns: `dim`; `seeds`, the number of trainings; `R²` or `genre AUC`, with its 95 % interval; `core-s`, the
    core-seconds for 1,000 media; `new items`, NDCG@10 of cold items over 5 draws, with its interval; `in words`, the
    paired difference of these lists to the first row's, over users and draws. Taught in chapter 3.
    """
    rows = {name: row for name, row in read("encoders", folder).get(shop, {}).items() if row["modality"] == modality}
    return pd.DataFrame({name: {
        "dim": row["dim"], "seeds": row["seeds"],
        **{title: _text(row[key]) for key, title in MEASURES.items() if key in row},
        "core-s": row["core_seconds_per_1000"], "new items": _text(row["cold_ndcg_at_10"]),
        "in words": in_words(Interval(**row["against_first"])) if "against_first" in row else ""}
        for name, row in rows.items()}).T


def speed_table(modality: str, folder: str | Path = BENCH) -> pd.DataFrame:
    """One row for each extractor of the modality that was timed, from extraction.json.

    Columns: `of the bound`, its speed as a share of that of decoding and network alone; `one by one`, how many times
    as long the same media take one at a time, without batches. Taught in chapter 3.
    """
    speed = read("extraction", folder)
    rows = [name for name in encoders_table(modality, folder=folder).index if name in speed["one_by_one"]]
    return pd.DataFrame({"of the bound": {name: speed["extraction"][name]["of_bound"] for name in rows},
                         "one by one": {name: speed["one_by_one"][name] for name in rows}})


def _text(interval: Mapping[str, float]) -> str:
    return "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**interval)
