"""BPR whose item vectors are made of the log and of content: fusion in the model. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np

from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.fusion import apply_block, fit_block
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.bpr import BPR, Weights
from mmrec_helpers.ranking.fused.towers import checked


class VBPR(BPR):
    """BPR with item vectors [v_i, f_i E] and biases b_i + f_i beta: x_ui = p_u . v_i + q_u . f_i E + b_i + f_i beta.

    f_i: the item's features side by side, each centred, its `n_each` principal components whitened to the power
    `whiten`, 0 where absent. v_i and b_i are learned by item, E and beta are shared by all: an item that nobody took
    has v_i = 0 and b_i = 0, and is ranked by its content. So the items not taken are drawn from those that anybody
    took: of the others nobody can say that they were passed over. `n_factors` of p_u, and as many of q_u; `l2_content`
    is the l2 of E and beta; all else as in BPR, and one training for both: by the chain rule, with G the gradient by
    the vectors f_i E (items, d), that by E is F'G. Source: He & McAuley 2016 (VBPR).

    >>> taken = Interactions([[1, 1, 0, 0, 0], [0, 0, 1, 1, 0]] * 5, range(10), list("abcde"))
    >>> text = Features("tfidf", "text", list("abcde"), [[1, 0], [1, 0.1], [0, 1], [0.1, 1], [0, 0.9]])
    >>> VBPR(n_factors=2).fit(taken, [text]).recommend([["c", "d"]], k=1).ids  # nobody took e yet
    array([['e']], dtype=object)
    """

    name = "VBPR"
    learns_from = "log and content"
    capabilities = Capabilities(new_items=True, explains=False)

    def __init__(self, n_factors: int = 32, l2: float = 1.25, l2_content: float = 40.0, n_each: int = 96,
                 whiten: float = 0.5, epochs: int = 100, batch: int = 1024, rate: float = 0.02, seed: int = 0) -> None:
        super().__init__(n_factors, l2, epochs, batch, rate, seed)
        self.l2_content, self.n_each, self.whiten = l2_content, n_each, whiten

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Train. Raises ValueError where no item has any of the features."""
        aligned = checked(features, interactions.items)
        blocks = [apply_block(one, fit_block(one, self.n_each, self.whiten)) for one in aligned]
        return self._train(interactions, np.concatenate(blocks, axis=1))

    def others(self) -> np.ndarray:
        """The places of the items that stand for what was not taken: those that anybody took."""
        return np.flatnonzero(self.popularity_ > 0)

    def informative(self) -> np.ndarray:
        """Those that anybody took, or that have any features."""
        return self.item_vectors_.any(axis=1)

    def _start(self, shape: tuple[int, int], rng: np.random.Generator, content: np.ndarray) -> Weights:
        users, items = (0.1 * rng.standard_normal((size, width * self.n_factors))
                        for size, width in zip(shape, (2, 1), strict=True))
        items[self.popularity_ == 0] = 0
        return {"users": users, "items": items, "bias": np.zeros((shape[1], 1)),
                "content": np.concatenate([0.1 * rng.standard_normal((content.shape[1], self.n_factors)),
                                           np.zeros((content.shape[1], 1))], axis=1)}

    def _rows(self, weights: Weights, content: np.ndarray) -> np.ndarray:
        """[v_i, f_i E, b_i + f_i beta]: (items, 2 d + 1); E and beta side by side are the weights `content`."""
        made = content @ weights["content"]
        return np.concatenate([weights["items"], made[:, :-1], weights["bias"] + made[:, -1:]], axis=1)

    def _chain(self, slope: np.ndarray, content: np.ndarray) -> Weights:
        d = self.n_factors
        return {"items": slope[:, :d], "bias": slope[:, -1:], "content": content.T @ slope[:, d:]}

    def _penalty(self, name: str) -> float:
        return self.l2_content if name == "content" else self.l2
