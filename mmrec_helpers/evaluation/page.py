"""A run as a page: lists with covers and players, the methods' scores, what was cleaned. Taught in chapter 11.

Its layout is `page.html`, a Jinja2 template that escapes every value.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from mmrec_helpers.evaluation.templates import bars, render


@dataclass(frozen=True)
class Card:
    """One item: title; image and audio files or None; because: titles of past items; alike: in which features."""

    title: str
    image: Path | None = None
    audio: Path | None = None
    because: str = ""
    alike: str = ""


@dataclass(frozen=True)
class Listener:
    """A user whose list is shown: id, number of items taken, the latest of them, and the recommendations."""

    name: str
    taken: int
    past: Sequence[Card]
    listed: Sequence[Card]


def write_page(folder: Path, title: str, listeners: Sequence[Listener], methods: Mapping[str, Mapping],
               tables: Mapping[str, pd.DataFrame], chosen: str = "", ranker: str = "", facts: str = "") -> Path:
    """Write `folder/index.html`; the media shown are copied to `folder/media`, so the folder can be moved.

    methods: as `report.numbers` gives them, best first; tables: heading -> content, that of the methods first; chosen:
    whose list is shown first (default: the first listener's); ranker: the method whose lists are shown; facts: a line
    below the title. Returns the page's path.
    """
    (folder / "media").mkdir(exist_ok=True)
    page = render("page.html", {"copied": partial(_copied, folder / "media")}, title=title, listeners=listeners,
                  bars=bars(methods, ranker), tables=tables, chosen=chosen, ranker=ranker, facts=facts)
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _copied(media: Path, path: Path) -> str:
    """The address of a copy; files with the same name in two folders are two copies."""
    name = f"{hashlib.sha256(str(path).encode()).hexdigest()[:10]}-{path.name[-40:]}"
    shutil.copyfile(path, media / name)
    return quote(f"media/{name}")
