"""What was shown, to whom, at which place, with what chance, and what became of it. Taught in chapter 10."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import CatalogError

COLUMNS: Mapping[str, str] = {"request": "int64", "user": "object", "item": "object", "rank": "int64",
                              "propensity": "float64", "variant": "object", "reward": "float64"}
"""Of the table, with their types: one row an impression. rank: from 1; propensity: the chance with which the policy put
the item there, above 0; variant: of an experiment, or empty; reward: 0 or 1, or an amount."""


def impressions(users: np.ndarray, lists: np.ndarray, rewards: np.ndarray, propensities: np.ndarray | float = 1.0,
                variant: np.ndarray | str = "", first: int = 0) -> pd.DataFrame:
    """The table of impressions: users (n,) ids; lists (n, k) item ids, None at an empty place; rewards and
    propensities (n, k); variant: one, or (n,).

    first: the number of the first request. Taught in chapter 10.

    >>> impressions(np.array(["u"]), np.array([["a", None]]), np.array([[1.0, 0.0]]), variant="B").to_dict("records")
    [{'request': 0, 'user': 'u', 'item': 'a', 'rank': 1, 'propensity': 1.0, 'variant': 'B', 'reward': 1.0}]
    """
    there = pd.notna(lists)
    row, column = np.nonzero(there)
    variants = np.broadcast_to(np.asarray(variant, object), len(lists))
    return pd.DataFrame({
        "request": row + first, "user": np.asarray(users, object)[row], "item": lists[there], "rank": column + 1,
        "propensity": np.broadcast_to(propensities, lists.shape)[there], "variant": variants[row],
        "reward": np.asarray(rewards, float)[there]}).astype(dict(COLUMNS))


def checked(table: pd.DataFrame, name: str = "impressions") -> pd.DataFrame:
    """The table with its types, its rows sorted by request and rank. Raises CatalogError naming row and fix.

    >>> checked(pd.DataFrame({"request": [0], "user": ["u"], "item": ["a"], "rank": [1], "propensity": [0.0],
    ...                       "variant": [""], "reward": [1]}))
    Traceback (most recent call last):
    mmrec_helpers.catalog.CatalogError: impressions, row 1: propensity 0.0; it is a chance above 0 and at most 1
    """
    if missing := [one for one in COLUMNS if one not in table]:
        raise CatalogError(f"{name}: no column {missing[0]!r}; the columns are {', '.join(COLUMNS)}")
    try:
        table = table[list(COLUMNS)].fillna({"variant": ""}).astype(dict(COLUMNS))
    except (TypeError, ValueError) as fault:
        raise CatalogError(f"{name}: {fault}; request and rank are whole numbers, propensity and reward are "
                           "numbers") from None
    faults = {"propensity {}; it is a chance above 0 and at most 1": ("propensity", ~table["propensity"].between(
                  0, 1, inclusive="right")),
              "rank {}; ranks begin at 1": ("rank", table["rank"] < 1),
              "reward {}; it is a number": ("reward", ~np.isfinite(table["reward"])),
              "rank {} is there twice in one request": ("rank", table.duplicated(["request", "rank"])),
              "item {!r} is there twice in one request": ("item", table.duplicated(["request", "item"]))}
    for text, (column, wrong) in faults.items():
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise CatalogError(f"{name}, row {row + 1}: {text.format(table[column].iloc[row])}")
    return table.sort_values(["request", "rank"], ignore_index=True)


def per_user(table: pd.DataFrame) -> pd.DataFrame:
    """By user: variant, impressions, the sum of rewards, requests; what an A/B test compares. Taught in chapter 10.

    Raises ValueError for a user who met two variants.

    >>> table = impressions(np.array(["u"]), np.array([["a", "b"]]), np.array([[1.0, 0.0]]), variant="B")
    >>> per_user(table).reset_index().to_dict("records")
    [{'user': 'u', 'variant': 'B', 'impressions': 2, 'reward': 1.0, 'requests': 1}]
    """
    groups = table.groupby("user")
    if (both := groups["variant"].nunique() > 1).any():
        raise ValueError(f"user {both.index[both][0]!r} met more than one variant; give each user one")
    return pd.DataFrame({"variant": groups["variant"].first(), "impressions": groups.size(),
                         "reward": groups["reward"].sum(), "requests": groups["request"].nunique()})
