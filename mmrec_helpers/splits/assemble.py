"""From rows of feedback that each have a part to a Split, checked for leaks. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Catalog, Interactions, Split, Stage
from mmrec_helpers.splits.leaks import check_no_leak
from mmrec_helpers.splits.stage import CountedStage

TRAIN, KNOWN_VALID, VALID, KNOWN_TEST, TEST = range(5)
"""Where a row goes, in the order of becoming known: a stage may know all that comes before it."""

STAGES = {"valid": VALID, "test": TEST}

Table = pd.DataFrame


def assemble(catalog: Catalog, table: Table, protocol: Mapping[str, object],
              candidates: Mapping[str, np.ndarray] | None = None) -> Split:
    """The Split of rows that each have a `part`; without a leak, or ValueError."""
    users = pd.Index(np.unique(table["user"].to_numpy(object)))
    items = pd.Index(catalog.items["item_id"].to_numpy(object))
    table = table[table["item"].isin(items)]
    row, column = users.get_indexer(table["user"]), items.get_indexer(table["item"])
    table = table.assign(cell=row.astype(np.int64) * len(items) + column)

    def interactions(rows: Table) -> Interactions:
        firsts = rows.drop_duplicates("cell")
        seconds = firsts["time"].dt.as_unit("us").astype("int64") / 1e6
        positive = rows[rows["positive"]]
        seen, liked = (_matrix(part["cell"], values, (len(users), len(items))) for part, values in
                       ((firsts, seconds), (positive, positive["weight"])))
        return Interactions(liked, users, items, seen, seen)

    def stage(name: str, part: int) -> Stage:
        before = table[table["part"] < part]
        learnt = before[before["part"] != part - 1]  # what is known of the stage's own cold users is not learnt
        offered = np.ones(len(items), bool) if candidates is None else candidates[name]
        new = table[(table["part"] == part) & table["positive"] & ~table["cell"].isin(before["cell"])]
        targets = columns(_matrix(new["cell"], 1.0, (len(users), len(items))), offered)
        known = interactions(before).queries()
        return asked(CountedStage(interactions(learnt), known, targets, offered, name, protocol))

    protocol = {
        "never_learnt": None, "starts": dict.fromkeys(STAGES), **protocol,
        "target": "an item's first like, cart, purchase, play or rating of at least 4",
        "masked": "what is known of the user when the stage begins, low ratings too",
        "candidates": "every item released before the stage begins" if protocol["split"] == "global_time" else
        "the stage's cold items" if candidates else "every item of the catalogue"}
    split = Split(stage("valid", VALID), stage("test", TEST), interactions(table), protocol)
    check_no_leak(split, table)
    return split


def _matrix(cell: pd.Series, values: pd.Series | float, shape: tuple[int, int]) -> sparse.csr_matrix:
    data = np.broadcast_to(np.asarray(values, np.float64), len(cell))
    return sparse.csr_matrix((data, np.divmod(cell.to_numpy(), shape[1])), shape)


def columns(matrix: sparse.csr_matrix, kept: np.ndarray) -> sparse.csr_matrix:
    """The matrix without what is stored in other columns."""
    coo = matrix.tocoo()
    there = kept[coo.col]
    return sparse.csr_matrix((coo.data[there], (coo.row[there], coo.col[there])), matrix.shape)


def asked(stage: Stage) -> Stage:
    """The stage with those users alone who have both a past and a target."""
    rows = np.flatnonzero((stage.queries.history.getnnz(axis=1) > 0) & (stage.targets.getnnz(axis=1) > 0))
    if not len(rows):
        raise ValueError("nobody has both a past and a target; a larger share, or more events, may help")
    return replace(stage, queries=stage.queries[rows], targets=stage.targets[rows])


def check_shares(*shares: float) -> None:
    """Raise ValueError for shares that leave nothing to learn from."""
    if min(shares) <= 0 or sum(shares) >= 1:
        raise ValueError(f"shares must be above 0 and leave something to learn from, not {shares}")


def place_of(table: Table) -> pd.Series:
    """The number, from 0, of each positive event of a user; a low rating has that of the one before it."""
    return table.groupby("user")["positive"].cumsum() - 1
