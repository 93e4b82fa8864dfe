"""When each stored interaction was: for rankers that look at age or order. Taught in chapter 8."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def stored_times(matrix: sparse.csr_matrix, time: sparse.spmatrix) -> np.ndarray:
    """The time of each stored entry of `matrix`, in the order of its `data`: (nnz,) float64.

    time: (users, items), seconds, as in `Interactions`; it may hold more cells than the matrix (low ratings).

    >>> stored_times(sparse.csr_matrix([[1, 0, 1]]), sparse.csr_matrix([[7.0, 8.0, 9.0]]))
    array([7., 9.])
    """
    cells = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices.astype(np.int64)
    found = sparse.csr_matrix(time, dtype=np.float64)[cells] if matrix.nnz else np.zeros(0)
    return np.asarray(found).ravel()
