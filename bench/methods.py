"""What each method is worth: `python -m bench.methods` shows the tables and writes bench/methods.json.

Every method of the main job, each with its own settings chosen on valid: on the shipped shop and its long tail (items
with fewer than 5 positive events so far); on five redraws of the shop's log, since one log is one draw; on items that
nobody took yet, over five draws of them; and, where MMREC_MOVIELENS names it, on MovieLens. Intervals: 95 % by
bootstrap over users, over draws and users where there are draws.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from bench import record
from bench.judging import SEED, figures, shown
from bench.tasks import REDRAWN, K, length, splits_of
from mmrec_helpers import datasets, pipeline
from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.evaluation import Scores, evaluate
from mmrec_helpers.evaluation.methods import tune_rankers
from mmrec_helpers.preprocessing import preprocess

MEASURES = ("bench/judging", "mmrec_helpers/datasets/movielens", "mmrec_helpers/pipeline", "mmrec_helpers/ranking")


def scores_of(split: Split, features: Sequence[Features], k: int = K) -> dict[str, Scores]:
    """Every method at its best setting on valid, judged on test."""
    return {name: evaluate(one.ranker, split.test, k) for name, one in
            tune_rankers(split, features, k).items()}


def main() -> None:
    """Every task."""
    catalog, _ = preprocess(datasets.load("recordshop"))
    features = [one.features for one in pipeline.extract_features(catalog).values()]
    found = {task: shown(task, figures([scores_of(one, features, length(task)) for one in splits_of(catalog, task)]))
             for task in ("recordshop", "long tail", *REDRAWN)}
    if data := os.environ.get("MMREC_MOVIELENS"):
        result = pipeline.main(data, K, SEED)
        found["MovieLens"] = shown("MovieLens", figures([dict(zip(result.tuned, result.scores, strict=True))]))
    record.write("methods", SEED, found)


if __name__ == "__main__":
    main()
