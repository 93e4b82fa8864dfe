"""From events to feedback: who first liked what, and when it came out. Taught in chapter 9."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import POSITIVE_EVENTS, POSITIVE_RATING, Catalog, CatalogError


def first_feedback(catalog: Catalog, seed: int = 0) -> pd.DataFrame:
    """Each user's first positive event of an item and first low rating of it: user, item, positive, time, weight.

    By user and time; equal times in an order drawn from `seed`, for each user anew, whatever the rows' order. weight:
    of that event (the largest at its time), from a float column `weight` of the events if there is one, else 1.
    Raises CatalogError for a catalogue whose times are still text, ValueError where nothing is positive.

    >>> first_feedback(example()).loc[:1, ["user", "item", "positive"]].to_numpy().tolist()
    [['a', 'i0', True], ['a', 'i1', True]]
    """
    events = catalog.events
    if not pd.api.types.is_datetime64_any_dtype(events["timestamp"]):
        raise CatalogError(f"{catalog.name}: times are still text; call preprocessing.preprocess first")
    value = events["value"].astype(float) if "value" in events else pd.Series(np.nan, events.index)
    rate = events["event"].eq("rate")
    positive = events["event"].isin(POSITIVE_EVENTS) | (rate & (value >= POSITIVE_RATING))
    low = rate & (value < POSITIVE_RATING)
    weighted = "weight" in events and pd.api.types.is_float_dtype(events["weight"])  # text is a column of the log's own
    table = pd.DataFrame({"user": events["user_id"], "item": events["item_id"], "time": events["timestamp"],
                          "positive": positive, "weight": events["weight"] if weighted else 1.0})[positive | low]
    table = table.dropna(subset=["user", "item", "time"])
    if not table["positive"].any():
        raise CatalogError(f"{catalog.name}: no positive event (a {', '.join(POSITIVE_EVENTS)}, a rating of 4 or more)"
                           " to learn from")
    table = table.sort_values(["time", "weight"], ascending=[True, False])
    firsts = table.drop_duplicates(["user", "item", "positive"]).sort_values(["user", "item", "positive"])
    firsts["tie"] = np.random.default_rng(seed).permutation(len(firsts))
    return firsts.sort_values(["user", "time", "tie"], ignore_index=True).drop(columns="tie")


def session_numbers(catalog: Catalog, gap: str, feedback: pd.DataFrame) -> np.ndarray:
    """The session of its user, from 0, that each row of `first_feedback` belongs to: (n,) int.

    Of all events of a user, a new session begins with one that is later than the one before it by more than `gap`.

    >>> session_numbers(example(), "1h", first_feedback(example()))[:3].tolist()
    [0, 1, 2]
    """
    events = catalog.events[["user_id", "timestamp"]].dropna().sort_values(["user_id", "timestamp"])
    began = ~(events.groupby("user_id")["timestamp"].diff() <= pd.Timedelta(gap))  # the first has no difference
    starts = events[began].assign(session=lambda rows: rows.groupby("user_id").cumcount())
    asked = feedback[["user", "time"]].reset_index().sort_values("time", kind="stable")
    found = pd.merge_asof(asked, starts.sort_values("timestamp", kind="stable"), left_on="time", right_on="timestamp",
                          left_by="user", right_by="user_id")
    return found.sort_values("index")["session"].to_numpy()


def release_times(catalog: Catalog) -> pd.Series:
    """When each item of the catalogue came out: `released_at`, else its first event, else NaT (it was always there)."""
    first = catalog.events.groupby("item_id")["timestamp"].min()
    first = catalog.items["item_id"].map(first)
    if "released_at" not in catalog.items:
        return first
    return pd.to_datetime(catalog.items["released_at"], utc=True).fillna(first)


def example(users: str = "ab", items: int = 10) -> Catalog:
    """A play a day, the users in turn, each five items further round than the last; for the examples."""
    rows = [(user, f"i{(turn + 5 * number) % items}", "play")
            for turn in range(items) for number, user in enumerate(users)]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event"])
    events["timestamp"] = pd.date_range("2025-01-01", periods=len(events), freq="D", tz="UTC")
    names = [f"i{item}" for item in range(items)]
    return Catalog(pd.DataFrame({"item_id": names, "title": names}), events, Path(), "example")
