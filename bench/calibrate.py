"""Is the planted world what the course needs? `python -m bench.calibrate` shows it and writes bench/calibrate.json.

Closed forms on the default split, and linear probes on cheap features of the files. The tests compare the same figures
with the same floors. The world is never retuned to make a method look better.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench import record
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Catalog, Features, Queries, Split, positions
from mmrec_helpers.datasets.recordshop.world import FACTORS, MODALITIES, SEGMENTS, World
from mmrec_helpers.evaluation import Scores, evaluate, paired, tune
from mmrec_helpers.features.statistics import PictureStatistics, SoundStatistics
from mmrec_helpers.features.store import extract
from mmrec_helpers.features.text import TfidfText
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import EASE, Popularity, Ranker, SideEASE

MEASURES = (
    "data/recordshop/manifest.json", "mmrec_helpers/catalog", "mmrec_helpers/datasets/recordshop/world",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/tuning",
    "mmrec_helpers/features/base", "mmrec_helpers/features/spectra", "mmrec_helpers/features/statistics",
    "mmrec_helpers/features/store", "mmrec_helpers/features/text", "mmrec_helpers/media", "mmrec_helpers/metrics",
    "mmrec_helpers/preprocessing", "mmrec_helpers/ranking", "mmrec_helpers/splits")

NAMES = ("no modality", "one modality", "two modalities", "three modalities")


class Oracle(Ranker):
    """Knows the planted utility of the modalities it is given, for every listener by id."""

    def __init__(self, world: World, items: np.ndarray, modalities: Sequence[str], name: str) -> None:
        self.world, self.modalities, self.name, self.items_ = world, modalities, name, items
        self.popularity_ = np.zeros(len(items))

    def score(self, queries: Queries) -> np.ndarray:
        """The utility for the users asked. Raises UnknownId for one that is no listener, such as a bot."""
        users = positions(queries.users, np.array(self.world.user_ids), "listener")
        records = positions(self.items_, np.array(self.world.item_ids), "record")
        return self.world.utility(users, self.modalities)[:, records]


def closed_forms(world: World, split: Split, k: int = 20) -> dict[str, Scores]:
    """Popularity, EASE, EASE with the true factors beside it, and the planted utility of 0 to 3 modalities."""
    oracles = [Oracle(world, split.test.fit.items, MODALITIES[:number], name) for number, name in enumerate(NAMES)]
    scores = {oracle.name: evaluate(oracle, split.test, k) for oracle in oracles}
    truth = Features("truth", "truth", world.item_ids, world.factors.reshape(len(world.genre), -1))
    settings = {
        "popularity": [Popularity()],
        "EASE": [EASE(l2) for l2 in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)],
        "EASE + true factors": [SideEASE(l2, w) for l2 in (50.0, 200.0) for w in (10.0, 40.0, 160.0)]}
    return scores | {name: evaluate(tune(rankers, split, [truth], k=k).ranker, split.test, k)
                     for name, rankers in settings.items()}


def cheap_features(catalog: Catalog) -> dict[str, Features]:
    """TF-IDF + SVD, colour and layout statistics, log-mel statistics, of the files."""
    return {name: extract(catalog, extractor) for name, extractor in
            {"text": TfidfText(n_components=100), "image": PictureStatistics(), "audio": SoundStatistics()}.items()}


def found_factors(features: Features, world: World, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """The factors (n, 18) of the records whose medium is there, and what a linear probe says, cross-validated."""
    aligned = features.align(world.item_ids)
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-1, 5, 13), alpha_per_target=True))
    folds = KFold(5, shuffle=True, random_state=seed)
    truth = world.factors[aligned.present].reshape(aligned.present.sum(), -1)
    return truth, cross_val_predict(model, aligned.matrix[aligned.present], truth, cv=folds)


def probe(features: Features, world: World, seed: int = 0) -> dict[str, np.ndarray]:
    """Cross-validated R² of a linear probe for each private factor: modality -> (6,)."""
    by_axis = r2(*found_factors(features, world, seed))
    return dict(zip(MODALITIES, by_axis.reshape(len(MODALITIES), -1), strict=True))


def r2(truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """1 - squared error / variance, of each column: (n, d), (n, d) -> (d,)."""
    return 1 - ((truth - found) ** 2).sum(0) / ((truth - truth.mean(0)) ** 2).sum(0)


def segment_gains(world: World, split: Split) -> pd.DataFrame:
    """NDCG of the utility of one modality alone, by segment (rows) and modality (columns)."""
    table = {}
    for name in MODALITIES:
        scores = evaluate(Oracle(world, split.test.fit.items, [name], name), split.test)
        segment = world.segment[positions(scores.users, np.array(world.user_ids), "listener")]
        table[name] = pd.Series(scores.metrics["ndcg"]).groupby(np.array(list(SEGMENTS))[segment]).mean()
    return pd.DataFrame(table)


def heavy_listeners(catalog: Catalog, at_least: int = 30) -> int:
    """How many listeners have at least so many clean positive events."""
    positive = catalog.events[catalog.events["event"].isin(["like", "cart", "purchase", "play"])]
    return int((positive.groupby("user_id").size() >= at_least).sum())


def main() -> int:
    """Show every figure beside its floor; the exit code counts those missed."""
    folder = datasets.load("recordshop").root
    catalog, _ = preprocess(datasets.load("recordshop"), check_media=True)
    world, split = World.load(folder / "truth"), splits.default(catalog)
    scores = closed_forms(world, split)
    mean = {name: float(one.metrics["ndcg"].mean()) for name, one in scores.items()}
    probes = {name: probe(one, world) for name, one in cheap_features(catalog).items()}
    own = {name: float(found[name].mean()) for name, found in probes.items()}
    other = max(float(found[name].max()) for one, found in probes.items() for name in found if name != one)
    steps = [paired(scores[b], scores[a]) for a, b in zip(NAMES, NAMES[1:], strict=False)]
    figures = {
        "utility / EASE": (mean[NAMES[3]] / mean["EASE"], 2.0, np.inf),
        "EASE + true factors / EASE": (mean["EASE + true factors"] / mean["EASE"], 1.25, np.inf),
        **{f"gain of {b}: lower end": (step.low, 0.0, np.inf) for b, step in zip(NAMES[1:], steps, strict=True)},
        "listeners with 30 clean positive events": (heavy_listeners(catalog), 300, np.inf),
        **{f"own R², {name}": (r2, 0.4, 0.6) for name, r2 in own.items()},
        "largest R² of another modality's factor": (other, -np.inf, 0.05)}
    table = pd.DataFrame.from_dict(figures, orient="index", columns=["value", "low", "high"])
    table["holds"] = table["value"].between(table["low"], table["high"])
    axes = {name: {"/".join(poles): round(float(r2), 3) for poles, r2 in zip(FACTORS[name], found[name], strict=True)}
            for name, found in probes.items()}
    print(table.round(3).to_string(), "\n\nNDCG@20", {name: round(value, 3) for name, value in mean.items()},
          "\n\nR² by axis", json.dumps(axes, indent=1), "\n\n", segment_gains(world, split).round(3).to_string())
    seed = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["seed"]
    record.write("calibrate", seed, {"figures": table["value"].round(4).to_dict(), "ndcg": mean, "r2": axes})
    return int((~table["holds"]).sum())


if __name__ == "__main__":
    sys.exit(main())
