"""Tables for a terminal; text that can control neither a terminal nor a spreadsheet."""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

ACTS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
"""Control characters: escape codes begin with one; the last three ranges change the direction of writing."""


def printable(text: object) -> str:
    """The text without characters that move the cursor, colour, beep or change the direction of writing.

    >>> printable("Red \\x1b[31mAlbum\\nby X")
    'Red [31mAlbum by X'
    """
    return ACTS.sub(lambda found: " " if found[0].isspace() else "", str(text))


FIGURE = 22
"""Figures up to so many characters stay on one line; words are wrapped instead."""


class _Printable(logging.Formatter):
    """Log messages are `printable`: they may quote a title or an id."""

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(map(printable, super().format(record).splitlines()))


def prepare() -> None:
    """Streams and log: a character that the terminal cannot print (Chinese on cp1252) is written as its code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    handler = logging.StreamHandler()
    handler.setFormatter(_Printable())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


def harmless(frame: pd.DataFrame) -> pd.DataFrame:
    """The table for a CSV file: a spreadsheet reads no cell as a formula.

    >>> import pandas as pd
    >>> harmless(pd.DataFrame({"id": ["=1+1", "u1"], "line": [-2, 3]})).to_numpy().tolist()
    [["'=1+1", -2], ['u1', 3]]
    """
    return frame.map(lambda cell: f"'{cell}" if isinstance(cell, str) and cell and cell[0] in "=+-@\t\r" else cell)


def show(title: str, frame: pd.DataFrame, left: int = 1, wrap: bool = True) -> None:
    """Print a table: `left` columns of words, then figures; colour only on a terminal.

    wrap: to the width of the terminal, in a pipe to 80 columns; without, each row is one line in a pipe.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD if title else None,
                  show_edge=False, collapse_padding=True, pad_edge=False)
    for number, name in enumerate(frame.columns):
        widest = max([len(name), *frame[name].map(lambda cell: len(str(cell)))])
        table.add_column(name, justify="left" if number < left else "right", overflow="fold",
                         no_wrap=number >= left and widest <= FIGURE)
    for row in frame.itertuples(index=False):
        table.add_row(*map(printable, row))
    width = None if wrap or sys.stdout.isatty() else 10_000
    Console(width=width, markup=False, highlight=False, emoji=False).print(table)
