"""What online methods find in a world whose truth is known: `python -m bench.online` writes bench/online.json.

The record shop's listeners (`Listeners`) answer lists. `off-policy`: another policy's reward from the log of the first,
by estimator and case, beside the truth: bias, standard error and coverage of the 95 % intervals over `RUNS` logs.
`interleaving`: the share of experiments that see the better of two rankers, by A/B test and by team draft, with the
same listeners; how many times fewer team draft needs. `peeking`: false alarms of a fixed test looked at again and
again, and of always-valid intervals. `bandits`: one of the newest records a round: what is taken, and the regret.
`loops`: weeks of a system that learns from what it showed. `offline to online`: rank correlation, over rankers and
settings, of every offline metric with the reward that the same ranker's lists would bring. `speed`: impressions a
core-second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from bench import record
from bench.tasks import extracted
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Catalog, Features, Split, positions
from mmrec_helpers.datasets.recordshop.world import World
from mmrec_helpers.evaluation import Interval, evaluate
from mmrec_helpers.evaluation.online import off_policy
from mmrec_helpers.evaluation.online.bandits import EpsilonGreedy, LinUCB, Policy, Thompson, regret
from mmrec_helpers.evaluation.online.experiment import always_valid, effects, welch
from mmrec_helpers.evaluation.online.interleave import preference, team_draft
from mmrec_helpers.evaluation.online.listeners import Listeners
from mmrec_helpers.evaluation.online.loop import Week, weeks
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import (
    EASE,
    ContentALS,
    ContentKNN,
    ImplicitALS,
    ItemKNN,
    Popularity,
    Ranker,
    SideEASE,
    UserKNN,
)

MEASURES = (
    "bench/tasks", "data/recordshop/manifest.json", "mmrec_helpers/datasets/recordshop/world",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator", "mmrec_helpers/evaluation/online",
    "mmrec_helpers/evaluation/protocol", "mmrec_helpers/evaluation/significance", "mmrec_helpers/evaluation/sources",
    "mmrec_helpers/features/audio", "mmrec_helpers/features/image", "mmrec_helpers/features/networks",
    "mmrec_helpers/features/text", "mmrec_helpers/fusion", "mmrec_helpers/metrics", "mmrec_helpers/preprocessing",
    "mmrec_helpers/ranking", "mmrec_helpers/splits")

SEED, SEEDS, RUNS, K = 0, 5, 500, 10
SIZES = (25, 50, 100, 200, 400, 800, 1600, 3200)
"""Listeners (drawn with replacement) of an experiment with two rankers; of both variants together."""


class Shop:
    """The record shop with its listeners, who answer as after their drift."""

    def __init__(self) -> None:
        self.catalog: Catalog = preprocess(datasets.load("recordshop"))[0]
        self.features: list[Features] = extracted(self.catalog)
        self.split: Split = splits.default(self.catalog)
        world = World.load(self.catalog.root / "truth")
        assert list(world.item_ids) == list(self.split.test.fit.items), "records in another order than the world's"
        self.listeners, self.items = Listeners(world), np.array(world.item_ids, object)
        self.users = positions(self.split.test.queries.users, np.array(world.user_ids), "listener")
        self.liking = self.listeners.liking(self.users, np.tile(np.arange(len(self.items)), (len(self.users), 1)))

    def lists(self, ranker: Ranker, k: int = K) -> np.ndarray:
        """The k best records of each user of the test by their places: (users, k), -1 at an empty place."""
        fitted = ranker.clone().fit(self.split.test.fit, self.features)
        ids = fitted.recommend(self.split.test.queries, k, only=self.split.test.candidates).ids
        return pd.Index(self.items).get_indexer(ids.ravel()).reshape(ids.shape)


def softmax(scores: np.ndarray, heat: float) -> np.ndarray:
    """A policy: each row as chances, larger for what has a larger score."""
    shifted = np.exp((scores - scores.max(axis=1, keepdims=True)) / heat)
    return shifted / shifted.sum(axis=1, keepdims=True)


def drawn(policy: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """An action for each row by its chances."""
    return (policy.cumsum(axis=1) < rng.random(len(policy))[:, None]).sum(axis=1).clip(max=policy.shape[1] - 1)


def cases(shop: Shop) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Name -> the logging policy, the propensities that the log says, and the policy that is asked about."""
    scores = {name: _spread(ranker.fit(shop.split.test.fit).score(shop.split.test.queries)) for name, ranker in (
        ("ALS", ImplicitALS(l2=100.0, alpha=20.0)), ("EASE", EASE(200.0)), ("popularity", Popularity()))}
    near, far = softmax(scores["popularity"], 1.0), softmax(scores["ALS"], 1.0)
    sharp = softmax(scores["ALS"], 0.25)
    cut = np.where(near >= np.sort(near, axis=1)[:, [-100]], near, 0)
    cut /= cut.sum(axis=1, keepdims=True)
    return {"near: EASE from ALS": (far, far, softmax(scores["EASE"], 1.0)), "far: sharp ALS from popularity": (
                near, near, sharp),
            "no support: only 100 records were logged": (cut, np.maximum(cut, 1e-12), far),
            "wrong propensities: said to be uniform": (near, np.full(near.shape, 1 / near.shape[1]), far)}


def _spread(scores: np.ndarray) -> np.ndarray:
    """Each row with mean 0 and standard deviation 1."""
    return (scores - scores.mean(axis=1, keepdims=True)) / np.maximum(scores.std(axis=1, keepdims=True), 1e-9)


def off_policy_table(shop: Shop, visits: int = 10) -> dict[str, dict[str, dict[str, float]]]:
    """By case and estimator: bias, standard error, coverage; effective sample size; how often a warning came."""
    rng, found, users = np.random.default_rng(SEED), {}, np.arange(len(shop.users))
    rows = np.tile(users, visits)
    for name, (logging, said, target) in cases(shop).items():
        truth, each, warned, sizes = float((target * shop.liking).sum(axis=1).mean()), {}, 0, []
        model = _model(shop, logging, rng)
        for _ in range(RUNS):
            actions = drawn(logging[rows], rng)
            reward = (rng.random(len(rows)) < shop.liking[rows, actions]).astype(float)
            known, wanted = said[rows, actions], target[rows, actions]
            expected = (target * model).sum(axis=1)[rows]
            for kind, one in estimated(reward, known, wanted, model[rows, actions], expected).items():
                each.setdefault(kind, []).append(one)
            sizes.append(off_policy.effective_size(known, wanted))
            warned += bool(off_policy.warnings(known, wanted))
        found[name] = {"truth": round(truth, 5), "rows": len(rows), "effective rows": round(float(np.median(sizes))),
                       "warned": warned / RUNS, **{kind: _judged(some, truth) for kind, some in each.items()}}
    return found


def estimated(reward: np.ndarray, known: np.ndarray, wanted: np.ndarray, predicted: np.ndarray,
              expected: np.ndarray) -> dict[str, Interval]:
    """By every estimator, from one log."""
    return {"IPS": off_policy.ips(reward, known, wanted), "clipped IPS": off_policy.ips(reward, known, wanted, 20),
            "SNIPS": off_policy.snips(reward, known, wanted), "DM": off_policy.direct(expected),
            "DR": off_policy.doubly_robust(reward, known, wanted, predicted, expected)}


def _model(shop: Shop, logging: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A model of rewards from another log of the same policy: every record's mean, shrunk; it knows no listener."""
    rows = np.tile(np.arange(len(logging)), 10)
    actions = drawn(logging[rows], rng)
    reward = rng.random(len(rows)) < shop.liking[rows, actions]
    shown = np.bincount(actions, minlength=logging.shape[1])
    taken = np.bincount(actions, reward, minlength=logging.shape[1])
    return np.tile((taken + 10 * reward.mean()) / (shown + 10), (len(logging), 1))


def _judged(intervals: Sequence[Interval], truth: float) -> dict[str, float]:
    means = np.array([one.mean for one in intervals])
    held = np.mean([one.low <= truth <= one.high for one in intervals])
    return {"bias": round(float(means.mean() / truth - 1), 4), "error": round(float(means.std() / truth), 4),
            "coverage": round(float(held), 3)}


def interleaving(shop: Shop) -> dict[str, object]:
    """EASE and ALS: who sees the better one, with how many listeners."""
    a, b = shop.lists(EASE(200.0)), shop.lists(ImplicitALS(l2=100.0, alpha=20.0))
    chances = [shop.listeners.chance(shop.users, one) for one in (a, b)]
    rng, power = np.random.default_rng(SEED), {"A/B": {}, "team draft": {}}
    for n in SIZES:
        seen = np.zeros(2)
        for run in range(RUNS):
            rows, half = rng.integers(len(shop.users), size=n), n // 2
            taken = [(rng.random((half, K)) < chance[some]).sum(axis=1) for chance, some in zip(
                chances, (rows[:half], rows[half:2 * half]), strict=True)]
            lists, team = team_draft(a[rows], b[rows], K, rng)
            answers = shop.listeners.respond(shop.users[rows], lists, rng)
            seen += [welch(*taken).words == "higher", preference(answers, team, seed=run).words == "higher"]
        power["A/B"][n], power["team draft"][n] = (seen / RUNS).round(3).tolist()
    needed = {way: _needed(each) for way, each in power.items()}
    return {"taken per list": {name: round(float(one.sum(axis=1).mean()), 4) for name, one in zip(
        ("EASE", "ALS"), chances, strict=True)}, "power": power, "listeners for 80 %": needed}


def _needed(power: Mapping[int, float], asked: float = 0.8) -> int | None:
    """Listeners for this power, between two sizes on a line of their logarithms; None above the largest."""
    sizes, values = np.array(list(power)), np.maximum.accumulate(list(power.values()))
    if values[-1] < asked:
        return None
    return round(float(np.exp(np.interp(asked, values, np.log(sizes)))))  # the smallest size: that or fewer


def peeking(shop: Shop, users: int = 2_000, first: int = 100) -> dict[str, float]:
    """A/A tests: false alarms at the end, at any of the looks of a fixed test, and of the always-valid interval (of
    values less a mean that is known before, which makes it narrower)."""
    chance = shop.listeners.chance(shop.users, shop.lists(ImplicitALS(l2=100.0, alpha=20.0)))
    rng, alarms, before = np.random.default_rng(SEED), np.zeros(3), chance.sum(axis=1).mean()
    for _ in range(RUNS):
        rows, treated = rng.integers(len(chance), size=users), rng.random(users) < 0.5
        values = (rng.random((users, K)) < chance[rows]).sum(axis=1).astype(float)
        looks = [welch(values[:m][~treated[:m]], values[:m][treated[:m]]).words != "no difference shown"
                 for m in range(first, users + 1, first)]
        low, high = always_valid(effects(values - before, treated), planned=users)
        alarms += [looks[-1], any(looks), ((low > 0) | (high < 0))[first:].any()]
    names = ("once, at the end", f"{users // first} looks", "always valid, after every user")
    return dict(zip(names, (alarms / RUNS).round(3).tolist(), strict=True))


def bandits(shop: Shop, rounds: int = 60, n_new: int = 50) -> dict[str, object]:
    """One of the newest records a round for every listener: the mean chance that it is taken, of every five rounds, and
    the regret of all against each listener's best, over SEEDS seeds; beside it what the best for each, and for all,
    would bring."""
    released = pd.to_datetime(shop.catalog.items.set_index("item_id")["released_at"], utc=True).reindex(shop.items)
    new = np.argsort(-released.astype("int64").to_numpy(), kind="stable")[:n_new]
    liking = shop.liking[:, new]
    fused = FeatureFusion(n_each=6, whiten=0.5).fit(shop.features).transform(shop.features).align(shop.items).matrix
    unit = fused[new] / np.linalg.norm(fused[new], axis=1, keepdims=True).clip(1e-9)
    unit = np.concatenate([unit, np.ones((n_new, 1))], axis=1)
    policies: dict[str, Callable[[int], Policy]] = {
        "any record": lambda seed: EpsilonGreedy(n_new, epsilon=1.0, seed=seed),
        "epsilon-greedy": lambda seed: EpsilonGreedy(n_new, seed=seed),
        "Thompson": lambda seed: Thompson(n_new, seed=seed),
        "LinUCB": lambda seed: LinUCB(unit, len(liking), alpha=0.2)}
    found = {}
    for name, make in policies.items():
        taken = np.mean([_taken(make(seed), liking, rounds, seed) for seed in range(SEEDS)], axis=0)
        found[name] = {"taken": taken.mean(axis=1).reshape(-1, 5).mean(axis=1).round(4).tolist(),
                       "regret": round(float(regret(np.tile(liking.max(axis=1), (rounds, 1)), taken)[-1]), 2)}
    return {"best for each": round(float(liking.max(axis=1).mean()), 4),
            "best for all": round(float(liking.mean(axis=0).max()), 4), "policies": found}


def _taken(policy: Policy, liking: np.ndarray, rounds: int, seed: int) -> np.ndarray:
    """The chance that what was chosen is taken: (rounds, listeners)."""
    rng, everyone, chosen = np.random.default_rng(seed), np.arange(len(liking)), []
    for _ in range(rounds):
        arms, _ = policy.choose(everyone)
        chosen.append(liking[everyone, arms])
        policy.learn(everyone, arms, (rng.random(len(arms)) < chosen[-1]).astype(float))
    return np.array(chosen)


def loops(shop: Shop, n_weeks: int = 8) -> dict[str, dict[str, object]]:
    """Weeks of systems that learn from themselves, and one that explores: means over SEEDS seeds, and the reward of all
    weeks by seed."""
    log = shop.split.test.fit
    known = np.isin(log.users, shop.listeners.world.user_ids)
    start = type(log)(log.matrix[known], log.users[known], log.items)
    ways = {"popularity": (Popularity(), 0.0), "ALS": (ImplicitALS(l2=100.0, alpha=20.0), 0.0),
            "ALS, a tenth by chance": (ImplicitALS(l2=100.0, alpha=20.0), 0.1)}
    found = {}
    for name, (ranker, explore) in ways.items():
        each = np.array([weeks(shop.listeners, start, ranker, n_weeks, explore=explore, seed=seed)
                         for seed in range(SEEDS)])  # (seeds, weeks, what)
        means = each.mean(axis=0).round(4).tolist()
        found[name] = {"weeks": [dict(zip(Week._fields, row, strict=True)) for row in means],
                       "reward, by seed": each[:, :, 0].mean(axis=1).round(4).tolist()}
    return found


def offline_to_online(shop: Shop) -> dict[str, object]:
    """Every metric of lists, and the reward that the lists would bring, of rankers at good and bad settings."""
    rankers: dict[str, Ranker] = {
        "popularity": Popularity(), "recent": Popularity("recent", 30.0), "trend": Popularity("trend", 30.0),
        **{f"item kNN, shrink {s:g}": ItemKNN(100, shrink=s) for s in (0.0, 3.0, 30.0, 300.0)},
        **{f"user kNN, k {k}": UserKNN(k) for k in (10, 50, 200)},
        **{f"EASE, l2 {s:g}": EASE(s) for s in (3.0, 30.0, 300.0)},
        **{f"ALS, l2 {s:g}": ImplicitALS(l2=s, alpha=20.0) for s in (1.0, 10.0, 100.0, 300.0)},
        **{f"ALS + content, l2 {s:g}": ContentALS(l2=s) for s in (10.0, 75.0, 300.0)},
        **{f"EASE + side, weight {s:g}": SideEASE(200.0, s) for s in (1.0, 10.0)},
        **{f"content kNN ({one.name})": ContentKNN(one.name, 100) for one in shop.features}}
    labels, rows = shop.catalog.items.set_index("item_id")["category"].to_dict(), {}
    for name, ranker in rankers.items():
        fitted = ranker.fit(shop.split.test.fit, shop.features)
        scores = evaluate(fitted, shop.split.test, K, "every", shop.features, labels)
        lists = pd.Index(shop.items).get_indexer(scores.lists.ravel()).reshape(scores.lists.shape)
        rows[name] = {**{metric: float(np.nanmean(each)) for metric, each in scores.metrics.items()}, **scores.shop,
                      "reward": float(shop.listeners.chance(shop.users, lists).sum(axis=1).mean())}
    table = pd.DataFrame(rows).T.astype(float)
    return {"rankers": {name: {key: round(value, 4) for key, value in row.items()} for name, row in rows.items()},
            "rank correlation": _correlations(table),
            "rank correlation, better half": _correlations(table[table["reward"] > table["reward"].median()])}


def _correlations(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Spearman's, of every metric with the reward; its interval by bootstrap over rankers (settings of one ranker are
    alike, so that it is somewhat too narrow)."""
    rng, found = np.random.default_rng(SEED), {}
    samples = [rng.integers(len(table), size=len(table)) for _ in range(1_000)]
    for metric in table.columns.drop("reward"):
        each = [table.iloc[some][[metric, "reward"]].corr("spearman").iloc[0, 1] for some in samples]
        low, high = np.nanpercentile(each, [2.5, 97.5])
        mean = table[[metric, "reward"]].corr("spearman").iloc[0, 1]
        found[metric] = {name: round(float(one), 3) for name, one in (("mean", mean), ("low", low), ("high", high))}
    return dict(sorted(found.items(), key=lambda one: -one[1]["mean"]))


def speed(shop: Shop) -> int:
    """Impressions that are answered in a core-second."""
    lists, rng = shop.lists(Popularity(), 20), np.random.default_rng(SEED)
    start, n = time.process_time(), 20
    for _ in range(n):
        shop.listeners.respond(shop.users, lists, rng)
    return round(n * lists.size / (time.process_time() - start))


def main() -> None:
    """Every part."""
    shop, found = Shop(), {"runs": RUNS}
    for name, part in (("speed", speed), ("loops", loops), ("bandits", bandits), ("peeking", peeking),
                       ("interleaving", interleaving), ("off-policy", off_policy_table),
                       ("offline to online", offline_to_online)):
        found[name] = part(shop)
        print(name, found[name], flush=True)
        record.write("online", SEED, found)


if __name__ == "__main__":
    main()
