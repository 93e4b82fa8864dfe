"""What each modality adds, and whether anything leaks: `python -m bench.modalities` writes bench/modalities.json.

On five redraws of the record shop's log, their long tails, and five draws of cold items. `by modality`: ALS + content
with every subset of the modalities, beside the planted factors, which perfect encoders would give. `controls`: with
features that say nothing (one modality, or all, with rows shuffled, replaced by noise or by a constant); in both the
strength of the ridge is chosen on valid each time. `knock-out`: every method that fuses with the features of the
controls, at the settings that were best on valid with the real ones. Differences are paired, intervals hold users and
draws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

from bench import record
from bench.fusion import KNN, VOTES, methods
from bench.judging import INTACT, SEED, compared, judge
from bench.tasks import REDRAWN, SHARES, extracted, length, planted, splits_of, spoilt
from mmrec_helpers import datasets
from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.datasets.recordshop.world import World
from mmrec_helpers.evaluation import Scores, evaluate, tune
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import L3AE, Blend, ContentALS, Ranker, SideEASE

MEASURES = (
    "bench/fusion", "bench/judging", "mmrec_helpers/datasets/recordshop/world", "mmrec_helpers/ranking/base",
    "mmrec_helpers/ranking/factors", "mmrec_helpers/ranking/fused/blend", "mmrec_helpers/ranking/fused/content_als",
    "mmrec_helpers/ranking/fused/linear", "mmrec_helpers/ranking/fused/mapped_als",
    "mmrec_helpers/ranking/fused/positives", "mmrec_helpers/ranking/linear", "mmrec_helpers/ranking/neighbours",
    "mmrec_helpers/ranking/top_k")

SETTINGS = [ContentALS(ridge=ridge) for ridge in (10.0, 30.0, 100.0)]
KNOCKED = ("content kNN (scaled)", KNN, "ALS, then content", "ALS, then neighbours", SideEASE.name, L3AE.name,
           ContentALS.name)
VOTED = "EASE and ALS + content, votes"


def subsets(features: Sequence[Features]) -> dict[str, list[Features]]:
    """None, each alone, pairs, all: by the names joined with +."""
    chosen = [some for n in range(len(features) + 1) for some in combinations(features, n)]
    return {" + ".join(one.name for one in some) or "none": list(some) for some in chosen}


def ranked(sets: Mapping[str, Callable[[int], Sequence[Features]]], draws: Sequence[Split], k: int,
           reference: str) -> dict[str, object]:
    """ALS + content with each set of features, tuned on valid; NDCG and the paired difference to one of the sets."""
    found = {name: [judge(SETTINGS, split, features(draw), k).scores for draw, split in enumerate(draws)]
             for name, features in sets.items()}
    return compared(found, reference)


def knocked_out(draws: Sequence[Split], features: Sequence[Features], k: int) -> dict[str, object]:
    """Every method that fuses, with features of which one, or all, say nothing, against itself with the real ones."""
    found: dict[str, dict[str, list[Scores]]] = {}
    for draw, split in enumerate(draws):
        chosen = chosen_on_valid(split, features, k)
        for key, some in {INTACT: features, **spoilt(features, draw)}.items():
            seen = methods(some)
            for name, ranker in chosen.items():
                fitted = ranker.clone().fit(split.test.fit, seen[name].features if name in seen else some)
                found.setdefault(name, {}).setdefault(key, []).append(evaluate(fitted, split.test, k))
    return {name: compared(sets) for name, sets in found.items()}


def chosen_on_valid(split: Split, features: Sequence[Features], k: int) -> dict[str, Ranker]:
    """The best setting of every method of `KNOCKED`, and of the votes of EASE and ALS + content."""
    every, (one, other, how) = methods(features), VOTES[VOTED]
    found = {name: tune(every[name].settings, split, every[name].features, k=k).ranker for name in (*KNOCKED, one)}
    voters = {name: found[name].clone() for name in (one, other)}
    blends = [Blend(voters, {one: 1 - share, other: share}, how) for share in SHARES]
    del found[one]  # it sees no features
    return {**found, VOTED: tune(blends, split, features, k=k).ranker}


def main() -> None:
    """Every task that has draws."""
    catalog, _ = preprocess(datasets.load("recordshop"))
    features, truth = extracted(catalog), planted(World.load(catalog.root / "truth"))
    intact, found = " + ".join(one.name for one in features), {}
    sets = {key: (lambda draw, some=some: some) for one in (features, truth) for key, some in subsets(one).items()}
    spoils = {key: (lambda draw, key=key: spoilt(features, draw)[key]) for key in spoilt(features, 0)}
    for name in REDRAWN:
        draws = splits_of(catalog, name)
        both = ranked({**sets, **spoils}, draws, length(name), intact)
        found[name] = {"by modality": {key: both[key] for key in sets}, "controls": {key: both[key] for key in spoils},
                       "knock-out": knocked_out(draws, features, length(name))}
        print(name, *(f"{key}: {one['ndcg']['mean']:.3f}" for key, one in both.items()), sep="\n  ", flush=True)
    record.write("modalities", SEED, found)


if __name__ == "__main__":
    main()
