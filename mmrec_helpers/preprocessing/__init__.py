"""A raw catalogue made fit for use: cleaned, de-duplicated, converted, and every change reported. Taught in chapter 2.

Each step is a function from a catalogue to a catalogue and a table of what it found; `preprocess` calls them all.
Row and medium faults never raise and nothing is lost: a row that goes in comes out or is in the report.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from mmrec_helpers.catalog import Catalog
from mmrec_helpers.preprocessing import events, formats, items
from mmrec_helpers.preprocessing.events import Meaning, rename
from mmrec_helpers.preprocessing.report import Report, Step, number_lines

__all__ = ["CLEAN", "CONVERT", "FINISH", "Report", "Step", "number_lines", "preprocess"]

log = logging.getLogger(__name__)

CONVERT: tuple[Step, ...] = (formats.convert_times, formats.convert_values, formats.convert_releases,
                             formats.strip_markup, formats.repair_words, items.merge_duplicate_items)
CLEAN: tuple[Step, ...] = (events.drop_incomplete, events.drop_unknown_items, events.drop_contradictions,
                           events.drop_clock_errors, events.drop_exact_duplicates, events.drop_near_duplicates,
                           events.drop_bots)
FINISH: tuple[Step, ...] = (items.fix_releases, items.note_missing_fields, events.note_unknown_events)
"""The steps, in their order: words are fixed before they are compared, items merged before events are."""


def preprocess(catalog: Catalog, check_media: bool = True, skip: Collection[str] = (),
               events: Mapping[str, Meaning] | None = None) -> tuple[Catalog, Report]:
    """All steps: a clean catalogue, and what was found. Taught in chapter 2.

    Afterwards `timestamp` and `released_at` are datetime64[us, UTC], `value` is float, events are sorted by time,
    every event has a user and, but for a search, an item of the catalogue. What is clean stays as it is.
    check_media: open every picture and sound too (some 10 ms each); a path that cannot be read becomes missing. skip:
    names of steps of `CLEAN` or of `merge_duplicate_items` to leave out, to measure what they are worth.
    events: what the log's own names of events mean, such as {"add_to_cart": "cart"}, and perhaps how much one counts:
    ("cart", 3.0) or "cart:3", kept in a float column `weight`, which splits store as confidence. Raises ValueError for
    a name that is no such step, or no event of `EVENTS`, and for a weight that is not a finite number above 0.
    """
    optional = sorted(step.__name__ for step in (*CLEAN, items.merge_duplicate_items))
    if strangers := sorted(set(skip) - set(optional)):
        raise ValueError(f"no step {strangers[0]!r} that can be left out; there are {', '.join(optional)}")
    convert, clean = ([step for step in steps if step.__name__ not in skip] for steps in (CONVERT, CLEAN))
    catalog, found = _walk(rename(number_lines(catalog), events or {}), convert)
    while True:  # one fault can hide another: an event in 1970 makes a year's log look sparse
        catalog, more = _walk(catalog, clean)
        if not any(map(len, more)):
            break
        found += more
    catalog, more = _walk(catalog, (*FINISH, items.examine_media) if check_media else FINISH)
    report = Report(pd.concat([*found, *more], ignore_index=True))
    log.info("%s: %d findings", catalog.name, len(report.set_aside))
    ordered = catalog.events.sort_values("timestamp", kind="stable", ignore_index=True)
    return replace(catalog, items=catalog.items.reset_index(drop=True), events=ordered), report


def _walk(catalog: Catalog, steps: Sequence[Step]) -> tuple[Catalog, list[pd.DataFrame]]:
    found = []
    for step in steps:
        catalog, rows = step(catalog)
        found.append(rows)
    return catalog, found
