"""The catalogue on disk: a folder of CSV tables, media and a manifest, read strictly and written whole.

Faults of structure raise `CatalogError` with file, line and mend. Faults of a row or a medium stay in the tables: they
are the business of `preprocessing`. Taught in chapters 2 and 19.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import itertools
import json
import logging
import os
import posixpath
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Catalog, CatalogError

log = logging.getLogger(__name__)

FORMAT = 1
"""Version of the format on disk, in `manifest.json`."""

REQUIRED = {"items.csv": ("item_id", "title"), "events.csv": ("user_id", "item_id", "event", "timestamp")}
KNOWN = {"items.csv": ("item_id", "title", "description", "category", "tags", "released_at", "image", "audio", "video"),
         "events.csv": ("user_id", "item_id", "event", "timestamp", "query", "value", "text", "media")}
MEDIA = {"items.csv": ("image", "audio", "video"), "events.csv": ("media",)}
"""Columns that hold paths."""

OUTSIDE = re.compile(r"^/|^[A-Za-z]:|\\|\0|(^|/)\.\.(/|$)")
"""A path that leaves the folder by its name, here or on another system."""

CHUNK = 1 << 16


# ---- reading


def read_catalog(folder: str | Path) -> Catalog:
    """The raw catalogue of a folder; every field is text or missing. Further columns are kept.

    Raises CatalogError: no such folder or table, an empty file, a missing or doubled column, a byte that is not UTF-8,
    quotes that do not fit, a row with too many fields, a missing or doubled item id, a media path that leaves the
    folder, an unknown format version. Taught in chapter 2.

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
    items, events = (read_table(folder / file, REQUIRED[file], KNOWN[file]) for file in REQUIRED)
    if items.empty:
        raise CatalogError("items.csv: no items, only a header; write one line an item")
    check(items, events, folder)
    return Catalog(items, events, folder, str(manifest.get("name", folder.name)))


def read_table(path: Path, required: Sequence[str], known: Sequence[str] = ()) -> pd.DataFrame:
    """A CSV table as text: an empty field is missing, nothing else is ("NA" is a word). Raises CatalogError.

    A row with fewer fields than the header ends in missing ones; blank lines are no rows.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = Path(place, "links.csv").write_text("movieId,imdbId\\n1,0114709\\n2,\\n")
    ...     read_table(Path(place, "links.csv"), required=["movieId"])
      movieId   imdbId
    0       1  0114709
    1       2      NaN
    """
    rows = _rows(path)
    _, header = next(rows, (1, []))
    if not any(name.strip() for name in header):
        raise CatalogError(f"{path.name}: the file is empty; its first line must name the columns")
    _check_header(path.name, header, required, known)
    starts, frames = [], [pd.DataFrame(columns=header, dtype=object)]
    while chunk := list(itertools.islice(rows, CHUNK)):
        lines, fields = zip(*chunk, strict=True)
        starts += lines
        frames.append(pd.DataFrame(list(fields), columns=header, dtype=object))
    table = pd.concat(frames, ignore_index=True)
    table = table.where(table != "", np.nan)
    table.attrs["lines"] = _turns(np.array(starts, int))
    return table


def line_numbers(frame: pd.DataFrame) -> np.ndarray:
    """The line of the file, from 1, on which each row of a raw table starts; fields may hold line breaks.

    frame: as it was read, or some of its rows with their index. One that was not read from a file is taken as
    `write_catalog` writes it. Returns (n,) int.

    >>> line_numbers(pd.DataFrame({"title": ["a", "two\\nlines", "c"]}))
    array([2, 3, 5])
    """
    if "lines" in frame.attrs:
        turns, further = frame.attrs["lines"]
        rows = frame.index.to_numpy(int)
        return 2 + rows + np.array([0, *further])[np.searchsorted(turns, rows, side="right")]
    texts = (frame[column].astype("string") for column in frame)
    breaks = sum((text.str.count("\r\n|\r|\n").fillna(0).to_numpy(int) for text in texts), np.zeros(len(frame), int))
    return 2 + np.arange(len(frame)) + np.cumsum(breaks) - breaks


def nearest(name: str, names: Collection[str], cutoff: float = 0.6) -> str | None:
    """Which of `names` someone may have meant, None where none is near; case does not count. By difflib.

    >>> nearest("timestamp", ["user", "TimeStmap"])
    'TimeStmap'
    """
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), folded, 1, cutoff)
    return folded[near[0]] if near else None


def existing(folder: str | Path) -> Path:
    """The absolute path of a folder. Raises CatalogError where there is none."""
    folder = Path(folder).expanduser().absolute()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise CatalogError(f"{folder}: a file, not a folder; give the folder that it lies in")
    beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
    near = nearest(folder.name, [one.name for one in beside if one.is_dir()])
    raise CatalogError(f"{folder}: no such folder; " +
                       (f"did you mean {near!r}?" if near else "give one that holds items.csv and events.csv"))


def read_manifest(folder: Path) -> dict[str, object]:
    """What `manifest.json` says. Raises CatalogError where it cannot be read or has another format version."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CatalogError(f"{folder}: no manifest.json; `write_catalog` makes one") from None
    except (OSError, ValueError, RecursionError) as fault:
        raise CatalogError(f"manifest.json: cannot be read ({fault}); mend or remove it") from None
    version = manifest.get("format") if isinstance(manifest, dict) else None
    if type(version) is not int or not 1 <= version <= FORMAT:
        newer = type(version) is int and version > FORMAT
        mend = "update this package" if newer else f'write "format": {FORMAT}, or remove the file'
        raise CatalogError(f"manifest.json: format {version!r}, where this version reads {FORMAT}; {mend}")
    return manifest


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The line that each row starts on, and its fields, as many as the first row has."""
    start, width = 1, 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for fields in reader:
                width = width or len(fields)
                if len(fields) > width:
                    raise CatalogError(f"{path.name}: line {start}: {len(fields)} fields for {width} columns; put text "
                                       "that holds a comma in double quotes")
                if fields:
                    yield start, fields + [""] * (width - len(fields))
                start = reader.line_num + 1
    except csv.Error as fault:
        raise CatalogError(f"{path.name}: line {start}: {fault}; check the double quotes from there on") from None
    except UnicodeDecodeError:
        raise _not_utf8(path) from None
    except FileNotFoundError:
        raise _not_there(path) from None
    except OSError as fault:
        raise CatalogError(f"{path.name}: cannot be read ({fault.strerror}); check the file") from None


def _turns(starts: np.ndarray) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows before which lines were taken up by line breaks or blank lines, and how many by then."""
    further = starts - np.arange(len(starts)) - 2
    turns = np.flatnonzero(np.diff(further, prepend=0))
    return tuple(turns.tolist()), tuple(further[turns].tolist())


def _not_there(path: Path) -> CatalogError:
    folder = existing(path.parent)
    near = nearest(path.name, [one.name for one in folder.iterdir()], 0.7)
    if path.name in REQUIRED:
        hint = "a catalogue needs items.csv and events.csv, the latter with a header at least"
    else:
        hint = "put it there"
    return CatalogError(f"{folder}: no {path.name}; " + (f"did you mean {near!r}?" if near else hint))


def _not_utf8(path: Path) -> CatalogError:
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = len(re.findall(rb"\r\n|\r|\n", data[:fault.start])) + 1
        guess = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "Windows-1252 or GBK"
        return CatalogError(f"{path.name}: line {line}: byte 0x{data[fault.start]:02x} (byte {fault.start + 1} of the "
                            f"file) is not UTF-8; save the file as UTF-8 (it may be {guess})")
    return CatalogError(f"{path.name}: changed while it was read; try again")


# ---- checking


def check(items: pd.DataFrame, events: pd.DataFrame, folder: Path) -> None:
    """Raise CatalogError for a missing or doubled item id, or a media path that leaves the folder."""
    check_ids(items, "items.csv", "item_id")
    for file, table in (("items.csv", items), ("events.csv", events)):
        for column in table.columns.intersection(MEDIA[file]):
            check_paths(table, file, column, folder)


def check_ids(table: pd.DataFrame, file: str, column: str) -> None:
    """Raise CatalogError where a row has no id, or that of a row above."""
    missing, doubled = table[column].isna().to_numpy(bool), table[column].duplicated().to_numpy(bool)
    if missing.any():
        raise CatalogError(f"{file}: line {line_numbers(table)[missing][0]}: no {column}; write one")
    if doubled.any():
        name = table[column].to_numpy(object)[doubled][0]
        first, second = line_numbers(table)[table[column].eq(name).to_numpy(bool)][:2]
        raise CatalogError(f"{file}: line {second}: {column} {name!r} stands already on line {first}; ids must differ")


def check_paths(table: pd.DataFrame, file: str, column: str, folder: Path) -> None:
    """Raise CatalogError for a path that leaves the folder, by its name or by a link."""
    out = table[column].isin(_leaving(set(table[column].dropna().astype(str)), os.path.realpath(folder)))
    if out.any():
        line, path = line_numbers(table)[out.to_numpy(bool)][0], table.loc[out, column].iloc[0]
        raise CatalogError(f"{file}: line {line}: {column} {path!r} leaves the folder; put the file inside and write "
                           "its path relative to the folder, with / between the parts")


def _leaving(paths: set[str], root: str) -> set[str]:
    named = {path for path in paths if OUTSIDE.search(path)}
    kept = paths - named
    away = {parent for parent in map(posixpath.dirname, kept) if not _inside(parent, root)}
    return named | {path for path in kept if posixpath.dirname(path) in away or
                    (os.path.islink(os.path.join(root, path)) and not _inside(path, root))}


def _inside(path: str, root: str) -> bool:
    return Path(os.path.realpath(os.path.join(root, path))).is_relative_to(root)


def _check_header(file: str, header: list[str], required: Sequence[str], known: Sequence[str]) -> None:
    doubled = [name for name, times in Counter(header).items() if times > 1]
    if doubled:
        first, second = [column for column, name in enumerate(header, 1) if name == doubled[0]][:2]
        raise CatalogError(f"{file}: line 1: column {doubled[0]!r} stands twice (columns {first} and {second}); rename "
                           "or remove one")
    for name in required:
        if name not in header:
            raise CatalogError(f"{file}: no column {name!r}; {_hint(name, header)}")
    for name in known:
        if name not in header and (near := nearest(name, header, 0.8)):
            log.warning("%s: column %r is kept as it is; did you mean %r?", file, near, name)


def _hint(name: str, header: list[str]) -> str:
    if near := nearest(name, header):
        return f"did you mean {near!r} (column {header.index(near) + 1})?"
    if len(header) == 1 and (mark := re.search(r"[;\t|]", header[0])):
        return f"the fields are separated by {mark[0]!r}, separate them by commas"
    names = ", ".join(header)
    return f"the columns are {names if len(names) < 200 else names[:200] + ' ...'}"


# ---- writing


def write_catalog(catalog: Catalog, folder: str | Path, licence: str = "", sources: Sequence[str] = (),
                  extra: Mapping[str, object] | None = None) -> None:
    """Write items.csv, events.csv and manifest.json (version, name, licence, sources, counts, sha256 of every file).

    Media are not copied: those that already lie in the folder are listed. extra: further entries of the manifest.
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
    check(catalog.items, catalog.events, folder)
    for file, table in (("items.csv", catalog.items), ("events.csv", catalog.events)):
        _check_header(file, list(map(str, table)), REQUIRED[file], ())
        with _replacing(folder / file) as fresh:
            _write_table(table, fresh)
    manifest = {"format": FORMAT, "name": catalog.name, "licence": licence, "sources": list(sources),
                "counts": {"items": len(catalog.items), "events": len(catalog.events)}, **(extra or {}),
                "sha256": checksums(folder)}
    with _replacing(folder / "manifest.json") as fresh:
        fresh.write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


def checksums(folder: Path) -> dict[str, str]:
    """sha256 of every file below a folder but the manifest and hidden ones: relative path -> hex digest, by path."""
    files = {path.relative_to(folder): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name.as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()
            if name != Path("manifest.json") and not any(part.startswith(".") for part in name.parts)}


def verify(folder: str | Path) -> list[str]:
    """The files that are not as the manifest says, changed, missing or new; empty where all is well."""
    folder = existing(folder)
    told = read_manifest(folder).get("sha256")
    if not isinstance(told, dict):
        raise CatalogError("manifest.json: no sha256 of the files; `write_catalog` writes them")
    found = checksums(folder)
    return sorted(path for path in told.keys() | found.keys() if told.get(path) != found.get(path))


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """A file to write, which takes the place of `path` when all went well."""
    fresh = path.with_name(f".{path.name}.part")
    try:
        yield fresh
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def _write_table(table: pd.DataFrame, path: Path) -> None:
    """As CSV; times in ISO 8601, UTC."""
    times = table.select_dtypes(["datetime", "datetimetz"])
    stamps = {name: pd.to_datetime(times[name], utc=True).dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
              .str.replace(".000000Z", "Z", regex=False) for name in times}
    table = table.assign(**stamps)
    text = table.to_csv(index=False, lineterminator="\n")
    if "\r" in text or text.startswith("\ufeff"):  # unquoted, they would be read as a row's end, as a byte order mark
        text = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except UnicodeEncodeError as fault:
        raise CatalogError(f"{path.name.removeprefix('.').removesuffix('.part')}: {fault.object[fault.start]!r} is no "
                           "character that UTF-8 can write; mend the text") from None
