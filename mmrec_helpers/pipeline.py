"""The article's listing (section 5.2), working: its seven functions, each short, over the rooms below.

Read from the bottom: `main` calls the six others in the article's order. Taught in chapter 11.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers import datasets, fusion, preprocessing, profiles, splits
from mmrec_helpers.catalog import Catalog, Interactions, Modality, Split, union
from mmrec_helpers.evaluation import Choice, Scores, choose, evaluate
from mmrec_helpers.features.store import FeatureStore, extract
from mmrec_helpers.ranking import EASE, Blend, ContentKNN, ItemKNN, Popularity, Ranker, SideEASE

log = logging.getLogger(__name__)

HYBRID = SideEASE.name
"""The method whose lists a run saves: the one that sees both who took what and what the items are."""


@dataclass(frozen=True)
class Extracted:
    """A modality, and what it cost: modality; seconds; media: how many items have a medium of this kind."""

    modality: Modality
    seconds: float
    media: int


@dataclass(frozen=True)
class Result:
    """All that `main` made, for a report, a page or a notebook."""

    catalog: Catalog
    cleaned: preprocessing.Report
    extracted: dict[str, Extracted]
    split: Split
    profiles: Modality
    choices: dict[str, Choice]
    scores: list[Scores]
    ranker: Ranker
    recommendations: pd.DataFrame


def preprocess_data(catalog: Catalog) -> tuple[Catalog, preprocessing.Report]:
    """Clean, de-duplicate and convert a raw catalogue; what cannot be used is set aside and counted. Chapter 2."""
    return preprocessing.preprocess(catalog)


def extract_text_features(catalog: Catalog, store: FeatureStore | None = None) -> Modality:
    """Titles and descriptions by TF-IDF and SVD: (items, 100). Taught in chapter 3."""
    from mmrec_helpers.features.text import TfidfText

    return extract(catalog, TfidfText(), store)


def extract_image_features(catalog: Catalog, store: FeatureStore | None = None) -> Modality:
    """Covers by a small CNN that trains itself on the catalogue's own pictures. Taught in chapter 4."""
    from mmrec_helpers.features.image import CoverCNN

    return extract(catalog, CoverCNN(), store)


def extract_audio_features(catalog: Catalog, store: FeatureStore | None = None) -> Modality:
    """Previews by a small GRU that trains itself on the catalogue's own sounds. Taught in chapter 5."""
    from mmrec_helpers.features.audio import PreviewGRU

    return extract(catalog, PreviewGRU(), store)


EXTRACTORS: dict[str, Callable[[Catalog, FeatureStore | None], Modality]] = {
    "text": extract_text_features, "image": extract_image_features, "audio": extract_audio_features}


def build_user_profile(catalog: Catalog, known: Interactions, modalities: Sequence[Modality],
                       n_components: int = 32) -> Modality:
    """One row a user: behaviour u = f(x1..xn) beside taste p = g(u, m1..mk), reduced by PCA. Taught in chapter 6.

    Returns (users, up to 4 + n_components). Without any modality the profile is behaviour alone.
    """
    seen = catalog.events[catalog.events["user_id"].isin(known.users)]
    behaviour = profiles.summary(profiles.behaviour(Catalog(catalog.items, seen, catalog.root, catalog.name)))
    blocks = [behaviour.of(known.users).matrix]
    if modalities:
        content = fusion.fuse(modalities, n_components=n_components)
        blocks.append(profiles.taste(known.matrix, known.items, content))
    return Modality("profile", known.users, np.concatenate(blocks, axis=1))


def generate_recommendations(ranker: Ranker, known: Interactions, k: int = 10) -> pd.DataFrame:
    """Everybody's k best items that they have not taken: user_id, rank, item_id, score. Taught in chapter 8."""
    ids, scores = ranker.recommend(known.matrix, k)
    width = ids.shape[1]
    table = pd.DataFrame({
        "user_id": np.repeat(known.users, width), "rank": np.tile(np.arange(1, width + 1), len(ids)),
        "item_id": ids.ravel(), "score": scores.ravel()})
    return table.dropna(subset="item_id", ignore_index=True)


def main(data: str | Path = "recordshop", k: int = 20, seed: int = 0, store: FeatureStore | None = None,
         min_events: int = 5) -> Result:
    """From raw media to evaluated lists. The article's main, and `mmrec run`'s. Taught in chapter 11."""
    raw = datasets.load(data)
    log.info("cleaning %s: %d items, %d events", raw.name, len(raw.items), len(raw.events))
    catalog, cleaned = preprocess_data(raw)
    extracted = extract_features(catalog, store)
    modalities = [one.modality for one in extracted.values()]
    split = splits.default(catalog, min_events=min_events, seed=seed)
    log.info("choosing each ranker's setting on valid, judging it on test")
    choices = choose_rankers(split, modalities, k)
    scores = [evaluate(choice.ranker, split, k=k) for choice in choices.values()]
    known = everything_known(split)
    ranker = choices[HYBRID].ranker.fit(known, modalities)
    return Result(catalog, cleaned, extracted, split, build_user_profile(catalog, known, modalities),
                  choices, scores, ranker, generate_recommendations(ranker, known))


def extract_features(catalog: Catalog, store: FeatureStore | None = None) -> dict[str, Extracted]:
    """Every modality that the catalogue has media of; the others are left out, and that is said."""
    extracted = {}
    for name, extractor in EXTRACTORS.items():
        media = sum(medium is not None for medium in catalog.media(name))
        if not media:
            log.warning("%s has no %s: going on without it", catalog.name, name)
            continue
        log.info("extracting %s: %d items", name, media)
        start = time.perf_counter()
        modality = extractor(catalog, store)
        extracted[name] = Extracted(modality, time.perf_counter() - start, media)
    return extracted


def choose_rankers(split: Split, modalities: Sequence[Modality], k: int = 20) -> dict[str, Choice]:
    """Every method, each with at most six settings tried on valid. Taught in chapters 7 to 9."""
    singles = {"popularity": [Popularity()],
               "item kNN": [ItemKNN(n, shrink) for n in (20, 100, 500) for shrink in (1.0, 20.0)],
               "EASE": [EASE(l2) for l2 in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)]}
    fused = [fusion.fuse(modalities)] if len(modalities) > 1 else []
    content = {f"content kNN ({one.name})": [ContentKNN(one.name, n) for n in (10, 30, 100, 200, 400, 1000)]
               for one in [*modalities, *fused]}
    hybrid = {HYBRID: [SideEASE(l2, weight) for l2 in (100.0, 200.0) for weight in (1.0, 3.0, 10.0)]}
    chosen = {name: choose(settings, split, [*modalities, *fused], k=k)
              for name, settings in (singles | content).items()}
    if modalities:
        chosen |= {name: choose(settings, split, modalities, k=k) for name, settings in hybrid.items()}
        chosen[Blend.name] = choose(_blends(chosen, modalities), split, modalities, k=k)
    return chosen


def _blends(chosen: dict[str, Choice], modalities: Sequence[Modality]) -> list[Blend]:
    """Decision-level: EASE and each modality's content kNN at their own best settings, six ways to weigh them."""
    names = [f"content kNN ({one.name})" for one in modalities]
    settings = {name: chosen[name].settings for name in names}

    def blend(content: float) -> Blend:
        rankers: dict[str, Ranker] = {"EASE": EASE(chosen["EASE"].settings["l2"])}
        rankers |= {name: ContentKNN(**settings[name]) for name in names}
        return Blend(rankers, {"EASE": 1 - content} | {name: content / len(names) for name in names})

    return [blend(content) for content in (0.2, 0.4, 0.5, 0.6, 0.7, 0.8)]


def everything_known(split: Split) -> Interactions:
    """All interactions up to the end of the log: what a shop would serve from after the experiment."""
    parts = [split.learn("test").matrix, split.known["test"].matrix, split.test.matrix]
    return Interactions(union(parts), split.test.users, split.test.items)
