"""What every ranker does: fit, score, recommend, explain, and be written as arrays. Taught in chapter 8."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries, Recommendations, positions
from mmrec_helpers.ranking.top_k import chunks, top_k

Histories = Queries | Sequence[str] | Sequence[Sequence[str]]
"""Who is asked for: `Queries`, or item ids: one history, or a list of them."""

KINDS = {"items_": "U", "modalities_": "U", "columns_": "i", "widths_": "i"}
"""numpy's kind of what is learnt and is not float: ids and names as text, places and sizes as whole numbers."""


class Capabilities(NamedTuple):
    """new_items: it ranks an item that nobody took yet; new_users: it answers for people it never saw, by their
    history; explains: it can say what each past item added to a score."""

    new_items: bool = False
    new_users: bool = True
    explains: bool = True


@dataclass(frozen=True)
class Explanation:
    """What a score is made of. past: past item's id -> what it added, most first; parts: by feature or by ranker, the
    same for a ranker whose score is a sum over them, else empty."""

    item: str
    past: dict[str, float] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)


class Ranker:
    """A ranker turns histories (rows over the items) into lists.

    The constructor stores its arguments under their own names and changes nothing; what `fit` learns ends in an
    underscore. `learnt` names those arrays with their shapes, a letter an axis: so they can be saved and checked.
    """

    name = "ranker"
    learns_from = "log"
    """What is seen in training, for the table of methods: `log`, `content`, or both."""
    capabilities = Capabilities()
    learnt: ClassVar[Mapping[str, str]] = {"items_": "n", "popularity_": "n"}
    only_scoring: ClassVar[tuple[str, ...]] = ()
    """Arguments that `score` uses and `fit` does not: with other values of them there is nothing to fit again."""
    items_: np.ndarray
    popularity_: np.ndarray
    """(items,) how many users took each: the list for someone of whom nothing is known."""

    def get_params(self, deep: bool = False) -> dict[str, object]:
        """The constructor's arguments, by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def clone(self) -> Self:
        """A ranker with the same arguments that has learnt nothing."""
        return type(self)(**self.get_params())

    def fits_like(self, other: Ranker | None) -> bool:
        """Whether `fit` would learn the same as the other's: they differ in nothing but `only_scoring`."""
        return type(self) is type(other) and all(
            value == other.get_params()[name] for name, value in self.get_params().items()
            if name not in self.only_scoring)

    def scoring(self, like: Ranker) -> Self:
        """A ranker that learnt what this one did and scores as the other would."""
        other = copy(self)
        for name in self.only_scoring:
            setattr(other, name, getattr(like, name))
        return other

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Self:
        """Learn from interactions (users x items) and from what is known of the items. Subclasses begin with this."""
        self.items_ = interactions.items
        self.popularity_ = interactions.matrix.getnnz(axis=0).astype(np.float32)
        return self

    def score(self, queries: Queries) -> np.ndarray:
        """A score for every item, (n, items) float32; higher is better, only the order matters."""
        raise NotImplementedError

    def recommend(self, queries: Histories, k: int = 10, only: Sequence[str] | np.ndarray | None = None,
                  without: Sequence[str] = ()) -> Recommendations:
        """The k best items of each query. What a query has seen is never offered; ties go to the earlier item.

        only: what may be offered: item ids, or (items,) bool; without: item ids never to offer. Who has no history, or
        one that says nothing to this ranker (its scores are all 0), gets what most people took. Memory is bounded by
        `top_k.CELLS`. Raises UnknownId for an id it was not fitted on, ValueError for k below 1 or queries over other
        items.
        """
        queries = self.queries(queries)
        if k < 1:
            raise ValueError(f"k is {k}; ask for at least 1")
        offered = self._offered(only, without)
        blank, parts = queries.history.getnnz(axis=1) == 0, []
        for rows in chunks(len(queries), len(self.items_)):
            scores = np.array(self.score(queries[rows]), np.float32)
            blank[rows] |= ~scores.any(axis=1)
            scores[blank[rows]] = self.popularity_
            scores[queries[rows].seen.nonzero()] = -np.inf
            scores[:, ~offered] = -np.inf
            parts.append(top_k(scores, k))
        width = min(k, len(self.items_))
        columns = np.concatenate([np.zeros((0, width), int), *(part[0] for part in parts)])
        scores = np.concatenate([np.zeros((0, width)), *(part[1] for part in parts)])
        ids = np.where(columns >= 0, self.items_[columns], None)
        return Recommendations(ids, scores, queries.users, blank)

    def similar_items(self, item: str, k: int = 10, only: Sequence[str] | np.ndarray | None = None,
                      without: Sequence[str] = ()) -> Recommendations:
        """What it would offer someone who took this item alone. Raises UnknownId."""
        return self.recommend([item], k, only, without)

    def explain(self, queries: Histories, items: Sequence[Sequence[str]]) -> list[list[Explanation]]:
        """What each past item added to the score of each of these items: a list for each query.

        items: for each query, item ids. Empty explanations where the ranker does not explain.
        """
        queries, explained = self.queries(queries), []
        for row, wanted in zip(range(len(queries)), items, strict=True):
            columns = positions(wanted, self.items_, "item")
            explained.append(self._explain_row(queries[row:row + 1], columns))
        return explained

    def queries(self, asked: Histories) -> Queries:
        """Queries over this ranker's items. Raises UnknownId, ValueError."""
        asked = asked if isinstance(asked, Queries) else Queries.of(asked, self.items_)
        if asked.history.shape[1] != len(self.items_):
            raise ValueError(f"{self.name} was fitted on {len(self.items_)} items, asked with {asked.history.shape[1]}")
        return asked

    def added(self, query: Queries, columns: np.ndarray) -> np.ndarray:
        """What each past item of one query (in its order) adds to the score of these columns: (past, len(columns))."""
        raise NotImplementedError

    def parts(self, query: Queries, columns: np.ndarray) -> dict[str, np.ndarray]:
        """What each feature or ranker adds to the score of these columns, where the score is such a sum."""
        return {}

    def unknown(self, features: Sequence[Features]) -> np.ndarray:
        """The items of any of these features that it does not know, in their order: (n,) ids."""
        ids = np.array(list(dict.fromkeys(one for each in features for one in each.ids)), object)
        return ids[~np.isin(ids, self.items_)]

    def extend(self, new: np.ndarray) -> None:
        """Put items that nobody took yet after the others; `add_items` of a subclass says what it knows of them."""
        self.items_ = np.concatenate([self.items_, new])
        self.popularity_ = np.concatenate([self.popularity_, np.zeros(len(new), np.float32)])

    def state(self) -> dict[str, np.ndarray]:
        """What was learnt, as numpy arrays; a sparse matrix as its three."""
        found = {}
        for name in self.learnt:
            value = getattr(self, name)
            found |= ({f"{name}.{part}": getattr(value, part) for part in ("data", "indices", "indptr")}
                      if sparse.issparse(value) else {name: value.astype(str) if value.dtype == object else value})
        return found

    @classmethod
    def from_state(cls, params: Mapping[str, object], state: Mapping[str, np.ndarray]) -> Self:
        """The fitted ranker that `state` came from. Raises ValueError where the arrays cannot be its own."""
        ranker, sizes = cls(**params), {"n": len(state["items_"])}
        for name, axes in ranker.learnt.items():
            value = state[name] if name in state else _sparse(state, name, [sizes.get(axis) for axis in axes])
            shape = [sizes.setdefault(axis, size) for axis, size in zip(axes, value.shape, strict=True)]
            kind = KINDS.get(name, "f")
            if list(value.shape) != shape or value.dtype.kind != kind or (
                    kind == "f" and not np.isfinite(_stored(value)).all()):
                raise ValueError(f"{name} {value.shape} does not fit, or is not finite")
            setattr(ranker, name, value.astype(object) if kind == "U" else value)
        return ranker

    def _offered(self, only: Sequence[str] | np.ndarray | None, without: Sequence[str]) -> np.ndarray:
        offered = np.full(len(self.items_), only is None)
        if only is not None:
            mask = isinstance(only, np.ndarray) and only.dtype == bool
            offered[only if mask else positions(only, self.items_, "item")] = True
        offered[positions(without, self.items_, "item")] = False
        return offered

    def _explain_row(self, query: Queries, columns: np.ndarray) -> list[Explanation]:
        if not self.capabilities.explains or not query.history.nnz:
            return [Explanation(str(item)) for item in self.items_[columns]]
        past, added = self.items_[query.history.indices], self.added(query, columns)
        parts = self.parts(query, columns)
        return [Explanation(str(self.items_[column]),
                            {str(past[j]): float(added[j, i]) for j in np.argsort(-added[:, i], kind="stable")},
                            {name: float(part[i]) for name, part in parts.items()})
                for i, column in enumerate(columns)]


def _sparse(state: Mapping[str, np.ndarray], name: str, shape: Sequence[int | None]) -> sparse.csr_matrix:
    """shape: the number of rows may be None, for one that nothing before it had: then `indptr` says it."""
    data, indices, indptr = (state[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    if {indices.dtype.kind, indptr.dtype.kind} != {"i"} or data.ndim != 1 or indptr.ndim != 1 or not len(indptr):
        raise ValueError(f"{name}: places are not whole numbers, or not in one row")
    if indptr[-1] != len(data):
        raise ValueError(f"{name}: {len(data)} entries, its rows have {indptr[-1]}")
    rows, columns = shape
    matrix = sparse.csr_matrix((data, indices, indptr), (len(indptr) - 1 if rows is None else rows, columns))
    matrix.check_format(full_check=True)
    return matrix


def _stored(value: np.ndarray | sparse.csr_matrix) -> np.ndarray:
    return value.data if sparse.issparse(value) else value
