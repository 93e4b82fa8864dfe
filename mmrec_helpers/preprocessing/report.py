"""What the steps of preprocessing tell: one row a finding, with file, line, cause and mend. Taught in chapter 2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Catalog
from mmrec_helpers.datasets.tables import places

Step = Callable[[Catalog], tuple[Catalog, pd.DataFrame]]
"""What a step returns: the catalogue after it, and rows for `Report.set_aside`."""

COLUMNS = ("file", "line", "id", "cause", "action", "mend")


@dataclass(frozen=True)
class Report:
    """What was found and done: `set_aside`, one row a finding, with columns file, line, id, cause, action, mend.

    line: in the file, the header being line 1; id: the user's, or the item's; action: `set aside` (no longer in the
    catalogue), `merged` (into another item), `mended` or `kept`. Taught in chapter 2.
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

    def __str__(self) -> str:
        return "nothing found" if self.set_aside.empty else self.counts().to_string(index=False)


def number_lines(catalog: Catalog) -> Catalog:
    """The tables with their rows' places as index, levels `file` and `line`, which every step reports and keeps."""
    tables = {}
    for table, frame in (("items", catalog.items), ("events", catalog.events)):
        index = pd.MultiIndex.from_arrays(places(frame, f"{table}.csv"), names=["file", "line"])
        tables[table] = frame.set_axis(index)
    return replace(catalog, **tables)


def event_rows(frame: pd.DataFrame, cause: str, action: str, mend: str | Sequence[str], file: str = "events.csv",
               column: str = "user_id") -> pd.DataFrame:
    """One row of the report for each row of `frame`; without `number_lines`, its line is the index in `file`."""
    numbered = frame.index.names == ["file", "line"]
    file, line = (frame.index.get_level_values(level) for level in (0, 1)) if numbered else (file, frame.index)
    table = {"file": file, "line": line, "id": frame[column].to_numpy(object), "cause": cause,
             "action": action, "mend": mend}
    return pd.DataFrame(table, columns=COLUMNS, index=range(len(frame)))


def item_rows(items: pd.DataFrame, cause: str, action: str, mend: str | Sequence[str]) -> pd.DataFrame:
    """As `event_rows`, for rows of items."""
    return event_rows(items, cause, action, mend, "items.csv", "item_id")


def drop(catalog: Catalog, bad: np.ndarray, cause: str, mend: str,
         column: str = "user_id") -> tuple[Catalog, pd.DataFrame]:
    """The catalogue without these events, and the events as rows of the report."""
    events = catalog.events
    bad = np.asarray(bad, bool)
    return replace(catalog, events=events[~bad]), event_rows(events[bad], cause, "set aside", mend, column=column)
