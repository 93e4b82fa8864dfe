"""Several features become one before a model sees them: fusion at the level of features. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np

from mmrec_helpers.catalog import Features


class FeatureFusion:
    """Features side by side, each on the same footing, reduced by PCA if asked.

    Each block is centred, divided by its mean row length (so that features with many dimensions do not drown the
    others) and multiplied by its weight (by the features' name, default 1); what is absent is zero, that is, average.
    All of this is learnt by `fit`: a new item never moves an old vector. Taught in chapter 7.

    >>> text = Features("tfidf", "text", ["a", "b"], [[1.0], [3.0]])
    >>> image = Features("cnn", "image", ["b", "a"], [[10.0, 0.0], [0.0, 0.0]])
    >>> FeatureFusion().fit([text, image]).transform([text, image]).matrix
    array([[-1., -1.,  0.],
           [ 1.,  1.,  0.]], dtype=float32)
    """

    def __init__(self, weights: Mapping[str, float] | None = None, n_components: int | None = None,
                 name: str = "fused") -> None:
        self.weights, self.n_components, self.name = weights, n_components, name

    def fit(self, features: Sequence[Features]) -> Self:
        """Learn centres, scales and components. Raises ValueError without features, or where two have one name."""
        if not features:
            raise ValueError("nothing to fuse: give features of at least one modality")
        self.names_ = [one.name for one in features]
        if len(set(self.names_)) < len(self.names_):
            raise ValueError(f"two features have one name: {', '.join(self.names_)}; give one another name")
        self.blocks_ = {one.name: _centre_and_scale(one) for one in features}
        self.components_, self.mean_ = None, 0.0
        joined = self._joined(features).matrix
        if self.n_components is not None and self.n_components < min(joined.shape):
            self.mean_, self.components_ = principal_components(joined, self.n_components)
        return self

    def transform(self, features: Sequence[Features]) -> Features:
        """(n, sum of d) or (n, n_components), rows as in the first features; present where any of them is.

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
        blocks = [scale_block(one, *self.blocks_[one.name]) * (self.weights or {}).get(one.name, 1.0)
                  for one in aligned]
        modality = "+".join(dict.fromkeys(one.modality for one in features))
        return Features(self.name, modality, features[0].ids, np.concatenate(blocks, axis=1),
                        np.any([one.present for one in aligned], axis=0))


def scale_block(features: Features, centre: np.ndarray, scale: float) -> np.ndarray:
    """The rows less the centre, divided by the scale: (n, d); zero where absent."""
    if features.matrix.shape[1] != len(centre):
        raise ValueError(f"{features.name}: {features.matrix.shape[1]} dimensions, fitted on {len(centre)}")
    return np.where(features.present[:, None], (features.matrix - centre) / scale, 0)


def principal_components(matrix: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean row (d,) and the n directions of largest variance (n, d), scikit-learn's PCA. Taught in chapter 6.

    >>> principal_components(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), 1)[1].round(3)
    array([[0.707, 0.707]])
    """
    from sklearn.decomposition import PCA

    fitted = PCA(n, svd_solver="full").fit(matrix)
    return fitted.mean_, fitted.components_


def _centre_and_scale(features: Features) -> tuple[np.ndarray, float]:
    """The mean row and the mean distance from it, over the items present."""
    if not features.present.any():
        return np.zeros(features.matrix.shape[1]), 1.0
    there = features.matrix[features.present]
    centre = there.mean(axis=0)
    return centre, max(float(np.linalg.norm(there - centre, axis=1).mean()), 1e-12)
