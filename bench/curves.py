"""What longer training does to the small networks: `python -m bench.curves` writes bench/curves.json.

Networks of the record shop's texts and previews are trained for EPOCHS epochs, with SEEDS seeds each, on all media that
can be read. Kept are the training loss of every epoch and, at the epochs PROBED, the R² of a cross-validated linear
probe for the six planted factors of the modality; epoch 0 is the untrained network. `guess` is the loss of guessing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import lru_cache, partial

import keras
import numpy as np

from bench import record
from bench.calibrate import found_factors, r2
from mmrec_helpers import datasets
from mmrec_helpers.catalog import Catalog, Features, finite
from mmrec_helpers.datasets.recordshop.world import FACTORS, MODALITIES, World
from mmrec_helpers.features.extractors import by_name
from mmrec_helpers.features.networks import TrainedExtractor
from mmrec_helpers.preprocessing import preprocess

MEASURES = (
    "bench/calibrate", "data/recordshop/manifest.json", "mmrec_helpers/datasets/recordshop/world",
    "mmrec_helpers/features/audio", "mmrec_helpers/features/batches", "mmrec_helpers/features/networks",
    "mmrec_helpers/features/pretrained/glove", "mmrec_helpers/features/spectra", "mmrec_helpers/features/text",
    "mmrec_helpers/media/sounds", "mmrec_helpers/preprocessing/items", "mmrec_helpers/preprocessing/repairs")

NETWORKS = {"preview-gru": "audio", "preview-gru-categories": "audio", "word-gru-categories": "text",
            "word-gru": "text"}
"""By name as in `features.extractors`: the modality."""

SEED, SEEDS, EPOCHS, PROBED = 0, 5, 30, (0, 1, 2, 5, 10, 15, 20, 25, 30)


class Probe(keras.callbacks.Callback):
    """After the epochs PROBED: R² by axis of the extractor's features now."""

    def __init__(self, extractor: TrainedExtractor, catalog: Catalog, world: World) -> None:
        super().__init__()
        self.extractor, self.catalog, self.world, self.found = extractor, catalog, world, []

    def on_train_begin(self, logs: object = None) -> None:
        """The untrained network."""
        self.found.append(self.by_axis())

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:
        """`epoch` counts from 0."""
        if epoch + 1 in PROBED:
            self.found.append(self.by_axis())

    def by_axis(self) -> np.ndarray:
        """(6,), of the modality's own factors."""
        modality = self.extractor.modality
        rows = self.extractor.transform(self.catalog.media(modality))
        features = Features("now", modality, self.catalog.items["item_id"], np.nan_to_num(rows), finite(rows))
        return r2(*found_factors(features, self.world)).reshape(len(MODALITIES), -1)[MODALITIES.index(modality)]


def watch(extractor: TrainedExtractor, callback: keras.callbacks.Callback) -> None:
    """Call back while it trains, and read each medium only once."""
    extractor.read = lru_cache(maxsize=None)(extractor.read)
    for name in ("_contrastive", "_classifier"):
        setattr(extractor, name, partial(_called_back, getattr(extractor, name), callback))


def _called_back(build: Callable[..., keras.Model], callback: keras.callbacks.Callback, *sizes: int) -> keras.Model:
    whole = build(*sizes)
    whole.fit = partial(whole.fit, callbacks=[callback])
    return whole


def trained(name: str, modality: str, seed: int, catalog: Catalog, world: World) -> tuple[np.ndarray, np.ndarray]:
    """Loss of every epoch (EPOCHS,), R² at those probed (len(PROBED), 6)."""
    extractor = by_name(modality, name, device="cpu").set_params(seed=seed, epochs=EPOCHS)
    probe = Probe(extractor, catalog, world)
    watch(extractor, probe)
    extractor.fit(catalog.media(modality), catalog.items["category"].tolist())
    return extractor.losses_, np.array(probe.found)


def guess(name: str, modality: str, catalog: Catalog) -> float:
    """The loss where nothing is learned: the logarithm of how many there are to choose from."""
    extractor = by_name(modality, name)
    return float(np.log(catalog.items["category"].nunique() if extractor.labelled else extractor.batch))


def main() -> None:
    """Train each network with each seed; the file is written anew after each seed."""
    logging.getLogger("mmrec_helpers").setLevel(logging.ERROR)
    catalog, _ = preprocess(datasets.load("recordshop"), check_media=False)
    world = World.load(catalog.root / "truth")
    figures = {name: {"axes": ["/".join(poles) for poles in FACTORS[modality]], "probed": PROBED,
                      "guess": round(guess(name, modality, catalog), 4), "loss": [], "r2_by_axis": []}
               for name, modality in NETWORKS.items()}
    for seed in range(SEED, SEED + SEEDS):
        for name, modality in NETWORKS.items():
            loss, by_axis = trained(name, modality, seed, catalog, world)
            figures[name]["loss"].append(loss.round(4).tolist())
            figures[name]["r2_by_axis"].append(by_axis.round(4).tolist())
            print(name, seed, loss[[0, 9, -1]].round(3), by_axis.mean(axis=1).round(3), flush=True)
        record.write("curves", SEED, {"epochs": EPOCHS, "networks": figures})


if __name__ == "__main__":
    main()
