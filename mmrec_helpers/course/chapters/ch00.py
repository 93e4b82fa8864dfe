"""Exercises of chapter 0: counting events, a history, recall by hand."""

from __future__ import annotations

from collections.abc import Set

import pandas as pd

from mmrec_helpers.course.checks import Exercise, Mistake, as_set

_ROWS = [("u1", "r1", "view"), ("u1", "r2", "play"), ("u1", "r2", "play"), ("u1", "r3", "like"),
         ("u1", "r7", "comment"), ("u10", "r4", "play"), ("u1", "r5", "cart"), ("u10", None, "search"),
         ("u1", "r6", "purchase")]
_LOG = pd.DataFrame(_ROWS, columns=["user_id", "item_id", "event"])
_TAKEN = ["like", "cart", "purchase", "play"]
_LISTED, _HIDDEN = ["r5", "r4", "r1", "r3", "r2", "r9"], {"r1", "r4", "r9", "r8", "r7"}


def _counts(events: pd.DataFrame) -> dict[str, int]:
    return events["event"].value_counts().to_dict()


def _same_counts(found: object, wanted: object) -> bool:
    return (found.to_dict() if isinstance(found, pd.Series) else found) == wanted


def _history(events: pd.DataFrame, user: str) -> set[str]:
    return set(events.loc[(events["user_id"] == user) & events["event"].isin(_TAKEN), "item_id"])


def _not_views(events: pd.DataFrame, user: str) -> set[str]:
    return set(events.loc[(events["user_id"] == user) & (events["event"] != "view"), "item_id"])


def _recall(listed: list[str], hidden: Set[str], k: int) -> float:
    return len(set(listed[:k]) & hidden) / len(hidden)


event_counts = Exercise(
    "count events", _counts, [(_LOG,), (_LOG[["event"]],)], same=_same_counts,
    mistakes=[
        Mistake("distinct pairs", lambda events: _counts(events.drop_duplicates()),
                "a repeated play is a second event: do not drop duplicates"),
        Mistake("items counted", lambda events: events.groupby("event")["item_id"].count().to_dict(),
                "your count of searches is 0: a search has no item, but it is an event. Count the column event"),
        Mistake("a total", len, "that is the number of all events; give one number for each kind"),
    ],
    tip="pandas counts the values of a column with value_counts(), and to_dict() makes a dict of it",
    code='events["event"].value_counts().to_dict()')

history_of = Exercise(
    "a history", _history, [(_LOG, "u1"), (_LOG, "u10"), (_LOG, "u2")], same=as_set,
    mistakes=[
        Mistake("views too", lambda events, user: set(events.loc[events["user_id"] == user, "item_id"]),
                "r1 was only viewed: a view does not count as taking"),
        Mistake("all but views", _not_views,
                "r7 was only commented on: keep the four kinds in TAKEN, not everything that is not a view"),
        Mistake("every user's", lambda events, user: set(events.loc[events["event"].isin(_TAKEN), "item_id"]),
                "r4 was taken by u10, not by u1: keep the rows of this user only"),
        Mistake("plays only", lambda events, user: _history(events[events["event"] == "play"], user),
                "a play is not the only way to take an item: use all of TAKEN"),
    ],
    tip="two conditions on the rows: the user, and isin(TAKEN); then the set of the item ids",
    code='set(events[(events["user_id"] == user) & events["event"].isin(TAKEN)]["item_id"])')

recall_at_k = Exercise(
    "recall", _recall, [(_LISTED, _HIDDEN, k) for k in (4, 2, 3, 8)],
    mistakes=[
        Mistake("precision", lambda listed, hidden, k: len(set(listed[:k]) & hidden) / k,
                "that is precision: divide by the number of hidden items, not by k"),
        Mistake("the whole list", lambda listed, hidden, k: _recall(listed, hidden, len(listed)),
                "look at the first k of the list only"),
        Mistake("one more", lambda listed, hidden, k: _recall(listed, hidden, k + 1),
                "you look at k + 1 items: the first k are listed[:k]"),
        Mistake("a count", lambda listed, hidden, k: len(set(listed[:k]) & hidden),
                "that is the number of hidden items found; recall is their share of all hidden items"),
    ],
    tip="how many of the first k are hidden items? Divide that by the number of all hidden items",
    code="len(set(listed[:k]) & hidden) / len(hidden)")

EXERCISES = {"event_counts": event_counts, "history_of": history_of, "recall_at_k": recall_at_k}
