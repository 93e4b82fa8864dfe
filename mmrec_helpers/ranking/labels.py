"""Labels of items (categories, genres, artists), and their shares in a history or a list. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Interactions, Recommendations, positions

Labels = Mapping[str, str] | pd.Series
"""Item id -> its label, such as `category` or `artist`; several joined by |, as in `tags`; missing (NaN) for none."""


def label_shares(ids: Sequence[str], labels: Labels) -> sparse.csr_matrix:
    """p(g | i) = 1 / the number of labels of item i, for each it has: (len(ids), labels) CSR, labels in order of name.

    Raises UnknownId for an item that `labels` lacks.

    >>> label_shares(["b", "a"], {"a": "folk", "b": "folk|jazz"}).toarray()
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    labels = pd.Series(labels, dtype=object)
    each = labels.where(labels.isna(), labels.astype(str)).reset_index(drop=True).str.split("|").explode()
    codes, names = pd.factorize(each, sort=True)
    there = codes >= 0
    has = sparse.csr_matrix((np.ones(there.sum()), (each.index[there], codes[there])), (len(labels), len(names)))
    return _normal(has[positions(ids, labels.index, "item")])


def past_shares(history: Interactions, labels: Labels) -> np.ndarray:
    """p(g | u): the shares of the labels in what each user took, weighted by confidence: (users, labels); 0 for none.

    >>> past_shares(Interactions([[3, 1]], ["u"], ["a", "b"]), {"a": "folk", "b": "jazz"})
    array([[0.75, 0.25]])
    """
    return _normal(history.matrix @ label_shares(history.items, labels)).toarray()


def list_shares(recommended: Recommendations, labels: Labels) -> np.ndarray:
    """q(g | u): the shares of the labels in each list: (n, labels); 0 for a list without labels.

    >>> found = Recommendations(np.array([["a", None]]), np.array([[3.0, np.nan]]), None, np.array([False]))
    >>> list_shares(found, {"a": "folk", "b": "jazz"})
    array([[1., 0.]])
    """
    codes, ids = codes_of(recommended)
    there = codes >= 0
    rows = np.nonzero(there)[0]
    listed = sparse.csr_matrix((np.ones(len(rows)), (rows, codes[there])), (len(codes), len(ids)))
    return _normal(listed @ label_shares(ids, labels)).toarray()


def codes_of(recommended: Recommendations) -> tuple[np.ndarray, np.ndarray]:
    """Each candidate's place among the different ids, (n, candidates), -1 at an empty place; those ids."""
    codes, ids = pd.factorize(recommended.ids.ravel())
    return codes.reshape(recommended.ids.shape), ids


def _normal(matrix: sparse.spmatrix) -> sparse.csr_matrix:
    total = np.asarray(matrix.sum(axis=1)).ravel()
    return sparse.diags_array(1 / np.where(total > 0, total, 1)).tocsr() @ sparse.csr_matrix(matrix)
