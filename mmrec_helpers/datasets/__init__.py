"""Where catalogues come from: a folder, the shipped record shop, MovieLens. Taught in chapters 1 and 19."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mmrec_helpers.catalog import Catalog, CatalogError

RECORDSHOP = "recordshop"
"""The name of the shipped catalogue."""


def load(data: str | Path = RECORDSHOP, small: bool = False) -> Catalog:
    """The raw catalogue of `recordshop` (the shipped one), of a catalogue's folder, or of a MovieLens folder.

    small: whatever `data` is, a small record shop instead, made on first use, on which a chapter runs in seconds.
    Raises CatalogError where there is none, or where its structure is broken, with file, line and fix.
    Taught in chapter 1.

    >>> load("no/such/shop")
    Traceback (most recent call last):
    mmrec_helpers.catalog.CatalogError: ...no/such/shop: no such folder; ...
    """
    from mmrec_helpers.datasets import folder, movielens
    from mmrec_helpers.datasets.paths import existing

    if small:
        return folder.read_catalog(small_recordshop())
    place = recordshop_folder() if str(data) == RECORDSHOP else existing(data)
    films = any((place / f"{table}{kind}").exists() for table in ("movies", "ratings") for kind in movielens.KINDS)
    if films and not folder.stored(place, "items.csv").exists():
        return movielens.read(place)
    return folder.read_catalog(place)


def small_recordshop() -> Path:
    """The folder of a shop of 90 records and 120 listeners with all kinds of dirt, remade when its code changes."""
    from mmrec_helpers.datasets.paths import cache, write_whole
    from mmrec_helpers.datasets.recordshop import build

    makers = b"".join(path.read_bytes() for path in sorted(Path(build.__file__).parent.glob("*.py")))
    place = cache() / f"recordshop-small-{hashlib.sha256(makers).hexdigest()[:12]}"
    if not place.exists():
        write_whole(place, lambda fresh: build.build(fresh, items=90, users=120, events=7000, quiet=True))
    return place


def recordshop_folder() -> Path:
    """Where the shipped record shop is: MMREC_DATA/recordshop, beside the package, or in a `data` above or here.

    MMREC_DATA may name the record shop's own folder too. Raises CatalogError where it is in none of these.
    """
    named = os.environ.get("MMREC_DATA")
    places = [Path(named), Path(named) / RECORDSHOP] if named else []
    roots = [Path(__file__).parents[2], Path.cwd(), *Path.cwd().parents]
    places += [root / "data" / RECORDSHOP for root in roots]
    for place in places:
        if (place / "items.csv").exists():
            return place
    looked = ", ".join(str(place) for place in places[:len(places) - len(roots) + 2])
    raise CatalogError(f"{RECORDSHOP}: not found in {looked}; run from the project's folder, set MMREC_DATA, or make "
                       "one: mmrec world --out DIR")
