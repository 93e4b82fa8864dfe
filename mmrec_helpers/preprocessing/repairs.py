"""Fields fixed one by one: times to UTC, mis-read text back to what was written, text out of HTML. See chapter 2."""

from __future__ import annotations

import html
import re

import numpy as np
import pandas as pd

ISO_8601 = (r"^(?P<time>\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?)?)?)"
            r"(?:(?<=\.\d{6})\d+)? ?(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?$")
"""A date, or a date and a time with or without a zone. Nothing else is a time: pandas alone reads `now` as the
moment of reading, and eight digits as a day. Digits past the microsecond are dropped."""

UTC = ("Z", "UTC", "GMT", "+00:00", "+0000", "+00", "-00:00", "-0000", "-00")

EPOCH = r"^(?P<seconds>\d{9,10}(?:\.\d+)?)$|^(?P<milliseconds>\d{12,13}(?:\.0+)?)$"
"""Seconds since 1970 (9 or 10 digits: March 1973 to 2286) or milliseconds (12 or 13 digits: the same years)."""


def read_times(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Times in UTC, and which of them were written with another zone's offset.

    texts: ISO 8601; a time without a zone is taken as UTC. Where most texts of the column are seconds or milliseconds
    since 1970 (`EPOCH`), all such numbers are times, each by its number of digits; a number among ISO times is not one.
    Returns (n,) datetime64[us, UTC], NaT where a text is missing or not a time, and (n,) bool. A column of times is
    only converted to UTC.

    >>> times, moved = read_times(pd.Series(["2025-03-01T12:00:00+08:00", "2025-03-01 04:00:00 UTC", "now"]))
    >>> times.dt.hour.tolist(), moved.tolist()
    ([4.0, 4.0, nan], [True, False, False])
    >>> read_times(pd.Series(["1740801600", "1740801600000"]))[0].dt.hour.tolist()
    [4, 4]
    """
    if pd.api.types.is_datetime64_any_dtype(texts):
        return pd.to_datetime(texts, utc=True).dt.as_unit("us"), np.zeros(len(texts), bool)
    words = texts.astype(object).where(texts.notna(), "").astype(str).str.strip()
    parts = words.str.extract(ISO_8601)
    zone = parts["zone"].fillna("Z").replace(["UTC", "GMT"], "Z")
    whole = (parts["time"] + zone.where(parts["time"].str.len() > 10, "")).astype(object)
    times = pd.to_datetime(whole, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    moved = (times.notna() & ~zone.isin(UTC)).to_numpy(bool)
    numbers = words[times.isna()].str.extract(EPOCH)
    if numbers.notna().any(axis=1).sum() > (words != "").sum() / 2:
        times = times.fillna(_since_1970(numbers))
    return times, moved


def _since_1970(numbers: pd.DataFrame) -> pd.Series:
    seconds = numbers["seconds"].astype(float).fillna(numbers["milliseconds"].astype(float) / 1000)
    return pd.to_datetime((seconds * 1e6).round(), unit="us", utc=True).dt.as_unit("us")


def fix_mojibake(text: str) -> str:
    """UTF-8 that was read as Latin-1, cp1252 or another one-byte encoding, read again as UTF-8; else the text as it is.

    By ftfy, which changes a text only where all of it is valid UTF-8 when written back to bytes, and only where that is
    likelier to be what was meant. Read wrongly twice, it is fixed twice. Source: Speer 2019, ftfy. Taught in chapter 2.

    >>> fix_mojibake("cafÃ© â€” maÃ±ana, æµ·è¾¹"), fix_mojibake("café — mañana"), fix_mojibake("海边 MANHÃ…")
    ('café — mañana, 海边', 'café — mañana', '海边 MANHÃ…')
    """
    import ftfy

    return text if text.isascii() else ftfy.fix_encoding(
        text, fix_c1_controls=False, decode_inconsistent_utf8=False, replace_lossy_sequences=False)


TAG = r"<!--|</[a-z][a-z0-9]*\s*>|<(?:br|p|div|img|hr|li|h[1-6]|script|style|iframe|input)(?:\s[^<>]*)?/?>"
"""A tag that ends an element, or one that often has no such tag. Other words between < and > may be the writer's."""

MARKUP = re.compile(rf"(?P<tag>{TAG})|&(?:\w+|#\d+|#x[\da-f]+);", re.IGNORECASE)
"""What a text must contain to be treated as HTML."""

BLOCK = re.compile(r"(?=</?(?:br|p|div|li|tr|td|th|dd|dt|section|h[1-6]|blockquote)\b)", re.IGNORECASE)
"""Where a tag begins that ends a word; others, such as <b>, may be in the middle of one."""


def fix_markup(text: str) -> str:
    """The text that a browser would show for HTML, without scripts and styles; a text that is not HTML as it is.

    Written as HTML twice (`&lt;p&gt;`), it is fixed twice. Taught in chapter 2.

    >>> fix_markup("<p>Fish &amp; chips</p><script>track()</script>"), fix_markup("1 < 2, <3 and <sigh>")
    ('Fish & chips', '1 < 2, <3 and <sigh>')
    """
    while MARKUP.search(text):
        tags = any(found["tag"] for found in MARKUP.finditer(text))
        plain = _shown(text) if tags else html.unescape(text)
        if plain == text:
            break
        text = plain
    return text


def _shown(text: str) -> str:
    from bs4 import BeautifulSoup
    from bs4.exceptions import ParserRejectedMarkup

    try:
        page = BeautifulSoup(BLOCK.sub(" ", text), "html.parser")
    except ParserRejectedMarkup:
        return text
    for unread in page(["script", "style", "template"]):
        unread.decompose()
    return " ".join(page.get_text().split())
