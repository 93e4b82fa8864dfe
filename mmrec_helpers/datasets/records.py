"""JSON Lines and Parquet, every field as the text that CSV would have. Taught in chapter 19."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import CatalogError

if TYPE_CHECKING:
    import pyarrow

Check = Callable[[list[str]], None]
"""Raises CatalogError for a header that is not accepted."""


def json_lines(path: Path, check: Check) -> tuple[pd.DataFrame, np.ndarray]:
    """The table, (n, columns) of text or None, and the line of each row. CatalogError: a line that is not an object."""
    with path.open(encoding="utf-8-sig") as file:
        rows = {number: _record(path.name, number, line) for number, line in enumerate(file, 1) if line.strip()}
    if not rows:
        raise CatalogError(f"{path.name}: the file is empty; write one JSON object a line")
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    check(columns)
    return pd.DataFrame(list(rows.values()), columns=columns, dtype=object), np.array(list(rows))


def _record(file: str, number: int, line: str) -> dict[str, str | None]:
    try:
        row = json.loads(line, parse_int=str, parse_float=str, parse_constant=lambda _: None)
    except (ValueError, RecursionError) as fault:
        raise CatalogError(f"{file}: line {number}: not JSON ({fault}); write one JSON object a line") from None
    if not isinstance(row, dict):
        raise CatalogError(f"{file}: line {number}: not a JSON object; write one a line: {{\"item_id\": \"a\"}}")
    return {str(as_text(name)): as_text(value) for name, value in row.items()}


def parquet(path: Path, check: Check) -> tuple[pd.DataFrame, np.ndarray]:
    """The table, (n, columns) of text or None, and the number of each row from 1."""
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    with path.open("rb") as file:
        try:
            table = read_table(file)
            columns = [_texts(column) for column in table.columns]
        except (ArrowException, OSError, ValueError) as fault:
            raise CatalogError(f"{path.name}: cannot be read ({str(fault).splitlines()[0]}); write it again as "
                               "Parquet") from None
    check(table.column_names)
    frame = pd.DataFrame(dict(enumerate(columns)), dtype=object, index=range(table.num_rows))
    return frame.set_axis(table.column_names, axis=1), np.arange(1, table.num_rows + 1)


def _texts(column: pyarrow.ChunkedArray) -> list[str | None]:
    import pyarrow

    kind = column.type
    if pyarrow.types.is_nested(kind) or pyarrow.types.is_floating(kind):
        return [as_text(value) for value in column.to_pylist()]
    if pyarrow.types.is_timestamp(kind) and kind.tz:
        column = column.cast(pyarrow.timestamp(kind.unit, "UTC"))
    return column.cast(pyarrow.string()).to_pylist()


def as_text(value: object) -> str | None:
    """One value as CSV would have it: digits, true or false, the parts of a list joined by |, else JSON.

    >>> as_text(7.0), as_text(True), as_text(["jazz", "lp"]), as_text({"a": ["b"]}), as_text(float("nan"))
    ('7', 'true', 'jazz|lp', '{"a": ["b"]}', None)
    """
    if value is None or value != value:
        return None
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()  # half a character: ?
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list) and not any(isinstance(one, dict) for one in value):
        return "|".join(filter(None, map(as_text, value)))
    return json.dumps(value, ensure_ascii=False, default=str)
