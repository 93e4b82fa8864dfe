"""Batches for a softmax over items: what was taken, from what past, among what. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Interactions
from mmrec_helpers.ranking.times import stored_times

NEVER = -1e9
"""Added to the logit of an item that could not be taken."""


class Positives:
    """Batches without end: each row is a positive of a user, with the user's other positives as history.

    A batch is (columns (c,), history (batch, c), offset (batch, c), target (batch, c), one 1 a row). offset is added to
    the logits: `NEVER` where the item is in the history, or has no event yet (as far as times are known) or ever; so a
    new item is not pushed down for the time before it came. Columns are all items; of more than `max_items`, those
    in the batch's histories and `max_items` drawn at random, with offset -log q_i (logQ correction), q_i the chance
    that the item is among them. Source: Yi et al. 2019.

    >>> drawn = Positives(Interactions([[2, 1, 0]], ["u"], ["a", "b", "c"]), batch=2, max_items=10, seed=0)
    >>> columns, history, offset, target = next(iter(drawn))
    >>> history.tolist(), target.tolist()
    ([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0]], [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    >>> (offset == NEVER).tolist()
    [[False, True, True], [True, False, True]]
    """

    def __init__(self, interactions: Interactions, batch: int, max_items: int, seed: int) -> None:
        self.matrix = interactions.matrix
        coo = self.matrix.tocoo()
        self.users, self.items = coo.row, coo.col
        self.batch = min(batch, len(coo.row))
        self.steps = len(coo.row) // self.batch if self.batch else 0
        self.when, self.first = stored_times(self.matrix, interactions.time), first_events(interactions)
        self.n_drawn = max_items if self.matrix.shape[1] > max_items else None
        self.log_chance = np.zeros(self.matrix.shape[1], np.float32) if self.n_drawn is None else self._log_chance()
        self.rng = np.random.default_rng(seed)

    def __iter__(self) -> Iterator[tuple[np.ndarray, ...]]:
        while True:
            order = self.rng.permutation(len(self.users))
            for step in range(self.steps):
                yield self._batch(order[step * self.batch:(step + 1) * self.batch])

    def _batch(self, chosen: np.ndarray) -> tuple[np.ndarray, ...]:
        rows = self.matrix[self.users[chosen]]
        columns = self._columns(rows)
        history = rows[:, columns].toarray()
        own = np.arange(len(chosen)), np.searchsorted(columns, self.items[chosen])
        history[own], target = 0, np.zeros_like(history)
        target[own] = 1
        never = (history > 0) | (self.first[columns] > self.when[chosen, None])
        return columns, history, np.where(never, np.float32(NEVER), -self.log_chance[columns]), target

    def _columns(self, rows: sparse.csr_matrix) -> np.ndarray:
        n = rows.shape[1]
        return np.arange(n) if self.n_drawn is None else np.union1d(
            rows.indices, self.rng.choice(n, self.n_drawn, replace=False))

    def _log_chance(self) -> np.ndarray:
        """log q_i, q_i = 1 - (1 - s)(1 - r_i)^batch: s of being drawn, r_i that a row's user took the item."""
        sizes = np.diff(self.matrix.indptr) / max(1, self.matrix.nnz)
        in_row = np.minimum((self.matrix > 0).T @ sizes, 1)
        return np.log(1 - (1 - self.n_drawn / self.matrix.shape[1]) * (1 - in_row) ** self.batch).astype(np.float32)


def first_events(interactions: Interactions) -> np.ndarray:
    """When each item was first taken or seen, (items,): 0 where times are not known, inf for never.

    >>> first_events(Interactions([[1, 0], [1, 0]], ["u", "v"], ["a", "b"], time=[[7, 0], [5, 0]]))
    array([ 5., inf])
    """
    events = sparse.coo_matrix(interactions.seen if interactions.time is None else interactions.time)
    first = np.full(events.shape[1], np.inf)
    np.minimum.at(first, events.col, 0 if interactions.time is None else events.data)
    return first
