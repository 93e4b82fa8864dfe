"""Exercises of chapter 2: copies and repetitions, times in UTC, users with too many short gaps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mmrec_helpers.course.checks import Exercise, as_set

MONDAY, EVENING, TUESDAY = pd.to_datetime(["2025-01-06 08:00:00", "2025-01-06 20:00:00", "2025-01-07 20:00:00"])
PLAYS = pd.DataFrame(
    [("u", "r1", "play", MONDAY), ("u", "r1", "play", MONDAY), ("v", "r1", "play", MONDAY), ("u", "r1", "like", MONDAY),
     ("u", "r1", "play", EVENING), ("u", "r1", "play", TUESDAY), ("u", "r2", "play", TUESDAY),
     ("u", "r1", "play", MONDAY), ("v", None, "search", TUESDAY)],
    columns=["user_id", "item_id", "event", "timestamp"])


def drop_copies(log: pd.DataFrame) -> pd.DataFrame:
    """The log without rows that are the same in every field."""
    return log.drop_duplicates()


def _same_rows(found: pd.DataFrame, wanted: pd.DataFrame) -> bool:
    """The same rows in any order, with any index."""
    columns = list(wanted.columns)
    both = [one[columns].sort_values(columns, ignore_index=True) for one in (found, wanted)]
    return set(found.columns) == set(columns) and both[0].equals(both[1])


without_copies = Exercise(
    "copies", drop_copies, [(PLAYS,)], same=_same_rows,
    mistakes=[
        (lambda log: log, "the copies are still there: drop_duplicates returns a new table, so return that one"),
        (lambda log: log[~log.duplicated(keep=False)],
         "all rows of u's play on Monday morning are gone; one of them was a real play"),
        (lambda log: log.drop_duplicates(["user_id", "item_id", "event"]),
         "Tuesday's play of r1 is gone: it was a repetition, not a copy"),
        (lambda log: log[~log.assign(timestamp=log["timestamp"].dt.date).duplicated()],
         "the play on Monday evening is gone: the same day is not the same time"),
        (lambda log: log[(log != log.shift()).any(axis=1)],
         "you compare a row only with the row before it; a copy may come later in the table"),
        (lambda log: log.dropna().drop_duplicates(), "the search is gone: it has no item, but it is an event"),
    ],
    tip="drop_duplicates compares all columns unless you name some")

TEXTS = pd.Series(["2025-03-01T20:00:00+08:00", "2025-03-01T12:00:00Z", "yesterday", "2025-02-28T23:30:00-05:00",
                   "2025-03-01T07:00:00.250Z", "2025-02-30T07:00:00Z"])


def utc(texts: pd.Series) -> pd.Series:
    """Texts of ISO 8601 as times in UTC; NaT for what is not a time."""
    return pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")


def _written(times: pd.Series) -> list[str]:
    """Times with their offset, whatever kind of list they are in."""
    return [one.isoformat("T", "microseconds") for one in times]


to_utc = Exercise(
    "one clock", utc, [(TEXTS,)], same=lambda found, wanted: _written(found) == _written(wanted),
    mistakes=[
        (lambda texts: pd.to_datetime(texts.str[:19], utc=True, errors="coerce"),
         "20:00 at +08:00 is 12:00 UTC: the offset must be used, not cut off"),
        (lambda texts: utc(texts).fillna(pd.Timestamp("1970-01-01", tz="UTC")),
         "'yesterday' is not a time of ISO 8601; an invented time is worse than none"),
        (lambda texts: pd.to_datetime(texts, utc=True, errors="coerce"),
         "the time with .250 seconds is lost: pandas takes the format of the first text for all. Name the format"),
        (lambda texts: utc(texts).dt.tz_localize(None),
         "your times do not say that they are UTC: keep the zone, utc=True"),
        (lambda texts: utc(texts).dropna(),
         "your list is shorter than the texts: what is not a time becomes NaT and keeps its place"),
    ],
    tip="pd.to_datetime has utc=, errors= and format=")

SECONDS = {"bot": [0, 1, 2, 3], "busy": [0, 60, 130, 260, 420, 421], "late": [0, 1, 500, 900]}
ODD = {"eel": [300], "ant": [400, 401, 402, 900], "cat": [9500, 9502, 9504], "cod": [9600, 9601, 9800],
       "cow": [9801, 9802, 9900], "dog": [5000, 9000, 9001], "pig": [10, 86_411, 172_812.5],
       "yak": [172_813, 172_814.5, 172_816]}


def _log(seconds: dict[str, list[float]]) -> pd.DataFrame:
    """The events of these users at these seconds of a day, in no order."""
    rows = [(user, pd.Timestamp("2025-01-01") + pd.Timedelta(seconds=one)) for user in seconds for one in seconds[user]]
    return pd.DataFrame(rows, columns=["user_id", "time"]).sample(frac=1, random_state=3)


def hasty(log: pd.DataFrame) -> set[str]:
    """The users with more than half of their gaps below 2 seconds."""
    log = log.sort_values(["user_id", "time"])
    gaps = log.groupby("user_id")["time"].diff().dropna().dt.total_seconds()
    share = (gaps < 2).groupby(log["user_id"]).mean()
    return set(share[share > 0.5].index)


def _gaps(log: pd.DataFrame) -> pd.Series:
    return log.sort_values(["user_id", "time"]).groupby("user_id")["time"].diff().dt.total_seconds()


def _users(log: pd.DataFrame, gaps: pd.Series, least: float = 0.5) -> set[str]:
    share = (gaps.dropna() < 2).groupby(log["user_id"]).mean()
    return set(share[share > least].index)


hasty_users = Exercise(
    "haste", hasty, [(_log(SECONDS),), *((_log({user: ODD[user]}),) for user in ODD), (_log(ODD),)], same=as_set,
    mistakes=[
        (lambda log: _users(log, _gaps(log), 0.499),
         "a user whose short gaps are exactly half is not meant: ask for more than half"),
        (lambda log: _users(log, _gaps(log), 0.2), "late had one short gap; ask for more than half of them"),
        (lambda log: _users(log, log.groupby("user_id")["time"].diff().dt.total_seconds()),
         "the log is in no order: sort it by user and time before you take gaps"),
        (lambda log: _users(log, _gaps(log).fillna(np.inf)),
         "three events have two gaps: leave out each user's first row, which has no gap, before the mean"),
        (lambda log: _users(log, _gaps(log).fillna(0)),
         "a user's first event has no gap; you count it as a gap of 0 seconds"),
        (lambda log: _users(log, _gaps(log) - 0.01), "a gap of exactly 2 seconds is not below 2"),
        (lambda log: _users(log, _gaps(log) % 86_400),
         "a gap of a day and a second is not short: use .dt.total_seconds(), as .dt.seconds leaves out the days"),
        (lambda log: _users(log, log.sort_values(["user_id", "time"])["time"].diff().dt.total_seconds()),
         "you also count the step from one user's last event to the next user's first: groupby('user_id') before "
         "diff()"),
        (lambda log: set(log["user_id"].value_counts().loc[lambda n: n > 4].index),
         "busy is a good customer: look at gaps, not at the number of events"),
    ],
    tip="sort by user and time, diff() within each user, then the mean of gaps < 2")
