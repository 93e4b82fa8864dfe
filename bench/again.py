"""Do committed figures still hold? `python -m bench.again NAME ...` measures a sample of bench/NAME.json again.

A change that should leave every figure as it is (code that moved, a faster way to the same result) makes a JSON older
than its code all the same, and to measure everything again takes hours. Where every figure of the sample is the same to
four decimals, the JSON's digests become those of today's code, and `checked` says at which commit and on how many
figures. A change that is meant to change figures needs the whole benchmark. What trains networks, and what measures
time, is not in a sample.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from bench import encoders, fusion, methods, modalities, ranking, record
from bench.judging import figures
from bench.tasks import REDRAWN, extracted, length, splits_of
from mmrec_helpers import datasets, pipeline, splits
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.datasets.recordshop.world import World
from mmrec_helpers.evaluation import evaluate
from mmrec_helpers.preprocessing import preprocess

Pairs = dict[str, tuple[float, float]]
"""By what it is: a figure of the JSON and the same one measured now."""


def shop() -> Catalog:
    """The record shop, cleaned."""
    return preprocess(datasets.load("recordshop"))[0]


def of_methods(kept: Mapping) -> Pairs:
    """Every method on the record shop's own log."""
    catalog = shop()
    features = [one.features for one in pipeline.extract_features(catalog).values()]
    split, = splits_of(catalog, "recordshop")
    return rows("recordshop", kept, figures([methods.scores_of(split, features)]))


def of_fusion(kept: Mapping) -> Pairs:
    """The same, of fusion."""
    catalog = shop()
    split, = splits_of(catalog, "recordshop")
    found = fusion.judged(split, extracted(catalog), length("recordshop"))
    return rows("recordshop", kept, figures([{name: one.scores for name, one in found.items()}]))


def rows(task: str, kept: Mapping, now: Mapping) -> Pairs:
    """NDCG of every method of a task; one that is gone, or new, has nan."""
    both = [{name: one["ndcg"]["mean"] for name, one in each["methods"].items()} for each in (kept[task], now)]
    return {f"{task}, {name}": tuple(each.get(name, float("nan")) for each in both)
            for name in dict.fromkeys([*both[0], *both[1]])}


def of_modalities(kept: Mapping) -> Pairs:
    """On every task: ALS + content with all modalities, and with none."""
    catalog = shop()
    features, found = extracted(catalog), {}
    all_of_them = " + ".join(one.name for one in features)
    for task in REDRAWN:
        sets = {all_of_them: lambda draw: features, "none": lambda draw: []}
        now = modalities.ranked(sets, splits_of(catalog, task), length(task), all_of_them)
        found |= {f"{task}, {name}": (kept[task]["by modality"][name]["ndcg"]["mean"], row["ndcg"]["mean"])
                  for name, row in now.items()}
    return found


def of_ranking(kept: Mapping) -> Pairs:
    """On the first draw of each of the record shop's tasks: the methods that no gradient step trains, each at the
    setting that was chosen."""
    here, found = ranking.Shop("recordshop"), {}
    for task in (one for one in ranking.SHOP_TASKS if one in kept):
        split, some = ranking.drawn(here.catalog, task)[0][0], here.methods(task)
        for name, one in some.items():
            if not one.slow:
                row = kept[task]["methods"][name]
                ranker = type(one.settings[0])(**row["params"][0]).fit(split.test.fit, one.features)
                now = evaluate(ranker, split.test, length(task)).metrics["ndcg"].mean()
                found[f"{task}, {name}"] = (row.get("each draw", [row["ndcg"]["mean"]])[0], float(now))
    return found


def of_encoders(kept: Mapping) -> Pairs:
    """Counted words and cheap statistics on the record shop: R² and NDCG of new records."""
    catalog, found = shop(), {}
    worth = partial(encoders.factors, world=World.load(catalog.root / "truth"))
    colds = [splits.cold_items(catalog, seed=draw) for draw in range(encoders.DRAWS)]
    for modality, name in (("text", "tfidf"), ("image", "picture-statistics"), ("audio", "sound-statistics")):
        now, _ = encoders.row(name, modality, catalog, worth, colds)
        found |= {f"{name}, {key}": (kept["recordshop"][name][key]["mean"], now[key]["mean"])
                  for key in ("r2", "cold_ndcg_at_10")}
    return found


SAMPLES: Mapping[str, Callable[[Mapping], Pairs]] = {
    "methods": of_methods, "fusion": of_fusion, "modalities": of_modalities, "ranking": of_ranking,
    "encoders": of_encoders}


def differ(pairs: Pairs) -> Pairs:
    """Those that are not the same when rounded to four decimals, as many of the kept ones are."""
    return {name: (kept, now) for name, (kept, now) in pairs.items() if not abs(kept - now) <= 6e-5}


def check(name: str, samples: Mapping[str, Callable[[Mapping], Pairs]] = SAMPLES, root: Path = record.ROOT) -> Pairs:
    """Measure the sample; where it is the same, bring the JSON's digests up to date. Returns what differs."""
    path = root / "bench" / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    before = record.digests(name, root)
    pairs = samples[name](kept)
    if not pairs:
        raise ValueError(f"the sample of {name} is empty: it shows nothing")
    if not (found := differ(pairs)):
        record.save(path, {**kept, "measures": before,
                           "checked": {"commit": record.commit(), "figures": len(pairs)}})
    return found


def main() -> int:
    """The benchmarks that are named, or all that have a sample; the exit code is 1 where a figure differs."""
    faults = 0
    for name in sys.argv[1:] or SAMPLES:
        found = check(name)
        print(f"{name}: {len(found)} figures differ", *(f"  {one}: {kept:.4f}, now {now:.4f}" for one, (
            kept, now) in found.items()), sep="\n", flush=True)
        faults += len(found)
    return min(faults, 1)


if __name__ == "__main__":
    sys.exit(main())
