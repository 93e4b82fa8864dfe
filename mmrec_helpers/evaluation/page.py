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
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    (folder / "media").mkdir(exist_ok=True)
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
                            trim_blocks=True, lstrip_blocks=True)
    templates.filters["copied"] = partial(_copied, folder / "media")
    page = templates.get_template("page.html").render(
        title=title, listeners=listeners, methods=methods, tables=tables, chosen=chosen, ranker=ranker, facts=facts,
        top=_top(methods))
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _copied(media: Path, path: Path) -> str:
    """The address of a copy; files with the same name in two folders are two copies."""
    name = f"{hashlib.sha256(str(path).encode()).hexdigest()[:10]}-{path.name[-40:]}"
    shutil.copyfile(path, media / name)
    return quote(f"media/{name}")


def _top(methods: Mapping[str, Mapping]) -> float:
    """Where the axis of the picture ends: a round number just above every interval."""
    largest = max((one["ndcg"]["high"] or one["ndcg"]["mean"] or 0 for one in methods.values()), default=0)
    return next((end for end in (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 0.8) if end > largest), 1.0)
