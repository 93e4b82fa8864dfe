"""The steps of preprocessing, one by one: from a catalogue to a catalogue and a table of what was found.

Which rows are wrong is told by `faults`, how a field is mended by `repairs`. Taught in chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers import faults
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.repairs import mend_mojibake, read_times

Step = Callable[[Catalog], tuple[Catalog, pd.DataFrame]]
"""What a step returns: the catalogue after it, and rows for `Report.set_aside`."""

COLUMNS = ("file", "line", "id", "cause", "action", "mend")

NO_ITEM_NEEDED = ("search",)
"""Events that are about no item; all others need one."""

RETRY = 2.0
"""Seconds within which a client sends the same event again. A song played again later is a second play."""

BUSY, HASTY = 60, 0.5
"""A bot has more than BUSY events in one minute, and more than HASTY of its gaps are below `faults.QUICK` seconds.
Both, since a phone that was off the network may send an hour's events at once, and an app may log two at a time."""

FIELDS = ("title", "description", "category", "image", "audio")
"""Fields that an item is expected to have, where most items of the catalogue have them."""

NOT_WORDS = ("item_id", "released_at", "image", "audio", "video")
"""Columns of items that hold no words."""

ODD = {"mislabelled picture": ("mended", "read by content: name it after what it is"),
       "clipped sound": ("kept", "record or export it with a lower level"),
       "other rate": ("mended", "down-mixed and resampled when read")}
"""What is done about a medium that is odd and can be used: action and mend."""

DAY = pd.Timedelta(days=1)


# ---- what a step reports


def number_lines(catalog: Catalog) -> Catalog:
    """The tables with their files' line numbers as index, which every step reports and keeps."""
    from mmrec_helpers.datasets.folder import line_numbers

    tables = {table: frame.set_axis(pd.Index(line_numbers(frame), name="line"))
              for table, frame in (("items", catalog.items), ("events", catalog.events))}
    return replace(catalog, **tables)


def _rows(frame: pd.DataFrame, cause: str, action: str, mend: str | Sequence[str], file: str = "events.csv",
          column: str = "user_id") -> pd.DataFrame:
    """One row of the report for each row of `frame`."""
    table = {"file": file, "line": frame.index.to_numpy(), "id": frame[column].to_numpy(object), "cause": cause,
             "action": action, "mend": mend}
    return pd.DataFrame(table, columns=COLUMNS, index=range(len(frame)))


def _item_rows(items: pd.DataFrame, cause: str, action: str, mend: str | Sequence[str]) -> pd.DataFrame:
    return _rows(items, cause, action, mend, "items.csv", "item_id")


def _drop(catalog: Catalog, bad: np.ndarray, cause: str, mend: str,
          column: str = "user_id") -> tuple[Catalog, pd.DataFrame]:
    """The catalogue without these events, and the events as rows of the report."""
    events = catalog.events
    bad = np.asarray(bad, bool)
    return replace(catalog, events=events[~bad]), _rows(events[bad], cause, "set aside", mend, column=column)


# ---- formats


def convert_times(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Timestamps to UTC. Those in another zone are mended; what is no time is set aside.

    >>> log = pd.DataFrame({"user_id": ["u", "u"], "item_id": ["a", "a"], "event": ["play", "play"],
    ...                     "timestamp": ["2025-03-01T20:00:00+08:00", "yesterday"]})
    >>> catalog, found = convert_times(Catalog(pd.DataFrame(), log, None, "tiny"))
    >>> found[["line", "cause", "action"]].to_numpy().tolist()
    [[0, 'time zone', 'mended'], [1, 'unparsable time', 'set aside']]
    """
    times, moved = read_times(catalog.events["timestamp"])
    events = catalog.events.assign(timestamp=times)
    mended = _rows(events[moved], "time zone", "mended", "converted to UTC")
    catalog, dropped = _drop(replace(catalog, events=events), times.isna(), "unparsable time",
                             "write it in ISO 8601, such as 2025-03-01T12:34:56Z")
    return catalog, pd.concat([mended, dropped], ignore_index=True)


def convert_values(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """`value` to float; a text that is no finite number becomes missing, and the event is kept."""
    texts = catalog.events.get("value", pd.Series(np.nan, catalog.events.index))
    values = pd.to_numeric(texts, errors="coerce").astype(np.float64)
    values = values.where(np.isfinite(values))
    events = catalog.events.assign(value=values)
    lost = (texts.notna() & values.isna()).to_numpy(bool)
    return replace(catalog, events=events), _rows(events[lost], "unparsable value", "kept", "write a number")


def convert_releases(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """`released_at`, where there is such a column, to a date in UTC; what is no date becomes missing."""
    items = catalog.items
    if "released_at" not in items:
        return catalog, _item_rows(items.iloc[:0], "unparsable time", "kept", "")
    times, _ = read_times(items["released_at"])
    lost = (items["released_at"].notna() & times.isna()).to_numpy(bool)
    rows = _item_rows(items[lost], "unparsable time", "kept", "write the date as 2025-03-01")
    return replace(catalog, items=items.assign(released_at=times)), rows


# ---- items


def repair_words(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Mojibake in the items' words read again as UTF-8: mended."""
    items = catalog.items
    words = [column for column in items if column not in NOT_WORDS and items[column].dtype.kind == "O"]
    mended = items[words].map(lambda text: mend_mojibake(text) if isinstance(text, str) else text)
    changed = items[words].notna() & (items[words] != mended)
    some = changed.any(axis=1).to_numpy(bool)
    which = ["read again as UTF-8: " + ", ".join(changed.columns[row]) for row in changed.to_numpy(bool)[some]]
    return (replace(catalog, items=items.assign(**mended)),
            _item_rows(items[some], "mojibake", "mended", which))


def merge_duplicate_items(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Items that are one record under two ids: merged into the older id, with their events and missing fields."""
    items, into = catalog.items, faults.twins(catalog.items)
    target = items["item_id"].map(into).astype(object).fillna(items["item_id"])
    younger, paired = items["item_id"].isin(into.index), target.isin(into)
    rows = _item_rows(items[younger], "duplicate item", "merged", ("into " + target[younger]).to_numpy(object))
    if not len(into):
        return catalog, rows
    pairs = pd.concat([items[paired & ~younger], items[younger]])
    filled = pairs.groupby(target, sort=False).bfill().loc[items.index[paired & ~younger], items.columns]
    asked = catalog.events["item_id"]
    return replace(catalog, items=pd.concat([items[~paired], filled]).sort_index(),
                   events=catalog.events.assign(item_id=asked.map(into).fillna(asked))), rows


def mend_releases(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """A release more than a day after the item's first event (the shop's midnight is not UTC's): set to that event."""
    items = catalog.items
    if "released_at" not in items:
        return catalog, _item_rows(items.iloc[:0], "late release", "mended", "")
    first = items["item_id"].map(catalog.events.groupby("item_id")["timestamp"].min())
    late = items["released_at"] > first + DAY
    rows = _item_rows(items[late], "late release", "mended", "released_at set to its first event's time")
    return replace(catalog, items=items.assign(released_at=items["released_at"].where(~late, first))), rows


def note_missing_fields(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Fields that most items have and some have not: kept, since the other modalities go on without them."""
    items = catalog.items
    expected = [field for field in FIELDS if field in items and items[field].notna().mean() >= 0.5]
    rows = [_item_rows(items[items[field].isna()], "missing field", "kept", f"no {field}") for field in expected]
    return catalog, pd.concat([_item_rows(items.iloc[:0], "", "", ""), *rows])


def examine_media(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Every picture and sound opened. What cannot be read becomes a missing path; what is only odd is told."""
    from mmrec_helpers import media

    items, rows = catalog.items, []
    for column, read in (("image", media.read_image), ("audio", media.read_sound)):
        if column not in items:
            continue
        held = items[items[column].notna()]
        for line, (item, path) in zip(held.index, held[["item_id", column]].to_numpy(object), strict=True):
            rows += [(str(path), line, item, *finding) for finding in _examine(catalog.root / path, read)]
    found = pd.DataFrame(rows, columns=COLUMNS)
    bad = found[found["action"] == "set aside"]
    for column in {"image", "audio"} & set(items):
        items = items.assign(**{column: items[column].mask(items[column].isin(bad["file"]))})
    return replace(catalog, items=items), found.assign(line=pd.NA)


def _examine(path: Path, read: Callable[[Path], np.ndarray]) -> list[tuple[str, str, str]]:
    """Cause, action and mend of each fault or oddity of one medium."""
    from mmrec_helpers import media

    try:
        read(path)
        return [(note, *ODD[note]) for note in media.notes(path)]
    except (ValueError, OSError, RuntimeError) as fault:  # a decoder's own trouble is the medium's fault too
        return [(getattr(fault, "cause", "unreadable"), "set aside", getattr(fault, "mend", str(fault)))]


# ---- events


def drop_incomplete(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events without a user, without a kind, or without the item that their kind is about: set aside."""
    catalog, no_user = _drop(catalog, catalog.events["user_id"].isna(), "no user", "write who it was")
    catalog, no_event = _drop(catalog, catalog.events["event"].isna(), "no event", "write what was done")
    events = catalog.events
    no_item = events["item_id"].isna() & ~events["event"].isin(NO_ITEM_NEEDED)
    catalog, no_item = _drop(catalog, no_item, "no item", "write which item it was about")
    return catalog, pd.concat([no_user, no_event, no_item])


def drop_unknown_items(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events about items that the catalogue does not have: set aside."""
    asked = catalog.events["item_id"]
    unknown = asked.notna() & ~asked.isin(catalog.items["item_id"])
    return _drop(catalog, unknown, "unknown item", "add the item to items.csv", column="item_id")


def drop_contradictions(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Purchases with a negative value: set aside."""
    events = catalog.events
    negative = events["event"].eq("purchase") & (events["value"] < 0)
    return _drop(catalog, negative, "contradiction", "write a refund as an event of its own")


def drop_clock_errors(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events at times that a wrong clock wrote, as `faults.cut_off` tells: set aside."""
    wrong = faults.cut_off(faults.in_seconds(catalog.events["timestamp"]))
    return _drop(catalog, wrong, "clock error", "far from the rest of the log: check the clock that wrote it")


def drop_exact_duplicates(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """All but the first of the events that agree in every field, the time too: set aside."""
    again = faults.since_same(catalog.events) == 0
    return _drop(catalog, again, "exact duplicate", "the first one is kept")


def drop_near_duplicates(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Events that repeat one of at most `RETRY` seconds before in every field but the time: set aside."""
    again = faults.since_same(catalog.events) <= RETRY
    return _drop(catalog, again, "near duplicate", f"within {RETRY:g} s of the same event: a client's retry")


def drop_bots(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """All events of users whose pace is no person's (`BUSY`, `HASTY`): set aside."""
    table = faults.pace(catalog.events)
    bots = table.index[(table["busiest_minute"] > BUSY) & (table["share_quick"] > HASTY)]
    return _drop(catalog, catalog.events["user_id"].isin(bots), "bot", "faster than a person: check who it is")
