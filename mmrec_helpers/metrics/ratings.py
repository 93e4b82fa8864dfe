"""How far predicted ratings are from those that were given. Taught in chapter 9."""

from __future__ import annotations

import numpy as np


def rmse(predicted: np.ndarray, rated: np.ndarray) -> float:
    """Root of the mean squared error: sqrt(mean (predicted - rated)^2), in the ratings' own unit.

    It judges a number for each rated item, not a list: a ranker may be good at lists and bad at this, or the other way
    round. nan without ratings. Taught in chapter 9.

    >>> rmse(np.array([4.0, 3.0]), np.array([5.0, 3.0])).__round__(3)
    0.707
    """
    return float(np.sqrt(np.mean(_errors(predicted, rated) ** 2))) if len(rated) else float("nan")


def mae(predicted: np.ndarray, rated: np.ndarray) -> float:
    """Mean absolute error: mean |predicted - rated|; one large error counts less than in `rmse`. Taught in chapter 9.

    >>> mae(np.array([4.0, 3.0]), np.array([5.0, 3.0]))
    0.5
    """
    return float(np.mean(abs(_errors(predicted, rated)))) if len(rated) else float("nan")


def _errors(predicted: np.ndarray, rated: np.ndarray) -> np.ndarray:
    predicted, rated = np.asarray(predicted, float), np.asarray(rated, float)
    if predicted.shape != rated.shape:
        raise ValueError(f"{predicted.shape} predictions for {rated.shape} ratings")
    return predicted - rated
