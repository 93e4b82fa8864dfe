"""What comes next after these, in this order: self-attention over a history. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.features import devices
from mmrec_helpers.ranking.base import Capabilities, Ranker
from mmrec_helpers.ranking.times import stored_times
from mmrec_helpers.ranking.top_k import chunks

if TYPE_CHECKING:
    import keras

MAX_ITEMS = 4096
"""Items that the next one is compared with in a step of training; of more, so many are drawn."""

NOTHING = -1e9
"""The logit of a place that must not be looked at, of an item that does not count."""


class SASRec(Ranker):
    """Self-attentive sequential recommendation: the next item from the ones before it, by one block of attention.

    p(next = i | past) = softmax over i of h . e_i + b_i; h is the output of `encoded` at the last item. Trained at
    every place of every history at once: the item at t + 1 is predicted from those up to t. `order` False takes the
    order away and nothing else, so the difference of the two is what order adds: see `encoded`.

    dim: of the vectors; length: so many most recent items are looked at, with and without order; dropout; l2: weight
    decay (not of b and r); epochs, batch (users), rate: of AdamW, falling to 0 as a cosine; seed. Order comes from
    `time`, in `fit` and of the queries; without it a history's order is that in which it stores its items
    (`Queries.of(["b", "a"], ...)`: a is the latest). Items that nobody took are left out of a history; sizes of
    interactions are not used. It cannot explain: h is no sum over past items. Trained in Keras on the CPU, served in
    numpy by the same formula.
    Sources: Kang & McAuley 2018 (there a vector for each place, the last item as what asks, two blocks and a loss over
    pairs); for a number by distance Raffel et al. 2020 (T5).

    >>> from mmrec_helpers.ranking.sequence import recent
    >>> log = Interactions([[1, 1, 0]], ["u"], ["a", "b", "c"], time=[[7.0, 5.0, 0]])
    >>> recent(log.matrix, log.time, length=4)  # b, then a: numbers of items from 1, the latest at the right
    array([[0, 0, 2, 1]], dtype=int32)
    """

    name = "SASRec"
    capabilities = Capabilities(explains=False)
    learnt: ClassVar = {**Ranker.learnt, "vectors_": "nd", "biases_": "n", "recency_": "l", "query_": "dd",
                        "key_": "dd", "value_": "dd", "inner_": "dd", "inner_bias_": "d", "outer_": "dd",
                        "outer_bias_": "d"}

    def __init__(self, dim: int = 64, length: int = 30, dropout: float = 0.5, l2: float = 5.0, epochs: int = 30,
                 batch: int = 128, rate: float = 0.01, order: bool = True, seed: int = 0) -> None:
        self.dim, self.length, self.dropout, self.l2, self.epochs = dim, length, dropout, l2, epochs
        self.batch, self.rate, self.order, self.seed = batch, rate, order, seed

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Train. A user with one item teaches nothing."""
        super().fit(interactions)
        past = recent(interactions.matrix, interactions.time, self.length + 1)
        past, weights = past[(past > 0).sum(axis=1) > 1], self._start()
        for name, value in (self._train(past, weights) if len(past) else weights).items():
            setattr(self, f"{name}_", value)
        return self

    @classmethod
    def from_state(cls, params: Mapping[str, object], state: Mapping[str, np.ndarray]) -> Self:
        """As `Ranker.from_state`; recency_ must be as long as `length`."""
        ranker = super().from_state(params, state)
        if len(ranker.recency_) != ranker.length:
            raise ValueError(f"recency_ of {len(ranker.recency_)} items for a length of {ranker.length}")
        return ranker

    def score(self, queries: Queries) -> np.ndarray:
        """h . e_i + b_i at the last item: (n, items); 0 where nobody took anything of the history."""
        past = recent(queries.history, queries.time, self.length, self.popularity_ > 0)
        weights = {name: getattr(self, f"{name}_").astype(np.float64) for name in self._start()}
        parts = [encoded(past[some], weights, np, self.order)[:, -1] @ weights["vectors"].T + weights["biases"]
                 for some in chunks(len(past), 8 * self.length * max(self.dim, self.length))]
        scores = np.concatenate([np.zeros((0, len(self.items_))), *parts])
        return np.where(past[:, -1:] > 0, scores, 0).astype(np.float32)

    def _start(self) -> dict[str, np.ndarray]:
        rng, d, n = np.random.default_rng(self.seed), self.dim, len(self.items_)
        shapes = {"vectors": (n, d), **dict.fromkeys(("query", "key", "value", "inner", "outer"), (d, d))}
        drawn = {name: rng.standard_normal(shape) / np.sqrt(d) for name, shape in shapes.items()}
        sizes = {"biases": n, "recency": self.length, "inner_bias": d, "outer_bias": d}
        flat = {name: np.zeros(size) for name, size in sizes.items()}
        return {name: value.astype(np.float32) for name, value in {**drawn, **flat}.items()}

    def _train(self, past: np.ndarray, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """past: (users, length + 1), as from `recent`. Also keeps the mean loss of each epoch."""
        devices.quiet()
        import keras

        with devices.on("cpu"):
            keras.utils.set_random_seed(self.seed)
            network, steps = next_item(weights, self.order, self.dropout, self.seed), -(-len(past) // self.batch)
            inputs = [keras.Input((self.length,), dtype="int32"), *(keras.Input((), dtype="int32") for _ in range(3))]
            model = keras.Model(inputs, network(inputs))
            optimizer = keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(self.rate, self.epochs * steps),
                                               weight_decay=self.l2)
            optimizer.exclude_from_weight_decay(var_names=["bias", "recency"])
            model.compile(optimizer, lambda _, losses: keras.ops.mean(losses), jit_compile=False)
            done = model.fit(batches(past, self.batch, len(self.items_), self.seed), epochs=self.epochs,
                             steps_per_epoch=steps, shuffle=False, verbose=0)
            self.losses_ = np.array(done.history["loss"])
            return {name: np.asarray(value) for name, value in network.held.items()}


def encoded(past: np.ndarray, weights: Mapping[str, np.ndarray], ops: ModuleType, order: bool = True,
            drop: Callable = lambda x: x) -> np.ndarray:
    """One block of causal self-attention: (n, L) items + 1, 0 for none, last at the right -> (n, L, d).

    e_j: the vector of the item at place j; place t sees j where j <= t and there is an item at j; r_k: how much an item
    counts that is k items ago. Over the j that t sees:
    m_t = sum of softmax_j(r_(t-j)) e_j;  a_t = sum of softmax_j(norm(m_t) Q . e_j K / sqrt(d) + r_(t-j)) e_j V;
    h_t = m_t + a_t;  output norm(h_t + relu(norm(h_t) W1 + c1) W2 + c2), norm(x) = (x - mean) / standard deviation.
    Order enters by r alone. Without `order` r = 0: m_t is the mean of the past, output t a function of the set of the
    items up to t; all else, weights and targets too, is the same. So the model without order is the one with it at
    r = 0, where training begins; the published one, whose m_t is the last item, is that of a large r_0.

    ops: `numpy`, or `keras.ops` for tensors; drop: dropout, in training.
    """
    d, there, length = weights["vectors"].shape[1], past > 0, past.shape[1]
    sees = ops.logical_and(before(length), there[:, None, :])
    found = ops.take(weights["vectors"], ops.maximum(past - 1, 0), axis=0)
    e = drop(ops.where(there[:, :, None], found, 0.0))
    ago = np.maximum(np.subtract.outer(np.arange(length), np.arange(length)), 0)
    r = ops.take(weights["recency"], ago, axis=0) * float(order)
    m = ops.matmul(shares(ops.where(sees, r, NOTHING), ops), e)
    query, key, value = (ops.matmul(one, weights[name]) for one, name in (
        (norm(m, ops), "query"), (e, "key"), (e, "value")))
    logits = ops.matmul(query, ops.swapaxes(key, 1, 2)) / d ** 0.5 + r
    h = m + drop(ops.matmul(shares(ops.where(sees, logits, NOTHING), ops), value))
    inner = ops.maximum(ops.matmul(norm(h, ops), weights["inner"]) + weights["inner_bias"], 0.0)
    return norm(h + drop(ops.matmul(inner, weights["outer"]) + weights["outer_bias"]), ops)


def before(length: int) -> np.ndarray:
    """The causal mask, (length, length) bool: place t sees the places up to t.

    >>> before(3).astype(int)
    array([[1, 0, 0], [1, 1, 0], [1, 1, 1]])
    """
    return np.tri(length, dtype=bool)


def shares(logits: np.ndarray, ops: ModuleType) -> np.ndarray:
    """softmax over the last axis.

    >>> shares(np.array([[0.0, 0.0, NOTHING]]), np)
    array([[0.5, 0.5, 0. ]])
    """
    grown = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
    return grown / ops.sum(grown, axis=-1, keepdims=True)


def norm(x: np.ndarray, ops: ModuleType) -> np.ndarray:
    """(x - mean) / standard deviation over the last axis.

    >>> norm(np.array([[1.0, 3.0]]), np).round(3)
    array([[-1.,  1.]])
    """
    centred = x - ops.mean(x, axis=-1, keepdims=True)
    return centred / ops.sqrt(ops.mean(centred * centred, axis=-1, keepdims=True) + 1e-6)


def recent(history: sparse.csr_matrix, time: sparse.spmatrix | None, length: int,
           known: np.ndarray | None = None) -> np.ndarray:
    """The most recent items of each row, + 1, the last at the right, 0 where there is none: (n, length) int32.

    time: (n, items), or None: as they are stored, and so do equal times; known: (items,) bool, by default all.

    >>> recent(sparse.csr_matrix([[1, 1, 1], [0, 1, 0]]), sparse.csr_matrix([[3.0, 9.0, 5.0], [0, 2.0, 0]]), 2)
    array([[3, 2], [0, 2]], dtype=int32)
    """
    row = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    when = stored_times(history, time)
    order = np.lexsort((when, row))  # stable
    if known is not None:
        order = order[known[history.indices[order]]]
    row, column = row[order], history.indices[order]
    back = np.cumsum(np.bincount(row, minlength=history.shape[0]))[row] - 1 - np.arange(len(row))
    found = np.zeros((history.shape[0], length), np.int32)
    found[row[back < length], length - 1 - back[back < length]] = column[back < length] + 1
    return found


def batches(past: np.ndarray, batch: int, n_items: int, seed: int) -> Iterator[tuple[tuple[np.ndarray, ...], object]]:
    """Without end: ((histories (b, L), places (t,) in them row by row, the item after each (t,), negatives (c,)), 0s).

    past: (users, L + 1), as from `recent`. Negatives: all items; of more than `MAX_ITEMS`, so many drawn.

    >>> (some, at, after, drawn), _ = next(batches(np.array([[0, 1, 3]]), 1, 3, seed=0))
    >>> some.tolist(), at.tolist(), after.tolist(), drawn.tolist()
    ([[0, 1]], [1], [2], [0, 1, 2])
    """
    rng, every = np.random.default_rng(seed), np.arange(n_items, dtype=np.int32)
    while True:
        order = rng.permutation(len(past))
        for start in range(0, len(past), batch):
            some = past[order[start:start + batch]].astype(np.int32)
            at = np.flatnonzero(some[:, :-1]).astype(np.int32)
            drawn = every if n_items <= MAX_ITEMS else rng.choice(every, MAX_ITEMS, replace=False)
            yield (some[:, :-1], at, some[:, 1:].ravel()[at] - 1, drawn), np.zeros(len(at), np.float32)


def next_item(weights: Mapping[str, np.ndarray], order: bool, dropout: float, seed: int) -> keras.layers.Layer:
    """What `batches` gives -> -log p of each item that came next, (t,); its variables are `held`, by name.

    p = exp(s_i) / (exp(s_i) + n / c times the sum of exp(s_j) over the c items drawn, i left out): of all n items, the
    softmax; of some, its estimate.
    """
    import keras
    from keras import ops

    class NextItem(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.held = {name: self.add_weight(shape=value.shape, name=name) for name, value in weights.items()}
            self.seeds = keras.random.SeedGenerator(seed)
            for name, value in weights.items():
                self.held[name].assign(value)

        def call(self, inputs: Sequence[keras.KerasTensor], training: bool = False) -> keras.KerasTensor:
            past, at, after, drawn = inputs
            held = {name: ops.convert_to_tensor(value) for name, value in self.held.items()}
            h = encoded(past, held, ops, order, self.drop if training else lambda x: x)
            h = ops.take(ops.reshape(h, (-1, h.shape[-1])), at, axis=0)
            vectors, biases = (ops.take(held[name], drawn, axis=0) for name in ("vectors", "biases"))
            more = ops.log(len(weights["vectors"]) / ops.cast(ops.shape(drawn)[0], "float32"))
            others = ops.matmul(h, ops.transpose(vectors)) + biases + more
            others = ops.where(ops.equal(drawn[None], after[:, None]), NOTHING, others)
            own = ops.sum(h * ops.take(held["vectors"], after, axis=0), axis=1) + ops.take(held["biases"], after)
            return ops.logsumexp(ops.concatenate([own[:, None], others], axis=1), axis=1) - own

        def drop(self, x: keras.KerasTensor) -> keras.KerasTensor:
            return keras.random.dropout(x, dropout, seed=self.seeds)

    return NextItem()
