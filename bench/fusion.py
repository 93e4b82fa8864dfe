"""What fusion is worth, level by level: `python -m bench.fusion` shows the tables and writes bench/fusion.json.

Every method with at most six settings, chosen on valid: methods without content, each modality alone, and all
modalities fused at the level of features, of decisions and of the model. Tasks: five redraws of the record shop's log
and the shop's own log, all targets and the long tail; items that nobody took yet, over five draws; MovieLens, and its
cold items, where MMREC_MOVIELENS names it. Differences are paired, intervals hold users and draws.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench import record
from bench.judging import SEED, Judged, against, figures, judge, shown
from bench.tasks import NO_CONTENT, REDRAWN, SHARES, PredictedPopularity, extracted, length, splits_of
from mmrec_helpers import datasets
from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.evaluation.methods import NEIGHBOURS, SETTINGS
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import (
    EASE,
    L3AE,
    Blend,
    ContentALS,
    ContentKNN,
    ImplicitALS,
    MappedALS,
    Ranker,
    SideEASE,
)
from mmrec_helpers.ranking.fused import stacked_weights

MEASURES = (
    "bench/judging", "mmrec_helpers/datasets/movielens", "mmrec_helpers/ranking/base",
    "mmrec_helpers/ranking/factors", "mmrec_helpers/ranking/fused/blend", "mmrec_helpers/ranking/fused/content_als",
    "mmrec_helpers/ranking/fused/linear", "mmrec_helpers/ranking/fused/mapped_als",
    "mmrec_helpers/ranking/fused/positives", "mmrec_helpers/ranking/fused/stacking", "mmrec_helpers/ranking/linear",
    "mmrec_helpers/ranking/neighbours", "mmrec_helpers/ranking/popularity", "mmrec_helpers/ranking/top_k")

KNN = "content kNN (whitened)"
VOTES = {"EASE and ALS, votes": ("EASE", "ALS", "scores"), "ALS and content kNN, votes": ("ALS", KNN, "scores"),
         "ALS and content kNN, ranks": ("ALS", KNN, "ranks"), "ALS and content kNN, learned": ("ALS", KNN, "learned"),
         "EASE and ALS + content, votes": ("EASE", ContentALS.name, "scores")}
"""Name: two methods at their own best settings, and how their votes are added."""


class Method(NamedTuple):
    """level: of fusion, or `none`, `control`, `one modality`; settings: at most six; features: what it learns from."""

    level: str
    settings: Sequence[Ranker]
    features: Sequence[Features] = ()


def methods(features: Sequence[Features]) -> dict[str, Method]:
    """Every method but those made of others' results."""
    joined = Features("joined", "all", features[0].ids, np.concatenate(
        [one.align(features[0].ids).matrix for one in features], axis=1),
        np.any([one.align(features[0].ids).present for one in features], axis=0))
    scaled, white = (FeatureFusion(n_each=n, whiten=power, name=name).fit(features).transform(features)
                     for name, n, power in (("scaled", None, 0.0), ("whitened", 96, 0.5)))
    return {
        **{name: Method("none", SETTINGS[name]) for name in ("popularity", "EASE", "ALS")},
        PredictedPopularity.name: Method(
            "control", [PredictedPopularity(ridge) for ridge in (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)], features),
        NO_CONTENT: Method("none", [ContentALS(l2=l2, alpha=alpha) for l2, alpha in (
            (12.0, 3.0), (30.0, 10.0), (45.0, 10.0), (55.0, 20.0), (75.0, 20.0), (110.0, 20.0))]),
        **{f"ALS + content ({one.name} alone)": Method("one modality", SETTINGS[ContentALS.name], [one])
           for one in features},
        **{f"content kNN ({one.name})": Method("features", [ContentKNN(one.name, k) for k in NEIGHBOURS], [one])
           for one in (joined, scaled, white)},
        "ALS, then content": Method("features", [MappedALS(l2=l2, prior=prior) for l2 in (30.0, 60.0)
                                                 for prior in (0.5, 2.0, 5.0)], features),
        "ALS, then neighbours": Method("model", [MappedALS(l2=l2, prior=prior, way="graph") for l2 in (30.0, 60.0)
                                                 for prior in (0.5, 2.0, 5.0)], features),
        **{name: Method("model", SETTINGS[name], features) for name in (SideEASE.name, ContentALS.name)},
        L3AE.name: Method("model", [L3AE(l2, pull, 10.0) for l2 in (100.0, 200.0) for pull in (10.0, 30.0, 100.0)],
                          features)}


def judged(split: Split, features: Sequence[Features], k: int) -> dict[str, Judged]:
    """Every method at its best setting on valid, judged on test; then those that need the others' settings."""
    every = methods(features)
    found = {name: judge(one.settings, split, one.features, k)._replace(level=one.level) for name, one in every.items()}
    blocks = weighted(features)
    found["content kNN (weighted)"] = judge([ContentKNN(one.name, found[KNN].params["k"]) for one in blocks], split,
                                            blocks, k)._replace(level="features")
    kinds = {"EASE": EASE, "ALS": ImplicitALS, ContentALS.name: ContentALS, KNN: ContentKNN}
    for name, (one, other, how) in VOTES.items():
        voters = {voter: kinds[voter](**found[voter].params) for voter in (one, other)}
        known = every[KNN].features if other == KNN else features
        weights = [{one: 1 - share, other: share} for share in SHARES]
        if how == "learned":
            fitted = {voter: ranker.clone().fit(split.valid.fit, known) for voter, ranker in voters.items()}
            weights = [stacked_weights(fitted, split.valid, seed=SEED)]
        blends = [Blend(voters, each, "ranks" if how == "ranks" else "scores") for each in weights]
        level = "none" if other == "ALS" else "decisions"  # neither EASE nor ALS sees content
        found[name] = judge(blends, split, known, k)._replace(level=level)
    return found


def weighted(features: Sequence[Features]) -> list[Features]:
    """Whitened blocks side by side, one of them with half or twice the weight of the others."""
    return [FeatureFusion({one.name: factor}, n_each=96, whiten=0.5, name=f"{one.name} times {factor}").fit(
        features).transform(features) for one in features for factor in (0.5, 2.0)]


def table(name: str, draws: Sequence[dict[str, Judged]]) -> dict[str, object]:
    """A task's table: methods best first, each with its level and fit seconds, and against the two controls."""
    found = figures([{method: one.scores for method, one in draw.items()} for draw in draws])
    for method, row in found["methods"].items():
        row["level"] = draws[0][method].level
        row["fit core-s"] = round(float(np.median([draw[method].seconds for draw in draws])), 3)
        row["each draw"] = [round(float(draw[method].scores.metrics["ndcg"].mean()), 4) for draw in draws]
        row |= {f"against {other}": against([draw[method].scores for draw in draws],
                                            [draw[other].scores for draw in draws])
                for other in ("ALS", NO_CONTENT) if method != other}
    return shown(name, found)


def main() -> None:
    """Every task."""
    catalog, _ = preprocess(datasets.load("recordshop"))
    shops = [(catalog, (*REDRAWN, "recordshop", "long tail"))]
    if data := os.environ.get("MMREC_MOVIELENS"):
        shops.append((preprocess(datasets.load(data))[0], ("MovieLens", "MovieLens, cold items")))
    found: dict[str, object] = {}
    for shop, tasks in shops:
        features = extracted(shop)
        found |= {task: table(task, [judged(split, features, length(task)) for split in splits_of(shop, task)])
                  for task in tasks}
    record.write("fusion", SEED, found)


if __name__ == "__main__":
    main()
