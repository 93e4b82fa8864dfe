"""What networks that fuse are worth beside closed forms: `python -m bench.networks` writes bench/networks.json.

Two-tower, gated fusion and cross-attention, each with six settings, against ALS and ALS + content. A network's setting
is chosen on valid of a task's first draw, since a fit takes long, and serves all draws (and the long tail of the same
logs); ALS and ALS + content choose again on each. Each draw of a task has a seed of its own, so intervals hold users,
draws and seeds. Of one log, a user's score is the mean over three seeds: intervals hold users, `each seed` has the
means. MovieLens (where MMREC_MOVIELENS names it) takes the settings chosen on the record shop. `knock-out`: cold items,
with one modality or all shuffled.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bench import record
from bench.judging import INTACT, SEED, Judged, against, averaged, compared, figures, judge, seeded, shown, timed
from bench.tasks import REDRAWN, extracted, length, splits_of, spoilt
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Features, Split
from mmrec_helpers.evaluation import evaluate, tune
from mmrec_helpers.evaluation.methods import SETTINGS
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import ContentALS, CrossAttention, GatedFusion, Ranker, TwoTower

MEASURES = (
    "bench/judging", "mmrec_helpers/datasets/movielens", "mmrec_helpers/features/devices",
    "mmrec_helpers/ranking/base", "mmrec_helpers/ranking/factors", "mmrec_helpers/ranking/fused/content_als",
    "mmrec_helpers/ranking/fused/networks", "mmrec_helpers/ranking/fused/positives",
    "mmrec_helpers/ranking/fused/towers", "mmrec_helpers/ranking/top_k")

SEEDS = 3
NETWORKS = (TwoTower, GatedFusion, CrossAttention)
LEVELS = {"ALS": "none", ContentALS.name: "model", TwoTower.name: "features", GatedFusion.name: "model",
          CrossAttention.name: "model"}


@dataclass(frozen=True)
class Drawn:
    """One draw of a task: its split, and the seed of the networks there."""

    split: Split
    seed: int


def chosen(split: Split, features: Sequence[Features], k: int) -> list[Ranker]:
    """Each network at the best of six settings on valid."""
    return [tune([kind(l2=l2, dropout=dropout) for l2 in (2.0, 5.0, 10.0) for dropout in (0.3, 0.6)], split, features,
                 k=k).ranker.clone() for kind in NETWORKS]


def judged(draws: Sequence[Drawn], features: Sequence[Features], networks: Sequence[Ranker],
           asked: Sequence[Sequence[Split]], k: int) -> list[list[dict[str, Judged]]]:
    """For each list of splits in `asked` (one a draw, with the draw's own log to learn from), the methods of each draw:
    a network is trained once a draw."""
    found: list[list[dict[str, Judged]]] = [[] for _ in asked]
    for number, draw in enumerate(draws):
        fitted = [timed(seeded(network, draw.seed), draw.split, features) for network in networks]
        for tables, some in zip(found, asked, strict=True):
            split, before = some[number], some[number - 1] if number else None
            closed = {name: tables[-1][name] if split is before else judge(SETTINGS[name], split, features, k)
                      for name in ("ALS", ContentALS.name)}
            tables.append(closed | {
                one.name: Judged(evaluate(one, split.test, k), one.get_params(), seconds) for one, seconds in fitted})
    return found


def table(name: str, each: Sequence[Mapping[str, Judged]], one_log: bool = False) -> dict[str, object]:
    """A task's table: methods best first, each with its level, fit seconds, and against the closed forms."""
    draws = [averaged(each)] if one_log else each
    found = figures([{method: one.scores for method, one in draw.items()} for draw in draws])
    for method, row in found["methods"].items():
        row |= {"level": LEVELS[method], "seeds": len(each), "params": draws[0][method].params,
                "fit core-s": round(float(np.median([draw[method].seconds for draw in each])), 3),
                "each seed": [round(float(draw[method].scores.metrics["ndcg"].mean()), 4) for draw in each]}
        row |= {f"against {other}": against([draw[method].scores for draw in draws],
                                            [draw[other].scores for draw in draws])
                for other in ("ALS", ContentALS.name) if method != other}
    return shown(name, found)


def knocked_out(draws: Sequence[Drawn], features: Sequence[Features], networks: Sequence[Ranker],
                intact: Sequence[Mapping[str, Judged]], k: int) -> dict[str, object]:
    """Each network with one modality, or all, shuffled, against itself with the real features (`intact`)."""
    found = {one.name: {INTACT: [draw[one.name].scores for draw in intact]} for one in networks}
    for draw in draws:
        sets = {key: some for key, some in spoilt(features, draw.seed).items() if key.endswith("shuffled")}
        for key, some in sets.items():
            for network in networks:
                fitted, _ = timed(seeded(network, draw.seed), draw.split, some)
                found[network.name].setdefault(key, []).append(evaluate(fitted, draw.split.test, k))
    return {name: compared(sets) for name, sets in found.items()}


def main() -> None:
    """Every task."""
    catalog, _ = preprocess(datasets.load("recordshop"))
    features, own = extracted(catalog), [splits.default(catalog, seed=SEED)] * SEEDS
    every, found = {task: splits_of(catalog, task) for task in REDRAWN}, {}
    logs, cold = ([Drawn(split, seed) for seed, split in enumerate(every[name])] for name in ("redraws", "cold items"))
    networks = {name: chosen(split, features, length(name)) for name, split in (
        ("recordshop", own[0]), ("redraws", logs[0].split), ("cold items", cold[0].split))}
    both = ["redraws", "redraws, long tail"]
    for name, draws, asked in (
            (["recordshop"], [Drawn(split, seed) for seed, split in enumerate(own)], [own]),
            (both, logs, [every[name] for name in both]),
            (["cold items"], cold, [every["cold items"]])):
        tables = judged(draws, features, networks[name[0]], asked, length(name[0]))
        found |= {one: table(one, some, name == ["recordshop"]) for one, some in zip(name, tables, strict=True)}
    found["cold items"]["knock-out"] = knocked_out(cold, features, networks["cold items"], tables[0],
                                                   length("cold items"))
    if data := os.environ.get("MMREC_MOVIELENS"):
        films, _ = preprocess(datasets.load(data))
        whole = [splits.default(films, seed=SEED)] * SEEDS
        draws = [Drawn(split, seed) for seed, split in enumerate(whole)]
        tables, = judged(draws, extracted(films), networks["recordshop"], [whole], length("MovieLens"))
        found["MovieLens"] = table("MovieLens", tables, one_log=True)
    record.write("networks", SEED, found)


if __name__ == "__main__":
    main()
