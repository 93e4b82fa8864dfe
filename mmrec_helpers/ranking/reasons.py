"""Why an item is on the list: which past items speak for it, and in which modality they are alike. Chapter 8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Modality
from mmrec_helpers.ranking.neighbours import ItemToItem, unit_rows


@dataclass(frozen=True)
class Reason:
    """past: ids of the past items that add most to the score, most first; modality: in which the strongest of them
    is closest to the item, compared with all items; closer_than: the share of items less close to it than this."""

    past: list[str]
    modality: str | None
    closer_than: float


def explain(ranker: ItemToItem, history: sparse.csr_matrix, items: Sequence[str], modalities: Sequence[Modality],
            n_past: int = 2) -> list[Reason]:
    """The reasons for each of these items on the list of one user (history: one row). Taught in chapter 8."""
    past = history.indices[history.data > 0]
    columns = [int(c) for c in np.flatnonzero(np.isin(ranker.items_, list(items)))]
    place = {ranker.items_[column]: column for column in columns}
    units = {modality.name: unit_rows(modality.of(ranker.items_)) for modality in modalities}
    return [_explain_one(ranker, past, place[item], units, n_past) for item in items]


def _explain_one(ranker: ItemToItem, past: np.ndarray, item: int, units: dict[str, np.ndarray],
                 n_past: int) -> Reason:
    if not len(past):
        return Reason([], None, 0.0)
    speaks = ranker.affinity(past, np.array([item]))[:, 0]
    best = [column for column in np.argsort(-speaks, kind="stable")[:n_past] if speaks[column] > 0]
    if not best:
        return Reason([], None, 0.0)
    strongest = past[best[0]]
    closeness = {name: _closer_than(unit, strongest, item) for name, unit in units.items()}
    modality = max(closeness, key=closeness.get, default=None)
    return Reason([str(ranker.items_[past[b]]) for b in best], modality, closeness.get(modality, 0.0))


def _closer_than(unit: np.ndarray, one: int, other: int) -> float:
    """The share of items that are less like `one` than `other` is; 0 where either lacks the modality."""
    similarity = unit @ unit[one]
    if not unit[one].any() or not unit[other].any():
        return 0.0
    return float((similarity < similarity[other]).mean())
