"""Splits that hide items or users from training, and the long tail. Taught in chapter 9."""

from __future__ import annotations

import numpy as np

from mmrec_helpers.catalog import Catalog, Split, Stage
from mmrec_helpers.splits.assemble import (
    KNOWN_TEST,
    KNOWN_VALID,
    STAGES,
    TEST,
    TRAIN,
    VALID,
    asked,
    assemble,
    check_shares,
    columns,
    place_of,
)
from mmrec_helpers.splits.feedback import example, first_feedback  # noqa: F401 (example: for docs)
from mmrec_helpers.splits.stage import CountedStage

LONG_TAIL = 5
"""An item with fewer positive events than this so far belongs to the long tail."""


def cold_items(catalog: Catalog, share: float = 0.2, seed: int = 0) -> Split:
    """Of a `share` of the items with positive events, half are new in valid and the other half in test: what that stage
    learns from has no event of them.

    Only they are candidates. Time is not looked at: a history may hold events later than a target.
    Raises as `global_time`. Taught in chapter 9.

    >>> split = cold_items(example())
    >>> split.test.candidates.sum(), split.test.fit.matrix[:, split.test.candidates].nnz
    (np.int64(1), 0)
    """
    check_shares(share)
    table = first_feedback(catalog, seed)
    cold = _draw_halves(np.unique(table.loc[table["positive"], "item"]), share, seed)
    in_valid, in_test = (table["item"].isin(cold[stage]) for stage in STAGES)
    table["part"] = np.select([in_valid, in_test], [VALID, TEST], TRAIN)
    items = catalog.items["item_id"]
    return assemble(catalog, table, {
        "split": "cold_items", "how": "items never learnt from; time is not looked at", "share": share,
        "never_learnt": "items", "seed": seed}, {stage: items.isin(ids).to_numpy() for stage, ids in cold.items()})


def cold_users(catalog: Catalog, share: float = 0.2, n_known: int = 3, seed: int = 0) -> Split:
    """A `share` of the users is in no training set: their `n_known` first positive events are known.

    The rest is asked for: half the users in valid, half in test. Cold users with no more than `n_known` have no
    targets. All others are in the training set whole, whatever the time. Raises as `global_time`. Taught in chapter 9.

    >>> test = cold_users(example("abcdefgh")).test
    >>> test.queries.users, test.queries.history.nnz, test.fit.matrix[test.fit.users == "d"].nnz
    (array(['d'], dtype=object), 3, 0)
    """
    check_shares(share)
    table = first_feedback(catalog, seed)
    cold = _draw_halves(np.unique(table.loc[table["positive"], "user"]), share, seed)
    in_valid, in_test = (table["user"].isin(cold[stage]) for stage in STAGES)
    first = place_of(table) < n_known
    table["part"] = np.select([in_valid & first, in_valid, in_test & first, in_test],
                              [KNOWN_VALID, VALID, KNOWN_TEST, TEST], TRAIN)
    return assemble(catalog, table, {
        "split": "cold_users", "how": "users never learnt from, their first events known", "share": share,
        "n_known": n_known, "starts": dict.fromkeys(STAGES, "first target"), "never_learnt": "users", "seed": seed})


def long_tail(split: Split, below: int = LONG_TAIL) -> Split:
    """The same split, asked for the long tail alone: candidates have fewer than `below` positive events so far.

    It is what a page "new and rarely found" shows. A stage keeps the users who then took such an item. Raises
    ValueError where nobody did. Taught in chapter 9.

    >>> from mmrec_helpers import splits
    >>> long_tail(splits.global_time(example()), below=2).test.candidates.sum()
    np.int64(2)
    """
    protocol = {**split.protocol, "candidates": f"items with fewer than {below} positive events so far"}

    def rare(stage: Stage) -> Stage:
        candidates = stage.candidates & (stage.fit.matrix.getnnz(axis=0) < below)
        return asked(CountedStage(stage.fit, stage.queries, columns(stage.targets, candidates), candidates,
                                   getattr(stage, "name", ""), protocol, getattr(stage, "opened", [])))

    return Split(rare(split.valid), rare(split.test), split.everything, protocol)


def _draw_halves(ids: np.ndarray, share: float, seed: int) -> dict[str, np.ndarray]:
    """A `share` of the ids, at least two, half for valid and half for test."""
    if len(ids) < 3:
        raise ValueError(f"{len(ids)} are too few to keep two of them cold and learn from the rest")
    n_cold = max(2, round(share * len(ids)))
    drawn = np.random.default_rng([seed, 1]).permutation(ids.astype(object))[:n_cold]
    return {"valid": drawn[:n_cold // 2], "test": drawn[n_cold // 2:]}
