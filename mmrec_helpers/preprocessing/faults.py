"""What is wrong with a log or a list of items: which rows, and how to find them. Nothing is changed here.

Every function looks at whole columns and answers row by row. Taught in chapter 2.
"""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd

from mmrec_helpers.datasets.folder import EVENTS

SAME = ("user_id", "item_id", "event", "query", "value", "text", "media")
"""Fields that make two events the same, beside the time."""

PACED = tuple(event for event in EVENTS if event not in ("rate", "comment"))
"""Events that a person makes one at a time. Ratings and tags come by the page, and say nothing of pace."""

QUICK = 2.0
"""Seconds between two events of one user below which a person hardly chose the second."""

RECORD = ("title", "artist", "description")
"""Fields that make two items the same record."""

YEAR = 365 * 86_400.0


def cut_off(seconds: np.ndarray) -> np.ndarray:
    """Times that a wrong clock wrote: far from most of the log and not connected to it.

    seconds: (n,) float, such as since 1970. Far: beyond Q1 - 1.5 (Q3 - Q1) - 1 year or Q3 + 1.5 (Q3 - Q1) + 1 year,
    Tukey's fences with a margin. Not connected: no chain of events less than a year apart leads within the fences, so
    that a log's thin beginning is kept. Returns (n,) bool. Source: Tukey 1977, Exploratory Data Analysis.

    >>> cut_off(np.array([1970.0, 2022.9, 2023.8, 2024.7, 2025.1, 2025.2, 2025.2, 2025.3, 2025.4, 2099.0]) * YEAR)
    array([ True, False, False, False, False, False, False, False, False,  True])
    """
    if not len(seconds):
        return np.zeros(0, bool)
    low, high = np.quantile(seconds, [0.25, 0.75])
    reach = 1.5 * (high - low) + YEAR
    order = np.argsort(seconds, kind="stable")
    chain = np.empty(len(seconds), int)
    chain[order] = np.cumsum(np.diff(seconds[order], prepend=seconds[order][0]) > YEAR)
    near = (seconds >= low - reach) & (seconds <= high + reach)
    return ~np.isin(chain, chain[near])


def since_same(events: pd.DataFrame) -> np.ndarray:
    """Seconds since the same event of the same user was logged before: (n,) float, inf where it never was.

    0 is an exact duplicate (the first in the file counts as the original), a second or two a client's retry, an
    hour a song played again. Needs times, not text.
    """
    fields = [field for field in SAME if field in events]
    group = events.groupby(fields, dropna=False, sort=False).ngroup().to_numpy()
    seconds = in_seconds(events["timestamp"])
    order = np.lexsort((seconds, group))
    gap = np.full(len(events), np.inf)
    again = np.diff(group[order]) == 0
    gap[order[1:][again]] = np.diff(seconds[order])[again]
    return gap


def pace(events: pd.DataFrame) -> pd.DataFrame:
    """How fast each user goes: index user_id; columns `events`, `busiest_minute`, `share_quick`.

    events: how many say something of pace (`PACED`); busiest_minute: most of them within 60 seconds; share_quick:
    share of the gaps between them that are below `QUICK`. An event without a time of day (`dated`) says nothing; users
    with one that does are left out.

    >>> times = pd.to_datetime(["2025-03-01 12:00:00", "2025-03-01 12:00:01", "2025-03-01 12:05:00"], utc=True)
    >>> pace(pd.DataFrame({"user_id": "u", "event": "view", "timestamp": times}))
             events  busiest_minute  share_quick
    user_id
    u             3               2          0.5
    """
    paced = events[events["event"].isin(PACED) & events["user_id"].notna() & ~dated(events["timestamp"])]
    user, names = pd.factorize(paced["user_id"])
    seconds = in_seconds(paced["timestamp"])
    order = np.lexsort((seconds, user))
    user, seconds = user[order], seconds[order]
    line = seconds + user * (np.ptp(seconds) + 120 if len(seconds) else 0)  # users one after another
    in_minute = np.searchsorted(line, line + 60, side="left") - np.arange(len(line))
    quick = (np.diff(seconds) < QUICK)[same := np.diff(user) == 0]
    count = np.bincount(user, minlength=len(names))
    table = pd.DataFrame({
        "events": count,
        "busiest_minute": pd.Series(in_minute).groupby(user).max().to_numpy(),
        "share_quick": np.bincount(user[1:][same], quick, len(names)) / np.maximum(count - 1, 1),
    }, index=pd.Index(names, name="user_id"))
    return table[table["events"] > 1]


def twins(items: pd.DataFrame) -> pd.Series:
    """Younger id -> older id of items that are one record: same title, artist and description.

    Case, spaces and forms of a letter do not count. Items without a description are nobody's twin: many records
    are called `Greatest Hits`. Older: released earlier, then higher up in the file.

    >>> twins(pd.DataFrame({"item_id": ["a", "b", "c"], "title": ["Sea", "SEA ", "Sea"],
    ...                     "description": ["Calm.", "Calm.", None]})).to_dict()
    {'b': 'a'}
    """
    fields = [field for field in RECORD if field in items]
    plain = items[fields].astype(object).apply(_plain)
    described = plain.reindex(columns=["title", "description"]).notna().all(axis=1)
    if not described.any():
        return pd.Series(dtype=object)
    released = items.get("released_at", pd.Series(pd.NaT, items.index))
    age = pd.to_datetime(released, utc=True, errors="coerce", format="ISO8601")
    plain = plain.assign(item_id=items["item_id"], age=age)[described]
    plain = plain.sort_values("age", kind="stable")
    older = plain.groupby(fields, dropna=False)["item_id"].transform("first")
    younger = plain["item_id"] != older
    return pd.Series(older[younger].to_numpy(), index=plain.loc[younger, "item_id"].to_numpy())


def in_seconds(times: pd.Series) -> np.ndarray:
    """Seconds since 1970, (n,) float."""
    return times.dt.as_unit("us").astype("int64").to_numpy() / 1e6


def dated(times: pd.Series) -> np.ndarray:
    """Which times are a date alone, midnight in UTC to the microsecond: (n,) bool."""
    return in_seconds(times) % 86_400 == 0


def _plain(texts: pd.Series) -> pd.Series:
    plain = texts.map(lambda text: " ".join(unicodedata.normalize("NFKC", text).casefold().split()), "ignore")
    return plain.mask(plain == "").astype(object)
