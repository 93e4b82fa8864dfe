"""Dirt as real catalogues have it, planted and listed, so that cleaning can be evaluated. Taught in chapter 2.

No row and no item is damaged twice, so the count of each cause is exact.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from mmrec_helpers.catalog import Catalog

ITEMS, EVENTS = 1_200, 57_000
"""Records and rows of the log that the amounts are for; others get theirs in proportion, at least one each."""

Dirt = dict[str, list]
"""Cause -> what was planted: row numbers of events, item ids, pairs of item ids (older, younger), user ids."""

OF_EVENTS = {"exact duplicate": 600, "near duplicate": 450, "bot users": 6, "clock error": 180, "time zone": 1500,
             "unparsable time": 60, "unknown item": 150, "no user": 80, "no item": 60, "contradiction": 50}
OF_ITEMS = {"duplicate item": 12, "mojibake": 25, "missing field": 40, "late release": 10}

BOT_ROWS, BURST = (230, 271), 75
"""A bot's rows, and how many it makes at least in one go, at four a second."""

ZONES = (8, -5, 2)
NO_TIMES = ("2025-13-45T99:00:00Z", "yesterday", "0000-00-00 00:00:00", "03/14/2025 9pm", "null", "1741955696")


def amounts(usual: dict[str, int], scale: float) -> dict[str, int]:
    """The usual amounts of a catalogue `scale` times as large; scale 0 plants nothing.

    >>> amounts({"bot": 6, "mojibake": 25}, 0.1)
    {'bot': 1, 'mojibake': 2}
    """
    return {cause: max(1, round(number * scale)) if scale > 0 else 0 for cause, number in usual.items()}


class Pool:
    """Numbers of rows not damaged yet, in random order; each is given once.

    >>> pool = Pool(4, np.random.default_rng(0))
    >>> pool.take(9, fit=[True, False, True, False]), pool.take(1).shape, pool.take(9).shape
    (array([0, 2]), (1,), (1,))
    """

    def __init__(self, n: int, rng: np.random.Generator) -> None:
        self.free = rng.permutation(n)

    def take(self, wanted: int, fit: ArrayLike | None = None) -> np.ndarray:
        """Up to `wanted` rows, of those for which `fit` (n,) is true."""
        taken = (self.free if fit is None else self.free[np.asarray(fit, bool)[self.free]])[:wanted]
        self.free = self.free[~np.isin(self.free, taken)]
        return np.sort(taken)


def soil(catalog: Catalog, rng: np.random.Generator, share: float = 1.0) -> tuple[Catalog, Dirt]:
    """A clean raw catalogue with dirt in its items and events, and the list of it.

    share: of the amounts above, in proportion to the catalogue's size; 0 plants nothing. Events are listed by
    their row number in the returned table, counted from 0; of duplicates the later copy. The bots' rows are listed
    under `bot`, their ids under `bot users`.
    """
    items, events, of_items = _soil_items(catalog, rng, share * len(catalog.items) / ITEMS)
    late = events["item_id"].isin(of_items["late release"])
    firsts = events[late].drop_duplicates("item_id").index.to_numpy()  # they show that a release is late
    events, of_events = _soil_events(events, catalog.items["item_id"].to_numpy(object), rng,
                                     share * len(events) / EVENTS, firsts)
    return replace(catalog, items=items, events=events), of_events | of_items


def _new_ids(ids: np.ndarray, number: int, skip: int = 0) -> list[str]:
    """The next ids after the largest: r00013 and so on after r00012."""
    prefix, digits = re.fullmatch(r"(.*?)(\d*)", max(ids, default="x0")).groups()
    first = int(digits or 0) + 1 + skip
    return [f"{prefix}{one:0{len(digits)}d}" for one in range(first, first + number)]


# ---- items


def _soil_items(catalog: Catalog, rng: np.random.Generator, scale: float) -> tuple[pd.DataFrame, pd.DataFrame, Dirt]:
    items = catalog.items.reset_index(drop=True).astype(object)
    events = catalog.events.reset_index(drop=True).astype(object)
    pool, amount = Pool(len(items), rng), amounts(OF_ITEMS, scale)
    times = pd.to_datetime(events["timestamp"], utc=True)
    first = items["item_id"].map(times.groupby(events["item_id"]).min())
    planted = {"late release": _release_late(items, pool.take(amount["late release"], first.notna()), first, rng)}
    described = items["description"].notna()
    planted["mojibake"] = _misread(items, pool.take(amount["mojibake"], described), rng)
    planted["missing field"] = _empty(items, pool, amount["missing field"])
    twins = pool.take(amount["duplicate item"], described & first.notna())
    items, events, planted["duplicate item"] = _list_twice(items, events, twins, rng)
    return items, events, planted


def _release_late(items: pd.DataFrame, rows: np.ndarray, first: pd.Series, rng: np.random.Generator) -> list[str]:
    """A release one to four months after the item's first event."""
    late = first[rows] + pd.to_timedelta(rng.integers(30, 120, len(rows)), unit="D")
    items.loc[rows, "released_at"] = late.dt.strftime("%Y-%m-%d")
    return items.loc[rows, "item_id"].tolist()


def _misread(items: pd.DataFrame, rows: np.ndarray, rng: np.random.Generator) -> list[str]:
    """Title and description as UTF-8 read as Latin-1 or cp1252; plain ones get a typographer's marks before."""
    for row, codec in zip(rows, rng.choice(["latin-1", "cp1252"], len(rows)), strict=True):
        for column in ("title", "description"):
            text = items.at[row, column]
            if column == "description" and text.isascii():
                text = text.replace("'", "’").replace(" - ", " — ").removesuffix(".") + "…"
            items.at[row, column] = misread(text, codec) if isinstance(text, str) else text
    return items.loc[rows, "item_id"].tolist()


def misread(text: str, codec: str) -> str:
    """What a program shows that takes UTF-8 for `codec`; bytes that cp1252 does not have pass as Latin-1.

    >>> misread("café", "latin-1"), misread("it’s", "cp1252")
    ('cafÃ©', 'itâ€™s')
    """
    return "".join(bytes([byte]).decode(codec, errors="ignore") or chr(byte) for byte in text.encode())


def _empty(items: pd.DataFrame, pool: Pool, amount: int) -> list[str]:
    """One field of an item lost, each of the four kinds equally often."""
    planted, each = [], -(-amount // 4)
    for field in ("description", "category", "image", "audio"):
        if field in items:
            rows = pool.take(each, items[field].notna())
            items.loc[rows, field] = None
            planted += items.loc[rows, "item_id"].tolist()
    return planted


def _list_twice(items: pd.DataFrame, events: pd.DataFrame, rows: np.ndarray,
                rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame, list[list[str]]]:
    """The same record once more under a new id with file names of its own, and some of its events."""
    older, younger = items.loc[rows, "item_id"].tolist(), _new_ids(items["item_id"].to_numpy(), len(rows))
    copies = items.loc[rows].assign(item_id=younger)
    for column in {"image", "audio", "video"} & set(items):
        copies[column] = [path if pd.isna(path) else Path(path).with_name(new + Path(path).suffix).as_posix()
                          for path, new in zip(copies[column], younger, strict=True)]
    moved = events["item_id"].map(dict(zip(older, younger, strict=True)))
    moved = moved.where(rng.random(len(events)) < 0.4)
    events = events.assign(item_id=moved.astype(object).fillna(events["item_id"]))
    pairs = [list(pair) for pair in zip(older, younger, strict=True)]
    return pd.concat([items, copies], ignore_index=True), events, pairs


# ---- events


def _soil_events(events: pd.DataFrame, items: np.ndarray, rng: np.random.Generator, scale: float,
                 spared: np.ndarray) -> tuple[pd.DataFrame, Dirt]:
    """Rows changed where they are; copies and bots' rows put in by time of arrival."""
    amount, pool = amounts(OF_EVENTS, scale), Pool(len(events), rng)
    pool.free = pool.free[~np.isin(pool.free, spared)]
    arrival = pd.to_datetime(events["timestamp"], utc=True).dt.as_unit("s")
    exact, near = (pool.take(amount[cause]) for cause in ("exact duplicate", "near duplicate"))
    retried = arrival[near] + pd.to_timedelta(rng.integers(1, 3, len(near)), unit="s")
    copies = [events.loc[exact], events.loc[near].assign(timestamp=_write(retried))]
    clients = _new_ids(events["user_id"].to_numpy(), amount["bot users"])
    bots = pd.concat([_bot(client, items, arrival, rng) for client in clients] or
                     [pd.DataFrame({"user_id": [], "arrival": arrival[:0]})])
    planted = _spoil(events, arrival, pool, amount, items, rng)
    table = pd.concat([events, *copies, bots.drop(columns="arrival")], ignore_index=True)[list(events)]
    order = np.argsort(pd.concat([arrival, arrival[exact], retried, bots["arrival"]]).to_numpy(), kind="stable")
    place = np.argsort(order)
    added = np.split(np.arange(len(events), len(table)), np.cumsum([len(exact), len(near)]))
    planted = dict(zip(("exact duplicate", "near duplicate", "bot"), added, strict=True)) | planted
    listed: Dirt = {cause: np.sort(place[rows]).tolist() for cause, rows in planted.items()}
    return table.iloc[order].reset_index(drop=True), listed | {"bot users": bots["user_id"].unique().tolist()}


def _write(times: pd.Series) -> pd.Series:
    return times.dt.strftime("%Y-%m-%dT%H:%M:%SZ").astype(object)


def _spoil(events: pd.DataFrame, arrival: pd.Series, pool: Pool, amount: dict[str, int], items: np.ndarray,
           rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Fields of single rows, in place; cause -> rows."""
    about = events["item_id"].notna()
    bought = (events["event"] == "purchase") & (pd.to_numeric(events["value"], errors="coerce") > 0)
    fits = {"contradiction": bought, "no item": about & (events["event"] != "search"), "unknown item": about}
    causes = ("contradiction", "no item", "unknown item", "no user", "clock error", "time zone", "unparsable time")
    rows = {cause: pool.take(amount[cause], fits.get(cause)) for cause in causes}
    events.loc[rows["contradiction"], "value"] = "-" + events.loc[rows["contradiction"], "value"]
    events.loc[rows["no item"], "item_id"] = None
    events.loc[rows["no user"], "user_id"] = None
    strangers = _new_ids(items, 40, skip=500)
    events.loc[rows["unknown item"], "item_id"] = rng.choice(strangers, len(rows["unknown item"])).astype(object)
    events.loc[rows["unparsable time"], "timestamp"] = rng.choice(
        NO_TIMES, len(rows["unparsable time"])).astype(object)
    day = rng.choice(["1970-01-01", "2099-12-31"], len(rows["clock error"])).astype(object)
    events.loc[rows["clock error"], "timestamp"] = day + events.loc[rows["clock error"], "timestamp"].str[10:]
    hours = rng.choice(ZONES, len(rows["time zone"]))
    local = arrival[rows["time zone"]] + pd.to_timedelta(hours, unit="h")
    offset = np.array([f"{hour:+03d}:00" for hour in hours], dtype=object)
    events.loc[rows["time zone"], "timestamp"] = _write(local).str.removesuffix("Z") + offset
    return rows


def _bot(user: str, items: np.ndarray, arrival: pd.Series, rng: np.random.Generator) -> pd.DataFrame:
    """Rows of a client that goes through the shop in bursts, four events a second, over all kinds of items."""
    n = rng.integers(*BOT_ROWS)
    burst = np.arange(n) * (n // BURST) // n
    starts = rng.uniform(0, (arrival.max() - arrival.min()).total_seconds(), burst.max() + 1)
    seconds = np.floor(starts[burst] + np.cumsum(rng.exponential(0.25, n))).astype(int)
    times = arrival.min() + pd.Series(pd.to_timedelta(seconds, unit="s"))
    return pd.DataFrame({"user_id": user, "item_id": np.resize(rng.permutation(items), n),
                         "event": rng.choice(["view", "cart", "like"], n, p=[0.85, 0.1, 0.05]).astype(object),
                         "timestamp": _write(times), "arrival": times.dt.as_unit("s")})
