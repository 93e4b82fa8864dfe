"""Exercises of chapter 5: where a tone lands, windows that overlap, a step of a GRU."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmrec_helpers.course.checks import Exercise, Mistake, gives_like

# ---- 1. landing(hertz, rate): what is heard of a tone sampled without a filter

Landing = Callable[[float, float], float]

TONES = ((5000, 8000), (3000, 8000), (9000, 8000), (8000, 8000), (21_000, 8000), (4000, 8000))


def _landing(hertz: float, rate: float) -> float:
    left = hertz % rate
    return min(left, rate - left)


def _lands(hertz: float, rate: float, wanted: float) -> Callable[[Landing], bool]:
    return lambda landing: bool(np.isclose(landing(hertz, rate), wanted))


where_it_lands = Exercise(
    "where_it_lands", lambda f: all(_lands(*tone, _landing(*tone))(f) for tone in TONES), _landing,
    [Mistake("nothing folded", lambda hertz, rate: hertz % rate, _lands(5000, 8000, 5000),
             "5,000 Hz at 8,000 stays at 5,000: but nothing above half the rate can be heard. Fold it back: the rate "
             "less it"),
     Mistake("always folded", lambda hertz, rate: abs(rate - hertz), _lands(3000, 8000, 5000),
             "3,000 Hz at 8,000 lands at 5,000: what lies below half the rate must stay where it is"),
     Mistake("folded once", lambda hertz, rate: min(hertz, abs(rate - hertz)), _lands(21_000, 8000, 13_000),
             "21,000 Hz at 8,000 lands above half the rate: take whole multiples of the rate off first, with %")],
    "take whole multiples of the rate off with hertz % rate; then choose between what is left and the rate less it",
    """def landing(hertz, rate):
    left = hertz % rate
    return min(left, rate - left)
""")

# ---- 2. overlapping(sound, length): windows that begin half a length after one another

Windows = Callable[[np.ndarray, int], np.ndarray]

LONG, SHORT = np.arange(7), np.array([1, 2])
HALVES, REPEATED = [[0, 1, 2, 3], [2, 3, 4, 5]], [[1, 2, 1, 2]]


def _overlapping(sound: np.ndarray, length: int) -> np.ndarray:
    if len(sound) < length:
        return np.resize(sound, (1, length))
    starts = range(0, len(sound) - length + 1, length // 2)
    return np.stack([sound[start:start + length] for start in starts])


def _side_by_side(sound: np.ndarray, length: int) -> np.ndarray:
    return np.resize(sound, (max(len(sound) // length, 1), length))


def _filled(sound: np.ndarray, length: int) -> np.ndarray:
    """With zeros: the rest, and what is short."""
    starts = range(0, max(len(sound) - length // 2, 1), length // 2)
    cut = [sound[start:start + length] for start in starts]
    return np.stack([np.pad(one, (0, length - len(one))) for one in cut])


def _quiet_end(sound: np.ndarray, length: int) -> np.ndarray:
    if len(sound) < length:
        return np.pad(sound, (0, length - len(sound)))[None]
    return _overlapping(sound, length)


def _cuts(sound: np.ndarray, wanted: list[list[int]]) -> Callable[[Windows], bool]:
    return lambda overlapping: np.array_equal(overlapping(sound, 4), wanted)


def _overlapping_right(overlapping: Windows) -> bool:
    sounds = (LONG, SHORT, np.arange(4), np.arange(8))
    return all(_cuts(sound, _overlapping(sound, 4).tolist())(overlapping) for sound in sounds)


overlapping_windows = Exercise(
    "overlapping_windows", _overlapping_right, _overlapping,
    [Mistake("side by side", _side_by_side, _cuts(LONG, HALVES[:1]),
             "of 0 to 6 you keep one window: the next one begins half a length later, at 2, and fits as well"),
     Mistake("rest filled up", _filled, lambda f: len(f(LONG, 4)) > 2,
             "of 0 to 6 you make more than two windows: one that would begin at 4 is not full, so leave it out"),
     Mistake("zeros", _quiet_end, _cuts(SHORT, [[1, 2, 0, 0]]),
             "you fill a short sound up with zeros: that is silence that nobody composed. Repeat it: np.resize")],
    "the starts are range(0, len(sound) - length + 1, length // 2); a sound shorter than length goes its own way",
    """def overlapping(sound, length):
    if len(sound) < length:
        return np.resize(sound, (1, length))
    starts = range(0, len(sound) - length + 1, length // 2)
    return np.stack([sound[start:start + length] for start in starts])
""")

# ---- 3. step(h, x, W, U, b): one unit of a GRU

Step = Callable[..., float]

ZERO = np.zeros(3)
WEIGHTS = np.array([1.0, 0.0, 2.0]), np.array([0.0, 1.0, 1.0]), np.array([-1.0, 0.5, 0.2])
STATES = ((0.0, 1.0, *WEIGHTS), (0.5, 0.0, *WEIGHTS), (-0.7, 2.0, *WEIGHTS))


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _step(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, r = _sigmoid(W[:2] * x + U[:2] * h + b[:2])
    return z * h + (1 - z) * np.tanh(W[2] * x + U[2] * (r * h) + b[2])


def _swapped(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, r = _sigmoid(W[:2] * x + U[:2] * h + b[:2])
    return (1 - z) * h + z * np.tanh(W[2] * x + U[2] * (r * h) + b[2])


def _no_reset(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, _ = _sigmoid(W[:2] * x + U[:2] * h + b[:2])
    return z * h + (1 - z) * np.tanh(W[2] * x + U[2] * h + b[2])


def _no_tanh(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, r = _sigmoid(W[:2] * x + U[:2] * h + b[:2])
    return z * h + (1 - z) * _sigmoid(W[2] * x + U[2] * (r * h) + b[2])


gru_step = Exercise(
    "gru_step", lambda f: gives_like(_step, *STATES)(f) and bool(np.isclose(f(0.8, 3.0, ZERO, ZERO, ZERO), 0.4)), _step,
    [Mistake("gates swapped", _swapped, gives_like(_swapped, *STATES),
             "z and 1 - z have changed places: in the chapter, as in Keras, a z of 1 keeps the old state"),
     Mistake("no reset", _no_reset, gives_like(_no_reset, *STATES),
             "the candidate sees the whole past: multiply h by r before U, so that it can look away"),
     Mistake("no tanh", _no_tanh, gives_like(_no_tanh, *STATES),
             "the candidate goes through tanh, not σ: a state must be able to fall below 0")],
    "z and r by σ of W x + U h + b, the candidate by tanh with r h in the place of h, then z h + (1 - z) candidate",
    """def step(h, x, W, U, b):
    z, r = 1 / (1 + np.exp(-(W[:2] * x + U[:2] * h + b[:2])))
    new = np.tanh(W[2] * x + U[2] * (r * h) + b[2])
    return z * h + (1 - z) * new
""")

EXERCISES = {one.name: one for one in (where_it_lands, overlapping_windows, gru_step)}
