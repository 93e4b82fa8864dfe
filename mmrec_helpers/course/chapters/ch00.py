"""Exercises of chapter 0: counting events, a history, recall by hand."""

from __future__ import annotations

import pandas as pd

from mmrec_helpers.course.checks import Exercise, Mistake

_ROWS = [("u", "a", "view"), ("u", "b", "play"), ("u", "b", "play"), ("u", "c", "like"), ("v", "d", "play")]
_LOG = pd.DataFrame(_ROWS, columns=["user_id", "item_id", "event"])
_TAKEN = ["like", "cart", "purchase", "play"]
_LISTED, _HIDDEN = ["a", "b", "c", "d"], {"b", "d", "z"}


def _taken(log: pd.DataFrame, user: str) -> set[str]:
    return set(log.loc[(log["user_id"] == user) & log["event"].isin(_TAKEN), "item_id"])


event_counts = Exercise(
    "count events", lambda f: dict(f(_LOG)) == {"play": 3, "view": 1, "like": 1},
    answer=lambda log: log["event"].value_counts().to_dict(),
    mistakes=[
        Mistake("distinct pairs", lambda log: log.drop_duplicates()["event"].value_counts().to_dict(),
                lambda f: f(_LOG)["play"] == 2, "a repeated play is a second event: do not drop duplicates"),
        Mistake("a total", len, lambda f: f(_LOG) == 5, "that is the number of all events; give one for each kind"),
    ],
    tip="pandas counts the values of a column with value_counts(), and to_dict() makes a dict of it",
    code='events["event"].value_counts().to_dict()')

history_of = Exercise(
    "a history", lambda f: set(f(_LOG, "u")) == {"b", "c"} and set(f(_LOG, "v")) == {"d"}, answer=_taken,
    mistakes=[
        Mistake("views too", lambda log, user: set(log.loc[log["user_id"] == user, "item_id"]),
                lambda f: "a" in f(_LOG, "u"), "a was only viewed: looking is not taking"),
        Mistake("everybody's", lambda log, user: set(log.loc[log["event"].isin(_TAKEN), "item_id"]),
                lambda f: "d" in f(_LOG, "u"), "d was taken by v, not by u: keep this user's rows only"),
        Mistake("plays only", lambda log, user: _taken(log[log["event"] == "play"], user),
                lambda f: set(f(_LOG, "u")) == {"b"}, "a like is taking too: use all of TAKEN"),
    ],
    tip="two conditions on the rows: whose they are, and isin(TAKEN); then the set of the item ids",
    code='set(events[(events["user_id"] == user) & events["event"].isin(TAKEN)]["item_id"])')

recall_at_k = Exercise(
    "recall", lambda f: abs(f(_LISTED, _HIDDEN, 4) - 2 / 3) < 1e-9 and abs(f(_LISTED, _HIDDEN, 2) - 1 / 3) < 1e-9,
    answer=lambda listed, hidden, k: len(set(listed[:k]) & hidden) / len(hidden),
    mistakes=[
        Mistake("precision", lambda listed, hidden, k: len(set(listed[:k]) & hidden) / k,
                lambda f: f(_LISTED, _HIDDEN, 4) == 0.5, "that is precision: divide by how many are hidden, not by k"),
        Mistake("the whole list", lambda listed, hidden, k: len(set(listed) & hidden) / len(hidden),
                lambda f: abs(f(_LISTED, _HIDDEN, 2) - 2 / 3) < 1e-9, "look at the first k of the list only"),
    ],
    tip="which of the first k are hidden? how many is that of all the hidden ones?",
    code="len(set(listed[:k]) & hidden) / len(hidden)")

EXERCISES = {"event_counts": event_counts, "history_of": history_of, "recall_at_k": recall_at_k}
