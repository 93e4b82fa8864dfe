"""Several features become one before a model sees them: fusion at the level of features. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Self

import numpy as np

from mmrec_helpers.catalog import Features


class Block(NamedTuple):
    """How one extractor's rows are put on the same footing: (row - centre) @ axes / scale.

    centre: (d,); axes: (d, k), the principal axes that are kept, or None where the axes stay as they are.
    """

    centre: np.ndarray
    axes: np.ndarray | None
    scale: float


class FeatureFusion:
    """Features side by side, each on the same footing, reduced by PCA if asked.

    Each block is centred, rotated to at most `n_each` principal components, each component divided by its standard
    deviation to the power `whiten` (0: as it is; 1: all components equally wide), and the whole divided by its mean
    row length, so that features with many dimensions do not drown the others; then it is multiplied by its weight (by
    the features' name, default 1). What is absent is zero, that is, average. At the end the joined rows are reduced to
    `n_components`. `fit` finds all of this: a new item never moves an old vector. Taught in chapters 6 and 7.

    >>> text = Features("tfidf", "text", ["a", "b"], [[1.0], [3.0]])
    >>> image = Features("cnn", "image", ["b", "a"], [[10.0, 0.0], [0.0, 0.0]])
    >>> FeatureFusion().fit([text, image]).transform([text, image]).matrix
    array([[-1., -1.,  0.],
           [ 1.,  1.,  0.]], dtype=float32)
    """

    def __init__(self, weights: Mapping[str, float] | None = None, n_components: int | None = None,
                 n_each: int | None = None, whiten: float = 0.0, name: str = "fused") -> None:
        self.weights, self.n_components, self.n_each = weights, n_components, n_each
        self.whiten, self.name = whiten, name

    def fit(self, features: Sequence[Features]) -> Self:
        """Learn centres, axes and scales. Raises ValueError without features, or where two have one name."""
        if not features:
            raise ValueError("nothing to fuse: give features of at least one modality")
        self.names_ = [one.name for one in features]
        if len(set(self.names_)) < len(self.names_):
            raise ValueError(f"two features have one name: {', '.join(self.names_)}; give one another name")
        self.blocks_ = {one.name: fit_block(one, self.n_each, self.whiten) for one in features}
        self.components_, self.mean_ = None, 0.0
        joined = self._joined(features).matrix
        if self.n_components is not None and self.n_components < min(joined.shape):
            self.mean_, self.components_ = principal_components(joined, self.n_components)
        return self

    def transform(self, features: Sequence[Features]) -> Features:
        """(n, sum of k) or (n, n_components), rows as in the first features; present where any of them is.

        Raises ValueError where these are not the features it was fitted on, by name and width.
        """
        joined = self._joined(features)
        if self.components_ is None:
            return joined
        reduced = (joined.matrix - self.mean_) @ self.components_.T
        return Features(self.name, joined.modality, joined.ids, reduced, joined.present)

    def _joined(self, features: Sequence[Features]) -> Features:
        if [one.name for one in features] != self.names_:
            raise ValueError(f"fitted on {', '.join(self.names_)}, asked with {', '.join(f.name for f in features)}")
        aligned = [one.align(features[0].ids) for one in features]
        blocks = [apply_block(one, self.blocks_[one.name]) * (self.weights or {}).get(one.name, 1.0)
                  for one in aligned]
        modality = "+".join(dict.fromkeys(one.modality for one in features))
        return Features(self.name, modality, features[0].ids, np.concatenate(blocks, axis=1),
                        np.any([one.present for one in aligned], axis=0))


class LeftOutRidge:
    """Ridge regression of item vectors on item features: V = F W, where the prediction for an item leaves it out.

    W = inverse(F'OF + l2 I) F'O V, with O the weight of each item; with H = F inverse(F'OF + l2 I) F'O the prediction
    of v_i from all other items is ((H V)_i - h_ii v_i) / (1 - h_ii), in closed form. So an item is never predicted
    from itself, and features that say nothing predict nothing. Taught in chapter 7. Source: Allen 1974 (PRESS).

    rows: (n, f) features, a constant among them if wanted; weights: (n,) at least 0; an item with weight 0 is
    predicted and has no part in the fit.
    """

    def __init__(self, rows: np.ndarray, weights: np.ndarray, l2: float = 30.0) -> None:
        self.rows = rows.astype(np.float64)
        weighted = self.rows * weights[:, None]
        regular = self.rows.T @ weighted + l2 * np.eye(rows.shape[1])
        self.solver = np.linalg.solve(regular, weighted.T)
        self.leverage = (self.rows * self.solver.T).sum(axis=1)

    def weights(self, vectors: np.ndarray) -> np.ndarray:
        """W of these item vectors: (n, d) -> (f, d)."""
        return self.solver @ vectors

    def predict(self, vectors: np.ndarray) -> np.ndarray:
        """Each item's vector from its features and from the other items: (n, d) -> (n, d) float32.

        >>> rows, weights, vectors = np.array([[1.0], [2.0], [3.0]]), np.ones(3), np.array([[1.0], [2.0], [9.0]])
        >>> LeftOutRidge(rows, weights, l2=1e-9).predict(vectors)[2].round(3)  # from the first two: 3 times 1
        array([3.], dtype=float32)
        """
        own = self.leverage[:, None]
        return ((self.rows @ self.weights(vectors) - own * vectors) / (1 - own)).astype(np.float32)


def fit_block(features: Features, n_components: int | None = None, whiten: float = 0.0) -> Block:
    """Centre, principal axes and scale over the items present. Taught in chapter 6.

    >>> Block(*fit_block(Features("x", "text", ["a", "b"], [[0.0, 0.0], [2.0, 0.0]]), whiten=1.0)).axes.round(3)
    array([[1.],
           [0.]])
    """
    width = features.matrix.shape[1]
    there = features.matrix[features.present].astype(np.float64)
    if not len(there):
        return Block(np.zeros(width), None if whiten == 0 else np.zeros((width, 0)), 1.0)
    centre, axes = there.mean(axis=0), None
    rows = there - centre
    if whiten or (n_components is not None and n_components < min(rows.shape)):
        axes = _axes(rows, n_components, whiten)
        rows = rows @ axes
    return Block(centre, axes, max(float(np.linalg.norm(rows, axis=1).mean()), 1e-12))


def apply_block(features: Features, block: Block) -> np.ndarray:
    """The rows on the block's footing: (n, k); zero where absent. Raises ValueError for another width."""
    if features.matrix.shape[1] != len(block.centre):
        raise ValueError(f"{features.name}: {features.matrix.shape[1]} dimensions, fitted on {len(block.centre)}")
    rows = (features.matrix - block.centre) / block.scale
    return np.where(features.present[:, None], rows if block.axes is None else rows @ block.axes, 0)


def mapped(features: Sequence[Features], names: np.ndarray, widths: np.ndarray, centre: np.ndarray, axes: np.ndarray,
           n: int) -> np.ndarray:
    """(row - centre) @ axes of each of the features: (m, n, c) float32; 0 where absent. Taught in chapter 7.

    names, widths (m,): of the features that centre (f,) and axes (f, c) were learned from, which stand one below the
    other; n: how many items, also where there are no features. Raises ValueError where these are not the features, by
    name and width.

    >>> mapped([Features("mel", "audio", ["a"], [[3.0]])], ["mel"], [1], np.ones(1), np.full((1, 2), 0.5), 1).tolist()
    [[[1.0, 1.0]]]
    """
    asked = [f"{one.name} ({one.matrix.shape[1]})" for one in features]
    fitted = [f"{name} ({width})" for name, width in zip(names, widths, strict=True)]
    if asked != fitted:
        raise ValueError(f"fitted on the features {', '.join(fitted)}, asked with {', '.join(asked)}")
    ends, found = np.cumsum([0, *widths]), np.zeros((len(features), n, axes.shape[1]), np.float32)
    for place, (one, a, b) in enumerate(zip(features, ends, ends[1:], strict=False)):
        found[place] = np.where(one.present[:, None], (one.matrix - centre[a:b]) @ axes[a:b], 0)
    return found


def principal_components(matrix: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean row (d,) and the n directions of largest variance (n, d), scikit-learn's PCA. Taught in chapter 6.

    >>> principal_components(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), 1)[1].round(3)
    array([[0.707, 0.707]])
    """
    from sklearn.decomposition import PCA

    fitted = PCA(n, svd_solver="full").fit(matrix)
    return fitted.mean_, fitted.components_


def _axes(rows: np.ndarray, n: int | None, whiten: float) -> np.ndarray:
    """The principal axes of centred rows, each divided by its standard deviation to the power `whiten`: (d, k).

    From the eigenvectors of the smaller of X'X and XX'. Components without variance are left out: dividing by it would
    blow noise up.
    """
    wide = rows.shape[1] > len(rows)
    values, vectors = np.linalg.eigh(rows @ rows.T if wide else rows.T @ rows)
    kept = np.flatnonzero(values > 1e-10 * max(values.max(initial=0), 1e-20))[::-1][:n]
    axes = rows.T @ vectors[:, kept] / np.sqrt(values[kept]) if wide else vectors[:, kept]
    return axes / np.sqrt(values[kept] / len(rows)) ** whiten
