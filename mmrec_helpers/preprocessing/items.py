"""Steps about items: twins merged, releases set right, missing fields noted, media opened. Taught in chapter 2."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Catalog
from mmrec_helpers.preprocessing import faults
from mmrec_helpers.preprocessing.report import COLUMNS, item_rows

FIELDS = ("title", "description", "category", "image", "audio")
"""Fields that an item is expected to have, where most items of the catalogue have them."""

ODD = {"mislabelled picture": ("fixed", "read by content: name it after what it is"),
       "clipped sound": ("kept", "record or export it with a lower level"),
       "other rate": ("fixed", "down-mixed and resampled when read")}
"""What is done about a medium that is odd and can be used: action and fix."""

DAY = pd.Timedelta(days=1)


def merge_duplicate_items(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Items that are one record under two ids: merged into the older id, with their events and missing fields."""
    items, into = catalog.items, faults.twins(catalog.items)
    target = items["item_id"].map(into).astype(object).fillna(items["item_id"])
    younger, paired = items["item_id"].isin(into.index), target.isin(into)
    rows = item_rows(items[younger], "duplicate item", "merged", ("into " + target[younger]).to_numpy(object))
    if not len(into):
        return catalog, rows
    pairs = pd.concat([items[paired & ~younger], items[younger]])
    filled = pairs.groupby(target, sort=False).bfill().loc[items.index[paired & ~younger], items.columns]
    asked = catalog.events["item_id"]
    return replace(catalog, items=pd.concat([items[~paired], filled]).sort_index(),
                   events=catalog.events.assign(item_id=asked.map(into).fillna(asked))), rows


def fix_releases(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """A release more than a day after the item's first event (the shop's midnight is not UTC's): set to that event."""
    items = catalog.items
    if "released_at" not in items:
        return catalog, item_rows(items.iloc[:0], "late release", "fixed", "")
    first = items["item_id"].map(catalog.events.groupby("item_id")["timestamp"].min())
    late = items["released_at"] > first + DAY
    rows = item_rows(items[late], "late release", "fixed", "released_at set to its first event's time")
    return replace(catalog, items=items.assign(released_at=items["released_at"].where(~late, first))), rows


def note_missing_fields(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Fields that most items have and some have not: kept, since the other modalities go on without them."""
    items = catalog.items
    expected = [field for field in FIELDS if field in items and items[field].notna().mean() >= 0.5]
    rows = [item_rows(items[items[field].isna()], "missing field", "kept", f"no {field}") for field in expected]
    return catalog, pd.concat([item_rows(items.iloc[:0], "", "", ""), *rows])


def examine_media(catalog: Catalog) -> tuple[Catalog, pd.DataFrame]:
    """Every picture and sound opened. What cannot be read becomes a missing path; what is only odd is noted."""
    from mmrec_helpers import media

    items, found = catalog.items, [pd.DataFrame(columns=COLUMNS)]
    for column, read in (("image", media.read_image), ("audio", media.read_sound)):
        if column not in items:
            continue
        there = items.loc[items[column].notna(), ["item_id", column]].to_numpy(object)
        rows = [(path, pd.NA, item, *finding) for item, path in there
                for finding in _examine(catalog.root / path, read)]
        found.append(pd.DataFrame(rows, columns=COLUMNS))
        bad = found[-1].loc[found[-1]["action"] == "set aside", "file"]
        items = items.assign(**{column: items[column].mask(items[column].isin(bad))})
    return replace(catalog, items=items), pd.concat(found, ignore_index=True)


def _examine(path: Path, read: Callable[[Path], np.ndarray]) -> list[tuple[str, str, str]]:
    """Cause, action and fix of each fault or oddity of one medium."""
    from mmrec_helpers import media

    try:
        read(path)
        return [(note, *ODD[note]) for note in media.notes(path)]
    except (ValueError, OSError, RuntimeError) as fault:  # a decoder's own trouble is the medium's fault too
        return [(getattr(fault, "cause", "unreadable"), "set aside", getattr(fault, "fix", str(fault)))]
