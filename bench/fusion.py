"""What fusion is worth, level by level: `python -m bench.fusion` shows the tables and writes bench/fusion.json.

Every method with at most six settings, chosen on valid: methods without content, each modality alone, and all
modalities fused at the level of features, of decisions and of the model. Tasks: five redraws of the record shop's log
and the shop's own log, all targets and the long tail; items that nobody took yet, over five draws; MovieLens where
MMREC_MOVIELENS names it. Differences are paired, intervals hold users and draws.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from bench import record
from bench.methods import _over, figures, shown
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Catalog, Features, Split
from mmrec_helpers.datasets.recordshop.redraw import redraw
from mmrec_helpers.evaluation import Scores, evaluate, in_words, tune
from mmrec_helpers.features.audio import PreviewGRU
from mmrec_helpers.features.image import CoverCNN
from mmrec_helpers.features.store import extract
from mmrec_helpers.features.text import TfidfText
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
    Popularity,
    Ranker,
    SideEASE,
)
from mmrec_helpers.ranking.fused import stacked_weights

MEASURES = (
    "bench/methods", "data/recordshop/manifest.json", "mmrec_helpers/catalog", "mmrec_helpers/datasets/movielens",
    "mmrec_helpers/datasets/recordshop/log", "mmrec_helpers/datasets/recordshop/redraw",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/tuning",
    "mmrec_helpers/features/audio",
    "mmrec_helpers/features/base", "mmrec_helpers/features/batches", "mmrec_helpers/features/image",
    "mmrec_helpers/features/networks", "mmrec_helpers/features/spectra", "mmrec_helpers/features/store",
    "mmrec_helpers/features/text", "mmrec_helpers/fusion", "mmrec_helpers/media", "mmrec_helpers/metrics",
    "mmrec_helpers/preprocessing", "mmrec_helpers/ranking/base", "mmrec_helpers/ranking/factors",
    "mmrec_helpers/ranking/fused/blend", "mmrec_helpers/ranking/fused/content_als",
    "mmrec_helpers/ranking/fused/linear", "mmrec_helpers/ranking/fused/mapped_als",
    "mmrec_helpers/ranking/fused/stacking", "mmrec_helpers/ranking/linear", "mmrec_helpers/ranking/neighbours",
    "mmrec_helpers/ranking/popularity", "mmrec_helpers/ranking/top_k", "mmrec_helpers/splits")

SEED, DRAWS, K, COLD_K = 0, 5, 20, 10
CONTENT_ALS = [ContentALS(l2=l2, alpha=alpha, ridge=ridge) for l2, alpha, ridge in (
    (30.0, 10.0, 30.0), (45.0, 10.0, 30.0), (75.0, 20.0, 10.0), (75.0, 20.0, 30.0), (75.0, 20.0, 100.0),
    (110.0, 20.0, 30.0))]
KNN = "content kNN (whitened)"
VOTES = {"EASE and ALS, votes": ("EASE", "ALS", "scores"), "ALS and content kNN, votes": ("ALS", KNN, "scores"),
         "ALS and content kNN, ranks": ("ALS", KNN, "ranks"), "ALS and content kNN, learned": ("ALS", KNN, "learned"),
         "EASE and ALS + content, votes": ("EASE", ContentALS.name, "scores")}
"""Name: two methods at their own best settings, and how their votes are added."""
NO_CONTENT = "ALS + prior without content"


class Method(NamedTuple):
    """level: of fusion, or `none`, `one modality`; settings: at most six; features: what it learns from."""

    level: str
    settings: Sequence[Ranker]
    features: Sequence[Features] = ()


class Judged(NamedTuple):
    """One method on one split: its scores on test, the chosen parameters, the seconds of the last fit."""

    scores: Scores
    params: dict[str, object]
    seconds: float


def methods(features: Sequence[Features]) -> dict[str, Method]:
    """Every method but those made of others' results."""
    neighbours = (10, 30, 100, 200, 400, 1000)
    joined = Features("joined", "all", features[0].ids, np.concatenate(
        [one.align(features[0].ids).matrix for one in features], axis=1),
        np.any([one.align(features[0].ids).present for one in features], axis=0))
    scaled, white = (FeatureFusion(n_each=n, whiten=power, name=name).fit(features).transform(features)
                     for name, n, power in (("scaled", None, 0.0), ("whitened", 96, 0.5)))
    alone = {f"ALS + content ({one.name} alone)": Method("one modality", CONTENT_ALS, [one]) for one in features}
    als = [(10.0, 3.0), (30.0, 10.0), (60.0, 10.0), (60.0, 20.0), (100.0, 20.0), (100.0, 40.0)]
    return {
        "popularity": Method("none", [Popularity()]),
        "EASE": Method("none", [EASE(l2) for l2 in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)]),
        "ALS": Method("none", [ImplicitALS(l2=l2, alpha=alpha) for l2, alpha in als]),
        NO_CONTENT: Method("none", [ContentALS(l2=l2, alpha=alpha) for l2, alpha in (
            (12.0, 3.0), (30.0, 10.0), (45.0, 10.0), (55.0, 20.0), (75.0, 20.0), (110.0, 20.0))]),
        **alone,
        **{f"content kNN ({one.name})": Method("features", [ContentKNN(one.name, k) for k in neighbours], [one])
           for one in (joined, scaled, white)},
        "ALS, then content": Method("features", [MappedALS(l2=l2, prior=prior) for l2 in (30.0, 60.0)
                                                 for prior in (0.5, 2.0, 5.0)], features),
        "ALS, then neighbours": Method("model", [MappedALS(l2=l2, prior=prior, way="graph") for l2 in (30.0, 60.0)
                                                 for prior in (0.5, 2.0, 5.0)], features),
        SideEASE.name: Method("model", [SideEASE(l2, weight) for l2 in (100.0, 200.0) for weight in (1.0, 3.0, 10.0)],
                              features),
        L3AE.name: Method("model", [L3AE(l2, pull, 10.0) for l2 in (100.0, 200.0) for pull in (10.0, 30.0, 100.0)],
                          features),
        ContentALS.name: Method("model", CONTENT_ALS, features)}


def judged(split: Split, features: Sequence[Features], k: int) -> dict[str, Judged]:
    """Every method at its best setting on valid, judged on test; then those that vote on the others' settings."""
    found = {name: judge(one.settings, split, one.features, k) for name, one in methods(features).items()}
    white = [FeatureFusion(n_each=96, whiten=0.5, name="whitened").fit(features).transform(features)]
    kinds = {"EASE": EASE, "ALS": ImplicitALS, ContentALS.name: ContentALS, KNN: ContentKNN}
    for name, (one, other, how) in VOTES.items():
        voters = {voter: kinds[voter](**found[voter].params) for voter in (one, other)}
        known = white if other == KNN else features
        weights = [{one: 1 - share, other: share} for share in (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)]
        if how == "learned":
            fitted = {voter: ranker.clone().fit(split.valid.fit, known) for voter, ranker in voters.items()}
            weights = [stacked_weights(fitted, split.valid, seed=SEED)]
        found[name] = judge([Blend(voters, each, "ranks" if how == "ranks" else "scores") for each in weights], split,
                            known, k)
    return found


def judge(settings: Sequence[Ranker], split: Split, features: Sequence[Features], k: int) -> Judged:
    """Tune on valid, then the test."""
    tuned = tune(settings, split, features, k=k)
    start = time.process_time()
    tuned.ranker.clone().fit(split.test.fit, features)
    return Judged(evaluate(tuned.ranker, split.test, k), tuned.params, time.process_time() - start)


def table(name: str, draws: Sequence[dict[str, Judged]], features: Sequence[Features]) -> dict[str, object]:
    """A task's table: methods best first, each with its level and fit seconds, and against the two controls."""
    found = figures([{method: one.scores for method, one in draw.items()} for draw in draws])
    levels = {method: one.level for method, one in methods(features).items()}
    levels |= {name: "none" if other == "ALS" else "decisions" for name, (_, other, _) in VOTES.items()}
    for method, row in found["methods"].items():
        row["level"] = levels[method]
        row["fit core-s"] = round(float(np.median([draw[method].seconds for draw in draws])), 3)
        row["each draw"] = [round(float(draw[method].scores.metrics["ndcg"].mean()), 4) for draw in draws]
        row |= {f"against {other}": against([draw[method].scores for draw in draws],
                                            [draw[other].scores for draw in draws])
                for other in ("ALS", NO_CONTENT) if method != other}
    return shown(name, found)


def against(mine: Sequence[Scores], others: Sequence[Scores]) -> dict[str, object]:
    """Paired over users and draws."""
    difference = _over([a.metrics["ndcg"] - b.metrics["ndcg"] for a, b in zip(mine, others, strict=True)])
    return {**difference._asdict(), "words": in_words(difference)}


def extracted(catalog: Catalog) -> list[Features]:
    """The features of the main job, as far as the catalogue has such media."""
    every = [extract(catalog, one) for one in (TfidfText(), CoverCNN(), PreviewGRU())
             if any(medium is not None for medium in catalog.media(one.modality))]
    return [one for one in every if one.present.any()]


def tasks(catalog: Catalog) -> dict[str, list[Split]]:
    """The tasks of the record shop that have five draws."""
    logs = [splits.default(preprocess(redraw(catalog.root, draw + 1), check_media=False)[0]) for draw in range(DRAWS)]
    return {"redraws": logs, "redraws, long tail": [splits.long_tail(one) for one in logs],
            "cold items": [splits.cold_items(catalog, seed=draw) for draw in range(DRAWS)]}


def length(task: str) -> int:
    """Of a task's lists."""
    return COLD_K if task == "cold items" else K


def main() -> None:
    """Every task."""
    catalog, _ = preprocess(datasets.load("recordshop"))
    features, own = extracted(catalog), splits.default(catalog, seed=SEED)
    over_draws = tasks(catalog)
    every = {**over_draws, "recordshop": [own], "long tail": [splits.long_tail(own)]}
    found: dict[str, object] = {
        name: table(name, [judged(split, features, length(name)) for split in some], features)
        for name, some in every.items()}
    if data := os.environ.get("MMREC_MOVIELENS"):
        films, _ = preprocess(datasets.load(data))
        seen = extracted(films)
        found["MovieLens"] = table("MovieLens", [judged(splits.default(films, seed=SEED), seen, K)], seen)
    record.write("fusion", SEED, found)


if __name__ == "__main__":
    main()
