"""A year of the shop's log: who viewed, searched, liked, carted, bought and played what, when. Taught in chapter 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mmrec_helpers.datasets.recordshop.world import DAYS, FACTORS, GENRES, World

START = pd.Timestamp("2025-01-01", tz="UTC")
SECONDS = 86_400
GAP = 4.0
"""A listener's events are at least so many seconds apart."""

EVENTS_PER_MEETING = 1.69
"""Rows that one meeting of a listener with a record leaves on average in the shipped world (1.67 to 1.71)."""

SHIPPED = 57_000 / EVENTS_PER_MEETING / 1_000 / 1_200
"""Meetings per listener and record in the shipped world."""

BLOCK = 500
"""Listeners whose choices are drawn together, so that memory does not grow with the world."""


def make_log(world: World, n_events: int, prices: np.ndarray, seed: int | Sequence[int],
             progress: object = None) -> pd.DataFrame:
    """About `n_events` clean rows, by time: user_id, item_id, event, timestamp, query, value.

    About: within 5 % up to one row for every 20 pairs of a listener and a record, as in the shipped world. A denser
    log has fewer rows than asked for, since a listener meets the same records again.

    Choice: a listener meets records drawn from softmax(utility) among those released, and accepts one with a
    probability that grows with its utility. prices: (n,) what a purchase costs; seed: an integer, or several;
    progress: called with each number of listeners done.
    """
    rng = np.random.default_rng(seed)
    shares = world.activity * (DAYS - world.joined)
    counts = rng.poisson(_n_meetings(n_events, len(shares), len(world.genre)) * shares / shares.sum())
    blocks = []
    for start in range(0, len(counts), BLOCK):
        users = np.arange(start, min(start + BLOCK, len(counts)))
        blocks.append(_events(world, _meetings(world, users, counts[users], rng), prices, rng))
        if progress is not None:
            progress(len(users))
    return _as_table(world, pd.concat(blocks, ignore_index=True))


def _n_meetings(n_events: int, n_users: int, n_items: int) -> float:
    """How many meetings leave about so many rows: in a larger shop fewer, since fewer are with a record met before.

    Rows per meeting fall with the meetings m per listener and record as 1 / (1 + 4.46 m^0.615), fitted to 26 logs of
    1,200 to 50,000 records. In a small shop more meetings would be repeats: there the shipped world's rate is kept.
    """
    meetings, shipped = n_events / EVENTS_PER_MEETING, 1 + 4.46 * SHIPPED ** 0.615
    for _ in range(20):
        repeats = 1 + 4.46 * (meetings / n_users / n_items) ** 0.615
        meetings = n_events / EVENTS_PER_MEETING / max(1.0, shipped / repeats)
    return meetings


def _meetings(world: World, users: np.ndarray, counts: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """Each meeting's user, item, time (seconds since START) and liking (standardised utility)."""
    user, time, fresh = _visits(world, users, counts, rng)
    late = time / SECONDS >= world.drift_day[user]
    item, liking = np.zeros(len(user), int), np.zeros(len(user))
    for phase in (False, True):
        chosen = late == phase
        present, row = np.unique(user[chosen], return_inverse=True)
        utility = world.utility(present, late=phase)
        item[chosen] = _draw(utility, row, time[chosen] / SECONDS, world.released, rng)
        personal = utility - world.popularity
        centre, spread = personal.mean(1), personal.std(1)
        liking[chosen] = (personal[row, item[chosen]] - centre[row]) / spread[row]
    table = pd.DataFrame({"user": user, "item": item, "time": time, "liking": liking, "fresh": fresh})
    return table[table["item"] >= 0].drop_duplicates(["user", "item"])


def _visits(world: World, users: np.ndarray, counts: np.ndarray,
            rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each meeting's user and time, gathered into visits of four meetings or so, mostly in the evening."""
    user = np.repeat(users, counts)
    place = np.arange(len(user)) - np.repeat(np.cumsum(counts) - counts, counts)
    visit = place // 4
    first = visit * 4 == place
    starts = rng.uniform(world.joined[user], DAYS - 1).astype(int) * SECONDS + rng.normal(19, 3, len(user)) * 3600
    begin = np.maximum.accumulate(np.where(first, np.arange(len(user)), 0))
    time = starts[begin] + (place % 4) * rng.uniform(40, 240, len(user))
    return user, np.clip(time, 0, (DAYS - 1) * SECONDS), first


def _draw(utility: np.ndarray, row: np.ndarray, day: np.ndarray, released: np.ndarray,
          rng: np.random.Generator, tries: int = 12) -> np.ndarray:
    """One item a meeting from softmax(utility[row]) among those released by `day`; -1 where none was found."""
    weight = np.exp(utility - utility.max(axis=1, keepdims=True), dtype=np.float64)
    ladder = np.cumsum(weight, axis=1)
    ladder = (ladder / ladder[:, -1:] + np.arange(len(ladder))[:, None]).ravel()  # row r climbs from r to r + 1
    item = np.full(len(row), -1)
    for _ in range(tries):
        open_ = np.flatnonzero(item < 0)
        drawn = np.searchsorted(ladder, row[open_] + rng.random(len(open_))) - row[open_] * utility.shape[1]
        drawn = np.clip(drawn, 0, utility.shape[1] - 1)
        item[open_] = np.where(released[drawn] <= day[open_], drawn, -1)
    return item


def _events(world: World, met: pd.DataFrame, prices: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """The rows that each meeting leaves: view, perhaps like, cart, purchase, plays then and later, searches."""
    n, keen = len(met), 1 / (1 + np.exp(-(met["liking"].to_numpy() - 0.6)))
    taken = rng.random(n) < 0.35 + 0.5 * keen
    bought = taken & (rng.random(n) < 0.30 * keen)
    again = np.where(bought, rng.poisson(1.2, n), 0)
    parts = {
        "search": met["fresh"].to_numpy() & (rng.random(n) < 0.30),
        "view": rng.random(n) < 0.92,
        "play": taken & (rng.random(n) < 0.62),
        "like": taken & (rng.random(n) < 0.42),
        "cart": bought | (taken & (rng.random(n) < 0.10)),
        "purchase": bought,
    }
    lonely = taken & ~(parts["play"] | parts["like"] | parts["cart"])
    parts["like"] |= lonely
    delays = {"search": -30, "view": 0, "play": 25, "like": 55, "cart": 80, "purchase": 110}
    rows = [_rows(met[mask], event, met["time"][mask] + delays[event] + rng.uniform(0, 9, mask.sum()))
            for event, mask in parts.items()]
    repeats = met.loc[met.index.repeat(again)]
    later = repeats["time"] + 600 + rng.exponential(12 * SECONDS, len(repeats))
    rows.append(_rows(repeats, "play", later)[later.to_numpy() < DAYS * SECONDS])
    table = pd.concat(rows, ignore_index=True)
    table["query"] = _queries(world, table, rng)
    table["value"] = np.where(table["event"] == "purchase", prices[table["item"]], np.nan)
    return table


def _rows(met: pd.DataFrame, event: str, time: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"user": met["user"].to_numpy(), "item": met["item"].to_numpy(), "event": event,
                         "time": time.to_numpy()})


def _queries(world: World, table: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """What a listener types before meeting a record: its genre, its strongest theme, or both."""
    item = table["item"].to_numpy()
    themes = world.factors[:, 0]
    axis = np.abs(themes).argmax(axis=1)[item]
    pole = (themes[item, axis] > 0).astype(int)
    theme = np.array(FACTORS["text"], dtype=object)[axis, pole]
    genre = np.array(GENRES, dtype=object)[world.genre[item]]
    query = np.select([(kind := rng.random(len(item))) < 0.4, kind < 0.75], [genre, theme], genre + " " + theme)
    return np.where(table["event"] == "search", query, None)


def _as_table(world: World, table: pd.DataFrame) -> pd.DataFrame:
    """Ids and timestamps for row numbers and seconds; a listener's events at least GAP seconds apart; by time."""
    table = table.sort_values(["user", "time"], kind="stable")
    place = table.groupby("user").cumcount() * GAP
    time = (table["time"] - place).groupby(table["user"]).cummax() + place
    stamp = (START + pd.to_timedelta(time.clip(0).round(), unit="s")).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    value = table["value"].map("{:.2f}".format, na_action="ignore").astype(object)
    items = np.array(world.item_ids, dtype=object)[table["item"]]
    log = pd.DataFrame({
        "user_id": np.array(world.user_ids, dtype=object)[table["user"]],
        "item_id": np.where(table["event"] == "search", None, items),
        "event": table["event"].to_numpy(), "timestamp": stamp.to_numpy(),
        "query": table["query"].to_numpy(), "value": value.to_numpy(),
    }, dtype=object)
    return log.sort_values(["timestamp", "user_id"], kind="stable", ignore_index=True)
