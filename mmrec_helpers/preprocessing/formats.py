"""Steps that convert: times, numbers, dates, and words that were read wrongly or contain HTML. Taught in chapter 2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Catalog
from mmrec_helpers.preprocessing.repairs import fix_markup, fix_mojibake, read_times
from mmrec_helpers.preprocessing.report import drop, event_rows, item_rows

NOT_WORDS = ("item_id", "released_at", "image", "audio", "video")
"""Columns of items without words."""


def convert_times(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Timestamps to UTC. Those in another zone are fixed; what is not a time is set aside.

    >>> log = pd.DataFrame({"user_id": ["u", "u"], "item_id": ["a", "a"], "event": ["play", "play"],
    ...                     "timestamp": ["2025-03-01T20:00:00+08:00", "yesterday"]})
    >>> catalog, found = convert_times(Catalog(pd.DataFrame(), log, None, "tiny"))
    >>> found[["line", "cause", "action"]].to_numpy().tolist()
    [[0, 'time zone', 'fixed'], [1, 'unparsable time', 'set aside']]
    """
    times, moved = read_times(catalog.events["timestamp"])
    events = catalog.events.assign(timestamp=times)
    fixed = event_rows(events[moved], "time zone", "fixed", "converted to UTC")
    catalog, dropped = drop(replace(catalog, events=events), times.isna(), "unparsable time",
                             "write it in ISO 8601, such as 2025-03-01T12:34:56Z (or all as seconds since 1970)")
    return catalog, pd.concat([fixed, dropped], ignore_index=True)


def convert_values(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """`value` to float; a text that is not a finite number becomes missing, and the event is kept."""
    texts = catalog.events.get("value", pd.Series(np.nan, catalog.events.index))
    values = pd.to_numeric(texts, errors="coerce").astype(np.float64)
    values = values.where(np.isfinite(values))
    events = catalog.events.assign(value=values)
    lost = (texts.notna() & values.isna()).to_numpy(bool)
    return replace(catalog, events=events), event_rows(events[lost], "unparsable value", "kept", "write a number")


def convert_releases(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """`released_at`, where there is such a column, to a date in UTC; what is not a date becomes missing."""
    items = catalog.items
    if "released_at" not in items:
        return catalog, item_rows(items.iloc[:0], "unparsable time", "kept", "")
    times, _ = read_times(items["released_at"])
    lost = (items["released_at"].notna() & times.isna()).to_numpy(bool)
    rows = item_rows(items[lost], "unparsable time", "kept", "write the date as 2025-03-01")
    return replace(catalog, items=items.assign(released_at=times)), rows


def strip_markup(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """HTML in the items' words replaced by the text that it shows: fixed."""
    return _reworded(catalog, fix_markup, "markup", "HTML replaced by its text: ")


def repair_words(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Mojibake in the items' words read again as UTF-8: fixed."""
    return _reworded(catalog, fix_mojibake, "mojibake", "read again as UTF-8: ")


def _reworded(catalog: Catalog, fix: Callable[[str], str], cause: str, how: str) -> tuple[Catalog, pd.DataFrame]:
    items = catalog.items
    words = [column for column in items if column not in NOT_WORDS and items[column].dtype.kind == "O"]
    fixed = items[words].map(lambda text: fix(text) if isinstance(text, str) else text)
    changed = items[words].notna() & (items[words] != fixed)
    some = changed.any(axis=1).to_numpy(bool)
    which = [how + ", ".join(changed.columns[row]) for row in changed.to_numpy(bool)[some]]
    fixed = fixed.loc[:, changed.any()]
    catalog = replace(catalog, items=items.assign(**fixed.mask(fixed == "")))
    return catalog, item_rows(items[some], cause, "fixed", which)
