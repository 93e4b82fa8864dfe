"""The methods that are compared, each with its settings: at most six, chosen on valid. Taught in chapters 7 to 9."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from tqdm import tqdm

from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.evaluation.tuning import Tuned, tune
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.ranking import EASE, Blend, ContentKNN, ImplicitALS, ItemKNN, Popularity, Ranker, SideEASE

log = logging.getLogger(__name__)


def tune_rankers(split: Split, features: Sequence[Features] = (), k: int = 20) -> dict[str, Tuned]:
    """Every method at its best setting on valid."""
    log.info("choosing each method's setting on valid, judging it on test")
    useful = features_for("", features)
    methods: dict[str, list[Ranker]] = {
        "popularity": [Popularity()],
        "item kNN": [ItemKNN(n, shrink) for n in (20, 100, 500) for shrink in (1.0, 20.0)],
        "EASE": [EASE(l2) for l2 in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)],
        "ALS": [ImplicitALS(l2=l2, alpha=alpha) for l2, alpha in
                ((10.0, 3.0), (30.0, 10.0), (60.0, 10.0), (60.0, 20.0), (100.0, 20.0), (100.0, 40.0))]}
    methods |= {f"content kNN ({one.name})": [ContentKNN(one.name, n) for n in (10, 30, 100, 200, 400, 1000)]
                for one in features_for("content", features)}
    if useful:
        methods[SideEASE.name] = [SideEASE(l2, weight) for l2 in (100.0, 200.0) for weight in (1.0, 3.0, 10.0)]
        methods[Blend.name] = []
    tuned: dict[str, Tuned] = {}
    for name in (bar := tqdm(methods, unit="method", disable=None, leave=False)):
        bar.set_description(name)
        tuned[name] = tune(methods[name] or _blends(tuned, useful), split, features_for(name, features), k=k)
    return tuned


def features_for(method: str, features: Sequence[Features]) -> list[Features]:
    """What a method learns from: the features that any item has; of two or more, a content kNN sees them fused too."""
    useful = [one for one in features if one.present.any()]
    if len(useful) > 1 and method.startswith("content"):
        useful.append(FeatureFusion().fit(useful).transform(useful))
    return useful


def _blends(tuned: Mapping[str, Tuned], features: Sequence[Features]) -> list[Ranker]:
    """Decision-level: EASE and each content kNN at their own best settings, six ways to weigh them."""
    rankers = {name: tuned[name].ranker.clone() for name in
               ("EASE", *(f"content kNN ({one.name})" for one in features))}
    return [Blend(rankers, {name: 1 - content if name == "EASE" else content / len(features) for name in rankers})
            for content in (0.2, 0.4, 0.5, 0.6, 0.7, 0.8)]
