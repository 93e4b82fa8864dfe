"""What networks that fuse modalities share: inputs, training in Keras, serving in numpy. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.features import devices
from mmrec_helpers.fusion import apply_block, fit_block
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.factors import ImplicitALS, VectorRanker
from mmrec_helpers.ranking.fused.positives import Positives

if TYPE_CHECKING:
    import keras

LOG = "log"
"""Name and modality of what the log itself says of an item: its factors in ImplicitALS."""


class Tower(VectorRanker):
    """A network makes an item's vector v_i from its modalities; a user's vector u is made from those of the past.

    p(i | u) = softmax of u . v_i, for each positive of a user given the user's others, over the items that were there
    then and not in that history (`Positives`). u = z W + b, z = sum of w_j v_j over the past, w_j = x_j / sqrt(sum x).
    A subclass has `fused`, and `user_network` with `user_vectors` where u is made in another way.

    dim: of the vectors; n_factors: of an ImplicitALS (als_l2, als_alpha) whose item factors are one more modality,
    "log", absent for an item that nobody took (0: content alone); dropout: the chance that a modality of an item is
    absent in a step of training; l2: weight decay (not of W); epochs, batch (positives at a time), rate: of AdamW;
    max_items: columns of a batch, see `Positives`. An item without any modality has the vector 0. Trained on the CPU.
    Taught in chapter 7. Source: Yi et al. 2019 (two towers, logQ); Volkovs et al. 2017 (DropoutNet).
    """

    learns_from = "log and content"
    capabilities = Capabilities(new_items=True)
    learnt: ClassVar = {**VectorRanker.learnt, "kernel_": "dd", "bias_": "d"}

    def __init__(self, dim: int = 64, n_factors: int = 32, dropout: float = 0.3, l2: float = 5.0, epochs: int = 12,
                 batch: int = 512, rate: float = 3e-3, als_l2: float = 60.0, als_alpha: float = 10.0,
                 max_items: int = 4096, seed: int = 0) -> None:
        self.dim, self.n_factors, self.dropout, self.l2, self.epochs = dim, n_factors, dropout, l2, epochs
        self.batch, self.rate, self.als_l2, self.als_alpha = batch, rate, als_l2, als_alpha
        self.max_items, self.seed = max_items, seed

    def fused(self, mask: keras.KerasTensor, blocks: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        """The item vectors: mask (n, m) of 0 and 1; blocks: m of (n, d_m), 0 where absent -> (n, d)."""
        raise NotImplementedError

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Train. Raises ValueError where no item has any of the features."""
        devices.quiet()
        import keras

        super().fit(interactions)
        every = self._with_log(checked(features, interactions.items), interactions)
        self.modalities_, inputs = np.array([one.name for one in every], object), scaled(every)
        drawn = Positives(interactions, self.batch, self.max_items, self.seed)
        with devices.on("cpu"):
            keras.utils.set_random_seed(self.seed)
            items = self.item_network([block.shape[1] for block in inputs[1:]])
            users = self.user_network(items.output.shape[1])
            self.losses_ = self._train(scorer(items, users), drawn, inputs)
            self._keep(np.concatenate([np.asarray(items([part[some:some + self.max_items] for part in inputs]))
                                       for some in range(0, len(self.items_), self.max_items)]), users)
        return self

    def item_network(self, widths: Sequence[int]) -> keras.Model:
        """[present (n, m), m blocks (n, width)] -> item vectors (n, d); in training, modalities are dropped whole."""
        import keras
        from keras import layers, ops

        present, blocks = keras.Input((len(widths),)), [keras.Input((width,)) for width in widths]
        mask = ops.cast(layers.Dropout(self.dropout)(present) > 0, "float32")
        there = [ops.where(mask[:, m:m + 1] > 0, block, 0.0) for m, block in enumerate(blocks)]
        return keras.Model([present, *blocks], self.fused(mask, there))

    def user_network(self, d: int) -> keras.Model:
        """[history (n, items), item vectors (items, d)] -> user vectors (n, d); it starts as the mean of the past."""
        import keras
        from keras import layers, ops

        history, vectors = keras.Input((None,)), keras.Input((d,))
        pooled = ops.matmul(weights(history, ops), vectors)
        return keras.Model([history, vectors], layers.Dense(d, kernel_initializer="identity", name="taste")(pooled))

    def user_vectors(self, history: sparse.csr_matrix) -> np.ndarray:
        """u = z W + b: (n, items) CSR -> (n, d)."""
        return weights(history) @ self.item_vectors_ @ self.kernel_ + self.bias_

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """What each past item adds, `past_users` . v_i: (past, len(columns)); it adds up to the score."""
        return self.past_users(query) @ self.item_vectors_[columns].T

    def past_users(self, query: Queries) -> np.ndarray:
        """u by past item: w_j v_j W + s_j b, s_j = w_j / sum w: (past, d)."""
        weight = weights(query.history).data[:, None]
        return weight * self.item_vectors_[query.history.indices] @ self.kernel_ + weight / weight.sum() * self.bias_

    def _with_log(self, aligned: list[Features], interactions: Interactions) -> list[Features]:
        if not self.n_factors:
            return aligned
        als = ImplicitALS(self.n_factors, self.als_l2, self.als_alpha, seed=self.seed).fit(interactions)
        return [*aligned, Features(LOG, LOG, self.items_, als.item_vectors_, self.popularity_ > 0)]

    def _train(self, whole: keras.Model, drawn: Positives, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """The mean loss of each epoch; none where nobody took anything."""
        import keras

        if not drawn.steps:
            return np.zeros(0)
        optimizer = keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(self.rate, max(1, self.epochs * drawn.steps)), weight_decay=self.l2)
        optimizer.exclude_from_weight_decay(var_names=["taste", "bias"])  # W starts as the identity, not as noise
        whole.compile(optimizer, softmax_loss, jit_compile=False)
        batches = (((history, offset, *(part[columns] for part in inputs)), target)
                   for columns, history, offset, target in drawn)
        done = whole.fit(batches, epochs=self.epochs, steps_per_epoch=drawn.steps, shuffle=False, verbose=0)
        return np.array(done.history["loss"])

    def _keep(self, item_vectors: np.ndarray, users: keras.Model) -> None:
        self.item_vectors_ = item_vectors
        self.kernel_, self.bias_ = users.get_layer("taste").get_weights()


def checked(features: Sequence[Features], items: np.ndarray) -> list[Features]:
    """The features' rows of these items. Raises ValueError where none is present.

    >>> checked([Features("mel", "audio", ["a"], [[1.0]])], np.array(["b", "a"]))[0].present
    array([False,  True])
    """
    aligned = [one.align(items) for one in features]
    if not any(one.present.any() for one in aligned):
        raise ValueError(f"no item has any of the features {[one.name for one in aligned]}: extract them from this "
                         "catalogue (pipeline.extract_features), or take a ranker of the log alone, as ImplicitALS")
    return aligned


def scaled(aligned: Sequence[Features]) -> list[np.ndarray]:
    """Where each modality is present (n, m), then each one's rows, centred and of mean length 1: (n, d_m), float32.

    >>> scaled([Features("mel", "audio", ["a", "b", "c"], [[1.0], [5.0], [np.nan]])])[1].tolist()
    [[-1.0], [1.0], [0.0]]
    """
    present = np.column_stack([one.present for one in aligned])
    return [part.astype(np.float32) for part in (present, *(apply_block(one, fit_block(one)) for one in aligned))]


def weights(history: sparse.csr_matrix | keras.KerasTensor, ops: object = None) -> object:
    """w_j = x_j / sqrt(sum x), row by row: for CSR, and with `keras.ops` for tensors; a row without a past stays 0.

    >>> weights(sparse.csr_matrix([[1.0, 3.0], [0.0, 0.0]])).toarray().tolist()
    [[0.5, 1.5], [0.0, 0.0]]
    """
    if ops is not None:
        return history / ops.sqrt(ops.maximum(ops.sum(history, axis=1, keepdims=True), 1e-9))
    total = np.asarray(history.sum(axis=1)).ravel().repeat(np.diff(history.indptr))
    return sparse.csr_matrix((history.data / np.sqrt(total), history.indices, history.indptr), history.shape)


def scorer(items: keras.Model, users: keras.Model) -> keras.Model:
    """[history, offset, inputs of the item network] -> logits u . v_i + offset_i: (n, items)."""
    import keras
    from keras import ops

    history, offset = keras.Input((None,)), keras.Input((None,))
    logits = ops.matmul(users([history, items.output]), ops.transpose(items.output)) + offset
    return keras.Model([history, offset, *items.inputs], logits)


def softmax_loss(target: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """The mean of -log p of what was taken: target (n, items), one 1 a row; p = softmax(logits), (n, items)."""
    from keras import ops

    return -ops.mean(ops.sum(target * ops.log_softmax(logits, axis=1), axis=1))
