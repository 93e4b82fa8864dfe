"""Exercises of chapter 5: where a tone lands, windows that overlap, a step of a GRU."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from mmrec_helpers.course.checks import Exercise

TONES = ((5000, 8000), (3000, 8000), (9000, 8000), (21_000, 8000), (8000, 8000), (4000, 8000), (30_000.5, 22_050))


def landing(hertz: float, rate: float) -> float:
    """The frequency that is heard of a tone sampled without a filter."""
    left = hertz % rate
    return min(left, rate - left)


where_it_lands = Exercise(
    "where_it_lands", landing, TONES,
    mistakes=[
        (lambda hertz, rate: hertz % rate,
         "5,000 Hz at 8,000 stays at 5,000, but nothing above half the rate can be heard. Fold it back: rate - left"),
        (lambda hertz, rate: min(hertz, rate / 2),
         "5,000 Hz at 8,000 stops at 4,000: a tone above half the rate does not stay there, it is folded back"),
        (lambda hertz, rate: hertz % (rate / 2),
         "5,000 Hz at 8,000 lands at 1,000: subtract whole multiples of the rate, not of half the rate"),
        (lambda hertz, rate: (hertz + rate / 2) % rate - rate / 2,
         "your frequency is negative: its size is right, and we hear it without the sign; use abs()"),
        (lambda hertz, rate: min(hertz, abs(rate - hertz)),
         "21,000 Hz at 8,000 lands above half the rate: subtract whole multiples of the rate first, with %"),
        (lambda hertz, rate: abs(rate - hertz),
         "3,000 Hz at 8,000 lands at 5,000: what is below half the rate must stay where it is"),
        (lambda hertz, rate: landing(hertz, 8000),
         "your function is right only for a rate of 8,000: use rate instead of 8,000"),
    ],
    tip="subtract whole multiples of the rate: left = hertz % rate; then choose between left and rate - left")

LONG, SHORT = np.array([3, 1, 4, 7, 5, 9, 2]), np.array([6, 2, 8])


def overlapping(sound: np.ndarray, length: int) -> np.ndarray:
    """Windows (n, length), each half a length after the one before; a short sound is repeated."""
    if len(sound) < length:
        return np.resize(sound, (1, length))
    starts = range(0, len(sound) - length + 1, length // 2)
    return np.stack([sound[start:start + length] for start in starts])


def _cut(sound: np.ndarray, length: int, end: int, step: int) -> np.ndarray:
    """Windows that start before `end`, every `step`; the last is filled up with zeros."""
    if len(sound) < length:
        return np.resize(sound, (1, length))
    return np.stack([np.pad(sound, (0, length))[at:at + length] for at in range(0, end, step)])


overlapping_windows = Exercise(
    "overlapping_windows", overlapping,
    [(LONG, 4), (SHORT, 4), (LONG[:4], 4), (np.tile(LONG, 2)[:8], 4), (np.tile(LONG, 2), 6), (SHORT, 8)],
    mistakes=[
        (lambda sound, length: np.resize(sound, (max(len(sound) // length, 1), length)),
         "of 7 samples in windows of 4 you keep one window: the next one starts half a length later, at place 2, and "
         "fits as well"),
        (lambda sound, length: _cut(sound, length, len(sound) - length // 2, length // 2),
         "of 7 samples in windows of 4 you make more than two windows: one that would begin at place 4 is not full, so "
         "leave it out"),
        (lambda sound, length: _cut(sound, length, len(sound) - length + 1, 1),
         "your windows start at every place: each should start half a length after the one before"),
        (lambda sound, length: overlapping(np.pad(sound, (0, max(length - len(sound), 0))), length),
         "you fill a short sound up with zeros: that is silence that nobody recorded. Repeat it: np.resize"),
        (lambda sound, length: _cut(sound, length, max(len(sound) - length, 1), length // 2),
         "the last window is missing where it just fits: range leaves out its end, so add 1"),
        (lambda sound, length: _cut(sound, length, len(sound) - length + 1, 2),
         "your step is always 2: half of length is length // 2"),
    ],
    tip="the starts are range(0, len(sound) - length + 1, length // 2); treat a sound shorter than length separately")

ZERO = np.zeros(3)
WEIGHTS = np.array([1.0, 0.4, 2.0]), np.array([-0.6, 1.5, 1.2]), np.array([-1.0, 0.5, 0.2])
STATES = ((0.8, 3.0, ZERO, ZERO, ZERO), (0.5, 1.3, *WEIGHTS), (-0.7, 2.0, *WEIGHTS), (0.0, 1.0, *WEIGHTS))


def step(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    """One unit of a GRU: the new state."""
    z, r = 1 / (1 + np.exp(-(W[:2] * x + U[:2] * h + b[:2])))
    new = np.tanh(W[2] * x + U[2] * (r * h) + b[2])
    return z * h + (1 - z) * new


def _no_tanh(h: float, x: float, W: np.ndarray, U: np.ndarray, b: np.ndarray) -> float:
    z, r = expit(W[:2] * x + U[:2] * h + b[:2])
    return z * h + (1 - z) * expit(W[2] * x + U[2] * (r * h) + b[2])


gru_step = Exercise(
    "gru_step", step, STATES,
    mistakes=[
        (lambda h, x, W, U, b: step(h, x, W * [-1, 1, 1], U * [-1, 1, 1], b * [-1, 1, 1]),  # σ(-a) is 1 - σ(a)
         "z and 1 - z are swapped: in the chapter, as in Keras, a z of 1 keeps the old state"),
        (lambda h, x, W, U, b: step(h, x, W, U, b + [0, np.inf, 0]),  # r is 1
         "the candidate uses the whole old state: multiply h by r before U, so that it can be ignored"),
        (_no_tanh, "the candidate goes through tanh, not σ: a state must be able to fall below 0"),
        (lambda h, x, W, U, b: step(h, x, W[[1, 0, 2]], U[[1, 0, 2]], b[[1, 0, 2]]),
         "z and r are swapped: the first of the three values is for z"),
        (lambda h, x, W, U, b: step(h, x, W, U, ZERO), "you leave out b: add it in all three sums"),
        (lambda h, x, W, U, b: step(h, x, U, W, b),
         "W and U are swapped: W belongs to the sound x, U to the state h"),
    ],
    tip="z and r by σ of W x + U h + b, the candidate by tanh with r h in the place of h, then z h + (1 - z) candidate")
