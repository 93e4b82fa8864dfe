"""What every ranker does: fit, score, recommend, save, load. Taught in chapter 8."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Interactions, Modality


class Ranker:
    """A ranker turns histories (rows over the items) into lists.

    Constructor arguments are stored under their own names; what `fit` learns ends in an underscore and is a numpy
    array, or a dict of other rankers. Unknown users need no special path: a history is a row over the items.
    """

    name = "ranker"
    learns_from = "log"
    """What is seen in training, for the table of methods: `log`, `content`, or both."""
    kinds: ClassVar[dict[str, type[Ranker]]] = {}
    items_: np.ndarray

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        Ranker.kinds[cls.__name__] = cls

    def fit(self, interactions: Interactions, modalities: Sequence[Modality] = ()) -> Self:
        """Learn from interactions (users x items) and what modalities tell of the items."""
        raise NotImplementedError

    def scores(self, histories: sparse.csr_matrix) -> np.ndarray:
        """A score for every item, (n, items) float32; higher is better, only the order matters."""
        raise NotImplementedError

    def recommend(self, histories: sparse.csr_matrix, k: int, exclude: sparse.csr_matrix | None = None,
                  candidates: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k best items of each history: ids (n, k), None where fewer are left, and scores (n, k), nan there.

        exclude: stored entries are never recommended (default: all that `histories` stores, zeros too);
        candidates: (items,) bool, what may be recommended at all. Ties go to the earlier item.
        """
        scores = self.scores(histories).astype(np.float32)
        masked = histories if exclude is None else exclude
        scores[stored(masked)] = -np.inf
        if candidates is not None:
            scores[:, ~np.asarray(candidates, bool)] = -np.inf
        return top(scores, self.items_, k)

    def save(self, folder: str | Path) -> None:
        """Write parameters as JSON and arrays as npz into `folder`; no pickle."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        own = vars(self)
        parts = {key: value for key, value in own.items() if isinstance(value, dict) and key.endswith("_")}
        arrays = {key: value for key, value in own.items() if isinstance(value, np.ndarray)}
        plain = {key: value for key, value in own.items() if key not in parts and key not in arrays}
        text = {key: value.astype(str) if value.dtype == object else value for key, value in arrays.items()}
        np.savez(folder / "arrays.npz", **text)
        for key, rankers in parts.items():
            for name, ranker in rankers.items():
                ranker.save(folder / key / name)
        names = {key: list(rankers) for key, rankers in parts.items()}
        about = {"kind": type(self).__name__, "plain": plain, "parts": names}
        (folder / "ranker.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def load(folder: str | Path) -> Ranker:
    """The ranker that `Ranker.save` wrote; needs neither TensorFlow nor the catalogue."""
    import mmrec_helpers.ranking  # noqa: F401  (registers every kind)

    folder = Path(folder)
    about = json.loads((folder / "ranker.json").read_text(encoding="utf-8"))
    ranker = object.__new__(Ranker.kinds[about["kind"]])
    vars(ranker).update(about["plain"])
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        for key in arrays.files:
            values = arrays[key]
            vars(ranker)[key] = values.astype(object) if values.dtype.kind == "U" else values
    for key, names in about["parts"].items():
        vars(ranker)[key] = {name: load(folder / key / name) for name in names}
    return ranker


def stored(matrix: sparse.csr_matrix) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of every stored entry, zeros too.

    >>> stored(sparse.csr_matrix(([0.0], ([0], [2])), (1, 3)))
    (array([0], dtype=int32), array([2], dtype=int32))
    """
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int32), np.diff(matrix.indptr))
    return rows, matrix.indices


def top(scores: np.ndarray, items: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k best of each row, best first; a score of -inf is never given. Ties go to the earlier item.

    >>> top(np.array([[1.0, 3.0, -np.inf]]), np.array(["a", "b", "c"], dtype=object), 3)
    (array([['b', 'a', None]], dtype=object), array([[ 3.,  1., nan]]))
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    chosen = np.take_along_axis(scores, best, axis=1)
    left = np.isfinite(chosen)
    return np.where(left, items[best], None), np.where(left, chosen, np.nan)
