"""Exercises of chapter 2: copies and repetitions, times in one zone, users in a haste."""

from __future__ import annotations

import pandas as pd

from mmrec_helpers.course.checks import Exercise, Mistake

_TIMES = pd.to_datetime(["2025-01-06 20:00:00", "2025-01-06 20:00:00", "2025-01-07 20:00:00", "2025-01-07 20:00:00"])
_PLAYS = pd.DataFrame({"user_id": "u", "item_id": ["a", "a", "a", "b"], "event": "play", "timestamp": _TIMES})
_TEXTS = pd.Series(["2025-03-01T20:00:00+08:00", "2025-03-01T12:00:00Z", "yesterday"])
_SECONDS = {"bot": [0, 1, 2, 3], "busy": [0, 60, 130, 260, 420, 421], "late": [0, 1, 500, 900]}
_LOG = pd.DataFrame([(user, pd.Timestamp("2025-01-01") + pd.Timedelta(seconds=second))
                     for user, seconds in _SECONDS.items() for second in seconds], columns=["user_id", "time"])
_MIXED = _LOG.sample(frac=1, random_state=3)


def _hasty(log: pd.DataFrame, share: float = 0.5) -> set[str]:
    ordered = log.sort_values(["user_id", "time"])
    gaps = ordered.groupby("user_id")["time"].diff().dropna().dt.total_seconds()
    hasty = (gaps < 2).groupby(ordered["user_id"]).mean()
    return set(hasty[hasty > share].index)


def _utc(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")


def _same_instants(f: object) -> bool:
    found = f(_TEXTS)
    return bool(found[0] == found[1] == pd.Timestamp("2025-03-01T12:00:00Z") and pd.isna(found[2]))


without_copies = Exercise(
    "copies", lambda f: len(f(_PLAYS)) == 3, answer=lambda log: log.drop_duplicates(),
    mistakes=[
        Mistake("all alike thrown out", lambda log: log[~log.duplicated(keep=False)],
                lambda f: len(f(_PLAYS)) == 2 and f(_PLAYS)["timestamp"].min() > _TIMES[0],
                "both of Monday's rows are gone; one of them was a real play"),
        Mistake("the time left out", lambda log: log.drop_duplicates(["user_id", "item_id", "event"]),
                lambda f: len(f(_PLAYS)) == 2, "Tuesday's play of a is gone: it was a repetition, not a copy"),
    ],
    tip="drop_duplicates looks at every column unless told otherwise", code="log.drop_duplicates()")

to_utc = Exercise(
    "one clock", _same_instants, answer=_utc,
    mistakes=[
        Mistake("the zone cut off", lambda texts: pd.to_datetime(texts.str[:19], utc=True, errors="coerce"),
                lambda f: f(_TEXTS)[0] == pd.Timestamp("2025-03-01T20:00:00Z"),
                "20:00 at +08:00 is 12:00 UTC: the offset must be used, not cut off"),
        Mistake("a time made up", lambda texts: _utc(texts).fillna(pd.Timestamp("1970-01-01", tz="UTC")),
                lambda f: not pd.isna(f(_TEXTS)[2]), "'yesterday' is no time; an invented one is worse than none"),
    ],
    tip="pd.to_datetime has utc=, errors= and format=", code=(
        'pd.to_datetime(texts, utc=True, errors="coerce", format="ISO8601")'))

hasty_users = Exercise(
    "haste", lambda f: set(f(_MIXED)) == {"bot"}, answer=_hasty,
    mistakes=[
        Mistake("busy ones", lambda log: set(log["user_id"].value_counts().loc[lambda n: n > 4].index),
                lambda f: "busy" in f(_MIXED), "busy is a good customer: look at gaps, not at the number of events"),
        Mistake("one short gap", lambda log: _hasty(log, 0.2), lambda f: "late" in f(_MIXED),
                "late had one short gap; ask for more than half of them"),
    ],
    tip="sort by user and time, diff() within each user, then the mean of gaps < 2",
    code="gaps = log.sort_values(...).groupby('user_id')['time'].diff(); (gaps < 2) by user, mean, > 0.5")

EXERCISES = {"without_copies": without_copies, "to_utc": to_utc, "hasty_users": hasty_users}
