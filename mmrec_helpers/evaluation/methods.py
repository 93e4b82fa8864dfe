"""The methods that are compared, each with six settings at most, chosen on valid, and the hybrid. Chapters 7 to 9."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from tqdm import tqdm

from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.evaluation.tuning import Tuned, tune, tune_each
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.ranking import (
    EASE,
    L3AE,
    ContentALS,
    ContentKNN,
    HybridRanker,
    ImplicitALS,
    ItemKNN,
    Popularity,
    Ranker,
    SideEASE,
    UserKNN,
)

log = logging.getLogger(__name__)

FUSED = "fused"
"""The name of all features as one, side by side."""

NEIGHBOURS = (10, 30, 100, 200, 400, 1000)
SETTINGS: Mapping[str, Sequence[Ranker]] = {
    "popularity": [Popularity()],
    "item kNN": [ItemKNN(n, shrink) for n in (20, 100, 500) for shrink in (1.0, 20.0)],
    UserKNN.name: [UserKNN(n, shrink) for n in (30, 100, 200) for shrink in (0.0, 5.0)],
    "EASE": [EASE(l2) for l2 in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)],
    "ALS": [ImplicitALS(l2=l2, alpha=alpha) for l2, alpha in (
        (10.0, 3.0), (30.0, 10.0), (60.0, 10.0), (60.0, 20.0), (100.0, 20.0), (100.0, 40.0))],
    SideEASE.name: [SideEASE(l2, weight) for l2 in (100.0, 200.0) for weight in (1.0, 3.0, 10.0)],
    ContentALS.name: [ContentALS(l2=l2, alpha=alpha, ridge=ridge) for l2, alpha, ridge in (
        (30.0, 10.0, 30.0), (45.0, 10.0, 30.0), (75.0, 20.0, 10.0), (75.0, 20.0, 30.0), (75.0, 20.0, 100.0),
        (110.0, 20.0, 30.0))],
    L3AE.name: [L3AE(l2, pull, 10.0) for l2 in (100.0, 200.0) for pull in (10.0, 30.0, 100.0)]}
"""What each method tries. The content kNNs have one entry for each of their features, `NEIGHBOURS` each."""

SCALES, SHARES, USER_SHARES = (0.6, 0.3, 1.0), (0.0, 0.1, 0.25, 0.5, 0.75, 1.0), (0.0, 0.25, 0.5, 0.75)
GAUSSIAN, LESS = (0.5, 0.0, 1.0), 0.1
"""What the hybrid tries: factors of a new item's score, shares of L3AE and of user kNN in its votes and of the Gaussian
in its kernel, a weight for one modality."""


def tune_rankers(split: Split, features: Sequence[Features] = (), k: int = 20) -> dict[str, Tuned]:
    """Every method at its best setting on valid."""
    log.info("choosing each method's setting on valid, judging it on test")
    useful, content = features_for("", features), features_for("content", features)
    methods = {name: SETTINGS[name] for name in ("popularity", "item kNN", UserKNN.name, "EASE", "ALS")}
    methods |= {f"content kNN ({one.name})": [ContentKNN(one.name, n) for n in NEIGHBOURS] for one in content}
    methods |= {name: SETTINGS[name] for name in (SideEASE.name, ContentALS.name, L3AE.name) if useful}
    tuned: dict[str, Tuned] = {}
    for name in (bar := tqdm([*methods, HybridRanker.name], unit="method", disable=None, leave=False)):
        bar.set_description(name)
        seen = content if name.startswith("content") else useful
        tuned[name] = tune(methods[name], split, seen, k=k) if name in methods else tune_hybrid(
            tuned, split, seen, k)
    return tuned


def tune_hybrid(tuned: Mapping[str, Tuned], split: Split, features: Sequence[Features], k: int = 20) -> Tuned:
    """HybridRanker: its models at their own best settings (`tuned` may have them), then one argument at a time."""
    als, linear, users = ((tuned.get(name) or tune(SETTINGS[name], split, features, k=k)).params
                          for name in (ContentALS.name, L3AE.name, UserKNN.name))
    parts = {"l2": als["l2"], "alpha": als["alpha"], "ridge": als["ridge"],
             "linear_l2": linear["l2"], "pull": linear["pull"], "content_l2": linear["content_l2"],
             "user_k": users["k"], "user_shrink": users["shrink"]}
    values = {"share": SHARES, "user_share": USER_SHARES}
    if features and (split.valid.candidates & (split.valid.fit.matrix.getnnz(axis=0) == 0)).any():
        values = {"new_scale": SCALES, **values, "gaussian": GAUSSIAN, "weights_of": [
            None, *({one.name: LESS} for one in features if len(features) > 1)]}
    return tune_each(HybridRanker(**parts), values, split, features, k=k)


def features_for(method: str, features: Sequence[Features]) -> list[Features]:
    """What a method learns from: the features that any item has; of two or more, a content kNN sees them fused too."""
    useful = [one for one in features if one.present.any()]
    if len(useful) > 1 and method.startswith("content"):
        useful.append(FeatureFusion(name=FUSED).fit(useful).transform(useful))
    return useful


def level(ranker: Ranker) -> str:
    """At which level a ranker fuses: `features`, `decisions`, `model`; empty if it sees one extractor's or none.

    >>> level(ContentALS()), level(EASE())
    ('model', '')
    """
    if isinstance(ranker, SideEASE | ContentALS | L3AE):
        return "model"
    if isinstance(ranker, ContentKNN) and ranker.features == FUSED:
        return "features"
    return "decisions" if isinstance(ranker, HybridRanker) else ""
