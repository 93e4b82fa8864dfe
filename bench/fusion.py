"""What fusion is worth, level by level: `python -m bench.fusion` shows the tables and writes bench/fusion.json.

Every method with at most six settings, chosen on valid: methods without content, each modality alone, and all
modalities fused at the level of features, of decisions and of the model. Tasks: five redraws of the record shop's log
and the shop's own log, all targets and the long tail; items that nobody took yet, over five draws; MovieLens, and its
cold items, where MMREC_MOVIELENS names it. Differences are paired, intervals hold users and draws.
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
from mmrec_helpers.catalog import Catalog, Features, Interactions, Queries, Split
from mmrec_helpers.datasets.recordshop.redraw import redraw
from mmrec_helpers.evaluation import Scores, evaluate, in_words, tune
from mmrec_helpers.evaluation.methods import NEIGHBOURS, SETTINGS, features_for
from mmrec_helpers.features.audio import PreviewGRU
from mmrec_helpers.features.image import CoverCNN
from mmrec_helpers.features.store import extract
from mmrec_helpers.features.text import TfidfText
from mmrec_helpers.fusion import FeatureFusion, LeftOutRidge
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
    "bench/methods", "data/recordshop/manifest.json", "mmrec_helpers/catalog", "mmrec_helpers/datasets/movielens",
    "mmrec_helpers/datasets/recordshop/log", "mmrec_helpers/datasets/recordshop/redraw",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/methods",
    "mmrec_helpers/evaluation/tuning", "mmrec_helpers/features/audio", "mmrec_helpers/features/base",
    "mmrec_helpers/features/batches", "mmrec_helpers/features/image", "mmrec_helpers/features/networks",
    "mmrec_helpers/features/spectra", "mmrec_helpers/features/store", "mmrec_helpers/features/text",
    "mmrec_helpers/fusion", "mmrec_helpers/media", "mmrec_helpers/metrics", "mmrec_helpers/preprocessing",
    "mmrec_helpers/ranking/base", "mmrec_helpers/ranking/factors", "mmrec_helpers/ranking/fused/blend",
    "mmrec_helpers/ranking/fused/content_als", "mmrec_helpers/ranking/fused/linear",
    "mmrec_helpers/ranking/fused/mapped_als", "mmrec_helpers/ranking/fused/positives",
    "mmrec_helpers/ranking/fused/stacking", "mmrec_helpers/ranking/linear", "mmrec_helpers/ranking/neighbours",
    "mmrec_helpers/ranking/popularity", "mmrec_helpers/ranking/top_k", "mmrec_helpers/splits")

SEED, DRAWS, K, COLD_K = 0, 5, 20, 10
KNN = "content kNN (whitened)"
VOTES = {"EASE and ALS, votes": ("EASE", "ALS", "scores"), "ALS and content kNN, votes": ("ALS", KNN, "scores"),
         "ALS and content kNN, ranks": ("ALS", KNN, "ranks"), "ALS and content kNN, learned": ("ALS", KNN, "learned"),
         "EASE and ALS + content, votes": ("EASE", ContentALS.name, "scores")}
"""Name: two methods at their own best settings, and how their votes are added."""
NO_CONTENT = "ALS + prior without content"


class PredictedPopularity(Ranker):
    """A control: everybody gets the items whose content is like that of popular items; nothing is personal."""

    name = "predicted popularity"

    def __init__(self, ridge: float = 30.0) -> None:
        self.ridge = ridge

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> PredictedPopularity:
        """Ridge regression of log(1 + popularity) on the features, each item left out; the training set is the
        items with an event."""
        super().fit(interactions)
        rows = FeatureFusion(n_each=96, whiten=0.5).fit(features).transform(features).align(interactions.items).matrix
        rows = np.concatenate([np.ones((len(rows), 1)), rows], axis=1)
        known = np.log1p(self.popularity_)[:, None]
        self.expected_ = LeftOutRidge(rows, self.popularity_ > 0, self.ridge).predict(known)[:, 0]
        return self

    def score(self, queries: Queries) -> np.ndarray:
        """The same for everybody."""
        return np.tile(self.expected_, (len(queries), 1))


class Method(NamedTuple):
    """level: of fusion, or `none`, `control`, `one modality`; settings: at most six; features: what it learns from."""

    level: str
    settings: Sequence[Ranker]
    features: Sequence[Features] = ()


class Judged(NamedTuple):
    """One method on one split: its scores on test, the chosen parameters, the core-seconds of the last fit, its level
    of fusion."""

    scores: Scores
    params: dict[str, object]
    seconds: float
    level: str = ""


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
        weights = [{one: 1 - share, other: share} for share in (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)]
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


def judge(settings: Sequence[Ranker], split: Split, features: Sequence[Features], k: int) -> Judged:
    """Tune on valid, then the test."""
    tuned = tune(settings, split, features, k=k)
    start = time.process_time()
    tuned.ranker.clone().fit(split.test.fit, features)
    return Judged(evaluate(tuned.ranker, split.test, k), tuned.params, time.process_time() - start)


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


def against(mine: Sequence[Scores], others: Sequence[Scores]) -> dict[str, object]:
    """Paired over users and draws."""
    difference = _over([a.metrics["ndcg"] - b.metrics["ndcg"] for a, b in zip(mine, others, strict=True)])
    return {**difference._asdict(), "words": in_words(difference)}


def extracted(catalog: Catalog) -> list[Features]:
    """The features of the main job that any item has."""
    every = [extract(catalog, one) for one in (TfidfText(), CoverCNN(), PreviewGRU())
             if any(medium is not None for medium in catalog.media(one.modality))]
    return features_for("", every)


def tasks(catalog: Catalog) -> dict[str, list[Split]]:
    """The tasks of the record shop that have five draws."""
    logs = [splits.default(preprocess(redraw(catalog.root, draw + 1), check_media=False)[0]) for draw in range(DRAWS)]
    return {"redraws": logs, "redraws, long tail": [splits.long_tail(one) for one in logs],
            "cold items": [splits.cold_items(catalog, seed=draw) for draw in range(DRAWS)]}


def length(task: str) -> int:
    """Of a task's lists."""
    return COLD_K if task.endswith("cold items") else K


def main() -> None:
    """Every task."""
    catalog, _ = preprocess(datasets.load("recordshop"))
    features, own = extracted(catalog), splits.default(catalog, seed=SEED)
    over_draws = tasks(catalog)
    every = {**over_draws, "recordshop": [own], "long tail": [splits.long_tail(own)]}
    found: dict[str, object] = {
        name: table(name, [judged(split, features, length(name)) for split in some])
        for name, some in every.items()}
    if data := os.environ.get("MMREC_MOVIELENS"):
        films, _ = preprocess(datasets.load(data))
        seen = extracted(films)
        found["MovieLens"] = table("MovieLens", [judged(splits.default(films, seed=SEED), seen, K)])
        cold = [splits.cold_items(films, seed=draw) for draw in range(DRAWS)]
        found["MovieLens, cold items"] = table("MovieLens, cold items", [judged(one, seen, COLD_K) for one in cold])
    record.write("fusion", SEED, found)


if __name__ == "__main__":
    main()
