"""Do the intervals and tests keep what they promise? `python -m bench.intervals` writes bench/intervals.json.

By simulation: a population whose mean is known, `RUNS` experiments drawn from it. `intervals`: the share of 95 %
intervals that hold the true mean (asked: 93 to 97 %), of the bootstrap over users and of the interval over draws, by
the number of users and of draws. The population: NDCG@20 of the record shop's users by ALS, and the differences to
EASE, on five redraws of the log; an experiment draws users with replacement, and for each of them one of their redraws.
Over draws, each draw has users of its own or all have the same, and each draw's mean moves by chance with `spread`, as
that of the redraws does beyond what their users explain. `false alarms`: the share of A/A comparisons, where there is
nothing to find, that are called a difference (nominal 5 %; asked: at most 6.2 %): the paired interval's words, the
permutation test, the t-test, Welch's test of an A/B test, the delta method's ratio, and the always-valid interval,
looked at after every user. `power`: the share that is seen of a difference as large as `difference_seen` says would be
seen with 80 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from bench import record
from bench.tasks import splits_of
from mmrec_helpers import datasets
from mmrec_helpers.evaluation import bootstrap, evaluate, in_words, interval_over_draws
from mmrec_helpers.evaluation.compare import NO_DIFFERENCE
from mmrec_helpers.evaluation.online.experiment import always_valid, effects, ratio, welch
from mmrec_helpers.evaluation.significance import ALPHA, difference_seen, permutation, t_test
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import EASE, ImplicitALS

MEASURES = (
    "bench/tasks", "data/recordshop/manifest.json", "mmrec_helpers/datasets/recordshop/redraw",
    "mmrec_helpers/evaluation/compare", "mmrec_helpers/evaluation/evaluator",
    "mmrec_helpers/evaluation/online/experiment", "mmrec_helpers/evaluation/protocol",
    "mmrec_helpers/evaluation/significance", "mmrec_helpers/evaluation/sources", "mmrec_helpers/metrics",
    "mmrec_helpers/preprocessing", "mmrec_helpers/ranking/factors", "mmrec_helpers/ranking/linear",
    "mmrec_helpers/ranking/top_k", "mmrec_helpers/splits")

SEED, RUNS, USERS, DRAWS, RESAMPLES = 0, 2_000, (30, 100, 300, 1_000), (2, 3, 5, 10, 20), 1_000


class People(NamedTuple):
    """What the experiments draw from. values: (users, redraws), those that a user has first, then nan; n: how many each
    has; means: of the redraws; error: the standard error of one redraw's mean by its users."""

    values: np.ndarray
    n: np.ndarray
    means: np.ndarray
    error: float

    @classmethod
    def of(cls, draws: Sequence[pd.Series]) -> People:
        """Of the users of several draws."""
        table = pd.concat(draws, axis=1).to_numpy()
        n, means = (~np.isnan(table)).sum(axis=1), np.nanmean(table, axis=0)
        error = np.sqrt(np.mean(np.nanvar(table, axis=0, ddof=1) / (~np.isnan(table)).sum(axis=0)))
        return cls(np.take_along_axis(table, np.isnan(table).argsort(axis=1, kind="stable"), axis=1), n, means, error)

    @property
    def mean(self) -> float:
        """Of the users' means: what an experiment estimates."""
        return float(np.nanmean(self.values, axis=1).mean())

    @property
    def spread(self) -> float:
        """The standard deviation of the redraws' means beyond what their users explain."""
        return float(np.sqrt(max(self.means.var(ddof=1) - self.error**2, 0.0)))

    def drawn(self, who: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """One of the values of each."""
        return self.values[who, (rng.random(len(who)) * self.n[who]).astype(int)]

    def sample(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Of n users drawn with replacement."""
        return self.drawn(rng.integers(len(self.n), size=n), rng)


def population() -> tuple[People, People]:
    """NDCG of ALS, and its difference to EASE, of every user of every redraw."""
    catalog, _ = preprocess(datasets.load("recordshop"), check_media=False)
    values, differences = [], []
    for split in splits_of(catalog, "redraws"):
        als, ease = (evaluate(one.fit(split.test.fit), split.test, metrics=["ndcg"]).by_user()
                     for one in (ImplicitALS(l2=100.0, alpha=20.0), EASE(200.0)))
        values.append(als)
        differences.append(als - ease)
    return People.of(values), People.of(differences)


def over_users(people: People, n: int, rng: np.random.Generator) -> float:
    """Of n users, the share of experiments whose interval holds the mean of all."""
    held = [low <= people.mean <= high for _, low, high in (
        bootstrap(people.sample(n, rng), RESAMPLES, run) for run in range(RUNS))]
    return share(held)


def over_draws(people: People, n: int, draws: int, same: bool, rng: np.random.Generator) -> float:
    """The same of several draws of n users each: the `same` in each draw, or others."""
    held = []
    for _ in range(RUNS):
        who, number = rng.integers(len(people.n), size=(draws, n)), np.arange(draws * n).reshape(draws, n)
        if same:
            who, number = np.tile(who[0], (draws, 1)), np.tile(number[0], (draws, 1))
        found = interval_over_draws([pd.Series(people.drawn(some, rng) + rng.normal(0, people.spread), ids)
                                     for some, ids in zip(who, number, strict=True)])
        held.append(found.low <= people.mean <= found.high)
    return share(held)


def share(held: Sequence[bool]) -> float:
    """Of them."""
    return round(float(np.mean(held)), 4)


def alarms(differences: People, values: People, n: int, rng: np.random.Generator) -> dict[str, float]:
    """A/A: the same thing twice; who calls it a difference. Real differences, less their mean."""
    def paired() -> np.ndarray:
        return differences.sample(n, rng) - differences.mean

    def two() -> tuple[np.ndarray, np.ndarray]:
        return values.sample(n, rng), values.sample(n, rng)

    def visits(variant: np.ndarray) -> np.ndarray:
        shown = 1.0 + rng.poisson(5, n)
        return np.stack([variant * shown, shown], axis=1)

    def looking() -> bool:
        each = effects(values.sample(2 * n, rng), rng.random(2 * n) < 0.5)
        low, high = always_valid(each, planned=2 * n)
        return bool(((low > 0) | (high < 0))[20:].any())

    ways: dict[str, Callable[[int], bool]] = {
        "paired interval": lambda run: in_words(bootstrap(paired(), RESAMPLES, run)) != NO_DIFFERENCE,
        "permutation": lambda run: permutation(paired(), 400, run) <= ALPHA,
        "t-test": lambda run: t_test(paired()) <= ALPHA,
        "Welch": lambda run: welch(*two()).words != NO_DIFFERENCE,
        "ratio": lambda run: ratio(*map(visits, two())).words != NO_DIFFERENCE,
        "always valid, after every user": lambda run: looking()}
    return {name: share([alarm(run) for run in range(RUNS)]) for name, alarm in ways.items()}


def power(differences: People, n: int, rng: np.random.Generator) -> float:
    """The share of experiments that see a difference of the size that n users should show 80 % of the time."""
    many = differences.sample(100_000, rng)
    size = difference_seen(many) * np.sqrt(len(many) / n)
    return share([t_test(differences.sample(n, rng) - differences.mean + size) <= ALPHA for _ in range(RUNS)])


def main() -> None:
    """All of it."""
    values, differences = population()
    rng = np.random.default_rng(SEED)
    found = {"runs": RUNS, "spread": round(differences.spread, 4), "intervals": {
        "users: NDCG": {n: over_users(values, n, rng) for n in USERS},
        "users: difference": {n: over_users(differences, n, rng) for n in USERS},
        **{f"draws of 300 users, {whose}: difference": {
            draws: over_draws(differences, 300, draws, same, rng) for draws in DRAWS}
            for whose, same in (("the same in each", True), ("others in each", False))}},
        "false alarms": {n: alarms(differences, values, n, rng) for n in USERS},
        "power": {n: power(differences, n, rng) for n in USERS}}
    print(found, flush=True)
    record.write("intervals", SEED, found)


if __name__ == "__main__":
    main()
