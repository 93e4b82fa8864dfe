"""What each extractor is worth and what it costs: `python -m bench.encoders` writes bench/encoders.json.

On the record shop a linear probe's R² for the extractor's own planted factors; on MovieLens, where MMREC_MOVIELENS
names it, the AUC of a linear probe for its genres; on both cold items' NDCG@10 by content alone, dimensions, and
core-seconds for 1,000 media (decoding and training included, nothing cached). A film's category is its first genre, so
the AUC of a network that learned categories has seen part of the answer. Intervals: 95 % by bootstrap, R² and AUC over
items, and over a network's training seeds; the lists over users and over five draws of the cold items, each with the
next training seed. `against_first`: the paired difference of the lists to those of the modality's first extractor.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench import record
from bench.calibrate import found_factors, r2
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Catalog, Features, Split
from mmrec_helpers.datasets.recordshop.world import FACTORS, MODALITIES, World
from mmrec_helpers.evaluation import evaluate, interval_over_draws, tune
from mmrec_helpers.features.base import Extractor
from mmrec_helpers.features.extractors import EXTRACTORS, by_name
from mmrec_helpers.features.pretrained import CARDS, PretrainedExtractor
from mmrec_helpers.features.pretrained.base import COSTS
from mmrec_helpers.features.store import FeatureStore, extract
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import ContentKNN

MEASURES = (
    "bench/calibrate", "data/recordshop/manifest.json", "mmrec_helpers/catalog", "mmrec_helpers/datasets/movielens",
    "mmrec_helpers/datasets/recordshop/world", "mmrec_helpers/evaluation/compare",
    "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/protocol", "mmrec_helpers/evaluation/sources",
    "mmrec_helpers/evaluation/tuning", "mmrec_helpers/features", "mmrec_helpers/media", "mmrec_helpers/metrics",
    "mmrec_helpers/preprocessing", "mmrec_helpers/ranking/base", "mmrec_helpers/ranking/neighbours",
    "mmrec_helpers/splits")

SEED, SEEDS, DRAWS, SAMPLES, GENRES = 0, 3, 5, 300, 12

Worth = Callable[[Features], tuple[str, np.ndarray, dict[str, object]]]
"""Features -> the figure's name, the value itself and SAMPLES bootstrap values, and what else there is to say."""


def factors(features: Features, world: World) -> tuple[str, np.ndarray, dict[str, object]]:
    """R² of the modality's own factors."""
    truth, found = found_factors(features, world)
    own = slice(6 * MODALITIES.index(features.modality), 6 * MODALITIES.index(features.modality) + 6)
    axes = ["/".join(poles) for poles in FACTORS[features.modality]]
    by_axis = r2(truth[:, own], found[:, own])
    draws = [r2(truth[some][:, own], found[some][:, own]).mean() for some in _samples(len(truth))]
    return "r2", np.array(draws), {"r2_by_axis": dict(zip(axes, by_axis.round(3).tolist(), strict=True))}


def genres(features: Features, catalog: Catalog) -> tuple[str, np.ndarray, dict[str, object]]:
    """Mean AUC of the most frequent genres, each against the others by cross-validated logistic regression."""
    there = features.present
    marks = catalog.items.loc[there, "tags"].fillna("").str.get_dummies("|")
    marks = marks[marks.sum().nlargest(GENRES).index].to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=500))
    decided = np.stack([cross_val_predict(model, features.matrix[there], one, cv=5, method="decision_function")
                     for one in marks.T], axis=1)
    draws = [roc_auc_score(marks[some], decided[some]) for some in _samples(len(marks))]
    return "genre_auc", np.array(draws), {}


def cold_lists(features: Features, cold: Split) -> pd.Series:
    """NDCG@10 of each user's list of items that nobody took yet."""
    settings = [ContentKNN(features.name, k) for k in (10, 30, 100, 400)]
    return evaluate(tune(settings, cold, [features], k=10).ranker, cold.test, k=10).by_user()


def _samples(n: int) -> np.ndarray:
    """All n, then SAMPLES samples of them with replacement."""
    return np.vstack([np.arange(n), np.random.default_rng(SEED).integers(n, size=(SAMPLES, n))])


def measured(extractor: Extractor, catalog: Catalog) -> tuple[Features, float]:
    """What it makes of a catalogue into an empty store, and the core-seconds that took."""
    if isinstance(extractor, PretrainedExtractor):
        extractor.loaded()  # building the network is not what 1,000 media cost
    with tempfile.TemporaryDirectory() as empty:
        start = time.process_time()
        features = extract(catalog, extractor, FeatureStore(empty))
        return features, time.process_time() - start


def row(name: str, modality: str, catalog: Catalog, worth: Worth, colds: Sequence[Split],
        first: Sequence[pd.Series] = ()) -> tuple[dict[str, object], list[pd.Series]]:
    """One row of the table, and NDCG@10 of each user's list at each draw; a network is trained SEEDS times.

    first: these values of the modality's first extractor, to compare with.
    """
    trained = hasattr(by_name(modality, name), "epochs")
    made, values, seconds, more = [], [], [], {}
    for seed in range(SEEDS if trained else 1):
        extractor = by_name(modality, name)
        features, took = measured(extractor.set_params(seed=seed) if trained else extractor, catalog)
        figure, draws, more = worth(features)
        made.append(features)
        values.append(draws)
        seconds.append(1000 * took / int(features.present.sum()))
    lists = [cold_lists(made[draw % len(made)], cold) for draw, cold in enumerate(colds)]
    if first:
        more = more | {"against_first": _over([one - other for one, other in zip(lists, first, strict=True)])}
    found = {"modality": modality, "dim": made[0].matrix.shape[1], "seeds": len(values), figure: _interval(values),
             **more, "cold_ndcg_at_10": _over(lists), "core_seconds_per_1000": round(float(np.median(seconds)), 1)}
    return found, lists


def _over(draws: Sequence[pd.Series]) -> dict[str, float]:
    return {key: round(value, 4) for key, value in interval_over_draws(draws)._asdict().items()}


def _interval(draws: Sequence[np.ndarray]) -> dict[str, float]:
    """The mean over seeds of the value itself; the range of the bootstrap over items and seeds together."""
    low, high = np.percentile(np.concatenate([one[1:] for one in draws]), [2.5, 97.5])
    mean = np.mean([one[0] for one in draws])
    return {name: round(float(value), 4) for name, value in (("mean", mean), ("low", low), ("high", high))}


def table(rows: dict[str, dict[str, object]]) -> str:
    """As text, intervals in one cell."""
    shown = {name: {key: "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**value) if isinstance(value, dict) else value
                    for key, value in one.items() if key != "r2_by_axis"} for name, one in rows.items()}
    return pd.DataFrame(shown).T.to_string()


def costs(figures: dict[str, dict[str, dict[str, object]]]) -> dict[str, object]:
    """What an encoder's card says of its cost, for the package: its figure of the shop."""
    return {name: figures["recordshop"][name]["core_seconds_per_1000"] for name in CARDS}


def main() -> None:
    """Every extractor on every catalogue that has its media."""
    figures = {}
    for data, name in (("recordshop", "recordshop"), (os.environ.get("MMREC_MOVIELENS"), "movielens")):
        if not data:
            continue
        catalog, _ = preprocess(datasets.load(data))
        colds, rows = [splits.cold_items(catalog, seed=draw) for draw in range(DRAWS)], figures.setdefault(name, {})
        worth = (partial(factors, world=World.load(catalog.root / "truth")) if name == "recordshop" else
                 partial(genres, catalog=catalog))
        for modality, names in EXTRACTORS.items():
            first = ()
            for one in names if any(catalog.media(modality)) else ():
                rows[one], lists = row(one, modality, catalog, worth, colds, first)
                first = first or lists
                print(name, one, rows[one], flush=True)
        print(table(rows), flush=True)
    record.write("encoders", SEED, figures)
    COSTS.write_text(json.dumps(costs(figures), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
