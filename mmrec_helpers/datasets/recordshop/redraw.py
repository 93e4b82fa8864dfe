"""The same records, listeners and tastes, another year's log: what one log cannot show. Taught in chapter 9."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

from mmrec_helpers import datasets
from mmrec_helpers.catalog import Catalog, CatalogError
from mmrec_helpers.datasets.folder import read_manifest, write_catalog
from mmrec_helpers.datasets.paths import write_whole
from mmrec_helpers.datasets.recordshop.build import EVENTS, LICENCE, SOURCES, USERS, check_seed, vacant
from mmrec_helpers.datasets.recordshop.dirt import OF_ITEMS
from mmrec_helpers.datasets.recordshop.log import make_log
from mmrec_helpers.datasets.recordshop.spoilt_files import OF_MEDIA
from mmrec_helpers.datasets.recordshop.world import World


def redraw(data: str | Path = datasets.RECORDSHOP, log_seed: int = 0) -> Catalog:
    """The raw catalogue of a made-up shop with another log, drawn in about a second; nothing is written.

    data: `recordshop`, or the folder of a shop that `build` made. Items (their planted dirt too) and media are those of
    the shop; the events are new and clean: as many, with the same columns, from the stored tastes. The same `log_seed`
    gives the same events; 0 gives the log that the shop was made with, before dirt was planted in it. Raises
    CatalogError for a shop without `truth`, or a negative seed. Taught in chapter 9.

    >>> [len(redraw(log_seed=seed).events) for seed in (0, 1)]
    [56798, 56444]
    """
    catalog = datasets.load(data)
    if not (catalog.root / "truth" / "tastes.npy").exists():
        raise CatalogError(f"{catalog.root}: no truth/tastes.npy; only the log of a shop from `mmrec world` can be "
                           "drawn again")
    check_seed(log_seed)
    world, manifest = World.load(catalog.root / "truth"), read_manifest(catalog.root)
    n_events = manifest.get("clean_events", round(EVENTS * len(world.segment) / USERS))
    prices = catalog.items.set_index("item_id").loc[world.item_ids, "price"].astype(float).to_numpy()
    own = manifest["seed"] + 1
    events = make_log(world, n_events, prices, [own, log_seed] if log_seed else own)
    return replace(catalog, events=events)


def write_redraw(folder: str | Path, data: str | Path, log_seed: int) -> Catalog:
    """Write a copy of the shop `data` with another log (see `redraw`) to `folder`; no media are drawn again.

    Raises FileExistsError where `folder` is a file or not empty; CatalogError as `redraw` does.
    """
    folder, catalog = vacant(folder), redraw(data, log_seed)
    write_whole(folder, lambda fresh: _write(catalog, fresh, log_seed))
    return replace(catalog, root=folder, name=folder.name)


def _write(catalog: Catalog, folder: Path, log_seed: int) -> None:
    shutil.copytree(catalog.root, folder, ignore=shutil.ignore_patterns("events.csv", "manifest.json", ".*"))
    seed, truth = read_manifest(catalog.root)["seed"], folder / "truth" / "dirt.json"
    planted = json.loads(truth.read_text(encoding="utf-8")) if truth.exists() else {}
    planted = {cause: found for cause, found in planted.items() if cause in OF_ITEMS | OF_MEDIA}
    truth.write_text(json.dumps(planted, indent=1), encoding="utf-8")
    counts = {cause: len(found) for cause, found in planted.items()}
    write_catalog(replace(catalog, root=folder, name=folder.name), folder, licence=LICENCE, sources=SOURCES,
                  extra={"seed": seed, "log_seed": log_seed, "dirt": counts})
