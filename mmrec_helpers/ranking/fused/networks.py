"""Three networks that fuse the modalities of items, at the level of features and of the model. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Queries
from mmrec_helpers.ranking.fused.positives import NEVER
from mmrec_helpers.ranking.fused.towers import Tower, weights

if TYPE_CHECKING:
    import keras

HEADS = 4
"""Heads of the attention."""


class TwoTower(Tower):
    """Fusion at the level of features: one MLP over all modalities side by side.

    v = A x + B gelu(C x), x the blocks and the mask of what is present, C of 2 dim rows. Arguments as in `Tower`.
    Taught in chapter 7. Source: Covington et al. 2016; Yi et al. 2019.
    """

    name = "two-tower"

    def fused(self, mask: keras.KerasTensor, blocks: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        """(n, dim)."""
        from keras import layers, ops

        joined = layers.Concatenate()([*blocks, mask])
        bent = layers.Dense(self.dim)(layers.Dense(2 * self.dim, activation="gelu")(joined))
        return (layers.Dense(self.dim)(joined) + bent) * ops.max(mask, axis=1, keepdims=True)


class GatedFusion(Tower):
    """Fusion at the level of the model: each modality scores by itself, weighted for each item and for each user.

    score(u, i) = sum over modalities m of g_m(u) u_m . v_im. v_im = h_m(i) P_m f_im, with h(i) a softmax over the
    modalities that i has; u_m = z W_m + b_m, z the pooled past in all modalities; g(u) = M softmax(c(u) A + a), c_m(u)
    how alike the past is in m (`alike`). `parts` says what each modality added, `tastes` gives g(u). Arguments as in
    `Tower`; dim: of the vectors of each modality. Taught in chapter 7. Source: Arevalo et al. 2017.
    """

    name = "gated fusion"
    learnt: ClassVar = {**Tower.learnt, "modalities_": "m", "gate_kernel_": "mm", "gate_bias_": "m"}

    def fused(self, mask: keras.KerasTensor, blocks: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        """v_i1, v_i2 ... side by side: (n, m dim)."""
        from keras import layers, ops

        projected = ops.stack([layers.Dense(self.dim)(block) for block in blocks], axis=1)
        logits = layers.Dense(len(blocks))(layers.Concatenate()([*blocks, mask])) + NEVER * (1 - mask)
        gate = ops.softmax(logits, axis=1) * mask
        return ops.reshape(gate[:, :, None] * projected, (-1, len(blocks) * self.dim))

    def user_network(self, d: int) -> keras.Model:
        """g_1(u) u_1, g_2(u) u_2 ... side by side."""
        import keras
        from keras import layers, ops

        history, vectors, m = keras.Input((None,)), keras.Input((d,)), d // self.dim
        each, share = ops.reshape(vectors, (-1, m, self.dim)), weights(history, ops)
        pooled = ops.reshape(ops.matmul(share, vectors), (-1, m, self.dim))
        past = alike(pooled, share, ops.square(share), ops.sum(ops.square(each), axis=2), ops)
        gate = layers.Dense(m, activation="softmax", name="gate")(past)
        users = layers.Dense(d, kernel_initializer="identity", name="taste")(ops.reshape(pooled, (-1, d)))
        return keras.Model([history, vectors], users * ops.repeat(m * gate, self.dim, axis=1))

    def tastes(self, history: sparse.csr_matrix) -> np.ndarray:
        """g(u), how much each modality counts for users with these histories: (n, items) CSR -> (n, m), mean 1."""
        share, sizes = weights(history), (self._blocks(self.item_vectors_) ** 2).sum(axis=2)
        past = alike(self._blocks(share @ self.item_vectors_), share, share.power(2), sizes, np)
        logits = past @ self.gate_kernel_ + self.gate_bias_
        gate = np.exp(logits - logits.max(axis=1, keepdims=True))
        return len(self.modalities_) * gate / gate.sum(axis=1, keepdims=True)

    def user_vectors(self, history: sparse.csr_matrix) -> np.ndarray:
        """g_1(u) u_1, g_2(u) u_2 ... side by side: (n, items) CSR -> (n, m dim)."""
        return super().user_vectors(history) * self._wide(self.tastes(history))

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """What each past item adds under the user's weights g(u), which rest on all of the past together."""
        return self.past_users(query) * self._wide(self.tastes(query.history)) @ self.item_vectors_[columns].T

    def parts(self, query: Queries, columns: np.ndarray) -> dict[str, np.ndarray]:
        """What each modality adds to the score, by the features' names; they add up to it."""
        user, = self._blocks(self.user_vectors(query.history))
        each = np.einsum("nmd,md->mn", self._blocks(self.item_vectors_[columns]), user)
        return dict(zip(map(str, self.modalities_), each, strict=True))

    @classmethod
    def from_state(cls, params: Mapping[str, object], state: Mapping[str, np.ndarray]) -> Self:
        """As `Ranker.from_state`."""
        ranker = super().from_state(params, state)
        if not len(ranker.modalities_) or len(ranker.bias_) % len(ranker.modalities_):
            raise ValueError("modalities_ does not fit")
        return ranker

    def _keep(self, item_vectors: np.ndarray, users: keras.Model) -> None:
        super()._keep(item_vectors, users)
        self.gate_kernel_, self.gate_bias_ = users.get_layer("gate").get_weights()

    def _blocks(self, vectors: np.ndarray) -> np.ndarray:
        m = len(self.modalities_)
        return vectors.reshape(len(vectors), m, len(self.bias_) // m)

    def _wide(self, gate: np.ndarray) -> np.ndarray:
        return gate.repeat(len(self.bias_) // len(self.modalities_), axis=1)


class CrossAttention(Tower):
    """Fusion at the level of the model: an item's modalities look at each other before they are pooled.

    Tokens t_m = P_m f_m; t' = t + multi-head self-attention over the modalities present; v = the sum of t' over those,
    divided by the root of their number. Arguments as in `Tower`. Taught in chapter 7. Source: Vaswani et al. 2017.
    """

    name = "cross-attention"

    def fused(self, mask: keras.KerasTensor, blocks: Sequence[keras.KerasTensor]) -> keras.KerasTensor:
        """(n, dim)."""
        from keras import layers, ops

        tokens = ops.stack([layers.Dense(self.dim)(block) for block in blocks], axis=1)
        looked_at = ops.tile(mask[:, None, :], (1, len(blocks), 1)) > 0
        attention = layers.MultiHeadAttention(HEADS, max(1, self.dim // HEADS))
        tokens = (tokens + attention(tokens, tokens, attention_mask=looked_at)) * mask[:, :, None]
        return ops.sum(tokens, axis=1) / ops.sqrt(ops.maximum(ops.sum(mask, axis=1, keepdims=True), 1.0))


def alike(pooled: np.ndarray, share: object, squares: object, sizes: np.ndarray, ops: object) -> np.ndarray:
    """How alike a user's past items are in each modality, less what chance gives: (n, m), 1 where all are the same.

    c_m = (|sum w_j v_jm|^2 / (sum w_j sum w_j |v_jm|^2) - q_m) / (1 - q_m), q_m = sum w_j^2 / (sum w_j)^2, the sums
    over past items that have m; 0 for one item. pooled (n, m, d): sum w_j v_jm; share, squares (n, items): w and w^2,
    CSR or tensors; sizes (items, m): |v_jm|^2; ops: numpy or keras.ops. Taught in chapter 7.

    >>> two = np.ones((1, 2))
    >>> alike(np.array([[[2.0, 0.0], [1.0, 1.0]]]), two, two, np.ones((2, 2)), np).round(3)
    array([[1., 0.]])
    """
    there = ops.sign(sizes)
    total = ops.maximum(share @ there, 1e-9)
    chance = squares @ there / total ** 2
    mean = ops.sum(ops.square(pooled), axis=2) / ops.maximum(total * (share @ sizes), 1e-9)
    return (mean - chance) / ops.maximum(1 - chance, 0.01)
