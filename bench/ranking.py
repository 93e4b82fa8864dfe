"""What each ranker is worth beside those of other libraries: `python -m bench.ranking` writes bench/ranking.json.

`python -m bench.ranking "cold users" ...` measures these tasks alone and keeps the others, if their code is today's.

One split, one evaluator, one budget: a method may try `BUDGET` settings on valid, a slow one (networks, those trained
by gradient steps) `SLOW_BUDGET`. The hybrid's models are those of its three rows, at their own best settings; it tries
its own arguments one at a time. A slow method chooses on a task's first draw (redraws, their long tail and users never
learned from take the setting of the shop's own log; films that of the shop, if it is one of ours), the others choose on
each. Each draw of a task has a seed of its own; of one log, slow methods are means over three seeds, `each seed` has
them.

Tasks: the record shop's own log; five redraws of it (all targets, and `ndcg, known`, those on items with 5 or more
events; the long tail); users and items never learned from, over five draws of them; on MovieLens, where MMREC_MOVIELENS
names it, the log and its long tail, new films and new users (without slow methods: a fit takes minutes). `oracle`: the
planted utility itself; `planted`: the same method and setting with the planted factors in place of the features.
Differences are paired, to the hybrid and to the best method without content (SASRec's also to the same network without
order); intervals hold users and draws.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from bench import record
from bench.calibrate import Oracle
from bench.judging import SEED, Judged, against, averaged, figures, seeded, shown, timed
from bench.peers import PEERS, CornacCTR
from bench.tasks import NO_CONTENT, PredictedPopularity, extracted, length, planted, splits_of
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Catalog, Features, Split
from mmrec_helpers.datasets.recordshop.world import MODALITIES, World
from mmrec_helpers.evaluation import evaluate, interval_over_draws, tune
from mmrec_helpers.evaluation.methods import tune_hybrid
from mmrec_helpers.evaluation.tuning import Tuned
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import (
    BPR,
    EASE,
    L3AE,
    VBPR,
    ContentALS,
    ContentKNN,
    HybridRanker,
    ImplicitALS,
    ItemKNN,
    Popularity,
    Ranker,
    SASRec,
    SideEASE,
    TwoTower,
    UserKNN,
)

MEASURES = (
    "bench/calibrate", "bench/judging", "bench/peers", "mmrec_helpers/datasets/movielens",
    "mmrec_helpers/datasets/recordshop/world", "mmrec_helpers/features/devices", "mmrec_helpers/ranking")

BUDGET, SLOW_BUDGET, SEEDS = 12, 6, 3
"""Settings that a method, and a slow one, may try; trainings of a slow one on one log."""

ORACLE, NO_ORDER = "oracle", "SASRec without order"


@dataclass(frozen=True)
class Method:
    """settings: at most BUDGET (SLOW_BUDGET); features: what it learns from; level: `none`, `content`, `control` or
    `peer`; slow: trained by gradient steps from a seed."""

    settings: Sequence[Ranker]
    features: Sequence[Features] = ()
    level: str = "none"
    slow: bool = False


def grid(make: Callable[..., Ranker], **values: Sequence[object]) -> list[Ranker]:
    """Every combination of the values."""
    settings = [{}]
    for name, some in values.items():
        settings = [{**one, name: value} for one in settings for value in some]
    return [make(**one) for one in settings]


def methods(features: Sequence[Features], texts: Sequence[str] | None = None) -> dict[str, Method]:
    """Every method but the hybrid, which is made of three of them."""
    fused = FeatureFusion(n_each=96, whiten=0.5, name="whitened").fit(features).transform(features)
    als = {"l2": (10.0, 30.0, 60.0, 100.0), "alpha": (3.0, 10.0, 20.0)}
    content = {"dropout": (0.3, 0.6), "l2": (2.0, 5.0, 10.0)}
    every = {
        "popularity": Method([Popularity()], level="control"),
        "popularity (recent)": Method(grid(Popularity, how=["recent"], half_life=(
            3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 240.0)), level="control"),
        "popularity (trend)": Method(grid(Popularity, how=["trend"], half_life=(7.0, 15.0, 30.0, 60.0), shrink=(
            3.0, 30.0, 100.0)), level="control"),
        PredictedPopularity.name: Method(grid(PredictedPopularity, ridge=(1.0, 3.0, 10.0, 30.0, 100.0, 300.0)),
                                         features, "control"),
        "item kNN": Method(grid(ItemKNN, k=(20, 100, 500), shrink=(0.0, 3.0, 10.0, 30.0))),
        "user kNN": Method(grid(UserKNN, k=(30, 60, 100, 200), shrink=(0.0, 5.0, 20.0))),
        "EASE": Method(grid(EASE, l2=(10.0, 30.0, 100.0, 200.0, 400.0, 1000.0), user_power=(0.0, 0.5))),
        "ALS": Method(grid(ImplicitALS, **als)),
        NO_CONTENT: Method(grid(ContentALS, l2=(30.0, 45.0, 75.0, 110.0), alpha=(3.0, 10.0, 20.0))),
        BPR.name: Method(grid(BPR, l2=(0.7, 1.0, 1.25), rate=(0.02, 0.05)), slow=True),
        SASRec.name: Method(grid(SASRec, l2=(2.0, 5.0), dropout=(0.3, 0.5, 0.7)), slow=True),
        NO_ORDER: Method(grid(SASRec, l2=(2.0, 5.0), dropout=(0.3, 0.5, 0.7), order=[False]), slow=True),
        "content kNN": Method(grid(ContentKNN, features=[fused.name], k=(
            10, 20, 30, 60, 100, 200, 300, 400, 600, 800, 1000, 1200)), [fused], "content"),
        SideEASE.name: Method(grid(SideEASE, l2=(50.0, 100.0, 200.0, 400.0), weight=(1.0, 3.0, 10.0)), features,
                              "content"),
        L3AE.name: Method(grid(L3AE, l2=(50.0, 100.0, 200.0, 400.0), pull=(10.0, 30.0, 100.0), content_l2=[10.0]),
                          features, "content"),
        ContentALS.name: Method(grid(ContentALS, ridge=(10.0, 30.0, 100.0), l2=(30.0, 75.0), alpha=(10.0, 20.0)),
                                features, "content"),
        VBPR.name: Method(grid(VBPR, l2_content=(5.0, 20.0, 80.0), l2=(1.0, 1.25)), features, "content", slow=True),
        TwoTower.name: Method(grid(TwoTower, **content), features, "content", slow=True)}
    slow = ("implicit: BPR", "cornac: BPR", "LightFM")
    every |= {name: Method(some, features if name == "LightFM" else (), "peer", name in slow)
              for name, some in PEERS.items()}
    if texts is not None:
        every[CornacCTR.name] = Method(grid(CornacCTR, texts=[tuple(texts)], k=[32], max_iter=[20], lambda_v=(
            0.1, 1.0, 10.0), lambda_u=(0.01, 0.1)), (), "peer", slow=True)
    return every


def judged(draw: Split, asked: Sequence[Split], every: Mapping[str, Method], truth: Mapping[str, Method],
           chosen: Mapping[str, Ranker], k: int, seed: int) -> list[dict[str, Judged]]:
    """The methods on each split of `asked`, all of one log, of which `draw` is the whole."""
    found = slow(draw, asked, every, truth, chosen, k, seed)
    for table, split in zip(found, asked, strict=True):
        for name, one in every.items():
            if not one.slow:
                table[name] = finished(tune(one.settings, split, one.features, k=k), split, one.features,
                                       known(one, name, truth), k)
        parts = {name: Tuned(None, table[name].params, []) for name in (ContentALS.name, L3AE.name, UserKNN.name)
                 if name in table}
        content = every[ContentALS.name]
        table[HybridRanker.name] = finished(tune_hybrid(parts, split, content.features, k), split, content.features,
                                            known(content, ContentALS.name, truth), k)
    return found


def slow(draw: Split, asked: Sequence[Split], every: Mapping[str, Method], truth: Mapping[str, Method],
         chosen: Mapping[str, Ranker], k: int, seed: int) -> list[dict[str, Judged]]:
    """Those of the slow methods, each trained once (and once with the planted factors)."""
    found: list[dict[str, Judged]] = [{} for _ in asked]
    for name, one in every.items():
        if one.slow:
            ranker, seconds = timed(seeded(chosen[name], seed), draw, one.features)
            features = known(one, name, truth)
            other = timed(seeded(chosen[name], seed), draw, features)[0] if features else None
            for table, split in zip(found, asked, strict=True):
                table[name] = Judged(evaluate(ranker, split.test, k), ranker.get_params(), seconds, len(one.settings),
                                     with_planted=other and evaluate(other, split.test, k))
    return found


def known(method: Method, name: str, truth: Mapping[str, Method]) -> Sequence[Features] | None:
    """The planted factors in the place of a method's features, where there are any."""
    return truth[name].features if method.level == "content" and truth else None


def finished(tuned: Tuned, split: Split, features: Sequence[Features], known: Sequence[Features] | None,
             k: int) -> Judged:
    """A tuned ranker on test, and the same setting fitted with the planted factors."""
    _, seconds = timed(tuned.ranker.clone(), split, features)
    other = evaluate(unnamed(tuned.ranker).fit(split.test.fit, known), split.test, k) if known else None
    return Judged(evaluate(tuned.ranker, split.test, k), tuned.params, seconds, len(tuned.scores), with_planted=other)


def unnamed(ranker: Ranker) -> Ranker:
    """The same setting without weights that name features."""
    params = ranker.get_params()
    return type(ranker)(**{**params, "weights_of": None}) if "weights_of" in params else ranker.clone()


def table(name: str, each: Sequence[Mapping[str, Judged]], levels: Mapping[str, str],
          one_log: bool = False) -> dict[str, object]:
    """A task's table: methods best first, each against the hybrid and the best of the methods without content."""
    draws = [averaged(each)] if one_log else each
    oracle = [draw.pop(ORACLE).scores for draw in draws if ORACLE in draw]
    found = figures([{method: one.scores for method, one in draw.items()} for draw in draws])
    without = next(method for method in found["methods"] if levels.get(method) == "none" or method == "popularity")
    for method, row in found["methods"].items():
        row |= {"level": levels.get(method, "content"), "budget": draws[0][method].budget,
                "params": [{key: value for key, value in draw[method].params.items() if key not in ("texts", "world")}
                           for draw in draws],
                "fit core-s": round(float(np.median([draw[method].seconds for draw in each])), 3),
                "each seed" if one_log else "each draw": [
                    round(float(draw[method].scores.metrics["ndcg"].mean()), 4) for draw in each]}
        row |= {f"against {other}": against([draw[method].scores for draw in draws],
                                            [draw[other].scores for draw in draws])
                for other in (HybridRanker.name, without, *([NO_ORDER] if method == SASRec.name else []))
                if method != other and other in draws[0]}
        if oracle:
            best = np.mean([one.metrics["ndcg"].mean() for one in oracle])
            row["of the oracle"] = round(row["ndcg"]["mean"] / best, 3)
        if draws[0][method].with_planted is not None:
            row["planted"] = round(float(np.mean([
                draw[method].with_planted.metrics["ndcg"].mean() for draw in each])), 4)
    if oracle:
        found[ORACLE] = interval_over_draws([one.by_user() for one in oracle])._asdict()
    return {**shown(name, found), "best without content": without}


def drawn(catalog: Catalog, task: str) -> list[list[Split]]:
    """The draws of a task, each with the lists asked for: all items and, of redraws and of films, the long tail."""
    every = splits_of(catalog, task)
    return [[one, splits.long_tail(one)] if task in ("redraws", "MovieLens") else [one] for one in every]


def texts(catalog: Catalog) -> list[str]:
    """Titles and descriptions, in the order of the items."""
    return catalog.items[["title", "description"]].fillna("").agg(" ".join, axis=1).tolist()


class Shop:
    """A catalogue with its features, its methods, and the planted factors where it has any."""

    def __init__(self, data: str) -> None:
        self.catalog, _ = preprocess(datasets.load(data))
        self.every = methods(extracted(self.catalog), texts(self.catalog))
        planted_here = data == "recordshop"
        self.world = World.load(self.catalog.root / "truth") if planted_here else None
        self.truth = methods(planted(self.world)) if planted_here else {}

    def methods(self, task: str) -> dict[str, Method]:
        """Of new items alone, those that can rank them, and the controls; of films' new users, those that are fast."""
        if task == "MovieLens, cold users":
            return {name: one for name, one in self.every.items() if not one.slow}
        return {name: one for name, one in self.every.items() if not task.endswith("cold items")
                or one.level == "control" or one.settings[0].capabilities.new_items}

    def choose(self, task: str, names: Sequence[str] | None = None) -> dict[str, Ranker]:
        """The best setting on valid, in the task's first draw, of each slow method (or of these)."""
        split = drawn(self.catalog, task)[0][0]
        return {name: tune(one.settings, split, one.features, k=length(task)).ranker.clone()
                for name, one in self.methods(task).items() if one.slow and (names is None or name in names)}

    def tables(self, task: str, chosen: Mapping[str, Ranker]) -> dict[str, object]:
        """A task's table, and that of the long tail where it is asked for."""
        draws, some = drawn(self.catalog, task), self.methods(task)
        one_log = len(draws) == 1
        each = [judged(asked[0], asked, some, self.truth, chosen, length(task), seed)
                for seed, asked in enumerate(draws)]
        if one_log:
            others = [slow(draws[0][0], draws[0], some, self.truth, chosen, length(task), seed)
                      for seed in range(1, SEEDS)]
            each += [[{**first, **other} for first, other in zip(each[0], one, strict=True)] for one in others]
        if self.world is not None:
            for asked, tables in zip(draws * len(each), each, strict=False):
                for split, methods_of in zip(asked, tables, strict=True):
                    oracle = Oracle(self.world, split.test.fit.items, MODALITIES, ORACLE)
                    methods_of[ORACLE] = Judged(evaluate(oracle, split.test, length(task)), {}, 0.0)
        levels = {name: one.level for name, one in some.items()}
        names = (task, f"{task}, long tail")
        return {name: table(name, tables, levels, one_log)
                for name, tables in zip(names, zip(*each, strict=True), strict=False)}


NETWORKS = (BPR.name, SASRec.name, NO_ORDER, VBPR.name, TwoTower.name)
"""Of the slow methods those that take the record shop's settings on films."""

SHOP_TASKS = ("redraws", "cold users", "recordshop", "cold items")
FILM_TASKS = ("MovieLens", "MovieLens, cold users", "MovieLens, cold items")
LONGEST_FIRST = ("MovieLens", "MovieLens, cold users", "redraws", "cold users", "MovieLens, cold items", "cold items",
                 "recordshop")


def chosen(task: str) -> dict[str, Ranker]:
    """The record shop's settings of slow methods."""
    return Shop("recordshop").choose(task)


def of_shop(task: str, start: Mapping[str, Ranker]) -> dict[str, object]:
    """A task of the record shop: its tables."""
    return Shop("recordshop").tables(task, start)


def of_films(task: str, start: Mapping[str, Ranker]) -> dict[str, object]:
    """One of MovieLens; networks with the shop's settings, other slow methods with their own."""
    films = Shop(os.environ["MMREC_MOVIELENS"])
    others = [name for name, one in films.methods(task).items() if one.slow and name not in NETWORKS]
    return films.tables(task, {**start, **films.choose(task, others)})


def main() -> None:
    """Every task, or those that are named; two processes."""
    here = (*FILM_TASKS, *SHOP_TASKS) if "MMREC_MOVIELENS" in os.environ else SHOP_TASKS
    asked = sys.argv[1:] or [task for task in LONGEST_FIRST if task in here]
    if strange := set(asked) - set(here):
        sys.exit(f"no task {', '.join(sorted(strange))}; there are {', '.join(here)}")
    found = record.figures("ranking") if sys.argv[1:] else {}
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        whole, cold = pool.map(chosen, ("recordshop", "cold items"))
        jobs = [pool.submit(of_films if task in FILM_TASKS else of_shop, task,
                            cold if task.endswith("cold items") else whole) for task in asked]
        for job in as_completed(jobs):
            found |= job.result()
            record.write("ranking", SEED, found)  # what is done so far


if __name__ == "__main__":
    main()
