"""Several modalities become one before a model sees them: fusion at the level of features. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmrec_helpers.catalog import Modality


def fuse(modalities: Sequence[Modality], weights: Mapping[str, float] | None = None, n_components: int | None = None,
         name: str = "fused") -> Modality:
    """Put modalities side by side, each on the same footing, and reduce them by PCA if asked.

    Rows follow the first modality's ids. Each block is centred, divided by its mean row length (so that a modality
    with many columns does not drown the others) and multiplied by its weight (default 1); an absent modality is
    zero, that is, average. An item is present where any of its modalities is. Returns (n, sum of d) or
    (n, n_components) float32. Raises ValueError without modalities. Taught in chapter 7.

    >>> text = Modality("text", ["a", "b"], [[1.0], [3.0]])
    >>> image = Modality("image", ["b", "a"], [[10.0, 0.0], [0.0, 0.0]])
    >>> fuse([text, image]).matrix
    array([[-1., -1.,  0.],
           [ 1.,  1.,  0.]], dtype=float32)
    """
    if not modalities:
        raise ValueError("nothing to fuse: give at least one modality")
    ids = modalities[0].ids
    aligned = [modality.of(ids) for modality in modalities]
    blocks = [level(one) * (weights or {}).get(one.name, 1.0) for one in aligned]
    fused = np.concatenate(blocks, axis=1)
    if n_components is not None and n_components < min(fused.shape):
        fused = reduce(fused, n_components)
    return Modality(name, ids, fused, np.any([one.present for one in aligned], axis=0))


def level(modality: Modality) -> np.ndarray:
    """The rows centred over the present items and divided by their mean length: (n, d); absent rows are zero."""
    if not modality.present.any():
        return modality.matrix
    centred = modality.matrix - modality.matrix[modality.present].mean(axis=0)
    length = np.linalg.norm(centred[modality.present], axis=1).mean()
    return np.where(modality.present[:, None], centred / max(length, 1e-12), 0)


def reduce(matrix: np.ndarray, n_components: int) -> np.ndarray:
    """Principal components, (n, n_components), scikit-learn's PCA with a fixed sign and seed. Taught in chapter 6.

    >>> reduce(np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]), 1).shape
    (3, 1)
    """
    from sklearn.decomposition import PCA

    return PCA(n_components, svd_solver="full").fit_transform(matrix)
