"""The article's listing (section 5.2), working: its seven functions, each short, over the modules below.

`main` reads in the article's order: load, clean, split, extract, tune, evaluate, recommend. Taught in chapter 11.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from mmrec_helpers import datasets, preprocessing, profiles, splits
from mmrec_helpers.catalog import Catalog, CatalogError, Features, Interactions, Split
from mmrec_helpers.evaluation import Scores, Tuned, evaluate, tune
from mmrec_helpers.features.store import FeatureStore, extract
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.ranking import (
    EASE,
    Blend,
    ContentKNN,
    ImplicitALS,
    ItemKNN,
    Popularity,
    Ranker,
    SideEASE,
    TooLarge,
)

log = logging.getLogger(__name__)


class RunStopped(CatalogError):
    """The cleaned catalogue cannot be split, so nothing can be judged. cleaned: what was found in it."""

    def __init__(self, message: str, cleaned: preprocessing.Report) -> None:
        super().__init__(message)
        self.cleaned = cleaned


@dataclass(frozen=True)
class Extracted:
    """Features, and what they cost: features; seconds; media: how many items have a medium of this kind."""

    features: Features
    seconds: float
    media: int


@dataclass(frozen=True)
class Result:
    """All that `main` made, for a report, a page or a notebook.

    tuned: method -> its best setting on valid, fitted for the test, as reported; left_out: method -> why it was not
    tried; scores: of every method on the test; best: the method that was best on valid; ranker: its best setting
    fitted on everything, to serve from; recommendations: everybody's ten, by that ranker.
    """

    catalog: Catalog
    cleaned: preprocessing.Report
    split: Split
    extracted: dict[str, Extracted]
    profiles: Features
    tuned: dict[str, Tuned]
    left_out: dict[str, str]
    scores: list[Scores]
    best: str
    ranker: Ranker
    recommendations: pd.DataFrame


def preprocess_data(catalog: Catalog) -> tuple[Catalog, preprocessing.Report]:
    """Clean, de-duplicate and convert a raw catalogue; what cannot be used is set aside and counted. Chapter 2."""
    return preprocessing.preprocess(catalog)


def extract_text_features(catalog: Catalog, store: FeatureStore | None = None) -> Features:
    """Titles and descriptions by TF-IDF and SVD: (items, 100). Taught in chapter 3."""
    from mmrec_helpers.features.text import TfidfText

    return extract(catalog, TfidfText(), store)


def extract_image_features(catalog: Catalog, store: FeatureStore | None = None) -> Features:
    """Covers by a small CNN that trains itself on the catalogue's own pictures. Taught in chapter 4."""
    from mmrec_helpers.features.image import CoverCNN

    return extract(catalog, CoverCNN(), store)


def extract_audio_features(catalog: Catalog, store: FeatureStore | None = None) -> Features:
    """Previews by a small GRU that trains itself on the catalogue's own sounds. Taught in chapter 5."""
    from mmrec_helpers.features.audio import PreviewGRU

    return extract(catalog, PreviewGRU(), store)


EXTRACTORS: dict[str, Callable[[Catalog, FeatureStore | None], Features]] = {
    "text": extract_text_features, "image": extract_image_features, "audio": extract_audio_features}


def build_user_profile(catalog: Catalog, known: Interactions, features: Sequence[Features],
                       n_components: int = 32) -> Features:
    """One row a user: behaviour u = f(x1..xn) beside taste p = g(u, m1..mk), reduced by PCA. Taught in chapter 6.

    Returns (users, up to 4 + n_components). Without any features the profile is behaviour alone. It is for people to
    read and compare; the rankers make their own vector of a user from the history.
    """
    seen = catalog.events[catalog.events["user_id"].isin(known.users)]
    behaviour = profiles.summary(profiles.behaviour(Catalog(catalog.items, seen, catalog.root, catalog.name)))
    blocks = [behaviour.align(known.users).matrix]
    if features:
        content = FeatureFusion(n_components=n_components).fit(features).transform(features)
        blocks.append(profiles.taste(known.matrix, known.items, content))
    return Features("profile", "profile", known.users, np.concatenate(blocks, axis=1))


def generate_recommendations(ranker: Ranker, known: Interactions, k: int = 10) -> pd.DataFrame:
    """Everybody's k best items that they have not seen: user_id, rank, item_id, score. Taught in chapter 8."""
    return ranker.recommend(known.queries(), k).to_frame()


def main(data: str | Path = "recordshop", k: int = 20, seed: int = 0, store: FeatureStore | None = None) -> Result:
    """From raw media to evaluated lists. The article's main, and `mmrec run`'s. Taught in chapter 11.

    Raises CatalogError for broken structure, RunStopped where the log leaves nobody to judge, before any extraction.
    """
    raw = datasets.load(data)
    log.info("cleaning %s: %d items, %d events", raw.name, len(raw.items), len(raw.events))
    catalog, cleaned = preprocess_data(raw)
    split = split_log(catalog, cleaned, seed)
    extracted = extract_features(catalog, store)
    features = [one.features for one in extracted.values()]
    log.info("choosing each method's setting on valid, judging it on test")
    tuned, left_out = tune_rankers(split, features, k)
    scores = [evaluate(one.ranker, split.test, k) for one in tuned.values()]
    best = max(tuned, key=lambda name: max(tuned[name].scores, default=0.0))
    ranker = tuned[best].ranker.clone().fit(split.everything, features)
    return Result(catalog, cleaned, split, extracted, build_user_profile(catalog, split.everything, features), tuned,
                  left_out, scores, best, ranker, generate_recommendations(ranker, split.everything))


def split_log(catalog: Catalog, cleaned: preprocessing.Report, seed: int = 0) -> Split:
    """The default split. Raises RunStopped, with what was set aside and why, where the log does not allow one."""
    try:
        return splits.default(catalog, seed=seed)
    except ValueError as fault:
        raise RunStopped(str(fault), cleaned) from None


def extract_features(catalog: Catalog, store: FeatureStore | None = None) -> dict[str, Extracted]:
    """Features of every modality that the catalogue has media of; the others are left out, and that is said."""
    extracted = {}
    for modality, extractor in EXTRACTORS.items():
        media = sum(medium is not None for medium in catalog.media(modality))
        if not media:
            log.warning("%s has no %s: going on without it", catalog.name, modality)
            continue
        log.info("extracting %s: %d items", modality, media)
        start = time.perf_counter()
        features = extractor(catalog, store)
        extracted[modality] = Extracted(features, time.perf_counter() - start, media)
    return extracted


def tune_rankers(split: Split, features: Sequence[Features] = (),
                 k: int = 20) -> tuple[dict[str, Tuned], dict[str, str]]:
    """Every method at its best setting on valid, at most six each; and why others were left out. Chapters 7 to 9."""
    useful = [one for one in features if one.present.any()]
    fused = [FeatureFusion().fit(useful).transform(useful)] if len(useful) > 1 else []
    methods: dict[str, list[Ranker]] = {
        "popularity": [Popularity()],
        "item kNN": [ItemKNN(n, shrink) for n in (20, 100, 500) for shrink in (1.0, 20.0)],
        "EASE": [EASE(l2) for l2 in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)],
        "ALS": [ImplicitALS(l2=l2, alpha=alpha) for l2, alpha in
                ((10.0, 3.0), (30.0, 10.0), (60.0, 10.0), (60.0, 20.0), (100.0, 20.0), (100.0, 40.0))]}
    methods |= {f"content kNN ({one.name})": [ContentKNN(one.name, n) for n in (10, 30, 100, 200, 400, 1000)]
                for one in [*useful, *fused]}
    if useful:
        methods[SideEASE.name] = [SideEASE(l2, weight) for l2 in (100.0, 200.0) for weight in (1.0, 3.0, 10.0)]
        methods[Blend.name] = []
    tuned, left_out = {}, {}
    for name in (bar := tqdm(methods, unit="method", disable=None, leave=False)):
        bar.set_description(name)
        try:
            settings = methods[name] or _blends(tuned, useful)
            tuned[name] = tune(settings, split, [*useful, *fused] if name.startswith("content") else useful, k=k)
        except TooLarge as fault:
            left_out[name] = str(fault)
            log.warning("%s is left out: %s", name, fault)
    return tuned, left_out


def _blends(tuned: Mapping[str, Tuned], features: Sequence[Features]) -> list[Ranker]:
    """Decision-level: EASE and each content kNN at their own best settings, six ways to weigh them."""
    if "EASE" not in tuned:
        raise TooLarge("it needs EASE, which is left out")
    rankers = {name: tuned[name].ranker.clone() for name in
               ("EASE", *(f"content kNN ({one.name})" for one in features))}
    return [Blend(rankers, {name: 1 - content if name == "EASE" else content / len(features) for name in rankers})
            for content in (0.2, 0.4, 0.5, 0.6, 0.7, 0.8)]
