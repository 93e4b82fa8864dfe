"""A world on disk: catalogue, media, planted dirt and the truth. `mmrec world` and `make data` call this."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from mmrec_helpers.catalog import Catalog, CatalogError
from mmrec_helpers.datasets.folder import write_catalog
from mmrec_helpers.datasets.paths import write_whole
from mmrec_helpers.datasets.recordshop import covers, dirt, sounds, words
from mmrec_helpers.datasets.recordshop.log import START, make_log
from mmrec_helpers.datasets.recordshop.spoilt_files import soil_media
from mmrec_helpers.datasets.recordshop.world import GENRES, MODALITIES, World, make_world

SEED = 20250101
ITEMS, USERS, EVENTS = 1_200, 1_000, 57_000
"""The shipped world before dirt; dirt adds about 3,000 rows and a dozen records."""

SMALLEST = {"items": 10, "users": 10, "events": 100}
"""A smaller world would have nothing to compare."""

CHINESE = 6
"""Every so many records one has its note in Chinese too."""

LICENCE = "CC0-1.0"
SOURCES = ("made by mmrec_helpers.datasets.recordshop; no person, record or shop in it is real",)


def build(folder: str | Path, items: int = ITEMS, users: int = USERS, events: int | None = None, seed: int = SEED,
          media: bool = True, soiled: bool = True, quiet: bool = False) -> Catalog:
    """Write a world of this size to `folder` and return its raw catalogue.

    events: clean log rows, by default in the shipped world's proportion to the users; media: covers and previews
    too (about 6 kB and 17 kB each); soiled: with planted dirt, counted in `manifest.json` and listed in
    `truth/dirt.json`. The same arguments give the same bytes, written whole or not at all. Raises FileExistsError
    where `folder` is a file or not empty, CatalogError for a size below `SMALLEST` or a negative seed.
    """
    folder = vacant(folder)
    events = round(EVENTS * users / USERS) if events is None else events
    _check_sizes({"items": items, "users": users, "events": events})
    check_seed(seed)
    made: list[Catalog] = []
    write_whole(folder, lambda fresh: made.append(
        _write_world(fresh, items, users, events, seed, media, soiled, quiet)))
    return replace(made[0], root=folder)


def _write_world(folder: Path, items: int, users: int, events: int, seed: int, media: bool, soiled: bool,
                 quiet: bool) -> Catalog:
    world = make_world(items, users, seed)
    world.save(folder / "truth")
    table = item_table(world, seed, media, quiet)
    if media:
        for number in _bar(range(items), "covers and previews", quiet):
            draw_record(world, number, folder, seed)
    with tqdm(total=users, desc="listeners", disable=quiet, mininterval=0.5) as bar:
        log = make_log(world, events, table["price"].astype(float).to_numpy(), seed + 1, bar.update)
    catalog, planted = Catalog(table, log, folder, folder.name), {}
    if soiled:
        rng = np.random.default_rng(seed + 2)
        catalog, planted = dirt.soil(catalog, rng)
        planted |= soil_media(folder, catalog.items, rng) if media else {}
        (folder / "truth" / "dirt.json").write_text(json.dumps(planted, indent=1), encoding="utf-8")
    counts = {cause: len(found) for cause, found in planted.items()}
    asked = {} if events == round(EVENTS * users / USERS) else {"clean_events": events}
    write_catalog(catalog, folder, licence=LICENCE, sources=SOURCES, extra={"seed": seed, "dirt": counts} | asked)
    return catalog


def vacant(folder: str | Path) -> Path:
    """The absolute path of a folder that is empty or not there yet. Raises FileExistsError for any other."""
    folder = Path(folder).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder}: a file, not a folder; give a new folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: not empty; give a new folder, so that nothing of yours is overwritten")
    return folder


def check_seed(seed: int) -> None:
    """Raise CatalogError for a negative seed."""
    if seed < 0:
        raise CatalogError(f"seed {seed}: give 0 or a positive number")


def _check_sizes(sizes: dict[str, int]) -> None:
    least = ", ".join(f"{number} {name}" for name, number in SMALLEST.items())
    for name, number in sizes.items():
        if number < SMALLEST[name]:
            raise CatalogError(f"{number} {name}: too few for a record shop, which needs at least {least}")


def item_table(world: World, seed: int, media: bool = True, quiet: bool = False) -> pd.DataFrame:
    """items.csv as text, one row a record: the words, and where its media will be."""
    rows = [_describe(world, number, seed) for number in _bar(range(len(world.genre)), "words", quiet)]
    released = START + pd.to_timedelta(np.floor(world.released), unit="D")
    table = pd.DataFrame(rows, dtype=object).assign(item_id=world.item_ids, released_at=released.strftime("%Y-%m-%d"))
    for column, pattern in {"image": "images/{}.jpg", "audio": "audio/{}.mp3", "video": None}.items():
        table[column] = [pattern.format(one) if media and pattern else None for one in world.item_ids]
    order = ["item_id", "title", "description", "category", "tags", "released_at", "image", "audio", "video",
             "artist", "price", "description_zh"]
    return table[order]


def _describe(world: World, number: int, seed: int) -> dict[str, str | None]:
    rng = _rng(seed, number, 0)
    genre, themes = int(world.genre[number]), world.factors[number, MODALITIES.index("text")]
    artist = words.artist(rng)
    title, description = words.describe(genre, themes, rng, artist)
    chinese = words.describe_zh(genre, themes, rng) if number % CHINESE == 0 else None
    return {"title": title, "description": description, "category": GENRES[genre],
            "tags": f"{GENRES[genre]}|{'lp' if rng.random() < 0.7 else 'ep'}", "artist": artist,
            "price": f"{rng.choice([9, 12, 15, 18, 22, 27, 34]) + 0.9:.2f}", "description_zh": chinese}


def draw_record(world: World, number: int, folder: Path, seed: int) -> None:
    """Draw one record's cover and play its preview into `folder`."""
    name, genre = world.item_ids[number], int(world.genre[number])
    style, sound = (world.factors[number, MODALITIES.index(m)] for m in ("image", "audio"))
    for sub in ("images", "audio"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    covers.save(folder / "images" / f"{name}.jpg", covers.draw(genre, style, _rng(seed, number, 1)))
    sounds.save(folder / "audio" / f"{name}.mp3", sounds.play(genre, sound, _rng(seed, number, 2)))


def _rng(seed: int, number: int, medium: int) -> np.random.Generator:
    """Each medium of each record has a stream of its own, so that one record can be made again alone."""
    return np.random.default_rng([seed, number, medium])


def _bar(things: Sequence, label: str, quiet: bool) -> Iterator:
    return tqdm(things, desc=label, disable=quiet, mininterval=0.5)
