"""Interactions divided for an honest experiment: by time, by cold items or cold users. Taught in chapter 9.

In every split a positive event is a user's first like, cart, purchase or play of an item, or first rating of
at least 4. A lower rating is seen: never offered again, never learnt. Columns are every item of the catalogue,
candidates of a stage the items released before it begins. Every split is checked for leaks before it is given out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import POSITIVE_EVENTS, Catalog, Interactions, Split, Stage
from mmrec_helpers.splits.feedback import example, first_feedback, release_times  # noqa: F401 (example: for docs)
from mmrec_helpers.splits.leaks import check_no_leak

TRAIN, KNOWN_VALID, VALID, KNOWN_TEST, TEST = range(5)
"""Where a row goes, in the order of becoming known: a stage may know all that comes before it."""

STAGES = {"valid": VALID, "test": TEST}

LONG_TAIL = 5
"""An item with fewer positive events than this so far belongs to the long tail."""

Table = pd.DataFrame


def global_time(catalog: Catalog, valid: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """One cut for everybody: the last `test` of the positive events, before them `valid`.

    Nearest to real use. The cuts are quantiles of the positive events' times; what happened at the very time
    of a cut is after it. Raises CatalogError for a catalogue not preprocessed, ValueError where nobody has both a
    past and a target. Taught in chapter 9.

    >>> split = global_time(example())
    >>> split.test.fit.matrix.nnz, split.test.targets.nnz, split.protocol["starts"]["test"]
    (18, 2, '2025-01-19T00:00:00+00:00')
    """
    _check_shares(valid, test)
    table = first_feedback(catalog, seed)
    times = table.loc[table["positive"], "time"].sort_values()
    first = [min(round(len(times) * (1 - later)), len(times) - 1) for later in (valid + test, test)]
    cuts = dict(zip(STAGES, times.iloc[first], strict=True))
    table["part"] = np.select([table["time"] < cut for cut in cuts.values()], [TRAIN, VALID], TEST)
    released = release_times(catalog)
    return _assemble(catalog, table, {
        "split": "global_time", "how": "one cut in time for everybody", "valid": valid, "test": test,
        "starts": {stage: cut.isoformat() for stage, cut in cuts.items()}, "seed": seed},
        {stage: ~(released >= cut).to_numpy(bool) for stage, cut in cuts.items()})


def user_time(catalog: Catalog, valid: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """Each user's own last positive events: `test` of them, before them `valid`, at least one each.

    The default on MovieLens: there 59 % of the users are active for a day or less (first to last rating), so
    with one cut for all only 28 of the 610 have both a past and targets (here 608). The price: one user's
    past may lie after another's future, so methods learn from times still to come for the user they serve.
    Users with fewer than 3 positive events are only learnt from. Equal times get an order drawn from `seed`.
    Raises as `global_time`. Taught in chapter 9.

    >>> split = user_time(example())
    >>> [stage.targets.sum(axis=1).ravel().tolist() for stage in (split.valid, split.test)]
    [[[1.0, 1.0]], [[1.0, 1.0]]]
    """
    _check_shares(valid, test)
    table = first_feedback(catalog, seed)
    total = table.groupby("user")["positive"].transform("sum")
    n_valid, n_test = (np.where(total >= 3, np.maximum(1, total * share + 0.5), 0).astype(int)
                       for share in (valid, test))
    place = _place(table)
    n_train = total - n_valid - n_test
    table["part"] = np.select([place < n_train, place < n_train + n_valid], [TRAIN, VALID], TEST)
    return _assemble(catalog, table, {
        "split": "user_time", "how": "each user's own last positive events", "valid": valid, "test": test,
        "starts": dict.fromkeys(STAGES, "first target"), "seed": seed})


def cold_items(catalog: Catalog, share: float = 0.2, seed: int = 0) -> Split:
    """A `share` of the items with positive events is never learnt from: half are asked for in valid, half in test.

    Only they are candidates. Time is not looked at: a history may hold events later than a target.
    Raises as `global_time`. Taught in chapter 9.

    >>> split = cold_items(example())
    >>> split.test.candidates.sum(), split.test.fit.matrix[:, split.test.candidates].nnz
    (np.int64(1), 0)
    """
    _check_shares(share)
    table = first_feedback(catalog, seed)
    cold = _draw_halves(np.unique(table.loc[table["positive"], "item"]), share, seed)
    in_valid, in_test = (table["item"].isin(cold[stage]) for stage in STAGES)
    table["part"] = np.select([in_valid, in_test], [VALID, TEST], TRAIN)
    items = catalog.items["item_id"]
    return _assemble(catalog, table, {
        "split": "cold_items", "how": "items never learnt from; time is not looked at", "share": share,
        "never_learnt": "items", "seed": seed}, {stage: items.isin(ids).to_numpy() for stage, ids in cold.items()})


def cold_users(catalog: Catalog, share: float = 0.2, n_known: int = 3, seed: int = 0) -> Split:
    """A `share` of the users is never learnt from: their `n_known` first positive events are known.

    The rest is asked for: half the users in valid, half in test. Cold users with no more than `n_known` have no
    targets. All others are learnt from whole, whatever the time. Raises as `global_time`. Taught in chapter 9.

    >>> test = cold_users(example("abcdefgh")).test
    >>> test.queries.users, test.queries.history.nnz, test.fit.matrix[test.fit.users == "d"].nnz
    (array(['d'], dtype=object), 3, 0)
    """
    _check_shares(share)
    table = first_feedback(catalog, seed)
    cold = _draw_halves(np.unique(table.loc[table["positive"], "user"]), share, seed)
    in_valid, in_test = (table["user"].isin(cold[stage]) for stage in STAGES)
    first = _place(table) < n_known
    table["part"] = np.select([in_valid & first, in_valid, in_test & first, in_test],
                              [KNOWN_VALID, VALID, KNOWN_TEST, TEST], TRAIN)
    return _assemble(catalog, table, {
        "split": "cold_users", "how": "users never learnt from, their first events known", "share": share,
        "n_known": n_known, "starts": dict.fromkeys(STAGES, "first target"), "never_learnt": "users", "seed": seed})


SPLITS: dict[str, Callable[..., Split]] = {
    "global_time": global_time, "user_time": user_time, "cold_items": cold_items, "cold_users": cold_users}


def default(catalog: Catalog, seed: int = 0) -> Split:
    """`user_time` where most of what shows a taste is ratings (as in MovieLens), else `global_time`.

    >>> default(example()).protocol["split"]
    'global_time'
    """
    events = catalog.events["event"]
    rated = events.eq("rate").sum() > events.isin(POSITIVE_EVENTS).sum()
    return (user_time if rated else global_time)(catalog, seed=seed)


def long_tail(split: Split, below: int = LONG_TAIL) -> Split:
    """The same split, asked for the long tail alone: candidates have fewer than `below` positive events so far.

    It is what a page "new and rarely found" shows. A stage keeps the users who then took such an item. Raises
    ValueError where nobody did. Taught in chapter 9.

    >>> long_tail(global_time(example()), below=2).test.candidates.sum()
    np.int64(2)
    """
    def rare(stage: Stage) -> Stage:
        candidates = stage.candidates & (stage.fit.matrix.getnnz(axis=0) < below)
        return _asked(replace(stage, candidates=candidates, targets=_columns(stage.targets, candidates)))

    return replace(split, valid=rare(split.valid), test=rare(split.test),
                   protocol={**split.protocol, "candidates": f"items with fewer than {below} positive events so far"})


def _place(table: Table) -> pd.Series:
    """The number, from 0, of each positive event of a user; a low rating has that of the one before it."""
    return table.groupby("user")["positive"].cumsum() - 1


def _draw_halves(ids: np.ndarray, share: float, seed: int) -> dict[str, np.ndarray]:
    """A `share` of the ids, at least two, half for valid and half for test."""
    if len(ids) < 3:
        raise ValueError(f"{len(ids)} are too few to keep two of them cold and learn from the rest")
    n_cold = max(2, round(share * len(ids)))
    drawn = np.random.default_rng([seed, 1]).permutation(ids.astype(object))[:n_cold]
    return {"valid": drawn[:n_cold // 2], "test": drawn[n_cold // 2:]}


def _assemble(catalog: Catalog, table: Table, protocol: Mapping[str, object],
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
        targets = _columns(_matrix(new["cell"], 1.0, (len(users), len(items))), offered)
        return _asked(Stage(interactions(learnt), interactions(before).queries(), targets, offered))

    split = Split(stage("valid", VALID), stage("test", TEST), interactions(table), {
        "never_learnt": None, "starts": dict.fromkeys(STAGES), **protocol,
        "target": "an item's first like, cart, purchase, play or rating of at least 4",
        "masked": "what is known of the user when the stage begins, low ratings too",
        "candidates": "every item released before the stage begins" if protocol["split"] == "global_time" else
        "the stage's cold items" if candidates else "every item of the catalogue"})
    check_no_leak(split, table)
    return split


def _matrix(cell: pd.Series, values: pd.Series | float, shape: tuple[int, int]) -> sparse.csr_matrix:
    data = np.broadcast_to(np.asarray(values, np.float64), len(cell))
    return sparse.csr_matrix((data, np.divmod(cell.to_numpy(), shape[1])), shape)


def _columns(matrix: sparse.csr_matrix, kept: np.ndarray) -> sparse.csr_matrix:
    """The matrix without what is stored in other columns."""
    coo = matrix.tocoo()
    there = kept[coo.col]
    return sparse.csr_matrix((coo.data[there], (coo.row[there], coo.col[there])), matrix.shape)


def _asked(stage: Stage) -> Stage:
    """The stage with those users alone who have both a past and a target."""
    rows = np.flatnonzero((stage.queries.history.getnnz(axis=1) > 0) & (stage.targets.getnnz(axis=1) > 0))
    if not len(rows):
        raise ValueError("nobody has both a past and a target; a larger share, or more events, may help")
    return replace(stage, queries=stage.queries[rows], targets=stage.targets[rows])


def _check_shares(*shares: float) -> None:
    if min(shares) <= 0 or sum(shares) >= 1:
        raise ValueError(f"shares must be above 0 and leave something to learn from, not {shares}")
