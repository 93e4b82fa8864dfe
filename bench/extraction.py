"""How near extraction comes to what the machine can do: `python -m bench.extraction` writes bench/extraction.json.

The bound: one core's best rates of decoding, of feature computing and of the network, each alone, added up for a medium
and divided over the cores. End to end, cold: the store's own way from files to rows, an empty store. `of_bound` is
bound / end to end. Beside them log-mel spectrograms, batched, against the loop of librosa's call and against librosa's
batched call, per core-second; and the article's way, one item and one `predict` at a time. Medians of rounds in turns.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import pandas as pd
from sklearn.base import clone

from bench import record
from mmrec_helpers import datasets
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.features import devices
from mmrec_helpers.features.base import Extractor
from mmrec_helpers.features.batches import filled
from mmrec_helpers.features.extractors import EXTRACTORS, by_name
from mmrec_helpers.features.spectra import decibels, mel_power
from mmrec_helpers.features.store import FeatureStore, extract
from mmrec_helpers.preprocessing import preprocess

MEASURES = ("data/recordshop/manifest.json", "mmrec_helpers/features", "mmrec_helpers/media")

ROUNDS, SEED, ALONE, CLIPS = 3, 0, 128, 64
NAMES = ("tfidf", "minilm", "picture-statistics", "cover-cnn", "efficientnet-lite0", "sound-statistics", "conv-gru",
         "musicnn")


def timed(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds of one call."""
    start = clock()
    work()
    return clock() - start


def parts(extractor: Extractor, media: list) -> dict[str, float]:
    """Core-seconds a medium of each part alone: reading (decoding and features), the network."""
    if not hasattr(extractor, "read"):
        alone = clone(extractor).set_params(n_jobs=1) if "n_jobs" in extractor.get_params() else extractor
        return {"all": timed(lambda: alone.transform(media), time.process_time) / len(media)}
    each = []
    reading = timed(lambda: each.extend(extractor.read(one) for one in media), time.process_time)
    network = extractor.loaded()
    with devices.on(extractor.device):
        batches = grouped(each, extractor.batch)
        for one in batches:
            network.predict_on_batch(one)
        alone = timed(lambda: [network.predict_on_batch(one) for one in batches], time.process_time)
    return {"reading": reading / len(media), "network": alone / len(media)}


def grouped(each: list[np.ndarray], batch: int) -> list[np.ndarray]:
    """Parts of media in batches of about one length, filled up with zeros."""
    flat = sorted((part for media in each for part in media), key=len)
    groups = [flat[start:start + batch] for start in range(0, len(flat), batch)]
    return [filled(group) for group in groups]


def one_by_one(extractor: Extractor, media: list) -> float:
    """Seconds a medium in the article's way."""
    return timed(lambda: [extractor.transform([one]) for one in media]) / len(media)


def end_to_end(extractor: Extractor, catalog: Catalog) -> float:
    """Seconds a medium from files to rows in an empty store; what it learns is learned before."""
    with tempfile.TemporaryDirectory() as empty:
        return timed(lambda: extract(catalog, extractor, FeatureStore(empty))) / len(catalog.items)


def row(name: str, modality: str, shop: Catalog) -> dict[str, float]:
    """How near one extractor comes to the bound, and how much slower one by one is."""
    extractor = by_name(modality, name)
    if "n_jobs" in extractor.get_params():
        extractor.set_params(n_jobs=-1)
    if "epochs" in extractor.get_params():
        extractor.set_params(epochs=1)
    items = shop.items[[medium is not None for medium in shop.media(modality)]]
    catalog = Catalog(items, shop.events, shop.root, shop.name)
    media = catalog.media(modality)
    extractor.fit(media[:ALONE] if name != "tfidf" else media)
    extractor.fit, extractor.save = lambda *_: extractor, lambda _: None  # the store has nothing left to fit
    extractor.transform(media[:64])  # libraries loaded, processes started, kernels compiled
    cores = os.cpu_count() or 1
    bounds, ends, ones = [], [], []
    for _ in range(ROUNDS):
        bounds.append(sum(parts(extractor, media[:ALONE]).values()) / cores)
        ends.append(end_to_end(extractor, catalog))
        ones.append(one_by_one(extractor, media[:24]))
    return {"of_bound": round(median(bound / end for bound, end in zip(bounds, ends, strict=True)), 3),
            "one_by_one": round(median(one / end for one, end in zip(ones, ends, strict=True)), 2)}


def log_mel() -> dict[str, float]:
    """Clips a core-second, as multiples of the loop's."""
    import librosa

    rng = np.random.default_rng(SEED)
    waves = rng.standard_normal((CLIPS, 77_175)).astype(np.float32)
    settings = {"sr": 22_050, "n_fft": 2048, "hop_length": 512, "n_mels": 64}
    ways = {"loop": lambda: np.stack([librosa.feature.melspectrogram(y=one, **settings) for one in waves]),
            "librosa_batched": lambda: librosa.feature.melspectrogram(y=waves, **settings),
            "mel_power": lambda: mel_power(waves, 22_050).transpose(0, 2, 1)}
    made = [decibels(way()) for way in ways.values()]
    apart = max(float(np.abs(one - made[0]).max()) for one in made)
    if apart > 1e-4:
        raise ValueError(f"log-mel spectrograms differ by {apart} dB")
    times = pd.DataFrame([{name: timed(way, time.process_time) for name, way in ways.items()}
                          for _ in range(3 * ROUNDS)])
    return (times["loop"].to_numpy()[:, None] / times).median().round(2).to_dict() | {"largest_difference_db": apart}


def main() -> None:
    """Every part in turns."""
    shop, _ = preprocess(datasets.load("recordshop"))
    places = {name: modality for modality, names in EXTRACTORS.items() for name in names}
    rows = {name: row(name, places[name], shop) for name in NAMES}
    mel = log_mel()
    print(pd.DataFrame(rows).T.to_string(), mel)
    record.write("extraction", SEED, {
        "extraction": {name: {"of_bound": one["of_bound"]} for name, one in rows.items()}, "log_mel": mel,
        "one_by_one": {name: one["one_by_one"] for name, one in rows.items()}})


if __name__ == "__main__":
    main()
