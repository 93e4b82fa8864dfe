"""The guard of every split: nothing of a later stage is learnt from or known. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Catalog, Interactions, Split
from mmrec_helpers.splits import takes

Table = pd.DataFrame


def check_no_leak(split: Split, catalog: Catalog) -> None:
    """Raise ValueError, naming user and item, where something of a later stage is learnt from or known.

    That is: a target of valid or test, a cell that no event of the catalogue gives, an event later than the
    cut (the user's first target, where each has an own cut), a cold item, a cold user. Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> check_no_leak(splits.global_time(splits.example(), min_events=1), splits.example())
    """
    times = takes(catalog)
    parts = {"train": split.train, "known['valid']": split.known["valid"], "valid": split.valid,
             "known['test']": split.known["test"]}
    cells = {place: _cells(part, times) for place, part in parts.items()}
    for stage, places in (("valid", list(cells)[:2]), ("test", list(cells))):
        targets = _cells(getattr(split, stage), times)
        for place in places:
            own = place == f"known['{stage}']"
            for fault, bad in _faults(cells[place], targets, split, stage, own):
                if bad.any():
                    user, item = cells[place].loc[bad, ["user", "item"]].iloc[0]
                    raise ValueError(f"leak in {place}: user {user!r}, item {item!r} {fault}")


def _faults(cells: Table, targets: Table, split: Split, stage: str,
            own: bool) -> Iterator[tuple[str, pd.Series]]:
    """Each kind of leak with the rows of `cells` that show it; own: cells are the stage's own histories."""
    kind = split.protocol["split"]
    pairs, asked = (pd.MultiIndex.from_frame(rows[["user", "item"]]) for rows in (cells, targets))
    yield f"is a target of {stage}", pd.Series(pairs.isin(asked))
    yield "comes from no event of the catalogue", cells["time"].isna()
    if kind == "global_time":
        cut = pd.Timestamp(split.protocol[f"cut_{stage}"])
        yield f"happened after the cut of {stage}, {cut.isoformat()}", cells["time"] >= cut
    if kind in ("user_time", "cold_users"):
        first = targets.groupby("user")["time"].min().reindex(cells["user"]).set_axis(cells.index)
        yield f"happened after the user's first target of {stage}", cells["time"] > first
    if kind == "cold_items":
        cold = split.train.items[split.candidates[stage]]
        yield f"is a cold item of {stage}", cells["item"].isin(cold)
    if kind == "cold_users" and not own:
        yield f"belongs to a cold user of {stage}", cells["user"].isin(targets["user"])


def _cells(part: Interactions, times: Table) -> Table:
    """Every stored cell: user, item, positive, and the time at which it came to be (NaT: no event did it)."""
    rows = np.repeat(np.arange(len(part.users)), np.diff(part.matrix.indptr))
    cells = pd.DataFrame({"user": part.users[rows], "item": part.items[part.matrix.indices],
                          "positive": part.matrix.data > 0})
    return cells.merge(times, how="left", on=["user", "item", "positive"])
