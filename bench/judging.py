"""How the benchmarks judge methods: tuned on valid, timed, averaged over seeds, and kept as rows of figures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.evaluation import Scores, evaluate, in_words, interval_over_draws, tune
from mmrec_helpers.ranking import Ranker

RESTS_ON = (
    "bench/tasks", "data/recordshop/manifest.json", "mmrec_helpers/catalog",
    "mmrec_helpers/datasets/recordshop/log", "mmrec_helpers/datasets/recordshop/redraw",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/methods",
    "mmrec_helpers/evaluation/protocol", "mmrec_helpers/evaluation/sources", "mmrec_helpers/evaluation/tuning",
    "mmrec_helpers/features/audio", "mmrec_helpers/features/base", "mmrec_helpers/features/batches",
    "mmrec_helpers/features/image", "mmrec_helpers/features/networks", "mmrec_helpers/features/spectra",
    "mmrec_helpers/features/store", "mmrec_helpers/features/text", "mmrec_helpers/fusion", "mmrec_helpers/media",
    "mmrec_helpers/metrics", "mmrec_helpers/preprocessing", "mmrec_helpers/splits")
"""What the figures of every benchmark rest on that names this module in MEASURES."""

SEED, INTACT = 0, "intact"


class Judged(NamedTuple):
    """One method on one split: its scores on test, the chosen parameters, core-seconds of the last fit, how many
    settings were tried, its level; scores with the planted factors in place of features, where that was tried."""

    scores: Scores
    params: Mapping[str, object]
    seconds: float
    budget: int = 1
    level: str = ""
    with_planted: Scores | None = None


def judge(settings: Sequence[Ranker], split: Split, features: Sequence[Features], k: int) -> Judged:
    """Tune on valid, then the test."""
    tuned = tune(settings, split, features, k=k)
    _, seconds = timed(tuned.ranker.clone(), split, features)
    return Judged(evaluate(tuned.ranker, split.test, k), tuned.params, seconds, len(settings))


def timed(network: Ranker, split: Split, features: Sequence[Features]) -> tuple[Ranker, float]:
    """Fitted for the test, and the core-seconds that took."""
    import keras

    keras.utils.clear_session()  # else what Keras keeps of every network adds up
    start = time.process_time()
    return network.fit(split.test.fit, features), time.process_time() - start


def seeded(network: Ranker, seed: int) -> Ranker:
    """The same setting with another seed."""
    return type(network)(**{**network.get_params(), "seed": seed})


def averaged(draws: Sequence[Mapping[str, Judged]]) -> dict[str, Judged]:
    """One log, several seeds: every user's scores as the mean over the seeds."""
    def mean(each: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        return {metric: np.mean([one[metric] for one in each], axis=0) for metric in each[0]}

    found = {}
    for method, first in draws[0].items():
        each = [draw[method].scores for draw in draws]
        groups = {group: mean([one.groups[group] for one in each]) for group in each[0].groups}
        found[method] = first._replace(scores=replace(each[0], metrics=mean([one.metrics for one in each]),
                                                      groups=groups))
    return found


def figures(draws: Sequence[dict[str, Scores]]) -> dict[str, object]:
    """Methods best first, over draws of one task: means with intervals, each group's, each against the best."""
    names = sorted(draws[0], key=lambda name: -np.mean([np.nanmean(one[name].metrics["ndcg"]) for one in draws]))
    methods = {name: _method(name, names[0], draws) for name in names}
    users = sum(len(one[names[0]].users) for one in draws)
    return {"draws": len(draws), "k": draws[0][names[0]].k, "users": users, "methods": methods,
            "targets": {group: sum(one[names[0]].targets[group] for one in draws) for group in
                        draws[0][names[0]].targets}}


def _method(name: str, best: str, draws: Sequence[dict[str, Scores]]) -> dict[str, object]:
    each = [one[name] for one in draws]
    row: dict[str, object] = {metric: interval_over_draws([one.by_user(metric) for one in each])._asdict()
                              for metric in ("ndcg", "recall", "precision", "f1")}
    for group in each[0].groups:
        values = np.concatenate([one.groups[group]["ndcg"] for one in each])
        row[f"ndcg, {group}"] = None if np.isnan(values).all() else round(float(np.nanmean(values)), 4)
    row["coverage"] = float(np.mean([one.coverage for one in each]))
    if name != best:
        row["against the best"] = against(each, [one[best] for one in draws])
    return row


def shown(name: str, found: dict[str, object]) -> dict[str, object]:
    """Print a task's table; the figures again."""
    rows = {method: {"NDCG": "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**one["ndcg"]),
                     **{group: one[f"ndcg, {group}"] for group in ("known", "rare", "new")},
                     "against the best": one.get("against the best", {}).get("words", "best")}
            for method, one in found["methods"].items()}
    print(f"\n{name}: {found['draws']} draws, {found['users']} users, targets {found['targets']}\n"
          f"{pd.DataFrame(rows).T.to_string()}", flush=True)
    return found


def against(mine: Sequence[Scores], others: Sequence[Scores]) -> dict[str, object]:
    """Paired over users and draws."""
    difference = interval_over_draws([a.by_user() - b.by_user() for a, b in zip(mine, others, strict=True)])
    return {**difference._asdict(), "words": in_words(difference)}


def compared(sets: Mapping[str, Sequence[Scores]], reference: str = INTACT) -> dict[str, object]:
    """NDCG with each set of features, and the paired difference to one of them."""
    return {key: {"ndcg": interval_over_draws([one.by_user() for one in scores])._asdict(),
                  **({f"against {reference}": against(scores, sets[reference])} if key != reference else {})}
            for key, scores in sets.items()}
