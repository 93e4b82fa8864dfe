"""Do the intervals and tests keep what they promise? `python -m bench.intervals` writes bench/intervals.json.

By simulation: a population whose mean is known, `RUNS` experiments drawn from it. `intervals`: the share of 95 %
intervals that hold the true mean (asked: 93 to 97 %), of the bootstrap over users and of the one over draws and users,
by the number of users and of draws. The populations are the NDCG@20 of the record shop's users by ALS and their
differences to EASE, users drawn with replacement; for draws, the five redraws' difference of means is normal with the
spread that five redraws showed. `false alarms`: the share of A/A comparisons, where there is nothing to find, that are
called a difference (nominal 5 %; asked: at most 6.2 %): the paired interval's words, the permutation test, the t-test,
Welch's test of an A/B test, the delta method's ratio, and the always-valid interval looked at after every user.
`power`: the share that is seen of a difference as large as `difference_seen` says would be seen with 80 %.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bench import record
from bench.tasks import splits_of
from mmrec_helpers import datasets
from mmrec_helpers.evaluation import bootstrap, bootstrap_draws, evaluate, in_words
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

SEED, RUNS, USERS, DRAWS, RESAMPLES = 0, 2_000, (30, 100, 300, 1_000), (2, 3, 5, 10, 20), 400


def population() -> tuple[np.ndarray, np.ndarray, list[float]]:
    """NDCG of ALS and its difference to EASE, of every user of every redraw; the mean difference of each redraw."""
    catalog, _ = preprocess(datasets.load("recordshop"), check_media=False)
    values, differences = [], []
    for split in splits_of(catalog, "redraws"):
        als, ease = (evaluate(one.fit(split.test.fit), split.test, metrics=["ndcg"]).metrics["ndcg"]
                     for one in (ImplicitALS(l2=100.0, alpha=20.0), EASE(200.0)))
        values.append(als)
        differences.append(als - ease)
    return np.concatenate(values), np.concatenate(differences), [float(one.mean()) for one in differences]


def over_users(values: np.ndarray, n: int, rng: np.random.Generator) -> float:
    """Of n users drawn from these, the share of experiments whose interval holds the mean of all."""
    held = [low <= values.mean() <= high for _, low, high in (
        bootstrap(rng.choice(values, n), RESAMPLES, run) for run in range(RUNS))]
    return share(held)


def over_draws(values: np.ndarray, spread: float, n: int, draws: int, rng: np.random.Generator) -> float:
    """The same of several draws with n users each, whose means differ by chance with this standard deviation."""
    held = []
    for run in range(RUNS):
        moved = [rng.choice(values, n) + rng.normal(0, spread) for _ in range(draws)]
        found = bootstrap_draws(moved, RESAMPLES, run)
        held.append(found.low <= values.mean() <= found.high)
    return share(held)


def share(held: Sequence[bool]) -> float:
    """Of them."""
    return round(float(np.mean(held)), 4)


def alarms(differences: np.ndarray, values: np.ndarray, n: int, rng: np.random.Generator) -> dict[str, float]:
    """A/A: the same thing twice; who calls it a difference. Real differences, less their mean."""
    centred = differences - differences.mean()

    def paired() -> np.ndarray:
        return rng.choice(centred, n)

    def two() -> tuple[np.ndarray, np.ndarray]:
        return rng.choice(values, n), rng.choice(values, n)

    def visits(variant: np.ndarray) -> np.ndarray:
        shown = 1.0 + rng.poisson(5, n)
        return np.stack([variant * shown, shown], axis=1)

    def looking() -> bool:
        each = effects(rng.choice(values, 2 * n), rng.random(2 * n) < 0.5)
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


def power(differences: np.ndarray, n: int, rng: np.random.Generator) -> float:
    """The share of experiments that see a difference of the size that n users should show 80 % of the time."""
    centred = differences - differences.mean()
    size = difference_seen(differences) * np.sqrt(len(differences) / n)
    return share([t_test(rng.choice(centred, n) + size) <= ALPHA for _ in range(RUNS)])


def main() -> None:
    """All of it."""
    values, differences, means = population()
    rng, spread = np.random.default_rng(SEED), float(np.std(means, ddof=1))
    found = {"runs": RUNS, "spread of the redraws' means": round(spread, 4), "intervals": {
        "users: NDCG": {n: over_users(values, n, rng) for n in USERS},
        "users: difference": {n: over_users(differences, n, rng) for n in USERS},
        "draws and users: difference, 300 users a draw": {
            draws: over_draws(differences, spread, 300, draws, rng) for draws in DRAWS}},
        "false alarms": {n: alarms(differences, values, n, rng) for n in USERS},
        "power": {n: power(differences, n, rng) for n in USERS}}
    print(found, flush=True)
    record.write("intervals", SEED, found)


if __name__ == "__main__":
    main()
