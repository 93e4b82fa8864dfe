"""What each extractor is worth and what it costs: `python -m bench.encoders` writes bench/encoders.json.

On the record shop: a linear probe's R² for the extractor's own planted factors, cold records' NDCG@10 by content alone
with its interval, numbers a medium, core-seconds for 1,000 media (decoding and training included, nothing cached).
"""

from __future__ import annotations

import tempfile
import time

import pandas as pd

from bench import record
from bench.calibrate import probe
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Catalog, Split
from mmrec_helpers.datasets.recordshop.world import FACTORS, World
from mmrec_helpers.evaluation import bootstrap, choose, evaluate
from mmrec_helpers.features.extractors import PLACES, by_name
from mmrec_helpers.features.pretrained import PretrainedExtractor
from mmrec_helpers.features.store import Extractor, FeatureStore, extract
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import ContentKNN

SEED = 0


def of(extractor: Extractor, catalog: Catalog, world: World, cold: Split) -> dict[str, object]:
    """One row of the table."""
    if isinstance(extractor, PretrainedExtractor):
        extractor.loaded()  # building the network is not what 1,000 media cost
    with tempfile.TemporaryDirectory() as empty:
        start = time.process_time()
        features = extract(catalog, extractor, FeatureStore(empty))
        seconds = time.process_time() - start
    axes = ["/".join(poles) for poles in FACTORS[extractor.modality]]
    r2 = probe(features, world)[extractor.modality]
    choice = choose([ContentKNN(extractor.modality, k) for k in (10, 30, 100, 400)], cold, [features], k=10)
    ndcg = bootstrap(evaluate(choice.ranker, cold, k=10).metrics["ndcg"], seed=SEED)
    return {"modality": extractor.modality, "dim": features.matrix.shape[1], "r2": round(float(r2.mean()), 3),
            "r2_by_axis": dict(zip(axes, r2.round(3).tolist(), strict=True)),
            "cold_ndcg_at_10": {name: round(value, 4) for name, value in ndcg._asdict().items()},
            "core_seconds_per_1000": round(1000 * seconds / int(features.present.sum()), 1)}


def main() -> None:
    """Measure every extractor with its default settings."""
    catalog, _ = preprocess(datasets.load("recordshop"))
    world, cold = World.load(catalog.root / "truth"), splits.cold_items(catalog, seed=SEED)
    extractors = [by_name(modality, name) for modality, names in PLACES.items() for name in names]
    rows = {type(one).__name__: of(one, catalog, world, cold) for one in extractors}
    table = pd.DataFrame(rows).T
    table["cold_ndcg_at_10"] = ["{mean:.3f} [{low:.3f}, {high:.3f}]".format(**one) for one in table["cold_ndcg_at_10"]]
    print(table.drop(columns="r2_by_axis").to_string())
    record.write("encoders", SEED, {"recordshop": rows})


if __name__ == "__main__":
    main()
