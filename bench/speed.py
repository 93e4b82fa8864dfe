"""Our rankers' time beside that of other libraries: `python -m bench.speed` shows it and writes bench/speed.json.

Equal settings, one core, in turns, ROUNDS times. Kept are the medians of the core-seconds and our share of theirs
(below 1: we are faster). `fit`: ALS beside implicit's exact solver and its default, which is approximate (conjugate
gradients); item kNN beside implicit's cosine; EASE, up to DENSE items, beside cornac's. `lists`: the K best items of
every user by the ALS that was fitted: implicit keeps the users' vectors (`kept`) or finds them again from the
histories as we do (`found again`). `top-k`: inner products of 1,000 vectors with those of N_ITEMS items and the K best
of each, beside implicit's `topk`; both give the same items. Shops: recordshop, MovieLens where MMREC_MOVIELENS names
it, and one of the world generator with 10,000 items and users.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median

import numpy as np
from scipy import sparse

from bench import record
from bench.growth import MIDDLE, read_shop, write_shop
from bench.peers import CornacEASE, ImplicitItems
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Interactions
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import EASE, ImplicitALS, ItemKNN
from mmrec_helpers.ranking.top_k import chunks, top_k

MEASURES = (
    "bench/growth", "bench/peers", "data/recordshop/manifest.json", "mmrec_helpers/catalog",
    "mmrec_helpers/datasets/movielens", "mmrec_helpers/datasets/recordshop/log",
    "mmrec_helpers/datasets/recordshop/world", "mmrec_helpers/preprocessing", "mmrec_helpers/ranking/base",
    "mmrec_helpers/ranking/factors", "mmrec_helpers/ranking/linear", "mmrec_helpers/ranking/neighbours",
    "mmrec_helpers/ranking/top_k", "mmrec_helpers/splits")

SEED, ROUNDS, K, DENSE, D, SWEEPS, NEAREST = 0, 5, 20, 3_000, 32, 15, 100
N_ITEMS = (1_000, 10_000, 50_000)


def in_turns(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Median core-seconds of each, the first of them ours, and our share of each of the others'."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.process_time()
            way()
            seconds[name].append(time.process_time() - start)
    found = {name: median(each) for name, each in seconds.items()}
    ours, *theirs = found
    shares = {f"of {name}": round(found[ours] / max(found[name], 1e-6), 2) for name in theirs}
    return {name: round(value, 4) for name, value in found.items()} | shares


def alternating(taken: sparse.csr_matrix, exact: bool) -> object:
    """ALS of implicit, fitted."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=D, regularization=10.0, alpha=10.0, iterations=SWEEPS, use_cg=not exact,
                                    num_threads=1, random_state=SEED)
    model.fit(taken, show_progress=False)
    return model


def of_shop(shop: Interactions) -> dict[str, dict[str, float]]:
    """Fits and lists on one shop."""
    taken = sparse.csr_matrix(shop.matrix, dtype=np.float32)
    als = ImplicitALS(n_factors=D, l2=10.0, alpha=10.0, n_sweeps=SWEEPS).fit(shop)
    theirs, everyone, queries = alternating(taken, exact=False), np.arange(taken.shape[0]), shop.queries()
    found = {
        "fit, ALS": in_turns({"ours": lambda: als.clone().fit(shop),
                              "implicit, exact": lambda: alternating(taken, exact=True),
                              "implicit, approximate": lambda: alternating(taken, exact=False)}),
        "fit, item kNN": in_turns({"ours": lambda: ItemKNN(NEAREST, 0.0).fit(shop),
                                   "implicit": lambda: ImplicitItems(kind="CosineRecommender", K=NEAREST).fit(shop)}),
        "lists, ALS": in_turns({
            "ours": lambda: als.recommend(queries, K),
            "implicit, kept": lambda: theirs.recommend(everyone, taken, N=K),
            "implicit, found again": lambda: theirs.recommend(everyone, taken, N=K, recalculate_user=True)})}
    if taken.shape[1] <= DENSE:
        found["fit, EASE"] = in_turns({"ours": lambda: EASE(100.0).fit(shop),
                                       "cornac": lambda: CornacEASE(lamb=100.0, posB=False).fit(shop)})
    return found


def of_top_k(n_items: int) -> dict[str, float]:
    """The K best of inner products. Raises AssertionError where the two give different items."""
    from implicit.cpu.topk import topk

    rng = np.random.default_rng(SEED)
    users, items = (rng.standard_normal((n, D)).astype(np.float32) for n in (1_000, n_items))

    def ours() -> np.ndarray:
        return np.concatenate([top_k(users[some] @ items.T, K)[0] for some in chunks(len(users), n_items)])

    assert np.mean(ours() == topk(items, users, K, num_threads=1)[0]) > 0.999  # float32: near ties
    return in_turns({"ours": ours, "implicit": lambda: topk(items, users, K, num_threads=1)})


def shops(spare: Path) -> dict[str, Interactions]:
    """By name what there is to learn from."""
    folders = ["recordshop", *([os.environ["MMREC_MOVIELENS"]] if "MMREC_MOVIELENS" in os.environ else [])]
    logs = [splits.default(preprocess(datasets.load(one), check_media=False)[0]).test.fit for one in folders]
    made, _ = read_shop(write_shop(spare, MIDDLE, MIDDLE))
    return dict(zip(("recordshop", "MovieLens"), logs, strict=False)) | {"10,000 x 10,000": made}


def main() -> None:
    """Every shop, then the lists alone."""
    with tempfile.TemporaryDirectory() as spare:
        found = {name: of_shop(shop) for name, shop in shops(Path(spare)).items()}
    found["top-k"] = {f"{n:,} items": of_top_k(n) for n in N_ITEMS}
    for name, rows in found.items():
        print(name, *(f"{what}: {times}" for what, times in rows.items()), sep="\n  ", flush=True)
    record.write("speed", SEED, found)


if __name__ == "__main__":
    main()
