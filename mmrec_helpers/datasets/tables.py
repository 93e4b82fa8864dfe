"""One table, read strictly: every field text or missing, every row with its line. Taught in chapter 2."""

from __future__ import annotations

import csv
import itertools
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import CatalogError
from mmrec_helpers.datasets.paths import existing, leaving, nearest, regular
from mmrec_helpers.datasets.records import Check, json_lines, parquet

log = logging.getLogger(__name__)

CHUNK = 1 << 16

def read_table(path: Path, required: Sequence[str], known: Sequence[str] = (),
               absent: str = "put it there") -> pd.DataFrame:
    """A table as text: an empty field is missing, nothing else is ("NA" is a word). Raises CatalogError.

    CSV: a row with fewer fields than the header ends in missing ones; blank lines are no rows. JSON Lines (.jsonl): one
    object a line. Parquet: its rows count as lines. Values of these two become text as `records.as_text` says.
    known: columns whose misspelling is warned of; absent: what to do where there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     _ = Path(place, "links.csv").write_text("movieId,imdbId\\n1,0114709\\n2,\\n")
    ...     read_table(Path(place, "links.csv"), required=["movieId"])
      movieId   imdbId
    0       1  0114709
    1       2      NaN
    """
    regular(path)
    try:
        read = READERS.get(path.suffix, _csv)
        table, starts = read(path, lambda header: check_header(path.name, header, required, known))
    except UnicodeDecodeError:
        raise _not_utf8(path) from None
    except FileNotFoundError:
        raise _not_there(path, absent) from None
    except OSError as fault:
        raise CatalogError(f"{path.name}: cannot be read ({fault.strerror}); check the file") from None
    return with_lines(table.where(table.notna() & (table != ""), np.nan), path.name, starts)


READERS = {".jsonl": json_lines, ".parquet": parquet}
"""How a table is read that is not CSV, by its suffix."""


def with_lines(table: pd.DataFrame, file: str, starts: np.ndarray) -> pd.DataFrame:
    """The table, with the line of `file` that each row starts on, (n,) int, as `places` reads it."""
    table.attrs["source"] = ((file, len(table), *_turns(starts)),)
    return table


def _csv(path: Path, check: Check) -> tuple[pd.DataFrame, np.ndarray]:
    rows = _rows(path)
    _, header = next(rows, (1, []))
    if not any(name.strip() for name in header):
        raise CatalogError(f"{path.name}: the file is empty; its first line must name the columns")
    check(header)
    starts, frames = [], [pd.DataFrame(columns=header, dtype=object)]
    while chunk := list(itertools.islice(rows, CHUNK)):
        lines, fields = zip(*chunk, strict=True)
        starts += lines
        frames.append(pd.DataFrame(list(fields), columns=header, dtype=object))
    return pd.concat(frames, ignore_index=True), np.array(starts, int)


def places(frame: pd.DataFrame, file: str = "") -> tuple[np.ndarray, np.ndarray]:
    """The file, and the line in it from 1, on which each row of a raw table starts; fields may contain line breaks.

    frame: as `read_table` gave it, or some of its rows with their index. Tables put together by
    `pd.concat(ignore_index=True)` have as `attrs["source"]` those of their parts, added up. A table that was not read
    is taken as `write_catalog` would write it to `file`. Returns (n,) object and (n,) int.

    >>> places(pd.DataFrame({"title": ["a", "two\\nlines", "c"]}), "items.csv")[1]
    array([2, 3, 5])
    """
    if "source" not in frame.attrs:
        return np.full(len(frame), file, object), _lines_as_written(frame)
    rows, start = frame.index.to_numpy(int), 0
    files, lines = np.empty(len(frame), object), np.empty(len(frame), int)
    for name, n_rows, turns, further in frame.attrs["source"]:
        own = (rows >= start) & (rows < start + n_rows)
        row = rows[own] - start
        files[own], lines[own] = name, 2 + row + np.array([0, *further])[np.searchsorted(turns, row, side="right")]
        start += n_rows
    return files, lines


def _lines_as_written(frame: pd.DataFrame) -> np.ndarray:
    texts = (frame[column].astype("string") for column in frame)
    breaks = sum((text.str.count("\r\n|\r|\n").fillna(0).to_numpy(int) for text in texts), np.zeros(len(frame), int))
    return 2 + np.arange(len(frame)) + np.cumsum(breaks) - breaks


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
                                       "that contains a comma in double quotes")
                if fields:
                    yield start, fields + [""] * (width - len(fields))
                start = reader.line_num + 1
    except csv.Error as fault:
        with path.open(encoding="utf-8", errors="replace") as file:
            mark = re.search(r'"\s*([;\t|])\s*"', file.readline())
        if start == 1 and mark:
            raise _separated(path.name, mark[1]) from None
        raise CatalogError(f"{path.name}: line {start}: {fault}; check the double quotes from there on") from None


def _turns(starts: np.ndarray) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The rows before which lines were taken up by line breaks or blank lines, and how many by then."""
    further = starts - np.arange(len(starts)) - 2
    turns = np.flatnonzero(np.diff(further, prepend=0))
    return tuple(turns.tolist()), tuple(further[turns].tolist())


def _not_there(path: Path, absent: str) -> CatalogError:
    folder = existing(path.parent)
    near = nearest(path.name, [one.name for one in folder.iterdir()], 0.7)
    return CatalogError(f"{folder}: no {path.name}; " + (f"did you mean {near!r}?" if near else absent))


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


def check_ids(table: pd.DataFrame, file: str, column: str) -> None:
    """Raise CatalogError where a row has no id, or that of a row above. file: its name, if it was not read from one."""
    missing, doubled = table[column].isna(), table[column].duplicated()
    if missing.any():
        file, line, _ = _first(missing, table, file, column)
        raise CatalogError(f"{file}: line {line}: no {column}; write one")
    if doubled.any():
        file, second, name = _first(doubled, table, file, column)
        _, first, _ = _first(table[column].eq(name), table, file, column)
        raise CatalogError(f"{file}: line {second}: {column} {name!r} is on line {first} already; ids must differ")


def check_paths(table: pd.DataFrame, file: str, column: str, folder: Path) -> None:
    """Raise CatalogError for a path that leaves the folder, by its name or by a link."""
    out = table[column].isin(leaving(set(table[column].dropna().astype(str)), os.path.realpath(folder)))
    if out.any():
        file, line, path = _first(out, table, file, column)
        raise CatalogError(f"{file}: line {line}: {column} {path!r} leaves the folder; put the file inside and write "
                           "its path relative to the folder, with / between the parts")


def _first(chosen: pd.Series, table: pd.DataFrame, file: str, column: str) -> tuple[str, int, str]:
    """The file, the line and the field of the first chosen row."""
    row = int(chosen.to_numpy(bool).argmax())
    files, lines = places(table, file)
    return files[row], lines[row], table[column].iloc[row]


def check_header(file: str, header: list[str], required: Sequence[str], known: Sequence[str]) -> None:
    """Raise CatalogError where a column is missing or there twice; warn of a misspelt `known` one."""
    if (mark := _separator(header, required)) and not set(required) <= set(header):
        raise _separated(file, mark)
    doubled = [name for name, times in Counter(header).items() if times > 1]
    if doubled:
        first, second = [column for column, name in enumerate(header, 1) if name == doubled[0]][:2]
        raise CatalogError(f"{file}: line 1: column {doubled[0]!r} is there twice (columns {first} and {second}); "
                           "rename or remove one")
    for name in required:
        if name not in header:
            raise CatalogError(f"{file}: no column {name!r}; {_hint(name, header)}")
    for name in known:
        if name not in header and (near := nearest(name, header, 0.8)):
            log.warning("%s: column %r is kept as it is; did you mean %r?", file, near, name)


def _hint(name: str, header: list[str]) -> str:
    if near := nearest(name, header):
        return f"did you mean {near!r} (column {header.index(near) + 1})?"
    names = ", ".join(header)
    return f"the columns are {names if len(names) < 200 else names[:200] + ' ...'}"


def _separator(header: list[str], required: Sequence[str]) -> str | None:
    """What separates the fields of a header that was taken apart at commas, where it is something else."""
    line = ",".join(header)
    return next((mark for mark in ";\t|" if mark in line and
                 (len(header) == 1 or set(required) & {name.strip() for name in line.split(mark)})), None)


def _separated(file: str, mark: str) -> CatalogError:
    name = {"\t": "a tab"}.get(mark, repr(mark))
    return CatalogError(f"{file}: line 1: the fields are separated by {name}; separate them by commas")
