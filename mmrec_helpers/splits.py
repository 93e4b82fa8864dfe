"""Interactions divided for an honest experiment: by time, by cold items or cold users. Taught in chapter 9.

In every split a positive event is a user's first like, cart, purchase or play of an item, or first rating of
at least 4. A lower rating is a stored 0: seen, masked, never learnt, not known before it happened. Columns
are items with enough positive events, with or without media; rows are users of whom something is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import POSITIVE_EVENTS, POSITIVE_RATING, Catalog, CatalogError, Interactions, Split

TRAIN, KNOWN_VALID, VALID, KNOWN_TEST, TEST = range(5)
"""Where a row goes, in the order of becoming known: what a stage may know is all that stands before it."""

STAGES = {"valid": VALID, "test": TEST}

Table = pd.DataFrame


def global_time(catalog: Catalog, valid: float = 0.1, test: float = 0.1, min_events: int = 5,
                seed: int = 0) -> Split:
    """One cut for everybody: the last `test` of the positive events, before them `valid`.

    Nearest to real use. The cuts are quantiles of the positive events' times; what happened at the very time
    of a cut is after it. Raises CatalogError for a catalogue not preprocessed, ValueError where no item is
    left. Taught in chapter 9.

    >>> split = global_time(example(), min_events=1)
    >>> split.train.matrix.nnz, split.valid.matrix.nnz, split.test.matrix.nnz, split.protocol["cut_test"]
    (16, 2, 2, '2025-01-19T00:00:00+00:00')
    """
    _check_shares(valid, test)
    table = takes(catalog, seed)
    times = table.loc[table["positive"], "time"].sort_values()
    first = [min(round(len(times) * (1 - later)), len(times) - 1) for later in (valid + test, test)]
    cuts = list(times.iloc[first])
    table["part"] = np.select([table["time"] < cut for cut in cuts], [TRAIN, VALID], TEST)
    return _assemble(table, _often(table[table["part"] == TRAIN], min_events), {
        "split": "global_time", "how": "one cut in time for everybody", "valid": valid, "test": test,
        "cut_valid": cuts[0].isoformat(), "cut_test": cuts[1].isoformat(),
        "min_events": min_events, "seed": seed})


def user_time(catalog: Catalog, valid: float = 0.1, test: float = 0.1, min_events: int = 5,
              seed: int = 0) -> Split:
    """Each user's own last positive events: `test` of them, before them `valid`, at least one each.

    The default on MovieLens: there 59 % of the users are active for a day or less (first to last rating), so
    with one cut for all only 28 of the 610 have both a past and targets (here 578). The price: one user's
    past may lie after another's future, so methods learn from times still to come for the user they serve.
    Users with fewer than 3 positive events are only learnt from. Equal times get an order drawn from `seed`.
    Raises as `global_time`. Taught in chapter 9.

    >>> split = user_time(example(), min_events=1)
    >>> [part.matrix.sum(axis=1).ravel().tolist() for part in (split.train, split.valid, split.test)]
    [[[8.0, 8.0]], [[1.0, 1.0]], [[1.0, 1.0]]]
    """
    _check_shares(valid, test)
    table = takes(catalog, seed)
    total = table.groupby("user")["positive"].transform("sum")
    n_valid, n_test = (np.where(total >= 3, np.maximum(1, total * share + 0.5), 0).astype(int)
                       for share in (valid, test))
    place = _place(table)
    n_train = total - n_valid - n_test
    table["part"] = np.select([place < n_train, place < n_train + n_valid], [TRAIN, VALID], TEST)
    return _assemble(table, _often(table[table["part"] == TRAIN], min_events), {
        "split": "user_time", "how": "each user's own last positive events", "valid": valid, "test": test,
        "min_events": min_events, "seed": seed})


def cold_items(catalog: Catalog, share: float = 0.2, min_events: int = 5, seed: int = 0) -> Split:
    """A `share` of the items is never in train: half are asked for in valid, half in test, and only they.

    Time is not looked at: a history may hold events later than a target. `min_events` counts over everything.
    Raises as `global_time`. Taught in chapter 9.

    >>> split = cold_items(example(), min_events=1)
    >>> split.candidates["test"].sum(), split.train.matrix[:, split.candidates["test"]].nnz
    (np.int64(1), 0)
    """
    _check_shares(share)
    table = takes(catalog, seed)
    items = _often(table, min_events)
    cold = _draw_halves(items, share, seed)
    in_valid, in_test = (table["item"].isin(cold[stage]) for stage in STAGES)
    table["part"] = np.select([in_valid, in_test], [VALID, TEST], TRAIN)
    return _assemble(table, items, {
        "split": "cold_items", "how": "items never learnt from; time is not looked at", "share": share,
        "min_events": min_events, "seed": seed}, {stage: items.isin(ids) for stage, ids in cold.items()})


def cold_users(catalog: Catalog, share: float = 0.2, n_known: int = 3, min_events: int = 5,
               seed: int = 0) -> Split:
    """A `share` of the users is never in train: their `n_known` first positive events are known.

    The rest is asked for: half the users in valid, half in test. Only events on the columns count; cold users
    with no more than `n_known` have no targets. All others are in train whole, whatever the time.
    Raises as `global_time`. Taught in chapter 9.

    >>> split = cold_users(example("abcdefgh"), min_events=1)
    >>> asked = np.diff(split.test.matrix.indptr) > 0
    >>> split.test.users[asked], split.known["test"].matrix[asked].nnz, split.train.matrix[asked].nnz
    (array(['d'], dtype=object), 3, 0)
    """
    _check_shares(share)
    table = takes(catalog, seed)
    cold = _draw_halves(pd.Index(np.unique(table.loc[table["positive"], "user"])), share, seed)
    in_valid, in_test = (table["user"].isin(cold[stage]) for stage in STAGES)
    items = _often(table[~in_valid & ~in_test], min_events)
    on_columns = table["item"].isin(items)
    first = _place(table[on_columns]).reindex(table.index, fill_value=0) < n_known
    table["part"] = np.select([in_valid & first, in_valid, in_test & first, in_test],
                              [KNOWN_VALID, VALID, KNOWN_TEST, TEST], TRAIN)
    return _assemble(table, items, {
        "split": "cold_users", "how": "users never learnt from, their first events known", "share": share,
        "n_known": n_known, "min_events": min_events, "seed": seed})


SPLITS: dict[str, Callable[..., Split]] = {
    "global_time": global_time, "user_time": user_time, "cold_items": cold_items, "cold_users": cold_users}


def default(catalog: Catalog, min_events: int = 5, seed: int = 0) -> Split:
    """`user_time` where most of what tells a taste is ratings (as in MovieLens), else `global_time`.

    >>> default(example(), min_events=1).protocol["split"]
    'global_time'
    """
    events = catalog.events["event"]
    rated = events.eq("rate").sum() > events.isin(POSITIVE_EVENTS).sum()
    return (user_time if rated else global_time)(catalog, min_events=min_events, seed=seed)


def takes(catalog: Catalog, seed: int = 0) -> Table:
    """Each user's first positive event of an item and first low rating of it: user, item, time, positive.

    By user and time; equal times in an order drawn from `seed`, for each user anew, whatever the rows' order.
    Raises CatalogError for a catalogue whose times are still text, ValueError where nothing is positive.

    >>> takes(example()).loc[:1, ["user", "item", "positive"]].to_numpy().tolist()
    [['a', 'i0', True], ['a', 'i1', True]]
    """
    events = catalog.events
    if not pd.api.types.is_datetime64_any_dtype(events["timestamp"]):
        raise CatalogError(f"{catalog.name}: times are still text; call preprocessing.preprocess first")
    value = events["value"].astype(float) if "value" in events else pd.Series(np.nan, events.index)
    rate = events["event"].eq("rate")
    positive = events["event"].isin(POSITIVE_EVENTS) | (rate & (value >= POSITIVE_RATING))
    low = rate & (value < POSITIVE_RATING)
    table = pd.DataFrame({"user": events["user_id"], "item": events["item_id"], "time": events["timestamp"],
                          "positive": positive})[positive | low].dropna()
    if not table["positive"].any():
        raise ValueError(f"{catalog.name}: no positive event (a like, a play, a rating of 4 ...)")
    firsts = table.groupby(["user", "item", "positive"])["time"].min().reset_index()
    firsts["tie"] = np.random.default_rng(seed).permutation(len(firsts))
    return firsts.sort_values(["user", "time", "tie"], ignore_index=True).drop(columns="tie")


def _place(table: Table) -> pd.Series:
    """The number, from 0, of each positive event of a user; a low rating has that of the one before it."""
    return table.groupby("user")["positive"].cumsum() - 1


def _often(table: Table, min_events: int) -> pd.Index:
    """The items with at least so many positive rows, sorted."""
    counts = table.loc[table["positive"], "item"].value_counts()
    items = pd.Index(sorted(counts.index[counts >= min_events]), dtype=object)
    if not len(items):
        raise ValueError(f"no item has {min_events} positive events to learn from; try a smaller min_events")
    return items


def _draw_halves(ids: pd.Index, share: float, seed: int) -> dict[str, np.ndarray]:
    """A `share` of the ids, at least two, half for valid and half for test."""
    if len(ids) < 3:
        raise ValueError(f"{len(ids)} are too few to keep two of them cold and learn from the rest")
    n_cold = max(2, round(share * len(ids)))
    drawn = np.random.default_rng([seed, 1]).permutation(ids.to_numpy(object))[:n_cold]
    return {"valid": drawn[:n_cold // 2], "test": drawn[n_cold // 2:]}


def _assemble(table: Table, items: pd.Index, protocol: Mapping[str, object],
              candidates: Mapping[str, np.ndarray] | None = None) -> Split:
    """The Split of rows that each have a `part`, on these columns."""
    table = table[table["item"].isin(items)]
    users = pd.Index(sorted(table.loc[table["part"] <= KNOWN_TEST, "user"].unique()), dtype=object)
    table = table[table["user"].isin(users)]
    cell = users.get_indexer(table["user"]) * len(items) + items.get_indexer(table["item"])
    table = table.assign(cell=cell)

    def interactions(rows: Table) -> Interactions:
        best = rows.sort_values("positive").drop_duplicates("cell", keep="last")
        where = np.divmod(best["cell"].to_numpy(), len(items))
        matrix = sparse.csr_matrix((best["positive"].to_numpy(np.float32), where), (len(users), len(items)))
        return Interactions(matrix, users, items)

    known, asked = {}, {}
    for stage, part in STAGES.items():
        before = table[table["part"] < part]
        target = (table["part"] == part) & table["positive"] & ~table["cell"].isin(before["cell"])
        known[stage], asked[stage] = interactions(before), interactions(table[target])
    words = {"target": "an item's first like, cart, purchase, play or rating of at least 4",
             "masked": "what is known of the user when the stage begins, low ratings too",
             "candidates": "the stage's cold items" if candidates else "every item on the columns"}
    everything = {stage: np.ones(len(items), bool) for stage in STAGES}
    return Split(interactions(table[table["part"] == TRAIN]), asked["valid"], asked["test"],
                 {**protocol, **words}, known, candidates or everything)


def _check_shares(*shares: float) -> None:
    if min(shares) <= 0 or sum(shares) >= 1:
        raise ValueError(f"shares must be above 0 and leave something to learn from, not {shares}")


def example(users: str = "ab", items: int = 10) -> Catalog:
    """A play a day, the users in turn, each five items further round than the last; for the examples."""
    rows = [(user, f"i{(turn + 5 * number) % items}", "play")
            for turn in range(items) for number, user in enumerate(users)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event"])
    events["timestamp"] = pd.date_range("2025-01-01", periods=len(events), freq="D", tz="UTC")
    names = [f"i{item}" for item in range(items)]
    return Catalog(pd.DataFrame({"item_id": names, "title": names}), events, Path(), "example")
