"""What a metric sees: lists, what was relevant, and what is known of users and items. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import positions


@dataclass(frozen=True)
class Context:
    """The lists of all users, and all that any metric asks about them.

    columns: (n, k) int, the items of each list by their columns, best first, -1 at an empty place; targets: (n, items)
    CSR, what is stored is relevant, with its grade (1 where there is only relevant or not). The rest is None, or empty,
    where it is not known; a metric that needs it is then left out: history: (n, items) CSR, what each user took
    before; popularity: (items,) how many users took each in training, of n_users; candidates: (items,) bool, what may
    be offered; pool: (n,) how many candidates were left for each user; above: one for each stored target, how many
    candidates that are not relevant have a higher score, a tie counts half; units: by modality, (items, d) rows of
    length 1, 0 without such a medium; labels: (items,) a category each. Taught in chapter 9.

    >>> c = Context.of([["a", "b", "c"]], [{"a", "c"}])
    >>> c.hits, c.n_relevant
    (array([[ True, False,  True]]), array([2]))
    """

    columns: np.ndarray
    targets: sparse.csr_matrix
    history: sparse.csr_matrix | None = None
    popularity: np.ndarray | None = None
    n_users: int = 0
    candidates: np.ndarray | None = None
    pool: np.ndarray | None = None
    above: np.ndarray | None = None
    units: Mapping[str, np.ndarray] = field(default_factory=dict)
    labels: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("targets", "history"):
            if (part := getattr(self, name)) is not None:
                object.__setattr__(self, name, _stored(part))
        if len(self.columns) != self.targets.shape[0]:
            raise ValueError(f"{len(self.columns)} lists for {self.targets.shape[0]} users")

    @classmethod
    def of(cls, lists: Sequence[Sequence[str | None]], relevant: Sequence[Sequence[str] | Mapping[str, float]],
           items: Sequence[str] = (), **more: object) -> Context:
        """By ids: one list of items a user (None at an empty place), and what was relevant, with grades if there are
        any. items: all there are, by default those that occur, sorted; more: as above. Raises UnknownId."""
        grades = [one if isinstance(one, Mapping) else dict.fromkeys(one, 1.0) for one in relevant]
        known = np.array(list(items) or sorted({one for each in (*lists, *grades) for one in each} - {None}), object)
        columns = np.full((len(lists), max(map(len, lists), default=1) or 1), -1)
        for row, each in enumerate(lists):
            there = [place for place, one in enumerate(each) if one is not None]
            columns[row, there] = positions([each[place] for place in there], known, "item")
        targets = sparse.lil_matrix((len(grades), len(known)))
        for row, each in enumerate(grades):
            targets[row, positions(list(each), known, "item")] = list(each.values())
        return cls(columns, targets.tocsr(), **more)

    @property
    def k(self) -> int:
        """The length of the lists."""
        return self.columns.shape[1]

    @cached_property
    def gains(self) -> np.ndarray:
        """(n, k) float: the grade of the item at each rank, 0 where it is not relevant."""
        n_items = self.targets.shape[1]
        targets = self.targets
        row = np.repeat(np.arange(len(self.columns)), np.diff(targets.indptr))
        relevant = np.append(row * n_items + targets.indices, np.iinfo(np.int64).max)
        asked = np.arange(len(self.columns))[:, None] * n_items + self.columns
        place = np.searchsorted(relevant, asked)
        found = (relevant[place] == asked) & (self.columns >= 0)
        return np.where(found, np.append(targets.data, 0.0)[place], 0.0)

    @cached_property
    def hits(self) -> np.ndarray:
        """(n, k) bool: whether the item at each rank is relevant."""
        return self.gains > 0

    @cached_property
    def n_hits(self) -> np.ndarray:
        """(n,) int: relevant items in each list."""
        return np.count_nonzero(self.hits, axis=1)

    @cached_property
    def n_relevant(self) -> np.ndarray:
        """(n,) int: relevant items of each user."""
        return np.diff(self.targets.indptr).astype(np.int64)

    @cached_property
    def n_listed(self) -> np.ndarray:
        """(n,) int: places that are not empty."""
        return np.count_nonzero(self.columns >= 0, axis=1)

    def judged(self, above: np.ndarray, below: np.ndarray | float) -> np.ndarray:
        """above / below, nan where nothing is relevant: such a list cannot be judged."""
        return np.divide(above, below, out=np.full(len(self.columns), np.nan), where=self.n_relevant > 0)

    def listed_mean(self, values: np.ndarray) -> np.ndarray:
        """The mean over each list of what the items have, values (items,): (n,), nan for an empty list."""
        there = self.columns >= 0
        total = np.where(there, values[self.columns], 0).sum(axis=1)
        return np.divide(total, self.n_listed, out=np.full(len(total), np.nan), where=self.n_listed > 0)


def _stored(matrix: sparse.csr_matrix) -> sparse.csr_matrix:
    """As CSR of float with sorted columns and without stored zeros; the same matrix where it is so."""
    matrix = sparse.csr_matrix(matrix)
    if matrix.dtype.kind == "f" and matrix.has_sorted_indices and (matrix.data != 0).all():
        return matrix
    matrix = matrix.astype(float)
    matrix.sort_indices()
    matrix.eliminate_zeros()
    return matrix
