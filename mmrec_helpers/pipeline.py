"""The article's listing (section 5.2), working: its seven functions, each short, over the modules below.

`main` reads in the article's order: load, clean, split, extract, tune, evaluate, recommend. Taught in chapter 11.
"""

from __future__ import annotations

import importlib.util
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers import datasets, preprocessing, profiles, splits
from mmrec_helpers.catalog import Catalog, CatalogError, Features, Interactions, Split
from mmrec_helpers.evaluation import Scores, Tuned, evaluate
from mmrec_helpers.evaluation.methods import features_for, tune_rankers
from mmrec_helpers.features.store import FeatureStore, extract
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.preprocessing.events import Meaning
from mmrec_helpers.preprocessing.report import COLUMNS
from mmrec_helpers.ranking import Ranker

log = logging.getLogger(__name__)

Events = Mapping[str, Meaning]
"""The log's own name of an event -> what it means, or that and its weight."""


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

    tuned: method -> its best setting on valid, fitted for the test, as reported; scores: of every method on the test;
    best: the method that was best on valid; ranker: its best setting fitted on everything, to serve from;
    recommendations: everybody's ten, by that ranker.
    """

    catalog: Catalog
    cleaned: preprocessing.Report
    split: Split
    extracted: dict[str, Extracted]
    profiles: Features
    tuned: dict[str, Tuned]
    scores: list[Scores]
    best: str
    ranker: Ranker
    recommendations: pd.DataFrame


def preprocess_data(catalog: Catalog, events: Events | None = None) -> tuple[Catalog, preprocessing.Report]:
    """Clean, de-duplicate and convert a raw catalogue; what cannot be used is set aside and counted. Chapter 2.

    events: what the log's own names of events mean, such as {"add_to_cart": "cart"}, and how much one counts as a
    user's first positive event of an item: {"add_to_cart": ("cart", 3.0)}.
    """
    return preprocessing.preprocess(catalog, **({"events": events} if events else {}))


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


def main(data: str | Path = "recordshop", k: int = 20, seed: int = 0, store: FeatureStore | None = None,
         events: Events | None = None, pseudonyms: bool = False) -> Result:
    """From raw media to evaluated lists. The article's main, and `mmrec run`'s. Taught in chapter 11.

    k: length of the lists that are judged, at most the number of items; events: as in `preprocess_data`; pseudonyms:
    replace the users' ids. Raises ValueError for k below 1, CatalogError for broken structure, RunStopped where the
    log leaves nobody to judge, before any extraction; ModuleNotFoundError where TensorFlow is needed and not there.
    """
    if k < 1:
        raise ValueError(f"k is {k}; ask for at least 1")
    raw = with_pseudonyms(datasets.load(data)) if pseudonyms else datasets.load(data)
    check_tensorflow(raw, store)
    log.info("cleaning %s: %d items, %d events", raw.name, len(raw.items), len(raw.events))
    catalog, cleaned = preprocess_data(raw, events)
    split = split_log(catalog, cleaned, seed)
    k = list_length(k, len(catalog.items))
    extracted = extract_features(catalog, store, raw)
    useless = without_features(catalog, extracted)
    cleaned = preprocessing.Report(pd.concat([cleaned.set_aside, useless], ignore_index=True))
    features = [one.features for one in extracted.values()]
    tuned = tune_rankers(split, features, k)
    scores = [evaluate(one.ranker, split.test, k) for one in tuned.values()]
    best = max(tuned, key=lambda name: max(tuned[name].scores))
    ranker = tuned[best].ranker.clone().fit(split.everything, features_for(best, features))
    return Result(catalog, cleaned, split, extracted, build_user_profile(catalog, split.everything, features), tuned,
                  scores, best, ranker, generate_recommendations(ranker, split.everything))


def list_length(k: int, n_items: int) -> int:
    """The length of the lists, no more than there are items; that is said."""
    if k > n_items:
        log.warning("k is %d and there are %d items: lists of %d are judged", k, n_items, n_items)
    return min(k, n_items)


def split_log(catalog: Catalog, cleaned: preprocessing.Report, seed: int = 0) -> Split:
    """The default split. Raises RunStopped, with what was set aside and why, where the log does not allow one."""
    try:
        return splits.default(catalog, seed=seed)
    except ValueError as fault:
        raise RunStopped(str(fault), cleaned) from None


def with_pseudonyms(catalog: Catalog) -> Catalog:
    """The catalogue with new random ids for its users; no table of them is kept, so nobody can go back."""
    users = catalog.events["user_id"]
    new = {user: f"user-{secrets.token_hex(8)}" for user in users.dropna().unique()}
    return replace(catalog, events=catalog.events.assign(user_id=users.map(new)))


def check_tensorflow(catalog: Catalog, store: FeatureStore | None = None) -> None:
    """Raise ModuleNotFoundError, before any work, where media need networks and neither TensorFlow is installed nor a
    network's features are in the store."""
    media = any(medium is not None for modality in ("image", "audio") for medium in catalog.media(modality))
    kept = any((store or FeatureStore()).folder.glob("*/fitted/network.keras"))
    if media and not kept and importlib.util.find_spec("tensorflow") is None:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")


def extract_features(catalog: Catalog, store: FeatureStore | None = None,
                     raw: Catalog | None = None) -> dict[str, Extracted]:
    """Features of every modality that the catalogue has media of; the others are left out, and that is said.

    raw: the catalogue before cleaning, to say how many media there were where none can be used.
    """
    extracted = {}
    for modality, extractor in EXTRACTORS.items():
        media = sum(medium is not None for medium in catalog.media(modality))
        if not media:
            if before := sum(medium is not None for medium in (raw or catalog).media(modality)):
                log.warning("%s: NONE of its %d %s media can be used: going on without; set_aside.csv says why",
                            catalog.name, before, modality)
            else:
                log.warning("%s has no %s: going on without it", catalog.name, modality)
            continue
        log.info("extracting %s: %d items", modality, media)
        start = time.perf_counter()
        features = extractor(catalog, store)
        extracted[modality] = Extracted(features, time.perf_counter() - start, media)
    return extracted


def without_features(catalog: Catalog, extracted: Mapping[str, Extracted]) -> pd.DataFrame:
    """Media that were there and gave no features, as rows for the report of what was cleaned."""
    rows = []
    for modality, one in extracted.items():
        files = catalog.items[modality] if modality in catalog.items else ["items.csv"] * len(catalog.items)
        rows += [(file, pd.NA, item, "no features", "set aside", f"its {modality} gave nothing to go by: look at it")
                 for file, item, medium, there in
                 zip(files, catalog.items["item_id"], catalog.media(modality), one.features.present, strict=True)
                 if medium is not None and not there]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)
