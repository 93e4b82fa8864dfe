"""Vectors learned from pairs: what was taken above what was not. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Self

import numpy as np
from scipy import sparse
from scipy.special import expit

from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.factors import VectorRanker
from mmrec_helpers.ranking.top_k import chunks

Weights = dict[str, np.ndarray]

N_OTHERS = 256
"""Items that a history is compared with when its vector is found."""

N_STEPS = 40
"""Gradient steps in which it is found."""


class BPR(VectorRanker):
    """Bayesian personalised ranking: x_ui = u . v_i + b_i is larger for what a user took than for what they did not.

    min over U, V, b of sum over u and i taken of mean over j not taken of -log sigmoid(x_ui - x_uj)
    + l2 / 2 (|U|^2 + |V|^2 + |b|^2). Each epoch draws one j for each (u, i), evenly from the items that u did not take;
    Adam takes a step for each `batch` of these triples, and `rate` falls in a straight line to 0, since steps that stay
    large never settle on so noisy a gradient. `item_vectors_` is [v_i, b_i], the user's is [u, 1].

    A history's vector minimises the same sum over its items with V and b fixed, against `N_OTHERS` items drawn once
    from `seed`: a convex problem, solved by `N_STEPS` accelerated gradient steps (Nesterov 1983), so strangers are
    served as users of the log are. Items that nobody took say nothing in a history. Sizes of interactions are not used.
    It cannot explain: u is no sum over past items. Source: Rendle et al. 2009.

    >>> taken = Interactions([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]], list("uvwx"), list("abcd"))
    >>> BPR(n_factors=2).fit(taken).recommend([["a"], ["c"]], k=1).ids.tolist()
    [['b'], ['d']]
    """

    name = "BPR"
    capabilities = Capabilities(explains=False)

    def __init__(self, n_factors: int = 32, l2: float = 1.25, epochs: int = 100, batch: int = 1024, rate: float = 0.02,
                 seed: int = 0) -> None:
        self.n_factors, self.l2, self.epochs, self.batch, self.rate = n_factors, l2, epochs, batch, rate
        self.seed = seed

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Train; users' vectors are found again when they ask."""
        return self._train(interactions, np.zeros((len(interactions.items), 0)))

    def others(self) -> np.ndarray:
        """The places of the items that stand for what was not taken: all."""
        return np.arange(len(self.items_))

    def informative(self) -> np.ndarray:
        """Which items say something of who took them: (items,) bool."""
        return self.popularity_ > 0

    def user_vectors(self, history: sparse.csr_matrix) -> np.ndarray:
        """[u, 1] of each history, 0 where it says nothing: (n, items) CSR -> (n, d + 1)."""
        known = history.multiply(self.informative()).tocsr()
        known.eliminate_zeros()
        others, lengths = self.others(), known.getnnz(axis=1)
        if len(others) > N_OTHERS:
            others = np.sort(np.random.default_rng(self.seed).choice(others, N_OTHERS, replace=False))
        parts = [fold_in(known[some], self.item_vectors_, others, self.l2)
                 for some in chunks(len(lengths), lengths.max(initial=1) * len(others))]
        empty = np.zeros((0, self.item_vectors_.shape[1]), np.float32)
        return np.concatenate([empty, *parts]) * (lengths > 0)[:, None]

    def _train(self, interactions: Interactions, content: np.ndarray) -> Self:
        """content: (items, f), what the item vectors are made of besides their own weights."""
        super().fit(interactions)
        rng, taken = np.random.default_rng(self.seed), interactions.matrix
        weights, adam = self._start(taken.shape, rng, content), Adam()
        for epoch in range(self.epochs):
            every, rate = triples(taken, self.others(), rng), self.rate * (1 - epoch / self.epochs)
            for some in chunks_of(len(every), self.batch):
                adam.step(weights, self._gradients(weights, every[some], taken.nnz, content), rate)
        self.item_vectors_ = self._rows(weights, content).astype(np.float32)
        return self

    def _start(self, shape: tuple[int, int], rng: np.random.Generator, content: np.ndarray) -> Weights:
        users, items = (0.1 * rng.standard_normal((size, self.n_factors)) for size in shape)
        return {"users": users, "items": items, "bias": np.zeros((shape[1], 1))}

    def _rows(self, weights: Weights, content: np.ndarray) -> np.ndarray:
        """The item vectors that these weights make, the bias last: (items, d + 1)."""
        return np.concatenate([weights["items"], weights["bias"]], axis=1)

    def _chain(self, slope: np.ndarray, content: np.ndarray) -> Weights:
        """From the gradient by item vectors, (items, d + 1), to that by each of the weights they are made of."""
        return {"items": slope[:, :-1], "bias": slope[:, -1:]}

    def _penalty(self, name: str) -> float:
        """The l2 of these weights."""
        return self.l2

    def _gradients(self, weights: Weights, some: np.ndarray, n: int, content: np.ndarray) -> Weights:
        """Of the whole objective divided by n, estimated from these triples."""
        by_user, by_item = slopes(weights["users"], self._rows(weights, content), some)
        return {name: slope + self._penalty(name) / n * weights[name]
                for name, slope in {"users": by_user, **self._chain(by_item, content)}.items()}


class Adam:
    """Steps of one size for all weights, whatever the size of their gradients. Source: Kingma & Ba 2015.

    >>> weights, adam = {"w": np.array([1.0, -3.0])}, Adam()
    >>> adam.step(weights, {"w": np.array([0.1, -20.0])}, rate=0.5)
    >>> weights["w"].round(3)
    array([ 0.5, -2.5])
    """

    def __init__(self) -> None:
        self.steps, self.mean, self.square = 0, {}, {}

    def step(self, weights: Weights, gradients: Mapping[str, np.ndarray], rate: float) -> None:
        """Change the weights in place."""
        self.steps += 1
        size = rate * np.sqrt(1 - 0.999 ** self.steps) / (1 - 0.9 ** self.steps)
        for name, slope in gradients.items():
            self.mean[name] = 0.9 * self.mean.get(name, 0) + 0.1 * slope
            self.square[name] = 0.999 * self.square.get(name, 0) + 0.001 * slope ** 2
            weights[name] -= size * self.mean[name] / (np.sqrt(self.square[name]) + 1e-8)


def slopes(users: np.ndarray, items: np.ndarray, some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of the mean of -log sigmoid(x_ui - x_uj) over triples u, i, j: by users (m, d) and items (n, d + 1).

    x_ui = [u, 1] . items_i; some: (t, 3) int. With z = x_ui - x_uj, the slope by z is -sigmoid(-z).

    >>> slopes(np.array([[1.0]]), np.array([[0.0, 0.0], [0.0, 0.0]]), np.array([[0, 0, 1]]))[1]
    array([[-0.5, -0.5], [ 0.5,  0.5]])
    """
    t, rows = len(some), np.arange(len(some))
    asked = sparse.csr_matrix((np.ones(t), (rows, some[:, 0])), (t, len(users)))
    pairs = sparse.csr_matrix((np.repeat([1.0, -1.0], t), (np.tile(rows, 2), some[:, 1:].T.ravel())), (t, len(items)))
    user, apart = asked @ np.concatenate([users, np.ones((len(users), 1))], axis=1), pairs @ items
    slope = -expit(-(user * apart).sum(axis=1, keepdims=True)) / t
    return asked.T @ (slope * apart[:, :-1]), pairs.T @ (slope * user)


def triples(taken: sparse.csr_matrix, others: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(user, item taken, item not taken), one of each stored entry, in random order: (t, 3) int.

    The item not taken is drawn evenly from `others`; a user who took them all has none.

    >>> triples(sparse.csr_matrix([[1, 0], [1, 1]]), np.arange(2), np.random.default_rng(0))
    array([[0, 0, 1]])
    """
    users, items = taken.nonzero()
    left = len(others) - (taken[:, others] > 0).getnnz(axis=1)
    users, items = (part[left[users] > 0] for part in (users, items))
    cells, n = np.sort(np.ravel_multi_index(taken.nonzero(), taken.shape)), taken.shape[1]
    drawn, again = np.zeros(len(users), int), np.arange(len(users))
    while len(again):
        drawn[again] = rng.choice(others, len(again))
        asked = users[again].astype(np.int64) * n + drawn[again]
        found = np.searchsorted(cells, asked).clip(max=len(cells) - 1)
        again = again[cells[found] == asked]
    return rng.permutation(np.column_stack([users, items, drawn]))


def chunks_of(n: int, size: int) -> Iterator[slice]:
    """Slices of `size` rows, the last one shorter.

    >>> list(chunks_of(3, 2))
    [slice(0, 2, None), slice(2, 4, None)]
    """
    return (slice(start, start + size) for start in range(0, n, size))


def fold_in(history: sparse.csr_matrix, items: np.ndarray, others: np.ndarray, l2: float) -> np.ndarray:
    """[u, 1] of each history, the item vectors fixed: (n, items) CSR, (items, d + 1) -> (n, d + 1).

    u minimises sum over its items i of mean over j of `others` outside it of -log sigmoid(x_ui - x_uj) + l2 / 2 |u|^2.
    Steps are 1 / L long, L = l2 + 1/4 sum over i of mean over j of |v_i - v_j|^2, which no second derivative exceeds.
    """
    vectors, bias = items[:, :-1].astype(np.float64), items[:, -1].astype(np.float64)
    lengths = np.diff(history.indptr)
    row, past = np.repeat(np.arange(len(lengths)), lengths), history.indices
    sums = sparse.csr_matrix((np.ones(len(row)), (row, np.arange(len(row)))), (len(lengths), len(row)))
    outside = np.asarray(history[:, others].todense() == 0, np.float64)
    outside /= np.maximum(outside.sum(axis=1, keepdims=True), 1)  # a mean over j
    square = (vectors ** 2).sum(axis=1)
    middle = (outside @ vectors[others])[row]
    apart = square[past] + (outside @ square[others])[row] - 2 * (vectors[past] * middle).sum(axis=1)
    length = 1 / np.maximum(l2 + 0.25 * (sums @ np.maximum(apart, 0)), 1e-12)[:, None]

    def slope(user: np.ndarray) -> np.ndarray:
        ahead = (user[row] * vectors[past]).sum(axis=1) + bias[past]
        behind = user @ vectors[others].T + bias[others]
        wrong = expit(behind[row] - ahead[:, None]) * outside[row]
        return (sums @ wrong) @ vectors[others] - sums @ (wrong.sum(axis=1)[:, None] * vectors[past]) + l2 * user

    user = before = np.zeros((len(lengths), vectors.shape[1]))
    for step in range(N_STEPS):
        ahead = user + step / (step + 3) * (user - before)
        before, user = user, ahead - length * slope(ahead)
    return np.concatenate([user, np.ones((len(user), 1))], axis=1).astype(np.float32)
