"""What the steps of preprocessing found: one row a finding, with file, line, cause and fix. Taught in chapter 2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import POSITIVE_EVENTS, POSITIVE_RATING, Catalog
from mmrec_helpers.datasets.tables import places

Step = Callable[[Catalog], tuple[Catalog, pd.DataFrame]]
"""What a step returns: the catalogue after it, and rows for `Report.set_aside`."""

COLUMNS = ("file", "line", "id", "cause", "action", "fix")


@dataclass(frozen=True)
class Report:
    """What was found and done: `set_aside`, one row a finding, with columns file, line, id, cause, action, fix.

    line: in the file, the header being line 1; id: the user's, the item's, or the name of an unknown event; action:
    `set aside` (no longer in the catalogue), `merged` (into another item), `fixed` or `kept`; fix: what was done, or
    what to do at the source. Taught in chapter 2.
    """

    set_aside: pd.DataFrame

    def counts(self) -> pd.DataFrame:
        """How many findings there are of each cause: columns cause, action, count, in the order of the steps.

        >>> found = pd.DataFrame({"cause": ["no user", "bot", "bot"], "action": "set aside"})
        >>> print(Report(found))
          cause    action  count
        no user set aside      1
            bot set aside      2
        """
        groups = self.set_aside.groupby(["cause", "action"], sort=False)
        return groups.size().rename("count").reset_index()

    def why_empty(self, catalog: Catalog) -> str | None:
        """Why no event of the clean `catalog` says that a user took an item, and what to do; None where one does.

        >>> lost = {"file": "events.csv", "line": [2, 3], "id": "u", "cause": "no user", "action": "set aside",
        ...         "fix": "write who it was"}
        >>> log = pd.DataFrame(columns=["event", "value"])
        >>> print(Report(pd.DataFrame(lost)).why_empty(Catalog(pd.DataFrame(), log, None, "tiny")))
        no event is left to learn from; set aside: 2 for "no user" (first: events.csv: line 2: write who it was)
        """
        kind, value = catalog.events["event"], catalog.events["value"]
        if (kind.isin(POSITIVE_EVENTS) | (kind.eq("rate") & (value >= POSITIVE_RATING))).any():
            return None
        lost = self.set_aside[(self.set_aside["action"] == "set aside") & self.set_aside["line"].notna()]
        parts = [f'{len(rows):,} for "{cause}" ({_first(rows)})' for cause, rows in lost.groupby("cause", sort=False)]
        unknown = self.set_aside[self.set_aside["cause"] == "unknown event"]
        takes = f"{', '.join(POSITIVE_EVENTS)}, or rate with a value of {POSITIVE_RATING:g} or more"
        why = ["no event is left to learn from" if kind.empty else
               f"none of the {len(kind):,} events left says that a user took an item ({takes})"]
        why += [f"unknown events: {_first(unknown)}"] if len(unknown) else []
        why += [f"set aside: {', '.join(parts)}"] if parts else []
        return "; ".join(why if len(why) > 1 or len(kind) else [*why, "the log has no rows: write one an event"])

    def __str__(self) -> str:
        return "nothing found" if self.set_aside.empty else self.counts().to_string(index=False)


def _first(rows: pd.DataFrame) -> str:
    first = rows.iloc[0]
    return f"first: {first['file']}: line {first['line']}: {first['fix']}"


def number_lines(catalog: Catalog) -> Catalog:
    """The tables with their rows' places as index, levels `file` and `line`, which every step reports and keeps."""
    def numbered(frame: pd.DataFrame, file: str) -> pd.DataFrame:
        return frame.set_axis(pd.MultiIndex.from_arrays(places(frame, file), names=["file", "line"]))

    return replace(catalog, items=numbered(catalog.items, "items.csv"), events=numbered(catalog.events, "events.csv"))


def event_rows(frame: pd.DataFrame, cause: str, action: str, fix: str | Sequence[str], file: str = "events.csv",
               column: str = "user_id") -> pd.DataFrame:
    """One row of the report for each row of `frame`; without `number_lines`, its line is the index in `file`."""
    numbered = frame.index.names == ["file", "line"]
    file, line = (frame.index.get_level_values(level) for level in (0, 1)) if numbered else (file, frame.index)
    table = {"file": file, "line": line, "id": frame[column].to_numpy(object), "cause": cause,
             "action": action, "fix": fix}
    return pd.DataFrame(table, columns=COLUMNS, index=range(len(frame)))


def item_rows(items: pd.DataFrame, cause: str, action: str, fix: str | Sequence[str]) -> pd.DataFrame:
    """As `event_rows`, for rows of items."""
    return event_rows(items, cause, action, fix, "items.csv", "item_id")


def drop(catalog: Catalog, bad: np.ndarray, cause: str, fix: str,
         column: str = "user_id") -> tuple[Catalog, pd.DataFrame]:
    """The catalogue without these events, and the events as rows of the report."""
    events = catalog.events
    bad = np.asarray(bad, bool)
    return replace(catalog, events=events[~bad]), event_rows(events[bad], cause, "set aside", fix, column=column)
