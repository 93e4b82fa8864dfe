"""What the benchmarks ask of methods, with what features, and beside which controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from bench.judging import SEED
from mmrec_helpers import splits
from mmrec_helpers.catalog import Catalog, Features, Interactions, Queries, Split
from mmrec_helpers.datasets.recordshop.redraw import redraw
from mmrec_helpers.datasets.recordshop.world import MODALITIES, World
from mmrec_helpers.evaluation.methods import features_for
from mmrec_helpers.features.audio import PreviewGRU
from mmrec_helpers.features.image import CoverCNN
from mmrec_helpers.features.store import extract
from mmrec_helpers.features.text import TfidfText
from mmrec_helpers.fusion import FeatureFusion, LeftOutRidge
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import Ranker

DRAWS, K, COLD_K = 5, 20, 10
"""Draws of a task; lengths of lists."""

REDRAWN = ("redraws", "redraws, long tail", "cold items")
"""The tasks of the record shop that have draws, but cold users."""

SHARES = (0.1, 0.2, 0.3, 0.5, 0.7, 0.9)
"""Of the second of two methods whose votes are added."""

NO_CONTENT, SHUFFLED = "ALS + prior without content", "all shuffled"


def extracted(catalog: Catalog) -> list[Features]:
    """The features of the main job that any item has."""
    every = [extract(catalog, one) for one in (TfidfText(), CoverCNN(), PreviewGRU())
             if any(medium is not None for medium in catalog.media(one.modality))]
    return features_for("", every)


def splits_of(catalog: Catalog, task: str) -> list[Split]:
    """The draws of a task, by its name: `redraws`, `... cold items` and `... cold users` have five, any other is the
    log itself; `... long tail` is the same logs with rare items as candidates."""
    if task.startswith("redraws"):
        found = [splits.default(again(catalog.root, draw + 1)) for draw in range(DRAWS)]
    elif task.endswith(("cold items", "cold users")):
        split = splits.cold_items if task.endswith("items") else splits.cold_users
        found = [split(catalog, seed=draw) for draw in range(DRAWS)]
    else:
        found = [splits.default(catalog, seed=SEED)]
    return [splits.long_tail(one) for one in found] if task.endswith("long tail") else found


@cache
def again(root: Path, number: int) -> Catalog:
    """The record shop with its log drawn again."""
    return preprocess(redraw(root, number), check_media=False)[0]


def length(task: str) -> int:
    """Of a task's lists."""
    return COLD_K if task.endswith("cold items") else K


def planted(world: World) -> list[Features]:
    """The true factors of each modality, as features: what perfect encoders would give."""
    rows = world.factors.reshape(len(world.genre), len(MODALITIES), -1)
    return [Features(f"true {name}", name, world.item_ids, rows[:, number]) for number, name in enumerate(MODALITIES)]


def spoilt(features: Sequence[Features], seed: int) -> dict[str, list[Features]]:
    """The features with one of them, or all, saying nothing: rows shuffled, noise, a constant."""
    ways: dict[str, Callable[[Features, np.random.Generator], np.ndarray]] = {
        "shuffled": lambda one, rng: one.matrix[_among(one.present, rng)],
        "noise": lambda one, rng: rng.standard_normal(one.matrix.shape) * one.matrix[one.present].std(),
        "constant": lambda one, rng: np.ones_like(one.matrix)}

    def said(one: Features, way: str) -> Features:
        rng = np.random.default_rng([seed, *one.name.encode()])
        return Features(one.name, one.modality, one.ids, ways[way](one, rng), one.present)

    found = {f"{one.name} {way}": [said(other, way) if other is one else other for other in features]
             for one in features for way in ways}
    return found | {SHUFFLED: [said(one, "shuffled") for one in features]}


def _among(present: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places with those that are present permuted among themselves."""
    places = np.arange(len(present))
    places[present] = rng.permutation(places[present])
    return places


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
