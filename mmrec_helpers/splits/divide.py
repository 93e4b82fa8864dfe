"""Interactions divided for an honest experiment: by time, by user, by session. Taught in chapter 9.

In every split a positive event is a user's first like, cart, purchase or play of an item, or first rating of
at least 4. A lower rating is seen: never offered again, never learnt. Columns are every item of the catalogue,
candidates of a stage the items released before it begins. Every split is checked for leaks before it is given out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import POSITIVE_EVENTS, Catalog, Split
from mmrec_helpers.splits.assemble import STAGES, TEST, TRAIN, VALID, assemble, check_shares, place_of
from mmrec_helpers.splits.cold import cold_items, cold_users
from mmrec_helpers.splits.feedback import (  # noqa: F401 (example: for docs)
    example,
    first_feedback,
    release_times,
    session_numbers,
)


def global_time(catalog: Catalog, valid: float = 0.1, test: float = 0.1, seed: int = 0) -> Split:
    """One cut for everybody: the last `test` of the positive events, before them `valid`.

    Nearest to real use. The cuts are quantiles of the positive events' times; what happened at the very time
    of a cut is after it. Raises CatalogError for a catalogue not preprocessed, ValueError where nobody has both a
    past and a target. Taught in chapter 9.

    >>> split = global_time(example())
    >>> split.test.fit.matrix.nnz, split.test.targets.nnz, split.protocol["starts"]["test"]
    (18, 2, '2025-01-19T00:00:00+00:00')
    """
    check_shares(valid, test)
    table = first_feedback(catalog, seed)
    times = table.loc[table["positive"], "time"].sort_values()
    first = [min(round(len(times) * (1 - later)), len(times) - 1) for later in (valid + test, test)]
    cuts = dict(zip(STAGES, times.iloc[first], strict=True))
    table["part"] = np.select([table["time"] < cut for cut in cuts.values()], [TRAIN, VALID], TEST)
    released = release_times(catalog)
    return assemble(catalog, table, {
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
    check_shares(valid, test)
    table = first_feedback(catalog, seed)
    total = table.groupby("user")["positive"].transform("sum")
    n_valid, n_test = (np.where(total >= 3, np.maximum(1, total * share + 0.5), 0).astype(int)
                       for share in (valid, test))
    place = place_of(table)
    n_train = total - n_valid - n_test
    table["part"] = np.select([place < n_train, place < n_train + n_valid], [TRAIN, VALID], TEST)
    return assemble(catalog, table, {
        "split": "user_time", "how": "each user's own last positive events", "valid": valid, "test": test,
        "starts": dict.fromkeys(STAGES, "first target"), "seed": seed})


def session(catalog: Catalog, gap: str = "8h", seed: int = 0) -> Split:
    """Each user's last session with a positive event is asked for in test, the one before it in valid.

    A session ends where the user does nothing (views and searches count) for `gap`, a pandas duration. Users with fewer
    than 3 sessions with a positive event are in the training set alone. As in `user_time`, one user's past may lie
    after another's future. Raises as `global_time`, ValueError for a gap of no length. Taught in chapter 9.

    >>> split = session(example(), gap="1h")
    >>> split.test.targets.nnz, split.protocol["gap"]
    (2, '1h')
    """
    if not pd.Timedelta(gap) > pd.Timedelta(0):
        raise ValueError(f"a gap of {gap!r}; a session ends after some time without an event, '8h' say")
    table = first_feedback(catalog, seed)
    table["session"] = session_numbers(catalog, gap, table)
    later = table[table["positive"]].drop_duplicates(["user", "session"]).groupby("user")["session"]
    left = later.rank(ascending=False).reindex(table.index)  # 1: the user's last session with a positive event
    first = {stage: table.loc[left == place].set_index("user")["session"].reindex(table["user"]).to_numpy()
             for stage, place in (("valid", 2), ("test", 1))}
    enough = table["user"].map(later.size()).to_numpy() >= 3
    table["part"] = np.select([~enough | ~(table["session"] >= first["valid"]), table["session"] < first["test"]],
                              [TRAIN, VALID], TEST)
    return assemble(catalog, table.drop(columns="session"), {
        "split": "session", "how": "each user's own last sessions", "gap": gap,
        "starts": dict.fromkeys(STAGES, "first target"), "seed": seed})


SPLITS: dict[str, Callable[..., Split]] = {
    "global_time": global_time, "user_time": user_time, "session": session, "cold_items": cold_items,
    "cold_users": cold_users}


def default(catalog: Catalog, seed: int = 0) -> Split:
    """`user_time` where most of what shows a taste is ratings (as in MovieLens), else `global_time`.

    >>> default(example()).protocol["split"]
    'global_time'
    """
    events = catalog.events["event"]
    rated = events.eq("rate").sum() > events.isin(POSITIVE_EVENTS).sum()
    return (user_time if rated else global_time)(catalog, seed=seed)
