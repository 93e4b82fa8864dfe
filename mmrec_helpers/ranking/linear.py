"""One linear model over items: EASE. Taught in chapter 8."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Self

import numpy as np

from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.ranking.neighbours import ItemToItem

MAX_ITEMS = 3_000
"""Items that a dense model learns by default: its matrices then take 0.2 GiB, and time grows with their cube."""


class EASE(ItemToItem):
    """Each item predicted from all the others: min |X - XB|^2 + l2 |B|^2 with diag(B) = 0, in closed form.

    With P = inverse(X'DX + l2 I): B_ji = -P_ji / P_ii. X: (users, items) of 0 and 1; D, the users' weights: those with
    n items weigh n^-user_power, scaled so that X'DX has as much on its diagonal as X'X (0: all weigh the same). Only
    the `max_items` items with most events are learnt (None: all), so that memory stays bounded; the others score 0.
    Raises ValueError where the matrices do not fit in memory. Source: Steck 2019. Taught in chapter 8.
    """

    name = "EASE"

    def __init__(self, l2: float = 100.0, max_items: int | None = MAX_ITEMS, user_power: float = 0.0) -> None:
        self.l2, self.max_items, self.user_power = l2, max_items, user_power

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Solve for B over the items learnt."""
        super().fit(interactions)
        self.columns_ = most_events(self.popularity_, self.popularity_ > 0, self.max_items)
        self.affinity_ = solve(gram(interactions, self.columns_, self.user_power), self.l2)
        return self


def solve(both: np.ndarray, l2: float) -> np.ndarray:
    """B of EASE from a Gram matrix: -P / diag(P), the diagonal 0.

    >>> solve(np.array([[2.0, 1.0], [1.0, 2.0]]), l2=1.0).round(3)
    array([[0.   , 0.333], [0.333, 0.   ]], dtype=float32)
    """
    inverse = regular_inverse(both, l2)
    weights = (-inverse / inverse.diagonal()).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def regular_inverse(both: np.ndarray, l2: float) -> np.ndarray:
    """P = inverse(G + l2 I) of a Gram matrix, by Cholesky, in place where that can be. Raises ValueError."""
    from scipy.linalg.lapack import dpotrf, dpotri

    if not len(both):
        return np.zeros((0, 0))
    regular = np.asfortranarray(both, np.float64)
    regular[np.diag_indices(len(both))] += l2
    factor, fault = dpotrf(regular, lower=1, overwrite_a=1)
    if fault:
        raise ValueError(f"l2 {l2} is too small: the Gram matrix cannot be inverted; try a larger one")
    inverse, _ = dpotri(factor, lower=1, overwrite_c=1)
    return np.tril(inverse) + np.tril(inverse, -1).T


def gram(interactions: Interactions, columns: np.ndarray, user_power: float = 0.0, matrices: int = 4) -> np.ndarray:
    """X'DX over these items: how many users took both, each with the weight n^-user_power, n the user's items.

    Raises ValueError, with the memory it needs, where so many dense matrices of these items do not fit: what the fit
    that asks for it holds at most.

    >>> gram(Interactions([[1, 1], [1, 0]], ["u", "v"], ["a", "b"]), np.arange(2), user_power=1.0)
    array([[2.25, 0.75], [0.75, 0.75]])
    """
    check_memory(len(columns), matrices=matrices)
    taken = (interactions.matrix[:, columns] > 0).astype(np.float64)
    n = taken.getnnz(axis=1)
    weights = np.maximum(n, 1.0) ** -user_power
    weights *= taken.nnz / max(weights @ n, 1e-12)
    return (taken.T @ taken.multiply(weights[:, None]).tocsr()).toarray()


def check_memory(n_items: int, there: int | None = None, matrices: int = 4) -> None:
    """Raise ValueError where dense (items, items) matrices of 8 bytes a cell need more than the machine's memory.

    there: bytes of memory; None asks the system, and where it does not say, nothing is refused. matrices: how many of
    them a fit holds at most, 4 of EASE, 6 of L3AE.

    >>> check_memory(1_000_000, there=2**34)
    Traceback (most recent call last):
    ValueError: a dense model of 1,000,000 items needs 29,802 GiB of memory, there are 16: set max_items, or take
    ImplicitALS or ItemKNN, whose memory grows with the events
    """
    there = physical_memory() if there is None else there
    needs = matrices * 8 * n_items ** 2
    if there is not None and needs > there:
        raise ValueError(f"a dense model of {n_items:,} items needs {needs / 2**30:,.0f} GiB of memory, there are "
                         f"{there / 2**30:.0f}: set max_items, or take ImplicitALS or ItemKNN, whose memory grows with "
                         "the events")


def physical_memory() -> int | None:
    """The machine's memory in bytes; None where the system does not say (Windows)."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def most_events(events: np.ndarray, there: np.ndarray, most: int | None) -> np.ndarray:
    """The places of the items that are `there`, at most so many, those with most events; ties to the earlier."""
    return np.sort(np.argsort(np.where(there, -events, np.inf), kind="stable")[:there.sum()][:most])
