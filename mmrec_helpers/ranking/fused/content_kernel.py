"""What is known of items is predicted for new ones that are like them: kernel ridge regression. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from mmrec_helpers.catalog import Features
from mmrec_helpers.fusion import fit_block, mapped

SHRINK = 5.0
"""What is known of an item with so many events counts half as much as what is known of one with very many."""


class ContentKernel(NamedTuple):
    """How alike items are in what they are: k(i, j) = sum over features m of w_m k_m(i, j).

    k_m(i, j) = (1 - gaussian) f_i . f_j + gaussian exp(-|f_i / |f_i| - f_j / |f_j||^2), a linear and a Gaussian kernel,
    with f an item's row of these features: centred, `n_each` principal components whitened to the power `whiten`, mean
    length 1. It is 0 where either item has none. Source: Schölkopf & Smola 2002. Taught in chapter 8.

    modalities, widths (m,): names and dimensions of the features; centre (f,): their mean rows side by side; axes
    (f, c): their principal axes, one below the other, padded with 0.

    >>> text = Features("tfidf", "text", ["a", "b", "c"], [[1.0, 0.0], [1.0, 0.1], [-1.0, 0.0]])
    >>> rows = ContentKernel.of([text]).rows([text], 3)
    >>> alike(rows, rows, gaussian=0.5).sum(axis=0).round(2)[0]
    array([ 0.8 ,  0.55, -0.52], dtype=float32)
    """

    modalities: np.ndarray
    widths: np.ndarray
    centre: np.ndarray
    axes: np.ndarray

    @classmethod
    def of(cls, features: Sequence[Features], n_each: int = 96, whiten: float = 0.5) -> Self:
        """Learn centres and axes from the features of items."""
        blocks = [fit_block(one, n_each, whiten) for one in features]
        each = [(np.eye(len(one.centre)) if one.axes is None else one.axes) / one.scale for one in blocks]
        most = max((one.shape[1] for one in each), default=0)
        padded = [np.pad(one, ((0, 0), (0, most - one.shape[1]))) for one in each]
        return cls(np.array([one.name for one in features], object),
                   np.array([len(one.centre) for one in blocks], int),
                   np.concatenate([np.zeros(0), *(one.centre for one in blocks)]).astype(np.float32),
                   np.concatenate([np.zeros((0, most)), *padded]).astype(np.float32))

    def rows(self, features: Sequence[Features], n: int) -> np.ndarray:
        """f of n items, (m, n, c) float32, 0 where absent. Raises ValueError where these are not the features it was
        made of, by name and width."""
        return mapped(features, *self, n)


def alike(rows: np.ndarray, others: np.ndarray, gaussian: float) -> np.ndarray:
    """k_m of all pairs: (m, n, c), (m, n', c) -> (m, n, n')."""
    lengths, lengths_of_others = (np.linalg.norm(one, axis=2) for one in (rows, others))
    both = rows @ others.transpose(0, 2, 1)
    scale = lengths[:, :, None] * lengths_of_others[:, None, :]
    cosine = both / np.maximum(scale, 1e-12)
    return np.where(scale > 0, (1 - gaussian) * both + gaussian * np.exp(2 * cosine - 2), 0)


class Completion(NamedTuple):
    """Scores of known items to scores of new ones: h_new = mean + (h_known - mean) T, for each user.

    T = inverse(K + smooth diag((n + 5) / n)) K_new, K and K_new the kernel among known items and between them and new
    ones, divided by K's mean diagonal; n the known items' events; mean = h_known . share, share in proportion to
    n / (n + 5). known, new: the items' places; maps (m, known, new): T by features, whole (known, new): their sum.
    Taught in chapter 8.
    """

    known: np.ndarray
    new: np.ndarray
    share: np.ndarray
    maps: np.ndarray
    whole: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray, events: np.ndarray, known: np.ndarray, new: np.ndarray, weights: Sequence[float],
           smooth: float, gaussian: float) -> Self:
        """rows (m, items, c) of a `ContentKernel`; events (items,); weights (m,): w of the features."""
        weights, n = np.asarray(weights, np.float64)[:, None, None], events[known].astype(np.float64)
        among = (weights * alike(rows[:, known], rows[:, known], gaussian)).sum(axis=0)
        size = max(np.trace(among) / len(known), 1e-12)
        regular = cho_factor(among / size + np.diag(smooth * (n + SHRINK) / n))
        towards = weights * alike(rows[:, known], rows[:, new], gaussian) / size
        maps = np.stack([cho_solve(regular, one) for one in towards]).astype(np.float32)
        share = n / (n + SHRINK)
        return cls(known, new, (share / share.sum()).astype(np.float32), maps, maps.sum(axis=0))

    def apply(self, scores: np.ndarray) -> np.ndarray:
        """h_new of h_known: (n, known) -> (n, new)."""
        mean = scores @ self.share
        return mean[:, None] + (scores - mean[:, None]) @ self.whole

    def parts(self, scores: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """What each of the features adds to h_new of these of the new items, and the mean: (known,) -> (m + 1, n)."""
        mean = scores @ self.share
        by_feature = (scores - mean) @ self.maps[:, :, columns]
        return np.concatenate([by_feature, np.full((1, len(columns)), mean)])
