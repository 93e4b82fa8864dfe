"""Exercises of chapter 0: counting events, a history, recall by hand."""

from __future__ import annotations

import pandas as pd

from mmrec_helpers.course.checks import Exercise, as_set

LOG = pd.DataFrame(
    [("u1", "r1", "view"), ("u1", "r2", "play"), ("u1", "r2", "play"), ("u1", "r3", "like"), ("u1", "r7", "comment"),
     ("u10", "r4", "play"), ("u1", "r5", "cart"), ("u10", None, "search"), ("u1", "r6", "purchase")],
    columns=["user_id", "item_id", "event"])
TAKEN = ["like", "cart", "purchase", "play"]


def count_events(events: pd.DataFrame) -> dict[str, int]:
    """How many events of each kind there are."""
    return events["event"].value_counts().to_dict()


event_counts = Exercise(
    "count events", count_events, [(LOG,), (LOG[["event"]],)],
    same=lambda found, wanted: (found.to_dict() if isinstance(found, pd.Series) else found) == wanted,
    mistakes=[
        (lambda events: count_events(events.drop_duplicates()),
         "a repeated play is a second event: do not drop duplicates"),
        (lambda events: events.groupby("event")["item_id"].count().to_dict(),
         "your count of searches is 0: a search has no item, but it is an event. Count the column event"),
        (len, "that is the number of all events; give one number for each kind"),
    ],
    tip="pandas counts the values of a column with value_counts(), and to_dict() makes a dict of it")


def history(events: pd.DataFrame, user: str) -> set[str]:
    """The items that this user took."""
    mine = events[(events["user_id"] == user) & events["event"].isin(TAKEN)]
    return set(mine["item_id"])


history_of = Exercise(
    "a history", history, [(LOG, "u1"), (LOG, "u10"), (LOG, "u2")], same=as_set,
    mistakes=[
        (lambda events, user: set(events.loc[events["user_id"] == user, "item_id"]),
         "r1 was only viewed: a view does not count as taking"),
        (lambda events, user: set(events[(events["user_id"] == user) & (events["event"] != "view")]["item_id"]),
         "r7 was only commented on: keep the four kinds in TAKEN, not everything that is not a view"),
        (lambda events, user: set(events.loc[events["event"].isin(TAKEN), "item_id"]),
         "r4 was taken by u10, not by u1: keep the rows of this user only"),
        (lambda events, user: history(events[events["event"] == "play"], user),
         "a play is not the only way to take an item: use all of TAKEN"),
    ],
    tip="two conditions on the rows: the user, and isin(TAKEN); then the set of the item ids")


def recall(listed: list[str], hidden: set[str], k: int) -> float:
    """The share of the hidden items that are among the first k of the list."""
    return len(set(listed[:k]) & hidden) / len(hidden)


recall_at_k = Exercise(
    "recall", recall,
    [(["r5", "r4", "r1", "r3", "r2", "r9"], {"r1", "r4", "r9", "r8", "r7"}, k) for k in (4, 2, 3, 8)],
    mistakes=[
        (lambda listed, hidden, k: len(set(listed[:k]) & hidden) / k,
         "that is precision: divide by the number of hidden items, not by k"),
        (lambda listed, hidden, k: recall(listed, hidden, len(listed)), "look at the first k of the list only"),
        (lambda listed, hidden, k: recall(listed, hidden, k + 1),
         "you look at k + 1 items: the first k are listed[:k]"),
        (lambda listed, hidden, k: len(set(listed[:k]) & hidden),
         "that is the number of hidden items found; recall is their share of all hidden items"),
    ],
    tip="how many of the first k are hidden items? Divide that by the number of all hidden items")
