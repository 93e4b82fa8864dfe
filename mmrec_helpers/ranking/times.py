"""When each stored interaction was: for rankers that look at age or order. Taught in chapter 8."""

from __future__ import annotations

import numpy as np
from scipy import sparse


def stored_times(matrix: sparse.csr_matrix, time: sparse.spmatrix | None) -> np.ndarray:
    """The time of each stored entry of `matrix`, in the order of its `data`: (nnz,) float64; 0 where time is None.

    time: (users, items), seconds, as in `Interactions`; it may hold more cells than the matrix (low ratings).

    >>> stored_times(sparse.csr_matrix([[1, 0, 1]]), sparse.csr_matrix([[7.0, 8.0, 9.0]]))
    array([7., 9.])
    """
    if time is None or not matrix.nnz:
        return np.zeros(matrix.nnz)
    cells = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr)), matrix.indices.astype(np.int64)
    return np.asarray(sparse.csr_matrix(time, dtype=np.float64)[cells]).ravel()
