"""What each method is worth: `python -m bench.methods` shows the tables and writes bench/methods.json.

The main job's table on the shipped shop and, where MMREC_MOVIELENS names it, on MovieLens.
"""

from __future__ import annotations

import os

import numpy as np

from bench import record
from mmrec_helpers import pipeline
from mmrec_helpers.evaluation import as_text, numbers, paired, table

MEASURES = (
    "data/recordshop/manifest.json", "mmrec_helpers/catalog", "mmrec_helpers/datasets/movielens",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/report",
    "mmrec_helpers/evaluation/tuning", "mmrec_helpers/features/audio", "mmrec_helpers/features/base",
    "mmrec_helpers/features/batches", "mmrec_helpers/features/image", "mmrec_helpers/features/networks",
    "mmrec_helpers/features/spectra", "mmrec_helpers/features/store", "mmrec_helpers/features/text",
    "mmrec_helpers/fusion", "mmrec_helpers/media", "mmrec_helpers/metrics", "mmrec_helpers/pipeline",
    "mmrec_helpers/preprocessing", "mmrec_helpers/profiles", "mmrec_helpers/ranking", "mmrec_helpers/splits")

SEED = 0


def of(data: str) -> dict[str, object]:
    """The methods on one catalogue, best first: numbers with intervals, and each against the best."""
    result = pipeline.main(data, seed=SEED)
    print(f"\n{result.catalog.name}\n{as_text(table(result.scores, seed=SEED), width=140)}")
    ranked = sorted(result.scores, key=lambda one: -np.nanmean(one.metrics["ndcg"]))
    figures = numbers(ranked, seed=SEED)
    for one in ranked[1:]:
        figures[one.name]["against the best"] = paired(one, ranked[0], seed=SEED)._asdict()
    return {"split": result.split.protocol["split"], "users": len(ranked[0].users), "methods": figures}


def main() -> None:
    """Run both catalogues."""
    catalogues = {"recordshop": "recordshop", "MovieLens": os.environ.get("MMREC_MOVIELENS")}
    record.write("methods", SEED, {name: of(data) for name, data in catalogues.items() if data})


if __name__ == "__main__":
    main()
