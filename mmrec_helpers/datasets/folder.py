"""The catalogue on disk: a folder of tables, media and a manifest, read strictly and written whole.

Faults of structure raise `CatalogError` with file, line and fix. Faults of a row or a medium stay in the tables: they
are for `preprocessing`. Taught in chapters 2 and 19.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from mmrec_helpers.catalog import Catalog, CatalogError
from mmrec_helpers.datasets.paths import existing, on_disk, regular
from mmrec_helpers.datasets.tables import check_header, check_ids, check_paths, read_table

FORMAT = 1
"""Version of the format on disk, in `manifest.json`."""

REQUIRED = {"items.csv": ("item_id", "title"), "events.csv": ("user_id", "item_id", "event", "timestamp")}
KNOWN = {"items.csv": ("item_id", "title", "description", "category", "tags", "released_at", "image", "audio", "video"),
         "events.csv": ("user_id", "item_id", "event", "timestamp", "query", "value", "text", "media")}
MEDIA = {"items.csv": ("image", "audio", "video"), "events.csv": ("media",)}
"""Columns that hold paths."""

EVENTS = ("view", "search", "like", "cart", "purchase", "play", "rate", "comment")
"""What `event` may say; other names are kept, but nothing learns from them."""

KINDS = (".csv", ".jsonl", ".parquet")
"""How a table may be stored; the names above are those of CSV."""

ABSENT = "a catalogue needs items.csv and events.csv, the latter with a header at least"


# ---- reading


def read_catalog(folder: str | Path) -> Catalog:
    """The raw catalogue of a folder; every field is text or missing. Further columns are kept.

    Each table is CSV, JSON Lines or Parquet: items.csv, items.jsonl or items.parquet. Where a medium's file has its
    name in the other Unicode form (NFC, NFD), its path is changed to that.
    Raises CatalogError: no such folder or table, a table of two kinds, a pipe, an empty file, a missing or doubled
    column, a byte that is not UTF-8, quotes that do not fit, a row with too many fields, a missing or doubled item id,
    a media path that leaves the folder, an unknown format version. Taught in chapter 2.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = Path(place, "items.csv").write_text("item_id,title,image\\n007,Sea,\\n")
    ...     _ = Path(place, "events.csv").write_text("user_id,item_id,event,timestmap\\n")
    ...     read_catalog(place)
    Traceback (most recent call last):
    mmrec_helpers.catalog.CatalogError: events.csv: no column 'timestamp'; did you mean 'timestmap' (column 4)?
    """
    folder = existing(folder)
    manifest = read_manifest(folder) if (folder / "manifest.json").exists() else {}
    paths = {file: stored(folder, file) for file in REQUIRED}
    items, events = (_spelt(read_table(path, REQUIRED[file], KNOWN[file], ABSENT), MEDIA[file], folder)
                     for file, path in paths.items())
    if items.empty:
        raise CatalogError(f"{paths['items.csv'].name}: no items, only a header; write one line an item")
    check(items, events, folder)
    return Catalog(items, events, folder, str(manifest.get("name", folder.name)))


def stored(folder: Path, file: str) -> Path:
    """The path of a table in the folder, of whichever of `KINDS`; of the CSV if there is none. Raises for two."""
    found = [path for kind in KINDS if (path := (folder / file).with_suffix(kind)).exists()]
    if len(found) > 1:
        raise CatalogError(f"{folder}: both {found[0].name} and {found[1].name}; keep one of them")
    return found[0] if found else folder / file


def _spelt(table: pd.DataFrame, columns: Sequence[str], folder: Path) -> pd.DataFrame:
    return table.assign(**{column: table[column].map(lambda path: on_disk(path, folder), "ignore").astype(object)
                           for column in table.columns.intersection(columns)})


def read_manifest(folder: Path) -> dict[str, object]:
    """What `manifest.json` says. Raises CatalogError where it cannot be read or has another format version."""
    regular(folder / "manifest.json")
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CatalogError(f"{folder}: no manifest.json; `write_catalog` makes one") from None
    except (OSError, ValueError, RecursionError) as fault:
        raise CatalogError(f"manifest.json: cannot be read ({fault}); correct or remove it") from None
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if type(version) is not int or not 1 <= version <= FORMAT:
        newer = type(version) is int and version > FORMAT
        fix = "update this package" if newer else f'write "format": {FORMAT}, or remove the file'
        raise CatalogError(f"manifest.json: format {version!r}, where this version reads {FORMAT}; {fix}")
    return manifest


# ---- checking


def check(items: pd.DataFrame, events: pd.DataFrame, folder: Path) -> None:
    """Raise CatalogError for a missing or doubled item id, or a media path that leaves the folder."""
    check_ids(items, "items.csv", "item_id")
    for file, table in (("items.csv", items), ("events.csv", events)):
        for column in table.columns.intersection(MEDIA[file]):
            check_paths(table, file, column, folder)


# ---- writing


def write_catalog(catalog: Catalog, folder: str | Path, licence: str = "", sources: Sequence[str] = (),
                  extra: Mapping[str, object] | None = None) -> None:
    """Write items.csv, events.csv and manifest.json (version, name, licence, sources, counts, sha256 of every file).

    Media are not copied: those that are already in the folder are listed. extra: further entries of the manifest.
    Each file is replaced when its new version is whole. Raises CatalogError as `read_catalog` would.

    >>> import tempfile
    >>> items = pd.DataFrame({"item_id": ["007"], "title": ["Sea"]})
    >>> with tempfile.TemporaryDirectory() as place:
    ...     write_catalog(Catalog(items, pd.DataFrame(columns=REQUIRED["events.csv"]), Path(place), "tiny"), place)
    ...     read_catalog(place).items["item_id"].tolist(), verify(place)
    (['007'], [])
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if others := [path.name for file in REQUIRED if (path := stored(folder, file)).suffix != ".csv"]:
        raise CatalogError(f"{folder}: {others[0]} is there already; write the CSV files elsewhere, or remove it")
    check(catalog.items, catalog.events, folder)
    for file, table in (("items.csv", catalog.items), ("events.csv", catalog.events)):
        check_header(file, list(map(str, table)), REQUIRED[file], ())
        _replace(folder / file, _as_csv(table))
    manifest = {"format": FORMAT, "name": catalog.name, "licence": licence, "sources": list(sources),
                "counts": {"items": len(catalog.items), "events": len(catalog.events)}, **(extra or {}),
                "sha256": checksums(folder)}
    _replace(folder / "manifest.json", json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file below a folder but the manifest and hidden ones: relative path -> hex digest, by path."""
    files = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
            if name != Path("manifest.json") and not any(part.startswith(".") for part in name.parts)}


def verify(folder: str | Path) -> list[str]:
    """The files that are not as the manifest says, changed, missing or new; empty where all is well."""
    folder = existing(folder)
    listed = read_manifest(folder).get("sha256")
    if not isinstance(listed, dict):
        raise CatalogError("manifest.json: no sha256 of the files; `write_catalog` writes them")
    found = checksums(folder)
    return sorted(path for path in listed.keys() | found.keys() if listed.get(path) != found.get(path))


def _replace(path: Path, text: str) -> None:
    """Write a new version of a file, which replaces the old one when it is whole."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        fresh.write_text(text, encoding="utf-8", newline="")
        os.replace(fresh, path)
    except UnicodeEncodeError as fault:
        raise CatalogError(f"{path.name}: {fault.object[fault.start]!r} is not a character that UTF-8 can write; "
                           "correct the text") from None
    finally:
        fresh.unlink(missing_ok=True)


def _as_csv(table: pd.DataFrame) -> str:
    """The text of a CSV file; times in ISO 8601, UTC."""
    times = table.select_dtypes(["datetime", "datetimetz"])
    stamps = {name: pd.to_datetime(times[name], utc=True).dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
              .str.replace(".000000Z", "Z", regex=False) for name in times}
    table = table.assign(**stamps)
    text = table.to_csv(index=False, lineterminator="\n")
    if "\r" in text or text.startswith("\ufeff"):  # unquoted, they would be read as a row's end, as a byte order mark
        text = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return text
