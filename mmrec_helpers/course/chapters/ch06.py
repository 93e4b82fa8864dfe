"""Exercises of chapter 6: weights that decay, a mean with a mask, a cut in time, explained variance, a real profile."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import POSITIVE_EVENTS, Features
from mmrec_helpers.course.checks import Exercise, as_set

AGES = np.array([3.0, 0.0, 10.0, 7.0])


def decayed(ages: np.ndarray, half_life: float) -> np.ndarray:
    """The weight of each event; one of age 0 has weight 1."""
    return 0.5 ** (ages / half_life)


decayed_weights = Exercise(
    "decayed_weights", decayed, [(AGES, 5.0), (AGES[:3], 2.0), (np.array([4.0, 1.0]), 8.0)],
    mistakes=[
        (lambda ages, half_life: 2.0 ** (ages / half_life),
         "your old events count more than new ones: the exponent has the wrong sign"),
        (lambda ages, half_life: np.exp(-ages / half_life),
         "with a half-life of 5, an event of age 5 gets 0.37, but it should get one half: the base is 1/2, not 1/e"),
        (lambda ages, half_life: 0.5 ** (ages * half_life),
         "a longer half-life must make old events count more: divide the age by it"),
        (lambda ages, half_life: decayed(ages, half_life) / decayed(ages, half_life).sum(),
         "your weights sum to 1, but an event of age 0 should have weight 1: do not divide by the sum here"),
        (lambda ages, half_life: 0.5 ** (ages // half_life),
         "your weights fall in steps: an age of 3 with a half-life of 5 already counts less than 1; use / and not //"),
    ],
    tip="how many half-lives is an event old? Each of them halves its weight")

ROWS = np.array([[2.0, 4.0, 1.0], [0.0, 0.0, 0.0], [6.0, 0.0, 5.0], [1.0, 3.0, 0.0]])


def present_mean(rows: np.ndarray, present: np.ndarray) -> np.ndarray:
    """The mean row of what is present; zeros where nothing is."""
    return rows[present].mean(axis=0) if present.any() else np.zeros(rows.shape[1])


mean_of_present = Exercise(
    "mean_of_present", present_mean,
    [(ROWS, np.array([True, False, True, True])), (ROWS[:2], np.array([True, False])),
     (ROWS[[1, 0, 2]], np.array([True] * 3)), (ROWS[1:2], np.array([False]))],
    mistakes=[
        (lambda rows, present: rows.mean(axis=0),
         "an absent item is in your mean as a row of zeros: use present to leave it out"),
        (lambda rows, present: rows[present].mean(axis=1),
         "you take the mean of each item over its features; the mean of each feature over the items is wanted: axis=0"),
        (lambda rows, present: rows[present].sum(axis=0), "you sum the rows; divide by how many are present"),
        (lambda rows, present: rows[~present].mean(axis=0),
         "you keep the absent rows: present is True for the rows to keep"),
        (lambda rows, present: rows[rows.any(axis=1)].mean(axis=0) if rows.any() else np.zeros(rows.shape[1]),
         "a row of zeros can be data: an item that is present counts, so look at present and not at the values"),
        (lambda rows, present: rows[present].mean(),
         "you return one value for all features; keep one value for each: the mean needs an axis"),
        (lambda rows, present: rows[present].mean(axis=0),
         "where nothing is present you return NaN: return zeros there"),
    ],
    tip="choose the rows with present, take their mean over the items, and treat 'nothing present' separately")

LOG = pd.DataFrame({
    "user_id": ["u", "v", "u", "u", "u", "v", "u"], "item_id": ["a", "b", "c", "d", "e", "f", "g"],
    "event": ["like", "like", "view", "play", "like", "play", "cart"],
    "timestamp": pd.to_datetime(["2025-03-01", "2025-03-01", "2025-03-02", "2025-03-03", "2025-03-05", "2025-03-02",
                                 "2025-03-08"], utc=True)})
CUT = pd.Timestamp("2025-03-05", tz="UTC")


def items_before(log: pd.DataFrame, user: str, cut: pd.Timestamp) -> list[str]:
    """The items of a user's events before the cut, views left out."""
    mine = log[(log["user_id"] == user) & (log["timestamp"] < cut) & (log["event"] != "view")]
    return mine["item_id"].tolist()


known_before = Exercise(
    "known_before", items_before, [(LOG, "u", CUT), (LOG, "v", CUT), (LOG, "u", CUT - pd.Timedelta(days=2))],
    mistakes=[
        (lambda log, user, cut: items_before(log, user, cut + pd.Timedelta(seconds=1)),
         "an event at the very time of the cut is in your profile; it belongs to the test: use < and not <="),
        (lambda log, user, cut: items_before(log, user, pd.Timestamp.max.tz_localize("UTC")),
         "a leak: your profile knows events after the cut, which the test asks for"),
        (lambda log, user, cut: log[(log["user_id"] == user) & (log["timestamp"] >= cut)
                                    & (log["event"] != "view")]["item_id"].tolist(),
         "you keep what comes after the cut; reverse the comparison"),
        (lambda log, user, cut: log[(log["user_id"] == user) & (log["timestamp"] < cut)]["item_id"].tolist(),
         "a view is in your list: the user looked at the item and did not take it"),
        (lambda log, user, cut: log[(log["timestamp"] < cut) & (log["event"] != "view")]["item_id"].tolist(),
         "items of other users are in your list: compare user_id too"),
    ],
    tip="three conditions joined with &, each in brackets: whose event, when, and which kind", same=as_set)

CLOUD = np.array([[9.0, 1.0, 2.0], [7.0, 3.0, 2.5], [11.0, 2.0, 1.5], [8.0, 5.0, 2.0], [12.0, 4.0, 3.0]])


def shares(matrix: np.ndarray) -> np.ndarray:
    """The share of the variance that each principal component explains, largest first."""
    values = np.linalg.svd(matrix - matrix.mean(axis=0), compute_uv=False) ** 2
    return values / values.sum()


def _normed(values: np.ndarray) -> np.ndarray:
    return values / values.sum()


explained_shares = Exercise(
    "explained_shares", shares, [(CLOUD,), (CLOUD[:4] * [1, 3, 1],), (CLOUD[:, :2],)],
    mistakes=[
        (lambda matrix: _normed(np.linalg.svd(matrix, compute_uv=False) ** 2),
         "your first component is mostly the mean: subtract the mean of every column first"),
        (lambda matrix: _normed(np.linalg.svd(matrix - matrix.mean(axis=0), compute_uv=False)),
         "these are shares of the singular values; the variance along a component is proportional to their squares"),
        (lambda matrix: _normed(np.linalg.svd(matrix - matrix.mean(axis=1, keepdims=True), compute_uv=False) ** 2),
         "your matrix is transposed, or the mean is over its columns: rows are users, take the mean over them, axis=0"),
        (lambda matrix: np.cumsum(shares(matrix)),
         "your shares are cumulative; give each component's own share, without cumsum"),
        (lambda matrix: shares(matrix)[::-1], "your smallest component comes first: eigh sorts upwards, so reverse"),
        (lambda matrix: np.linalg.svd(matrix - matrix.mean(axis=0), compute_uv=False) ** 2 / (len(matrix) - 1),
         "these are variances; divide them by their sum to get shares"),
    ],
    tip="centre the columns; then square the singular values, or take the eigenvalues of the covariance")


def profile_before(events: pd.DataFrame, content: Features, user: str, cut: pd.Timestamp) -> np.ndarray:
    """The mean row, (d,), of the records that the user took before the cut, each once, if present; else zeros."""
    mine = events[(events["user_id"] == user) & (events["timestamp"] < cut) & events["event"].isin(POSITIVE_EVENTS)]
    rows = content.align(mine["item_id"].unique())
    return rows.matrix[rows.present].mean(axis=0) if rows.present.any() else np.zeros(rows.matrix.shape[1])


def _mean(content: Features, items: Sequence[str]) -> np.ndarray:
    rows = content.align(items)
    return present_mean(rows.matrix, rows.present)


def _before(events: pd.DataFrame, user: str, cut: pd.Timestamp, kinds: Sequence[str] = POSITIVE_EVENTS) -> pd.Series:
    """The item of each of the user's events of these kinds before the cut, repetitions too."""
    return events.loc[(events["user_id"] == user) & (events["timestamp"] < cut) & events["event"].isin(kinds),
                      "item_id"]


@cache
def _shop() -> tuple[tuple, ...]:
    """Trials from the small shop: the log of three users, the mean colours of the covers in another order than the
    catalogue's, a user, and a cut. It is loaded when the exercise is first checked."""
    from mmrec_helpers import datasets, preprocessing
    from mmrec_helpers.features.statistics import PictureStatistics

    catalog, _ = preprocessing.preprocess(datasets.load("recordshop", small=True))
    colours = PictureStatistics().transform(catalog.media("image"))[:, :3]
    order = np.random.default_rng(6).permutation(len(colours))
    content = Features("colours", "image", catalog.items["item_id"].to_numpy()[order], colours[order])
    users = "u00037", "u00093", "u00075"
    log = catalog.events.loc[catalog.events["user_id"].isin(users), ["user_id", "item_id", "event", "timestamp"]]
    log = log.reset_index(drop=True)
    taken = log[log["event"].isin(POSITIVE_EVENTS)].drop_duplicates(["user_id", "item_id"]).groupby("user_id")
    cuts = {user: times.iloc[-2] for user, times in taken["timestamp"]}  # the very time of a new record
    return *((log, content, user, cuts[user]) for user in users), (log, content, users[0], log["timestamp"].min())


class _Trials(Sequence[tuple]):
    """What `_shop` makes, made when it is first needed: the import of this module stays light."""

    def __len__(self) -> int:
        return len(_shop())

    def __getitem__(self, number: int) -> tuple:
        return _shop()[number]


shop_profile = Exercise(
    "shop_profile", profile_before, _Trials(),
    mistakes=[
        (lambda events, content, user, cut: _mean(content, _before(events, user, pd.Timestamp.max.tz_localize("UTC"))
                                                  .unique()),
         "a leak: your profile knows what the user took after the cut"),
        (lambda events, content, user, cut: _mean(content, _before(events, user, cut + pd.Timedelta(seconds=1))
                                                  .unique()),
         "a record that was taken at the very time of the cut is in your profile: use < and not <="),
        (lambda events, content, user, cut: _mean(content, _before(events, user, cut, [*POSITIVE_EVENTS, "view"])
                                                  .unique()),
         "records that the user only viewed are in your profile: keep the events in POSITIVE_EVENTS"),
        (lambda events, content, user, cut: _mean(content, _before(events, user, cut)),
         "a record counts once for each event in your mean: a liked and played one twice. Use unique()"),
        (lambda events, content, user, cut: content.matrix[np.isin(content.ids, _before(events, user, cut))
                                                           & content.present].mean(axis=0),
         "where nothing was taken you return NaN: return zeros there"),
        (lambda events, content, user, cut: content.align(_before(events, user, cut).unique()).matrix.mean(axis=0),
         "a record without a cover is in your mean as a black cover (zeros): use present to leave it out"),
        (lambda events, content, user, cut: _mean(content, events.loc[
            (events["timestamp"] < cut) & events["event"].isin(POSITIVE_EVENTS), "item_id"].unique()),
         "what other users took is in your profile: compare user_id too"),
        (lambda events, content, user, cut: _mean(Features("x", "x", np.sort(content.ids), content.matrix,
                                                           content.present), _before(events, user, cut).unique()),
         "your rows belong to other records: content is not sorted by id; content.align(ids) finds the rows of ids"),
    ],
    tip="filter the log (whose, when, which events), take each record once, content.align(...), then the mean of what "
        "is present")
