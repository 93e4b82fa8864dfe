"""Items as neighbours: by who took them (collaborative) or by what they are (content-based). Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Interactions, Modality
from mmrec_helpers.ranking.base import Ranker


class ItemToItem(Ranker):
    """A ranker whose score is a sum over the history: score(i) = sum over past items j of affinity(j, i)."""

    affinity_: np.ndarray

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """Histories times affinities: (n, items)."""
        return np.asarray(histories @ self.affinity_, np.float32)

    def affinity(self, past: np.ndarray, items: np.ndarray) -> np.ndarray:
        """How much each past item (by column number) speaks for each item: (len(past), len(items)); the reasons."""
        return self.affinity_[np.ix_(past, items)]


class ItemKNN(ItemToItem):
    """Items that the same people took: cosine of their columns, shrunk, the k nearest of each item kept.

    affinity(j, i) = n_ij / (sqrt(n_i n_j) + shrink), n_ij the users who took both; 0 where nobody took one of
    them. Source: Sarwar et al. 2001.
    """

    name = "item kNN"

    def __init__(self, k: int = 100, shrink: float = 10.0) -> None:
        self.k, self.shrink = k, shrink

    def fit(self, interactions: Interactions, modalities: Sequence[Modality] = ()) -> Self:
        """Compute (items, items) affinities."""
        self.items_ = interactions.items
        taken = (interactions.matrix > 0).astype(np.float32)
        both = (taken.T @ taken).toarray()
        norms = np.sqrt(both.diagonal())
        below = np.outer(norms, norms) + self.shrink
        self.affinity_ = nearest(np.divide(both, below, out=np.zeros_like(both), where=below > 0), self.k)
        return self


class ContentKNN(ItemToItem):
    """Items whose content is alike: cosine of their vectors, the k nearest of each item kept.

    Uses one modality (the first given, or the one named). Items without it have no neighbours. It can rank an item
    that nobody has taken yet.

    >>> taken = Interactions(sparse.csr_matrix([[1, 0, 0]]), ["u"], ["a", "b", "c"])
    >>> text = Modality("text", ["a", "b", "c"], [[1, 0], [0, 1], [1, 0.1]])
    >>> ContentKNN().fit(taken, [text]).recommend(taken.matrix, k=2)[0]
    array([['c', 'b']], dtype=object)
    """

    learns_from = "content"

    def __init__(self, modality: str | None = None, k: int = 100) -> None:
        self.modality, self.k = modality, k

    @property
    def name(self) -> str:
        """`content kNN (text)` and so on."""
        return f"content kNN ({self.modality})" if self.modality else "content kNN"

    def fit(self, interactions: Interactions, modalities: Sequence[Modality] = ()) -> Self:
        """Compute (items, items) cosines of the modality's centred, normalised rows."""
        self.items_ = interactions.items
        content = pick(modalities, self.modality).of(interactions.items)
        self.modality = content.name
        unit = unit_rows(content)
        self.affinity_ = nearest(unit @ unit.T, self.k)
        return self


def pick(modalities: Sequence[Modality], name: str | None) -> Modality:
    """The modality of this name, or the first one. Raises ValueError naming what is there."""
    for modality in modalities:
        if name in (None, modality.name):
            return modality
    raise ValueError(f"no modality {name or 'at all'!r} here; there are {[m.name for m in modalities]}")


def unit_rows(content: Modality) -> np.ndarray:
    """The rows of a modality, centred over the present items and scaled to length 1: (n, d); zero where absent."""
    centred = content.matrix - content.matrix[content.present].mean(axis=0) if content.present.any() else content.matrix
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.where(content.present[:, None], centred / np.maximum(length, 1e-12), 0).astype(np.float32)


def nearest(similarity: np.ndarray, k: int) -> np.ndarray:
    """Keep the k largest entries of each column off the diagonal, the rest become 0.

    >>> nearest(np.array([[1.0, 0.2, 0.3], [0.2, 1.0, 0.1], [0.3, 0.1, 1.0]]), 1)
    array([[0. , 0.2, 0.3], [0. , 0. , 0. ], [0.3, 0. , 0. ]], dtype=float32)
    """
    kept = similarity.astype(np.float32)
    np.fill_diagonal(kept, 0)
    if k < len(kept) - 1:
        threshold = np.partition(kept, -k, axis=0)[-k]
        kept[kept < threshold] = 0
    return kept
