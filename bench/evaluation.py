"""What an evaluation costs: `python -m bench.evaluation` shows it and writes bench/evaluation.json.

Scores are inner products of D-dimensional vectors (ImplicitALS); each user's K best items are judged. One core, in
turns, five times; kept are the medians of the core-seconds and our share of theirs (below 1: we are faster).
`lists`: the matrix product, a chunk of users at a time, what was seen left out, numpy's argpartition and the K sorted;
`every metric`: `evaluate` with all metrics, the order of all candidates for AUC too, and a bootstrap of each metric;
`usual metrics`: the same with those that `evaluate` takes by default. `metrics alone`: those that ranx has too, of the
same lists, beside ranx, compiled and its `Run` sorted before, and (`from a table`) with the making of that `Run`.
`evaluator_gib`: the most memory that numpy and Python asked for while `every metric` ran, beyond the shop and the
vectors.
Shops: recordshop, MovieLens where MMREC_MOVIELENS names it, and one of the world generator with 50,000 users and 20,000
items, where each user's last TEST items (at most half) are those of the test.
"""

from __future__ import annotations

import os
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from bench import record
from bench.growth import read_shop, write_shop
from bench.speed import in_turns
from bench.tasks import extracted
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Features, Interactions, Queries, Stage
from mmrec_helpers.evaluation import Scores, bootstrap, compare, evaluate
from mmrec_helpers.metrics import Context, measure
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import ImplicitALS
from mmrec_helpers.ranking.top_k import chunks

MEASURES = (
    "bench/growth", "bench/speed", "bench/tasks", "data/recordshop/manifest.json", "mmrec_helpers/catalog",
    "mmrec_helpers/datasets/movielens", "mmrec_helpers/datasets/recordshop/log",
    "mmrec_helpers/datasets/recordshop/world", "mmrec_helpers/evaluation/compare",
    "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/order", "mmrec_helpers/evaluation/protocol",
    "mmrec_helpers/evaluation/sources", "mmrec_helpers/metrics", "mmrec_helpers/preprocessing",
    "mmrec_helpers/ranking/base", "mmrec_helpers/ranking/factors", "mmrec_helpers/ranking/top_k",
    "mmrec_helpers/splits")

SEED, K, D, SWEEPS, TEST, LARGE = 0, 20, 32, 5, 10, (20_000, 50_000)

RANX = {"ndcg": f"ndcg@{K}", "recall": f"recall@{K}", "precision": f"precision@{K}", "f1": f"f1@{K}",
        "hit_rate": f"hit_rate@{K}", "mrr": f"mrr@{K}", "average_precision": f"map@{K}"}
"""The metrics that both have, by our names and by those of ranx."""


class Shop(NamedTuple):
    """A test with what any metric asks for, and vectors whose inner products are the scores."""

    test: Stage
    features: list[Features]
    labels: dict[str, str]
    users: np.ndarray
    items: np.ndarray


def real(data: str) -> Shop:
    """A shop of files, by the split of the main job."""
    catalog, _ = preprocess(datasets.load(data))
    labels = dict(zip(catalog.items["item_id"], catalog.items["category"].astype(str), strict=True))
    return shop(splits.default(catalog).test, extracted(catalog), labels)


def made(folder: Path, n_items: int, n_users: int) -> Shop:
    """One of the world generator: each user's last items are those of the test."""
    taken, features = read_shop(write_shop(folder, n_items, n_users))
    order = np.lexsort((taken.time.data, np.repeat(np.arange(n_users), np.diff(taken.time.indptr))))
    last = np.zeros(taken.matrix.nnz, bool)
    for start, end in zip(taken.time.indptr, taken.time.indptr[1:], strict=False):
        last[order[max(start + (end - start + 1) // 2, end - TEST):end]] = True
    past, after = taken.matrix.copy(), taken.matrix.copy()
    past.data[last], after.data[~last] = 0, 0
    past.eliminate_zeros()
    after.eliminate_zeros()
    fit = Interactions(past, taken.users, taken.items)
    labels = {one: str(number % 20) for number, one in enumerate(taken.items)}
    return shop(Stage(fit, fit.queries(), after, np.ones(n_items, bool)), features, labels)


def shop(test: Stage, features: list[Features], labels: dict[str, str]) -> Shop:
    """With the vectors of ALS."""
    als = ImplicitALS(n_factors=D, n_sweeps=SWEEPS).fit(test.fit)
    users = np.concatenate([als.user_vectors(test.queries.history[some]) for some in chunks(len(test.queries), D)])
    return Shop(test, features, labels, users, np.ascontiguousarray(als.item_vectors_.T))


def plain(one: Shop) -> np.ndarray:
    """The lists alone: a matrix product, argpartition, and the K sorted."""
    found = []
    for rows in chunks(*one.test.targets.shape):
        scores = one.users[rows] @ one.items
        scores[one.test.queries.seen[rows].nonzero()] = -np.inf
        scores[:, ~one.test.candidates] = -np.inf
        best = np.argpartition(scores, -K, axis=1)[:, -K:]
        order = np.argsort(-np.take_along_axis(scores, best, axis=1), axis=1)
        found.append(np.take_along_axis(best, order, axis=1))
    return np.concatenate(found)


def whole(one: Shop, every: bool) -> Scores:
    """Lists, metrics, and an interval of each metric."""
    compare._times_drawn.cache_clear()  # or else the first call alone would draw the resamples
    place = pd.Index(one.test.queries.users)

    def score(queries: Queries) -> np.ndarray:
        return one.users[place.get_indexer(queries.users)] @ one.items

    found = (evaluate(score, one.test, K, "every", one.features, one.labels) if every
             else evaluate(score, one.test, K))
    for values in found.metrics.values():
        bootstrap(values)
    return found


def gib(way: Callable[[], object]) -> float:
    """The most memory that was asked for while it ran, beyond what there was."""
    tracemalloc.start()
    way()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round(most / 2**30, 3)


def beside_ranx(one: Shop, lists: np.ndarray) -> dict[str, Callable[[], object]]:
    """The same metrics of the same lists, ours first. Raises AssertionError where the means differ."""
    import ranx

    columns, users, names = lists.ravel(), one.test.queries.users, one.test.fit.items
    targets = one.test.targets.tocoo()
    qrels = ranx.Qrels.from_df(pd.DataFrame({
        "q_id": pd.Series(users[targets.row], dtype=object), "doc_id": pd.Series(names[targets.col], dtype=object),
        "score": 1}))
    table = pd.DataFrame({"q_id": pd.Series(np.repeat(users, K), dtype=object),
                          "doc_id": pd.Series(names[columns], dtype=object),
                          "score": np.tile(np.arange(K, 0, -1.0), len(users))})

    def ours() -> dict[str, float]:
        users, _ = measure(Context(lists, one.test.targets), list(RANX))
        return {RANX[name]: float(np.nanmean(values)) for name, values in users.items()}

    def as_run() -> ranx.Run:
        return ranx.Run.from_df(table).make_comparable(qrels)

    def theirs(run: ranx.Run) -> dict[str, float]:
        return ranx.evaluate(qrels, run, list(RANX.values()), save_results_in_run=False)

    run, mine = as_run(), ours()
    for name, value in theirs(run).items():
        assert abs(mine[name] - value) < 1e-6, (name, mine[name], value)
    return {"ours": ours, "ranx": lambda: theirs(run), "ranx, from a table": lambda: theirs(as_run())}


def of_shop(one: Shop) -> dict[str, object]:
    """Times and memory on one shop. Raises AssertionError where the plain lists are others."""
    found, lists = whole(one, every=True), plain(one)
    known = one.test.queries.history.getnnz(axis=1) > 0
    assert np.mean(one.test.fit.items[lists[known]] == found.lists[known]) > 0.999  # float32: near ties
    n_users, n_items = one.test.targets.shape
    return {"users": n_users, "items": n_items, "targets": int(one.test.targets.nnz), "metrics": len(found.metrics),
            "every metric": in_turns({"ours": lambda: whole(one, every=True), "lists": lambda: plain(one)}),
            "usual metrics": in_turns({"ours": lambda: whole(one, every=False), "lists": lambda: plain(one)}),
            "metrics alone": in_turns(beside_ranx(one, lists)),
            "evaluator_gib": gib(lambda: whole(one, every=True))}


def shops(folder: Path) -> Iterator[tuple[str, Shop]]:
    """By name, one at a time."""
    yield "recordshop", real("recordshop")
    if "MMREC_MOVIELENS" in os.environ:
        yield "MovieLens", real(os.environ["MMREC_MOVIELENS"])
    yield f"{LARGE[1]:,} x {LARGE[0]:,}", made(folder, *LARGE)


def main() -> None:
    """Every shop, one after the other."""
    os.environ["NUMBA_NUM_THREADS"] = "1"
    found: dict[str, Mapping[str, object]] = {}
    with tempfile.TemporaryDirectory() as spare:
        for name, one in shops(Path(spare)):
            found[name] = of_shop(one)
            print(name, *(f"{what}: {value}" for what, value in found[name].items()), sep="\n  ", flush=True)
    record.write("evaluation", SEED, found)


if __name__ == "__main__":
    main()
