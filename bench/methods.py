"""What each method is worth: `python -m bench.methods` shows the tables and writes bench/methods.json.

Every method of the main job, each with its own settings chosen on valid: on the shipped shop and its long tail (items
with fewer than 5 positive events so far); on five redraws of the shop's log, since one log is one draw; on items that
nobody took yet, over five draws of them; and, where MMREC_MOVIELENS names it, on MovieLens. Intervals: 95 % by
bootstrap over users, over draws and users where there are draws.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import pandas as pd

from bench import record
from mmrec_helpers import datasets, pipeline, splits
from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.datasets.recordshop.redraw import redraw
from mmrec_helpers.evaluation import Interval, Scores, bootstrap, bootstrap_draws, evaluate, in_words
from mmrec_helpers.evaluation.methods import tune_rankers
from mmrec_helpers.preprocessing import preprocess

MEASURES = (
    "data/recordshop/manifest.json", "mmrec_helpers/catalog", "mmrec_helpers/datasets/movielens",
    "mmrec_helpers/datasets/recordshop/log", "mmrec_helpers/datasets/recordshop/redraw",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/methods",
    "mmrec_helpers/evaluation/tuning", "mmrec_helpers/features/audio", "mmrec_helpers/features/base",
    "mmrec_helpers/features/batches", "mmrec_helpers/features/image", "mmrec_helpers/features/networks",
    "mmrec_helpers/features/spectra", "mmrec_helpers/features/store", "mmrec_helpers/features/text",
    "mmrec_helpers/fusion", "mmrec_helpers/media", "mmrec_helpers/metrics", "mmrec_helpers/pipeline",
    "mmrec_helpers/preprocessing", "mmrec_helpers/ranking", "mmrec_helpers/splits")

SEED, DRAWS, K = 0, 5, 20


def scores_of(split: Split, features: Sequence[Features], k: int = K) -> dict[str, Scores]:
    """Every method at its best setting on valid, judged on test."""
    return {name: evaluate(one.ranker, split.test, k) for name, one in
            tune_rankers(split, features, k).items()}


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
    row: dict[str, object] = {metric: _over([one.metrics[metric] for one in each])._asdict()
                              for metric in ("ndcg", "recall", "precision", "f1")}
    for group in each[0].groups:
        values = np.concatenate([one.groups[group]["ndcg"] for one in each])
        row[f"ndcg, {group}"] = None if np.isnan(values).all() else round(float(np.nanmean(values)), 4)
    row["coverage"] = float(np.mean([one.coverage for one in each]))
    if name != best:
        against = _over([one[name].metrics["ndcg"] - one[best].metrics["ndcg"] for one in draws])
        row["against the best"] = {**against._asdict(), "words": in_words(against)}
    return row


def _over(draws: Sequence[np.ndarray]) -> Interval:
    return bootstrap(draws[0], seed=SEED) if len(draws) == 1 else bootstrap_draws(draws, seed=SEED)


def shown(name: str, found: dict[str, object]) -> dict[str, object]:
    """Print a task's table; the figures again."""
    rows = {method: {"NDCG": "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**one["ndcg"]),
                     **{group: one[f"ndcg, {group}"] for group in ("known", "rare", "new")},
                     "against the best": one.get("against the best", {}).get("words", "best")}
            for method, one in found["methods"].items()}
    print(f"\n{name}: {found['draws']} draws, {found['users']} users, targets {found['targets']}\n"
          f"{pd.DataFrame(rows).T.to_string()}", flush=True)
    return found


def main() -> None:
    """Every task."""
    raw = datasets.load("recordshop")
    catalog, _ = preprocess(raw)
    features = [one.features for one in pipeline.extract_features(catalog).values()]
    split = splits.default(catalog, seed=SEED)
    cold = [splits.cold_items(catalog, seed=draw) for draw in range(DRAWS)]
    logs = [splits.default(preprocess(redraw(raw.root, draw + 1), check_media=False)[0]) for draw in range(DRAWS)]
    tasks = {"recordshop": [split], "long tail": [splits.long_tail(split)], "redraws": logs,
             "redraws, long tail": [splits.long_tail(one) for one in logs], "cold items": cold}
    found = {name: shown(name, figures([scores_of(one, features, 10 if name == "cold items" else K) for one in some]))
             for name, some in tasks.items()}
    if data := os.environ.get("MMREC_MOVIELENS"):
        result = pipeline.main(data, K, SEED)
        found["MovieLens"] = shown("MovieLens", figures([dict(zip(result.tuned, result.scores, strict=True))]))
    record.write("methods", SEED, found)


if __name__ == "__main__":
    main()
