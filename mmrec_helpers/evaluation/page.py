"""A run as a page: tables, and one user's list with covers and players. Taught in chapter 11."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import pandas as pd

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; margin: 1rem 0; font-size: 14px; display: block; overflow-x: auto }
th, td { border-bottom: 1px solid #ddd; padding: .3rem .8rem; text-align: left; white-space: nowrap }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1.2rem; padding: 0 }
.card { list-style: none } .card img, .none { width: 100%; aspect-ratio: 1; object-fit: contain; background: #eee;
display: block } .card audio { width: 100%; height: 2rem; margin-top: .3rem } .why { color: #555; font-size: 14px }
"""


@dataclass(frozen=True)
class Card:
    """One item as shown: title; image and audio files or None; why: a line under it."""

    title: str
    image: Path | None = None
    audio: Path | None = None
    why: str = ""


def write_page(folder: Path, title: str, tables: Mapping[str, pd.DataFrame],
               lists: Mapping[str, Sequence[Card]]) -> Path:
    """Write `folder/index.html`; the media shown are copied to `folder/media`, so the folder can be moved.

    tables and lists: heading -> content, in this order. Returns the page's path.
    """
    media = folder / "media"
    media.mkdir(exist_ok=True)
    parts = [f"<h2>{escape(heading)}</h2>{table.to_html(border=0)}" for heading, table in tables.items()]
    parts += [f'<h2>{escape(heading)}</h2><ul class="cards">{"".join(card_html(card, media) for card in cards)}</ul>'
              for heading, cards in lists.items()]
    page = (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
            f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
            f"<h1>{escape(title)}</h1>{''.join(parts)}</html>")
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def card_html(card: Card, media: Path) -> str:
    """The list entry of one item, its files copied to `media`."""
    name = escape(card.title)
    cover = (f'<img src="{_copied(card.image, media)}" alt="cover of {name}" loading="lazy">' if card.image
             else '<span class="none" role="img" aria-label="no cover"></span>')
    player = (f'<audio controls preload="none" src="{_copied(card.audio, media)}" aria-label="preview of {name}">'
              "</audio>" if card.audio else "")
    return f'<li class="card">{cover}{player}<strong>{name}</strong><div class="why">{escape(card.why)}</div></li>'


def _copied(path: Path, media: Path) -> str:
    shutil.copyfile(path, media / path.name)
    return escape(f"media/{path.name}")
