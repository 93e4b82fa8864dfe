"""The guard of every split: nothing of a later stage is in the training set or known. Taught in chapter 9.

`check_no_leak` runs by itself for every split. What else can leak depends on how features were made:
`check_features_fit` and `near_duplicates` are asked by whoever makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

from mmrec_helpers.catalog import Features, Split, Stage

Table = pd.DataFrame


def check_no_leak(split: Split, feedback: Table) -> None:
    """Raise ValueError, naming user and item, where something of a later stage is learnt from or known.

    feedback: `splits.first_feedback` of the catalogue. A leak is: a target of valid or test; a cell that no event of
    the catalogue gives; an event later than the stage's start (`protocol["starts"]`: a time, or each user's first
    target); an item, or a user, that is never learnt (`protocol["never_learnt"]`). Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> check_no_leak(splits.global_time(splits.example()), splits.first_feedback(splits.example()))
    """
    stages = {"valid": split.valid, "test": split.test}
    places = {f"{name}.{part}": _cells(stage, part, feedback) for name, stage in stages.items()
              for part in ("fit", "queries", "targets")}
    for name, before in (("valid", ["valid.fit", "valid.queries"]), ("test", list(places)[:5])):
        cold = stages[name].fit.items[stages[name].candidates]
        for place in before:
            for fault, bad in _faults(places[place], place, split.protocol, name, places[f"{name}.targets"], cold):
                if bad.any():
                    user, item = places[place].loc[bad, ["user", "item"]].iloc[0]
                    raise ValueError(f"leak in {place}: user {user!r}, item {item!r} {fault}")


def check_features_fit(fitted_on: Sequence[str], split: Split) -> None:
    """Raise ValueError, naming an item, where features were fitted on an item that valid or test asks for as unknown.

    fitted_on: ids of the items whose media, or whose events, something was fitted on: an encoder that is trained, a
    PCA, popularity as a feature. Without labels of the users it is a small leak, with them a large one. A split that
    hides no items has nothing to leak here. Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> cold = splits.cold_items(splits.example())
    >>> check_features_fit(cold.test.fit.items[~cold.test.candidates & ~cold.valid.candidates], cold)
    """
    if split.protocol["never_learnt"] != "items":
        return
    for name, stage in (("valid", split.valid), ("test", split.test)):
        cold = np.intersect1d(np.asarray(fitted_on, str), stage.fit.items[stage.candidates].astype(str))
        if len(cold):
            raise ValueError(f"leak in the features: they were fitted on {str(cold[0])!r} (and {len(cold) - 1} more), "
                             f"which {name} asks for as never learnt; fit on the other items")


def near_duplicates(features: Features, stage: Stage, least: float = 0.98) -> pd.DataFrame:
    """Items asked for that look like one of the training set: `item`, `like`, `cosine`, the most alike first.

    A record that is sold twice, or a picture saved again, is no new item: who took the one is asked for the other.
    Compared are items with a target and no event in `stage.fit` against those with an event, by the cosine of their
    features. Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> test = splits.cold_items(splits.example()).test
    >>> same = Features("t", "text", test.fit.items, np.ones((10, 2)))
    >>> len(near_duplicates(same, test))
    1
    """
    aligned = features.align(stage.fit.items)
    length = np.linalg.norm(aligned.matrix, axis=1, keepdims=True)
    unit = np.divide(aligned.matrix, length, out=np.zeros_like(aligned.matrix), where=length > 0)
    learnt = stage.fit.matrix.getnnz(axis=0) > 0
    asked, known = np.flatnonzero((stage.targets.getnnz(axis=0) > 0) & ~learnt), np.flatnonzero(learnt)
    if not (len(asked) and len(known)):
        return pd.DataFrame(columns=["item", "like", "cosine"])
    cosine = unit[asked] @ unit[known].T
    best = cosine.argmax(axis=1)
    found = pd.DataFrame({"item": stage.fit.items[asked], "like": stage.fit.items[known[best]],
                          "cosine": cosine[np.arange(len(asked)), best]})
    return found[found["cosine"] >= least].sort_values("cosine", ascending=False, ignore_index=True)


def _faults(cells: Table, place: str, protocol: Mapping[str, object], name: str, targets: Table,
            cold: np.ndarray) -> Iterator[tuple[str, pd.Series]]:
    """Each kind of leak with the rows of `cells` that show it; cold: the stage's candidates."""
    pairs, asked = (pd.MultiIndex.from_frame(rows[["user", "item"]]) for rows in (cells, targets))
    yield f"is a target of {name}", pd.Series(pairs.isin(asked))
    yield "comes from no event of the catalogue", cells["time"].isna()
    start = protocol["starts"][name]
    if start == "first target":
        first = targets.groupby("user")["time"].min().reindex(cells["user"]).set_axis(cells.index)
        yield f"happened after the user's first target of {name}", cells["time"] > first
    elif start is not None:
        yield f"happened after {name} began, {start}", cells["time"] >= pd.Timestamp(start)
    if protocol["never_learnt"] == "items":
        yield f"is a cold item of {name}", cells["item"].isin(cold)
    if protocol["never_learnt"] == "users" and place != f"{name}.queries":
        yield f"belongs to a cold user of {name}", cells["user"].isin(targets["user"])


def _cells(stage: Stage, part: str, feedback: Table) -> Table:
    """Every cell of a part: user, item, positive, and the time at which it came to be (NaT: no event did it)."""
    if part == "fit":
        users, liked, seen = stage.fit.users, stage.fit.matrix, stage.fit.seen
    else:
        users, seen = stage.queries.users, stage.queries.seen
        liked = stage.queries.history if part == "queries" else stage.targets
        seen = seen if part == "queries" else liked
    liked, seen = (_pairs(matrix) for matrix in (liked, seen))
    low = np.setdiff1d(seen, liked)
    row, column = np.divmod(np.concatenate([liked, low]), stage.fit.matrix.shape[1])
    cells = pd.DataFrame({"user": users[row], "item": stage.fit.items[column],
                          "positive": np.arange(len(row)) < len(liked)})
    return cells.merge(feedback[["user", "item", "positive", "time"]], how="left", on=["user", "item", "positive"])


def _pairs(matrix: sparse.csr_matrix) -> np.ndarray:
    """Stored cells as one number each: row * columns + column, (nnz,) int."""
    coo = matrix.tocoo()
    return coo.row.astype(np.int64) * matrix.shape[1] + coo.col
