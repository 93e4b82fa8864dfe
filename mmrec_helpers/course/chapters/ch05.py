"""Exercises of chapter 5: where a tone lands, windows that overlap, a step of a GRU."""

from __future__ import annotations

import numpy as np

from mmrec_helpers.course.checks import Exercise, Mistake

# ---- 1. landing(hertz, rate): what is heard of a tone sampled without a filter

TONES = ((5000, 8000), (3000, 8000), (9000, 8000), (21_000, 8000), (8000, 8000), (4000, 8000), (30_000.5, 22_050))


def _landing(hertz: float, rate: float) -> float:
    left = hertz % rate
    return min(left, rate - left)


where_it_lands = Exercise(
    "where_it_lands", _landing, TONES,
    [Mistake("nothing folded", lambda hertz, rate: hertz % rate,
             "5,000 Hz at 8,000 stays at 5,000, but nothing above half the rate can be heard. Fold it back: the rate "
             "minus what is left"),
     Mistake("cut at half the rate", lambda hertz, rate: min(hertz, rate / 2),
             "5,000 Hz at 8,000 stops at 4,000: a tone above half the rate does not stay there, it is folded back"),
     Mistake("taken off by halves", lambda hertz, rate: hertz % (rate / 2),
             "5,000 Hz at 8,000 lands at 1,000: take off whole multiples of the rate, not of half the rate"),
     Mistake("with a sign", lambda hertz, rate: (hertz + rate / 2) % rate - rate / 2,
             "your frequency is negative: its size is right, and we hear it without the sign; use abs()"),
     Mistake("folded once", lambda hertz, rate: min(hertz, abs(rate - hertz)),
             "21,000 Hz at 8,000 lands above half the rate: take off whole multiples of the rate first, with %"),
     Mistake("always folded", lambda hertz, rate: abs(rate - hertz),
             "3,000 Hz at 8,000 lands at 5,000: what is below half the rate must stay where it is"),
     Mistake("one rate", lambda hertz, rate: _landing(hertz, 8000),
             "your function is right only for a rate of 8,000: use rate instead of 8,000")],
    "take off whole multiples of the rate with hertz % rate; then choose between what is left and the rate minus it",
    """def landing(hertz, rate):
    left = hertz % rate
    return min(left, rate - left)
""")

# ---- 2. overlapping(sound, length): windows that begin half a length after one another

LONG, SHORT = np.array([3, 1, 4, 7, 5, 9, 2]), np.array([6, 2, 8])


def _cut(sound: np.ndarray, starts: range, length: int) -> np.ndarray:
    if len(sound) < length:
        return np.resize(sound, (1, length))
    return np.stack([np.pad(one, (0, length - len(one))) for one in (sound[at:at + length] for at in starts)])


def _overlapping(sound: np.ndarray, length: int) -> np.ndarray:
    return _cut(sound, range(0, len(sound) - length + 1, length // 2), length)


def _zeros(sound: np.ndarray, length: int) -> np.ndarray:
    return _overlapping(np.pad(sound, (0, max(length - len(sound), 0))), length)


overlapping_windows = Exercise(
    "overlapping_windows", _overlapping,
    [(LONG, 4), (SHORT, 4), (LONG[:4], 4), (np.tile(LONG, 2)[:8], 4), (np.tile(LONG, 2), 6), (SHORT, 8)],
    [Mistake("side by side", lambda sound, length: np.resize(sound, (max(len(sound) // length, 1), length)),
             "of 7 numbers in windows of 4 you keep one window: the next one starts half a length later, at place 2, "
             "and fits as well"),
     Mistake("rest filled up", lambda sound, length: _cut(
         sound, range(0, len(sound) - length // 2, length // 2), length),
             "of 7 numbers in windows of 4 you make more than two windows: one that would begin at place 4 is not "
             "full, so leave it out"),
     Mistake("a step of one", lambda sound, length: _cut(sound, range(len(sound) - length + 1), length),
             "your windows start at every place: each should start half a length after the one before"),
     Mistake("zeros", _zeros,
             "you fill a short sound up with zeros: that is silence that nobody recorded. Repeat it: np.resize"),
     Mistake("last left out", lambda sound, length: _cut(
         sound, range(0, max(len(sound) - length, 1), length // 2), length),
             "the last window is missing where it just fits: range leaves out its end, so add 1"),
     Mistake("a step of two", lambda sound, length: _cut(sound, range(0, len(sound) - length + 1, 2), length),
             "your step is always 2: half of length is length // 2")],
    "the starts are range(0, len(sound) - length + 1, length // 2); a sound shorter than length is a case of its own",
    """def overlapping(sound, length):
    if len(sound) < length:
        return np.resize(sound, (1, length))
    starts = range(0, len(sound) - length + 1, length // 2)
    return np.stack([sound[start:start + length] for start in starts])
""")

# ---- 3. step(h, x, W, U, b): one unit of a GRU

ZERO = np.zeros(3)
WEIGHTS = np.array([1.0, 0.4, 2.0]), np.array([-0.6, 1.5, 1.2]), np.array([-1.0, 0.5, 0.2])
STATES = ((0.8, 3.0, ZERO, ZERO, ZERO), (0.5, 1.3, *WEIGHTS), (-0.7, 2.0, *WEIGHTS), (0.0, 1.0, *WEIGHTS))


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _gates(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> np.ndarray:
    return _sigmoid(W[:2] * x + U[:2] * h + b[:2])


def _step(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, r = _gates(h, x, W, U, b)
    return z * h + (1 - z) * np.tanh(W[2] * x + U[2] * (r * h) + b[2])


def _swapped(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, r = _gates(h, x, W, U, b)
    return (1 - z) * h + z * np.tanh(W[2] * x + U[2] * (r * h) + b[2])


def _no_reset(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, _ = _gates(h, x, W, U, b)
    return z * h + (1 - z) * np.tanh(W[2] * x + U[2] * h + b[2])


def _no_tanh(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, r = _gates(h, x, W, U, b)
    return z * h + (1 - z) * _sigmoid(W[2] * x + U[2] * (r * h) + b[2])


gru_step = Exercise(
    "gru_step", _step, STATES,
    [Mistake("gates swapped", _swapped,
             "z and 1 - z are swapped: in the chapter, as in Keras, a z of 1 keeps the old state"),
     Mistake("no reset", _no_reset,
             "the candidate uses the whole old state: multiply h by r before U, so that it can be ignored"),
     Mistake("no tanh", _no_tanh,
             "the candidate goes through tanh, not σ: a state must be able to fall below 0"),
     Mistake("z and r swapped", lambda h, x, W, U, b: _step(h, x, W[[1, 0, 2]], U[[1, 0, 2]], b[[1, 0, 2]]),
             "z and r are swapped: the first of the three values is for z"),
     Mistake("no bias", lambda h, x, W, U, b: _step(h, x, W, U, ZERO), "you leave out b: add it in all three sums"),
     Mistake("W and U swapped", lambda h, x, W, U, b: _step(h, x, U, W, b),
             "W and U are swapped: W belongs to the sound x, U to the state h")],
    "z and r by σ of W x + U h + b, the candidate by tanh with r h in the place of h, then z h + (1 - z) candidate",
    """def step(h, x, W, U, b):
    z, r = 1 / (1 + np.exp(-(W[:2] * x + U[:2] * h + b[:2])))
    new = np.tanh(W[2] * x + U[2] * (r * h) + b[2])
    return z * h + (1 - z) * new
""")

EXERCISES = {one.name: one for one in (where_it_lands, overlapping_windows, gru_step)}
