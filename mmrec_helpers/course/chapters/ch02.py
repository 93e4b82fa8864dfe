"""Exercises of chapter 2: copies and repetitions, times in UTC, users with too many short gaps."""

from __future__ import annotations

import pandas as pd

from mmrec_helpers.course.checks import Exercise, Mistake, as_set

_MONDAY, _EVENING, _TUESDAY = pd.to_datetime(["2025-01-06 08:00:00", "2025-01-06 20:00:00", "2025-01-07 20:00:00"])
_PLAYS = pd.DataFrame(
    [("u", "r1", "play", _MONDAY), ("u", "r1", "play", _MONDAY), ("v", "r1", "play", _MONDAY),
     ("u", "r1", "like", _MONDAY), ("u", "r1", "play", _EVENING), ("u", "r1", "play", _TUESDAY),
     ("u", "r2", "play", _TUESDAY), ("u", "r1", "play", _MONDAY), ("v", None, "search", _TUESDAY)],
    columns=["user_id", "item_id", "event", "timestamp"])
_TEXTS = pd.Series(["2025-03-01T20:00:00+08:00", "2025-03-01T12:00:00Z", "yesterday", "2025-02-28T23:30:00-05:00",
                    "2025-03-01T07:00:00.250Z", "2025-02-30T07:00:00Z"])

_SECONDS = {"bot": [0, 1, 2, 3], "busy": [0, 60, 130, 260, 420, 421], "late": [0, 1, 500, 900]}
_ODD = {"eel": [300], "ant": [400, 401, 402, 900], "cat": [9500, 9502, 9504], "cod": [9600, 9601, 9800],
        "cow": [9801, 9802, 9900], "dog": [5000, 9000, 9001], "pig": [10, 86_411, 172_812.5],
        "yak": [172_813, 172_814.5, 172_816]}


def _log(seconds: dict[str, list[float]]) -> pd.DataFrame:
    """The events of these users at these seconds of a day, in no order."""
    rows = [(user, pd.Timestamp("2025-01-01") + pd.Timedelta(seconds=one)) for user in seconds for one in seconds[user]]
    return pd.DataFrame(rows, columns=["user_id", "time"]).sample(frac=1, random_state=3)


def _same_rows(found: pd.DataFrame, wanted: pd.DataFrame) -> bool:
    """The same rows in any order, with any index."""
    columns = list(wanted.columns)
    both = [one[columns].sort_values(columns, ignore_index=True) for one in (found, wanted)]
    return set(found.columns) == set(columns) and both[0].equals(both[1])


def _same_times(found: pd.Series, wanted: pd.Series) -> bool:
    """The same instants in the same order, with the same offset, in any kind of list."""
    return [one.isoformat("T", "microseconds") for one in found] == [
        one.isoformat("T", "microseconds") for one in wanted]


def _utc(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")


def _gaps(log: pd.DataFrame) -> pd.DataFrame:
    ordered = log.sort_values(["user_id", "time"])
    return ordered.assign(gap=ordered.groupby("user_id")["time"].diff().dt.total_seconds())


def _users(log: pd.DataFrame, share: float = 0.5) -> set[str]:
    """The users with more than this share of short gaps, out of a table of gaps."""
    log = log.dropna()
    hasty = (log["gap"] < 2).groupby(log["user_id"]).mean()
    return set(hasty[hasty > share].index)


def _across(log: pd.DataFrame) -> set[str]:
    ordered = log.sort_values(["user_id", "time"])
    return _users(ordered.assign(gap=ordered["time"].diff().dt.total_seconds()))


def _unsorted(log: pd.DataFrame) -> set[str]:
    return _users(log.assign(gap=log.groupby("user_id")["time"].diff().dt.total_seconds()))


def _by_events(log: pd.DataFrame) -> set[str]:
    return _users(_gaps(log).fillna({"gap": float("inf")}))


without_copies = Exercise(
    "copies", lambda log: log.drop_duplicates(), [(_PLAYS,)], same=_same_rows,
    mistakes=[
        Mistake("nothing dropped", lambda log: log,
                "the copies are still there: drop_duplicates returns a new table, so return that one"),
        Mistake("all copies dropped", lambda log: log[~log.duplicated(keep=False)],
                "all rows of u's play on Monday morning are gone; one of them was a real play"),
        Mistake("the time left out", lambda log: log.drop_duplicates(["user_id", "item_id", "event"]),
                "Tuesday's play of r1 is gone: it was a repetition, not a copy"),
        Mistake("one per day", lambda log: log[~log.assign(timestamp=log["timestamp"].dt.date).duplicated()],
                "the play on Monday evening is gone: the same day is not the same time"),
        Mistake("neighbours only", lambda log: log[(log != log.shift()).any(axis=1)],
                "you compare a row only with the row before it; a copy may come later in the table"),
        Mistake("rows without an item lost", lambda log: log.dropna().drop_duplicates(),
                "the search is gone: it has no item, but it is an event"),
    ],
    tip="drop_duplicates compares all columns unless you name some", code="log.drop_duplicates()")

to_utc = Exercise(
    "one clock", _utc, [(_TEXTS,)], same=_same_times,
    mistakes=[
        Mistake("the zone cut off", lambda texts: pd.to_datetime(texts.str[:19], utc=True, errors="coerce"),
                "20:00 at +08:00 is 12:00 UTC: the offset must be used, not cut off"),
        Mistake("a time made up", lambda texts: _utc(texts).fillna(pd.Timestamp("1970-01-01", tz="UTC")),
                "'yesterday' is not a time of ISO 8601; an invented time is worse than none"),
        Mistake("one format", lambda texts: pd.to_datetime(texts, utc=True, errors="coerce"),
                "the time with .250 seconds is lost: pandas takes the form of the first text for all. Name the format"),
        Mistake("no zone", lambda texts: _utc(texts).dt.tz_localize(None),
                "your times do not say that they are UTC: keep the zone, utc=True"),
        Mistake("rows lost", lambda texts: _utc(texts).dropna(),
                "your list is shorter than the texts: what is not a time becomes NaT and keeps its place"),
    ],
    tip="pd.to_datetime has utc=, errors= and format=", code=(
        'pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")'))

hasty_users = Exercise(
    "haste", lambda log: _users(_gaps(log)), same=as_set,
    cases=[(_log(_SECONDS),), *((_log({user: _ODD[user]}),) for user in _ODD), (_log(_ODD),)],
    mistakes=[
        Mistake("half is enough", lambda log: _users(_gaps(log), 0.499),
                "a user whose short gaps are exactly half is not meant: ask for more than half"),
        Mistake("one short gap", lambda log: _users(_gaps(log), 0.2),
                "late had one short gap; ask for more than half of them"),
        Mistake("not sorted", _unsorted, "the log is in no order: sort it by user and time before you take gaps"),
        Mistake("divided by events", _by_events,
                "three events have two gaps: leave out each user's first row, which has no gap, before the mean"),
        Mistake("first gap zero", lambda log: _users(_gaps(log).fillna({"gap": 0})),
                "a user's first event has no gap; you count it as a gap of 0 seconds"),
        Mistake("two is short", lambda log: _users(_gaps(log).assign(gap=lambda gaps: gaps["gap"] - 0.01)),
                "a gap of exactly 2 seconds is not below 2"),
        Mistake("days cut off", lambda log: _users(_gaps(log).assign(gap=lambda gaps: gaps["gap"] % 86_400)),
                "a gap of a day and a second is not short: use .dt.total_seconds(), as .dt.seconds leaves out "
                "the days"),
        Mistake("across users", _across,
                "you also count the step from one user's last event to the next user's first: groupby('user_id') "
                "before diff()"),
        Mistake("busy ones", lambda log: set(log["user_id"].value_counts().loc[lambda n: n > 4].index),
                "busy is a good customer: look at gaps, not at the number of events"),
    ],
    tip="sort by user and time, diff() within each user, then the mean of gaps < 2",
    code="gaps = log.sort_values(...).groupby('user_id')['time'].diff(); (gaps < 2) by user, mean, > 0.5")

EXERCISES = {"without_copies": without_copies, "to_utc": to_utc, "hasty_users": hasty_users}
