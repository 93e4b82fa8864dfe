"""Exercises of chapter 9: the metrics of a list, a bootstrap interval, a permutation test, a planted fault, draws."""

from __future__ import annotations

from collections.abc import Sequence, Set

import numpy as np

from mmrec_helpers.catalog import Interactions, Queries, Split, Stage
from mmrec_helpers.course.checks import Exercise
from mmrec_helpers.evaluation import evaluate
from mmrec_helpers.ranking import ItemKNN, Popularity, Ranker


def four_metrics(listed: Sequence[str], taken: Set[str]) -> tuple[float, float, float, float]:
    """Precision, recall, F1 and NDCG of one list, best first; something was taken."""
    hits = np.array([item in taken for item in listed])
    gain = 1 / np.log2(np.arange(len(listed)) + 2)
    ideal = gain[:len(taken)].sum()
    return (hits.mean(), hits.sum() / len(taken), 2 * hits.sum() / (len(listed) + len(taken)), (gain @ hits) / ideal)


def _with_ndcg(listed: Sequence[str], taken: Set[str], ndcg: float) -> tuple[float, float, float, float]:
    return *four_metrics(listed, taken)[:3], ndcg


def _gain(listed: Sequence[str], taken: Set[str], shift: int = 1, log: np.ufunc = np.log2) -> float:
    """The sum over the hits of 1 / log(rank + shift)."""
    return sum(1 / log(rank + shift) for rank, item in enumerate(listed, 1) if item in taken)


list_metrics = Exercise(
    "list_metrics", four_metrics,
    [(["a", "b", "c", "d"], {"b", "x", "y"}), (["a", "b"], {"a", "b", "c", "d", "e"}), (["a", "b", "c"], {"z"})],
    mistakes=[
        (lambda listed, taken: _with_ndcg(listed, taken, _gain(listed, taken)),
         "NDCG is not divided by the best list possible: the sum of the gains of the first min(taken, k) places"),
        (lambda listed, taken: _with_ndcg(listed, taken, _gain(listed, taken) / sum(
            1 / np.log2(rank + 1) for rank in range(1, len(listed) + 1))),
         "your best list has a hit at every place; there are only as many hits as records were taken"),
        (lambda listed, taken: _with_ndcg(listed, taken, _gain(listed, taken) / sum(
            1 / np.log2(rank + 1) for rank in range(1, len(taken) + 1))),
         "your best list is longer than the list itself: at most k places can be hits"),
        (lambda listed, taken: _with_ndcg(listed, taken, _gain(listed, taken, 2) / sum(
            1 / np.log2(rank + 2) for rank in range(1, min(len(taken), len(listed)) + 1))),
         "your first place has log2(3); ranks begin at 1, so its gain is 1 / log2(2) = 1: with places from 0 it is "
         "1 / log2(place + 2)"),
        (lambda listed, taken: (lambda p, r, f, n: (r, p, f, n))(*four_metrics(listed, taken)),
         "precision and recall are exchanged: precision divides by the length of the list"),
        (lambda listed, taken: (lambda p, r, f, n: (p, r, (p + r) / 2, n))(*four_metrics(listed, taken)),
         "F1 is the harmonic mean, 2PR / (P + R), not the ordinary one"),
    ],
    tip="hits = which of the list were taken; precision = hits / k, recall = hits / taken, F1 = 2 hits / (k + taken); "
        "NDCG = the gains of the hits divided by the gains of the first min(taken, k) places")

VALUES = np.array([0.0, 0.9, 0.1, 0.4, 0.0, 0.3])
DRAWN = np.random.default_rng(0).integers(6, size=(200, 6))


def bootstrap_ends(values: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
    """Percentiles 2.5 and 97.5 of the means of resamples; drawn (n, users): who is in each."""
    low, high = np.percentile(values[drawn].mean(axis=1), [2.5, 97.5])
    return low, high


bootstrap_interval = Exercise(
    "bootstrap_interval", bootstrap_ends, [(VALUES, DRAWN), (VALUES[:4], DRAWN[:50, :4] % 4), (VALUES + 1, DRAWN[:90])],
    mistakes=[
        (lambda values, drawn: np.percentile(values[drawn].mean(axis=1), [5, 95]),
         "your interval leaves out 5 % on each side; 95 % in all means 2.5 % on each: percentiles 2.5 and 97.5"),
        (lambda values, drawn: np.percentile(values[drawn], [2.5, 97.5]),
         "these are percentiles of single users; take the mean of each resample (each row of drawn) first"),
        (lambda values, drawn: np.percentile(values[drawn].mean(axis=0), [2.5, 97.5]),
         "you take means over the resamples; each row of drawn is one resample, so axis=1"),
        (lambda values, drawn: np.percentile(values, [2.5, 97.5]),
         "drawn is not used: values[drawn] has the values of each resample"),
        (lambda values, drawn: np.percentile(np.median(values[drawn], axis=1), [2.5, 97.5]),
         "you take the median of each resample; the mean is wanted"),
        (lambda values, drawn: values.mean() + np.array([-1.96, 1.96]) * values[drawn].mean(axis=1).std(),
         "this is the interval by 1.96 standard errors; the bootstrap takes the percentiles of the means themselves"),
        (lambda values, drawn: np.percentile(values[drawn].mean(axis=1), [0.025, 0.975]),
         "np.percentile takes per cents: 2.5, not 0.025"),
        (lambda values, drawn: np.percentile(values[drawn].mean(axis=1), [0, 100]),
         "smallest and largest depend on how often you draw; leave out 2.5 % on each side"),
    ],
    tip="values[drawn].mean(axis=1), then np.percentile(..., [2.5, 97.5])")

DIFFERENCES = np.array([0.3, 0.1, -0.1, 0.2, 0.4])
SIGNS = np.where(np.random.default_rng(1).random((300, 5)) < 0.5, -1, 1)


def permutation_share(differences: np.ndarray, signs: np.ndarray) -> float:
    """p = (1 + sets of signs with a mean at least as far from 0) / (1 + all); signs (n, users) of 1 and -1."""
    by_chance = (signs * differences).mean(axis=1)
    return (1 + (abs(by_chance) >= abs(differences.mean()) - 1e-12).sum()) / (1 + len(signs))


def _chance(differences: np.ndarray, signs: np.ndarray) -> np.ndarray:
    return (signs * differences).mean(axis=1)


permutation_test = Exercise(
    "permutation_test", permutation_share,
    [(DIFFERENCES, SIGNS), (-DIFFERENCES[:3], SIGNS[:40, :3]), (DIFFERENCES[:4], SIGNS[:7, :4])],
    mistakes=[
        (lambda differences, signs: (1 + (_chance(differences, signs) >= differences.mean() - 1e-12).sum())
         / (1 + len(signs)),
         "you count one side: means far below 0 are as far from 0 as those above; compare absolute values"),
        (lambda differences, signs: (abs(_chance(differences, signs)) >= abs(differences.mean()) - 1e-12).mean(),
         "a p of 0 is possible; count what was seen as one of the draws: (1 + count) / (1 + n)"),
        (lambda differences, signs: (1 + (abs(_chance(differences, signs)) > abs(differences.mean()) + 1e-12).sum())
         / (1 + len(signs)),
         "means that are as far from 0 as the one seen must count too: >=, not >"),
        (lambda differences, signs: 1 - permutation_share(differences, signs),
         "you give the share that is nearer to 0; p is the share that is at least as far"),
        (lambda differences, signs: (1 + (abs(_chance(differences, signs)) <= abs(differences.mean()) + 1e-12).sum())
         / (1 + len(signs)),
         "you count the means that are nearer to 0; p counts those at least as far: >="),
        (lambda differences, signs: (1 + (abs(signs * differences) >= abs(differences.mean()) - 1e-12).mean(
            axis=1).sum()) / (1 + len(signs)),
         "you compare single users; take the mean over the users of each set of signs first"),
        (lambda differences, signs: (abs(_chance(differences, signs)) >= abs(differences.mean()) - 1e-12).sum(),
         "you give how many; p is a share: (1 + count) / (1 + n)"),
    ],
    tip="by_chance = (signs * differences).mean(axis=1); count abs(by_chance) >= abs(differences.mean()), then "
        "(1 + count) / (1 + n)")


def small_shop(seed: int) -> Split:
    """Twelve users and ten items, divided in three at random; a tenth item comes only after the test begins."""
    rng = np.random.default_rng(seed)
    part = np.where(rng.random((12, 10)) < 0.6, rng.integers(1, 4, (12, 10)), 0)  # 0: not taken, 3: in the test
    part[:, 9] = np.where(part[:, 9] == 3, 0, part[:, 9])
    part[:, :3] = np.arange(1, 4)  # everybody has something of each
    users, items = np.array([f"u{n}" for n in range(12)]), np.array([f"i{n}" for n in range(10)])

    def stage(number: int) -> Stage:
        fit = Interactions((part > 0) & (part < number), users, items)
        return Stage(fit, fit.queries(), Queries((part == number).astype(float)).history, np.arange(10) < 9)

    return Split(stage(2), stage(3), Interactions(part > 0, users, items), {"split": "small"})


def fair_recall(split: Split, ranker: Ranker, k: int) -> np.ndarray:
    """Recall@k of each user asked at the test: fitted on the test's training set, what was seen left out."""
    return evaluate(ranker.clone().fit(split.test.fit), split.test, k).metrics["recall"]


def _by_hand(split: Split, ranker: Ranker, k: int, fit: Interactions | None = None, queries: Queries | None = None,
             seen: bool = True, offered: bool = True) -> np.ndarray:
    """The same without the evaluator, with faults: another training set, other histories, a mask left out."""
    stage = split.test
    scores = ranker.clone().fit(stage.fit if fit is None else fit).score(stage.queries if queries is None else queries)
    scores = np.where(stage.queries.seen.toarray(), -np.inf, scores) if seen else scores
    scores = np.where(stage.candidates, scores, -np.inf) if offered else scores
    best, taken = np.argsort(-scores, axis=1, kind="stable")[:, :k], stage.targets.toarray() > 0
    return np.take_along_axis(taken, best, axis=1).sum(axis=1) / taken.sum(axis=1)


planted_fault = Exercise(
    "planted_fault", fair_recall,
    [(small_shop(0), ItemKNN(), 3), (small_shop(1), Popularity(), 2), (small_shop(2), ItemKNN(), 2)],
    mistakes=[
        (lambda split, ranker, k: _by_hand(split, ranker, k, fit=split.everything),
         "the fault is still there: the ranker learns from the test itself"),
        (lambda split, ranker, k: _by_hand(split, ranker, k, fit=split.valid.fit),
         "it learns from less than it may: after choosing, valid belongs to the training set (split.test.fit)"),
        (lambda split, ranker, k: _by_hand(
            split, ranker, k, queries=split.everything.queries(split.test.queries.users)),
         "now it is asked with the test in the history: take split.test.queries"),
        (lambda split, ranker, k: _by_hand(split, ranker, k, seen=False),
         "what the user has seen is recommended again; the mask was right, leave it in"),
        (lambda split, ranker, k: _by_hand(split, ranker, k, offered=False),
         "records that are no candidates are in the lists; the mask was right, leave it in"),
        (lambda split, ranker, k: fair_recall(split, ranker, k).mean(),
         "you give the mean; the recall of each user is wanted, for an interval"),
    ],
    tip="what is the ranker fitted on? Compare it with what is known when the test begins")

DRAWS = np.array([[0.1, 0.3, 0.2], [0.5, 0.4, 0.6], [0.0, 0.2, 0.0], [0.9, 0.5, 0.7]])


def common_part(values: np.ndarray) -> float:
    """The mean, over all pairs of draws, of cov(x, y) / users: values (users, draws), everybody in every draw."""
    n_users, n_draws = values.shape
    covariance = np.cov(values.T) / n_users
    return (covariance.sum() - np.trace(covariance)) / (n_draws * (n_draws - 1))


def _pairs(covariance: np.ndarray) -> float:
    """The mean outside the diagonal."""
    return covariance[~np.eye(len(covariance), dtype=bool)].mean()


shared_variance = Exercise(
    "shared_variance", common_part, [(DRAWS, ), (DRAWS[:3, :2], ), (DRAWS[::-1] * 2, )],
    mistakes=[
        (lambda values: np.cov(values.T).mean() / len(values),
         "the diagonal is among your pairs: it has each draw with itself, which is its variance"),
        (lambda values: _pairs(np.cov(values.T)),
         "this is the covariance of two users' values; the means of n users move n times less: divide by users"),
        (lambda values: _pairs(np.cov(values.T)) / values.shape[1],
         "you divide by the number of draws; each draw's mean is over users: divide by those"),
        (lambda values: _pairs(np.atleast_2d(np.cov(values))) / len(values),
         "you compare users with one another; np.cov takes variables as rows, so the draws: np.cov(values.T)"),
        (lambda values: _pairs(np.corrcoef(values.T)) / len(values),
         "a correlation has no units; the covariance is wanted"),
        (lambda values: _pairs(np.cov(values.T, ddof=0)) / len(values),
         "your covariance divides by the number of users; the sample's divides by users - 1, as np.cov does"),
        (lambda values: values.mean(axis=0).var(ddof=1),
         "this is the variance of the draws' means, which shows in what draws differ, not what they have in common"),
        (lambda values: _pairs(np.cov(values.T)) * (values.shape[1] - 1) / values.shape[1] / len(values),
         "you divide the sum over the pairs by D * D; there are D (D - 1) pairs outside the diagonal"),
    ],
    tip="np.cov(values.T) is (draws, draws); the mean of what is outside its diagonal, divided by the number of users")
