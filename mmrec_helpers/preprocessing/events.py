"""Steps about events: incomplete, contradicting, mistimed, repeated, by bots: set aside. Taught in chapter 2."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Catalog
from mmrec_helpers.datasets.folder import EVENTS
from mmrec_helpers.datasets.paths import nearest
from mmrec_helpers.preprocessing import faults
from mmrec_helpers.preprocessing.report import drop, event_rows

NO_ITEM_NEEDED = ("search",)
"""Events that are about no item; all others need one."""

RETRY = 2.0
"""Seconds within which a client sends the same event again. A song played again later is a second play."""

BUSY, HASTY = 60, 0.5
"""A bot has more than BUSY events in one minute, and more than HASTY of its gaps are below `faults.QUICK` seconds.
Both, since a phone that was off the network may send an hour's events at once, and an app may log two at a time."""


Meaning = str | tuple[str, float]
"""What a log's own name of an event means: an event of `EVENTS`, and perhaps how much one counts (see `meaning`)."""


def meaning(given: Meaning) -> tuple[str, float]:
    """The event of `EVENTS` and the weight of one: `cart` (weight 1), `cart:3`, or both as a pair. ValueError: neither.

    >>> meaning("cart"), meaning("cart:3"), meaning(("cart", 0.5))
    (('cart', 1.0), ('cart', 3.0), ('cart', 0.5))
    """
    event, weight = given if isinstance(given, tuple) else (*given.split(":", 1), 1.0)[:2]
    if event not in EVENTS:
        raise ValueError(f"no event {event!r} to map to; there are {', '.join(EVENTS)}")
    try:
        number = float(weight)
    except (TypeError, ValueError):
        number = np.nan
    if not 0 < number < np.inf:
        raise ValueError(f"weight {weight!r} of {event}: write a finite number above 0, such as {event}:3")
    return event, number


def rename(catalog: Catalog, names: Mapping[str, Meaning]) -> Catalog:
    """Events called what their names mean; where one has a weight other than 1, weights in a float column `weight`."""
    meanings = {name: meaning(given) for name, given in names.items()}
    kinds = {name: kind for name, (kind, _) in meanings.items()}
    weights = {name: weight for name, (_, weight) in meanings.items()}
    events, logged = catalog.events, catalog.events["event"]
    if set(weights.values()) - {1.0}:
        if "weight" in events:
            raise ValueError("events have a column 'weight' already; rename it to give events weights by name")
        events = events.assign(weight=logged.map(weights).astype(float).fillna(1.0))
    return replace(catalog, events=events.assign(event=logged.replace(kinds)))


def drop_incomplete(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events without a user, without a kind, or without the item that their kind is about: set aside."""
    catalog, no_user = drop(catalog, catalog.events["user_id"].isna(), "no user", "write who it was")
    catalog, no_event = drop(catalog, catalog.events["event"].isna(), "no event", "write what was done")
    events = catalog.events
    no_item = events["item_id"].isna() & ~events["event"].isin(NO_ITEM_NEEDED)
    catalog, no_item = drop(catalog, no_item, "no item", "write which item it was about")
    return catalog, pd.concat([no_user, no_event, no_item])


def drop_unknown_items(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events about items that the catalogue does not have: set aside."""
    asked = catalog.events["item_id"]
    unknown = asked.notna() & ~asked.isin(catalog.items["item_id"])
    return drop(catalog, unknown, "unknown item", "add the item to items.csv", column="item_id")


def drop_contradictions(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Purchases with a negative value: set aside."""
    events = catalog.events
    negative = events["event"].eq("purchase") & (events["value"] < 0)
    return drop(catalog, negative, "contradiction", "write a refund as an event of its own")


def drop_clock_errors(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events at times that a wrong clock wrote (`faults.cut_off`): set aside."""
    wrong = faults.cut_off(faults.in_seconds(catalog.events["timestamp"]))
    return drop(catalog, wrong, "clock error", "far from the rest of the log: check the clock that wrote it")


def drop_exact_duplicates(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """All but the first of the events that agree in every field, the time too: set aside."""
    again = faults.since_same(catalog.events) == 0
    return drop(catalog, again, "exact duplicate", "the first one is kept")


def drop_near_duplicates(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events that repeat one of at most `RETRY` seconds before in every field but the time: set aside.

    Two on one date without a time of day may be hours apart: they are not near duplicates.
    """
    gap = faults.since_same(catalog.events)
    again = (gap <= RETRY) & ~((gap == 0) & faults.dated(catalog.events["timestamp"]))
    return drop(catalog, again, "near duplicate", f"within {RETRY:g} s of the same event: a client's retry")


def drop_bots(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """All events of users faster than a person can be (`BUSY`, `HASTY`): set aside."""
    table = faults.pace(catalog.events)
    bots = table.index[(table["busiest_minute"] > BUSY) & (table["share_quick"] > HASTY)]
    return drop(catalog, catalog.events["user_id"].isin(bots), "bot", "faster than a person: check who it is")


def note_unknown_events(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Kinds of events that are not in `EVENTS`: kept, but nothing learns from them; one row a kind, its first line.

    >>> log = pd.DataFrame({"user_id": "u", "item_id": "a", "event": ["add_to_cart", "play"]})
    >>> note_unknown_events(Catalog(pd.DataFrame(), log, None, "tiny"))[1]["fix"].tolist()
    ["1 x 'add_to_cart', not used; if it means 'cart', map it: --event add_to_cart=cart"]
    """
    events = catalog.events
    unknown = events[events["event"].notna() & ~events["event"].isin(EVENTS)]
    counts, first = unknown["event"].value_counts(), unknown.drop_duplicates("event")
    fixes = [f"{counts[kind]:,} x {kind!r}, not used; {_mapped(kind)}" for kind in first["event"]]
    return catalog, event_rows(first, "unknown event", "kept", fixes, column="event")


def _mapped(kind: str) -> str:
    part = next((word for word in re.split(r"[\W_]+", kind.casefold()) if word in EVENTS), None)
    if near := part or nearest(kind, EVENTS):
        return f"if it means {near!r}, map it: --event {kind}={near}"
    return f"map it to one of {', '.join(EVENTS)}: --event {kind}=..."
