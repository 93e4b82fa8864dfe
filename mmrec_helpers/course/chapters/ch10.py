"""Exercises of chapter 10: visitors for a test, the error of a ratio, CUPED, a team draft, a new policy's reward."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmrec_helpers.course.checks import Exercise

Z = 1.96 + 0.84
"""Standard errors that an effect must be from 0: 5 % false alarms, 80 % power."""


def visitors_of_a_half(effect: float, spread: float) -> float:
    """Visitors in each half of an A/B test, not rounded: 2 (1.96 + 0.84)^2 spread^2 / effect^2."""
    return 2 * Z**2 * spread**2 / effect**2


visitors_needed = Exercise(
    "visitors_needed", visitors_of_a_half, [(0.1, 3.0), (0.05, 1.5), (0.5, 0.7)],
    mistakes=[
        (lambda effect, spread: visitors_of_a_half(effect, spread) / 2,
         "the 2 is missing: both halves are uncertain, so the variances of two means add up"),
        (lambda effect, spread: 2 * visitors_of_a_half(effect, spread),
         "you give the visitors of both halves together; those of one half are asked for"),
        (lambda effect, spread: 2 * 1.96**2 * spread**2 / effect**2,
         "with 1.96 alone you see the effect only half of the time: add 0.84 for 80 % power"),
        (lambda effect, spread: 2 * Z**2 * spread / effect**2,
         "the standard deviation is not squared: it is the variance that counts"),
        (lambda effect, spread: 2 * Z**2 * spread**2 / effect,
         "the effect is not squared: half of it needs four times as many"),
        (lambda effect, spread: 2 * Z * spread**2 / effect**2, "(1.96 + 0.84) is not squared"),
        (lambda effect, spread: 2 * (1.96**2 + 0.84**2) * spread**2 / effect**2,
         "add 1.96 and 0.84 first, then square the sum"),
        (lambda effect, spread: visitors_of_a_half(spread, effect), "effect and spread are exchanged"),
    ],
    tip="the difference of two means has the variance 2 s^2 / n; it should be (1.96 + 0.84) of its roots from 0")

PLAYED = np.array([3.0, 0.0, 5.0, 2.0, 1.0])
SHOWN = np.array([20.0, 10.0, 40.0, 10.0, 30.0])


def ratio_of_sums(played: np.ndarray, shown: np.ndarray) -> tuple[float, float]:
    """R = sum of played / sum of shown, and its standard error by the delta method."""
    ratio = played.sum() / shown.sum()
    return ratio, np.sqrt((played - ratio * shown).var(ddof=1) / len(played)) / shown.mean()


def _ratio(played: np.ndarray, shown: np.ndarray) -> float:
    return played.sum() / shown.sum()


def _rest(played: np.ndarray, shown: np.ndarray) -> np.ndarray:
    return played - _ratio(played, shown) * shown


ratio_error = Exercise(
    "ratio_error", ratio_of_sums, [(PLAYED, SHOWN), (SHOWN[:4], SHOWN[::-1][:4].copy()), (PLAYED[2:], SHOWN[2:] / 2)],
    mistakes=[
        (lambda played, shown: ((played / shown).mean(), (played / shown).std(ddof=1) / np.sqrt(len(played))),
         "this is the mean of the visitors' ratios; the ratio of the sums is asked for: who saw more counts more"),
        (lambda played, shown: (_ratio(played, shown), np.sqrt(
            _ratio(played, shown) * (1 - _ratio(played, shown)) / shown.sum())),
         "this takes every impression as independent; the impressions of one visitor are not"),
        (lambda played, shown: (_ratio(played, shown), np.sqrt(played.var(ddof=1) / len(played)) / shown.mean()),
         "you leave out that the number of impressions varies too: take the variance of played - R * shown"),
        (lambda played, shown: (_ratio(played, shown), np.sqrt(_rest(played, shown).var(ddof=1) / len(played))),
         "the unit is wrong: divide by the mean of shown, so that it is per impression"),
        (lambda played, shown: (_ratio(played, shown), _rest(played, shown).std(ddof=1) / shown.mean()),
         "this is the spread of one visitor; the mean of n has a standard error smaller by the root of n"),
        (lambda played, shown: (_ratio(played, shown),
                                _rest(played, shown).var(ddof=1) / len(played) / shown.mean()**2),
         "this is the variance; its root is the standard error"),
        (lambda played, shown: (_ratio(played, shown), np.sqrt(
            _rest(played, shown).var() / len(played)) / shown.mean()),
         "your variance divides by n; with n - 1 (ddof=1) it is not too small"),
    ],
    tip="R = sum / sum; rest = played - R * shown; standard error = sqrt(var(rest, ddof=1) / n) / mean(shown)")

AFTER = np.array([3.0, 1.0, 6.0, 2.0, 4.0])
BEFORE = np.array([2.0, 1.0, 5.0, 1.0, 5.0])


def less_the_past(values: np.ndarray, before: np.ndarray) -> np.ndarray:
    """CUPED: y - theta (x - mean x), theta = cov(x, y) / var(x)."""
    centred = before - before.mean()
    return values - (centred @ values) / (centred @ centred) * centred


def _theta(values: np.ndarray, before: np.ndarray) -> float:
    return np.cov(before, values)[0, 1] / before.var(ddof=1)


past_removed = Exercise(
    "past_removed", less_the_past, [(AFTER, BEFORE), (BEFORE, AFTER), (AFTER * 10, BEFORE + 3)],
    mistakes=[
        (lambda values, before: values - _theta(values, before) * before,
         "the mean has changed: subtract theta times (x - mean of x), so that the mean stays"),
        (lambda values, before: values - before,
         "this subtracts the whole past: theta = 1, and the mean changes; find theta = cov(x, y) / var(x)"),
        (lambda values, before: values - (before - before.mean()),
         "this is theta = 1; find theta = cov(x, y) / var(x)"),
        (lambda values, before: values + _theta(values, before) * (before - before.mean()),
         "the sign is wrong: what the past explains is subtracted"),
        (lambda values, before: values - np.cov(before, values)[0, 1] / values.var(ddof=1) * (before - before.mean()),
         "you divide by the variance of y; theta is the slope of y on x: divide by that of x"),
        (lambda values, before: values - np.corrcoef(before, values)[0, 1] * (before - before.mean()),
         "a correlation is no slope: theta = cov(x, y) / var(x)"),
        (lambda values, before: values - np.cov(before, values)[0, 1] / before.var() * (before - before.mean()),
         "np.cov divides by n - 1 and .var() by n: take both with the same divisor"),
        (lambda values, before: less_the_past(values, before) - values.mean(),
         "you remove the mean of y as well; it must stay"),
    ],
    tip="centred = before - before.mean(); theta = (centred @ values) / (centred @ centred); values - theta * centred")


def drafted(a: Sequence[str], b: Sequence[str], first: Sequence[str], k: int) -> list[tuple[str, str]]:
    """One list of two: (item, team) for k places; first: whose turn it is to begin, "A" or "B", in each round."""
    found: list[tuple[str, str]] = []
    for begins in first:
        for team in (begins, "B" if begins == "A" else "A"):
            taken = [item for item, _ in found]
            free = [item for item in (a if team == "A" else b) if item not in taken]
            if free and len(found) < k:
                found.append((free[0], team))
    return found


def _without_look(a: Sequence[str], b: Sequence[str], first: Sequence[str], k: int) -> list[tuple[str, str]]:
    """The n-th pick is the n-th record, taken or not."""
    turns = [team for begins in first for team in (begins, "B" if begins == "A" else "A")]
    counts = {"A": 0, "B": 0}
    found = []
    for team in turns[:k]:
        found.append(((a if team == "A" else b)[counts[team]], team))
        counts[team] += 1
    return found


def _skips(a: Sequence[str], b: Sequence[str], first: Sequence[str], k: int) -> list[tuple[str, str]]:
    """Who has lost the best one to the other does not pick."""
    found: list[tuple[str, str]] = []
    for place, begins in enumerate(first):
        for team in (begins, "B" if begins == "A" else "A"):
            item = (a if team == "A" else b)[place]
            if item not in [one for one, _ in found] and len(found) < k:
                found.append((item, team))
    return found


A, B = ["p", "q", "r", "s"], ["q", "p", "t", "u"]
team_drafted = Exercise(
    "team_drafted", drafted, [(A, B, ["B", "A"], 3), (A, B, ["B", "B", "A"], 5), (B, A, ["A", "A"], 3)],
    same=lambda found, wanted: list(map(tuple, found)) == list(map(tuple, wanted)),
    mistakes=[
        (_without_look, "a record is in your list twice: a captain picks the best record that is still free"),
        (_skips, "when its best record is gone, a captain picks the next one that is free; it does not pass"),
        (lambda a, b, first, k: drafted(a, b, ["A"] * len(first), k),
         "A begins in every round; first says who begins, round by round"),
        (lambda a, b, first, k: drafted(a, b, [first[0]] * len(first), k),
         "the first coin decides all your rounds; there is a coin for each round"),
        (lambda a, b, first, k: drafted(a, b, first, 2 * len(first)),
         "your list is too long: stop at k records"),
        (lambda a, b, first, k: [item for item, _ in drafted(a, b, first, k)],
         "the teams are missing: without them nobody knows whose record was taken"),
        (lambda a, b, first, k: drafted(b, a, first, k), "A picks from b and B from a: exchange them"),
        (lambda a, b, first, k: drafted(a, b, ["B" if one == "A" else "A" for one in first], k),
         "the other one begins: first names who picks first in each round"),
    ],
    tip="for each round: for the one that begins, then the other: its first record that is not in the list yet")

REWARD = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
OLD = np.array([0.5, 0.2, 0.1, 0.4, 0.25])
NEW = np.array([0.1, 0.4, 0.2, 0.4, 0.25])


def weighted_reward(reward: np.ndarray, old: np.ndarray, new: np.ndarray, most: float) -> float:
    """SNIPS with weights of at most `most`: sum w r / sum w, w = min(new / old, most)."""
    w = np.minimum(new / old, most)
    return float(w @ reward / w.sum())


new_policy = Exercise(
    "new_policy", weighted_reward, [(REWARD, OLD, NEW, 10.0), (REWARD, OLD, NEW, 1.5), (2 * REWARD, NEW, OLD, 3.0)],
    mistakes=[
        (lambda reward, old, new, most: float((np.minimum(new / old, most) * reward).mean()),
         "this is IPS: it divides by the number of rows; divide by the sum of the weights"),
        (lambda reward, old, new, most: weighted_reward(reward, new, old, most),
         "the weight is upside down: what the new policy takes more often counts more, so new / old"),
        (lambda reward, old, new, most: weighted_reward(reward, old, new, np.inf),
         "the weights are not cut: none may be larger than most"),
        (lambda reward, old, new, most: float((new / old) @ reward / np.minimum(new / old, most).sum()),
         "the weights are cut below the line only; use the same ones above it"),
        (lambda reward, old, new, most: float(np.minimum(new / old, most) @ reward / (new / old).sum()),
         "the weights are cut above the line only; use the same ones below it"),
        (lambda reward, old, new, most: float((new @ reward) / new.sum()),
         "you weight by the new policy alone; the rows were drawn by the old one, so divide by its chance"),
        (lambda reward, old, new, most: float(reward.mean()),
         "this is what the old policy earned: the weights are missing"),
        (lambda reward, old, new, most: float(
            (w := np.where(new / old > most, 0, new / old)) @ reward / w.sum()),
         "rows with a large weight are left out; they should count with the weight most"),
    ],
    tip="w = np.minimum(new / old, most); then (w * reward).sum() / w.sum()")
