"""Text for people: tables that fit a terminal, and nothing in them that acts on it, or on a spreadsheet."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from rich.table import Table

ACTS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
"""Control characters: escape codes begin with one; the last three ranges turn the direction of writing."""


def printable(text: object) -> str:
    """The text without characters that move the cursor, colour, beep or turn the writing round.

    >>> printable("Red \\x1b[31mAlbum\\nby X")
    'Red [31mAlbum by X'
    """
    return ACTS.sub(lambda found: " " if found[0].isspace() else "", str(text))


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """The table for a CSV file that people open: a spreadsheet takes no cell for a formula.

    >>> harmless(pd.DataFrame({"id": ["=1+1", "u1"], "line": [-2, 3]})).to_numpy().tolist()
    [["'=1+1", -2], ['u1', 3]]
    """
    return frame.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell and cell[0] in "=+-@\t\r" else cell)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], left: int = 1) -> Table:
    """A table whose columns wrap where the terminal is narrow: `left` columns of words, then numbers."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD if title else None,
                 show_edge=False, collapse_padding=True, pad_edge=False)
    for number, name in enumerate(columns):
        made.add_column(name, justify="left" if number < left else "right", overflow="fold")
    for row in rows:
        made.add_row(*(printable(cell) for cell in row))
    return made


def show(made: Table | str, wrap: bool = True) -> None:
    """Print it: colour only on a terminal. wrap: to 80 columns in a pipe too; else a row is a line there."""
    from rich.console import Console

    width = None if wrap or sys.stdout.isatty() else 10_000
    Console(width=width, markup=False, highlight=False, emoji=False).print(made)
