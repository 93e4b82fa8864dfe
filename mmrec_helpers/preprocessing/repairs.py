"""Fields mended one by one: times to UTC, mis-read text back to what was written. Taught in chapter 2."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

ISO_8601 = (r"^(?P<time>\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?)?)?)"
            r"(?:(?<=\.\d{6})\d+)?(?P<zone>Z|[+-]\d\d(?::?\d\d)?)?$")
"""A date, or a date and a time with or without a zone. Nothing else is a time: pandas alone reads `now` as the
moment of reading, and eight digits as a day. Digits past the microsecond are dropped."""

UTC = ("Z", "+00:00", "+0000", "+00", "-00:00", "-0000", "-00")


def read_times(texts: pd.Series) -> tuple[pd.Series, np.ndarray]:
    """Times in UTC, and which of them were written with another zone's offset.

    texts: ISO 8601; a time without a zone is taken as UTC. Returns (n,) datetime64[us, UTC], NaT where a text is
    missing or no time, and (n,) bool. A column that holds times already is only converted to UTC.

    >>> times, moved = read_times(pd.Series(["2025-03-01T12:00:00+08:00", "2025-03-01T04:00:00Z", "now"]))
    >>> times.dt.hour.tolist(), moved.tolist()
    ([4.0, 4.0, nan], [True, False, False])
    """
    if pd.api.types.is_datetime64_any_dtype(texts):
        return pd.to_datetime(texts, utc=True).dt.as_unit("us"), np.zeros(len(texts), bool)
    parts = texts.astype(object).where(texts.notna(), "").astype(str).str.strip().str.extract(ISO_8601)
    zone = parts["zone"].fillna("Z")
    whole = (parts["time"] + zone.where(parts["time"].str.len() > 10, "")).astype(object)
    times = pd.to_datetime(whole, format="ISO8601", utc=True, errors="coerce").dt.as_unit("us")
    return times, (times.notna() & ~zone.isin(UTC)).to_numpy(bool)


TYPOGRAPHIC = {ord(bytes([byte]).decode("cp1252")): byte for byte in range(0x80, 0xA0)
               if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)}
"""The characters that cp1252 has in the place of Latin-1's control characters, such as the euro sign and dashes."""

NATURAL = "\xa0…’‘“”–—»›«‹™®©°ºª²³¹·•„‚"
"""Marks that may well stand after a letter in good text: quotes, dashes, ellipsis, degree, trade mark ..."""

EVIDENCE = re.compile(
    rf"[Â-ÖØ-ô][{NATURAL}]{{0,2}}[\x80-\x9f¡¢£¤¥¦§¨¬¯±´µ¶¸¼½¾¿€ƒ†‡ˆ‰Š‹ŒŽ˜š›œžŸ]"  # no mark that follows a letter
    rf"|[a-zß-ÿ][Â-ÖØ-Þ][{NATURAL}]"                # a capital within a word, then a mark
    rf"|(?<![A-ZÀ-ÖØ-Þ])[ÃÂ][{NATURAL}]"            # Ã or Â alone: no word ...
    rf"|[ÃÂ][{NATURAL}](?=[^\W\d_])")               # ... and none goes on after a mark
"""What good text does not hold. Without it `Olé…”` would be read as three bytes of one Chinese character."""


def mend_mojibake(text: str) -> str:
    """UTF-8 that was read as Latin-1 or cp1252, read again as UTF-8; any other text as it is.

    The text is changed only if it holds what good text does not (`EVIDENCE`), all of it is valid UTF-8 when
    written back to bytes, and what comes out is made of letters and marks in use. Read wrongly twice, it is mended
    twice.

    >>> mend_mojibake("cafÃ© â€” maÃ±ana, æµ·è¾¹"), mend_mojibake("café — mañana"), mend_mojibake("海边 MANHÃ…")
    ('café — mañana, 海边', 'café — mañana', '海边 MANHÃ…')
    """
    while EVIDENCE.search(text):
        try:
            better = text.translate(TYPOGRAPHIC).encode("latin-1").decode("utf-8")
        except UnicodeError:
            return text
        if not _in_use(better):
            return text
        text = better
    return text


def _in_use(text: str) -> bool:
    """Whether no character is unassigned, private, a control, a phonetic letter or in a script hardly printed."""
    rare = ((0x0240, 0x036F), (0x0700, 0x08FF))
    return not any(unicodedata.category(one) in ("Cn", "Co", "Cs") or 0x7F <= ord(one) < 0xA0
                   or any(low <= ord(one) <= high for low, high in rare) for one in text)
