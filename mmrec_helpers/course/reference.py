"""The same as ours? A chapter's headline figures against bands that were measured over seeds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np


def same_as_ours(chapter: int, fast: bool = False, folder: str | Path = ".", **figures: float) -> None:
    """Print each figure beside its band in `reference.json`; outside it, what may be the cause.

    Raises KeyError for a figure without a band. folder: where `reference.json` lies.
    """
    if fast:
        print("the bands hold for the full run; this one was fast (FAST = True)")
        return
    bands = json.loads((Path(folder) / "reference.json").read_text(encoding="utf-8"))[f"{chapter:02d}"]
    for name, value in figures.items():
        print(compare(name, value, bands[name]))


def compare(name: str, value: float, band: Mapping[str, object]) -> str:
    """One line, and the likely causes where the value lies outside.

    >>> compare("ndcg", 0.5, {"low": 0.1, "high": 0.2, "why": ["another split"]})
    'ndcg: 0.500, ours 0.100 to 0.200: outside. Perhaps: another split'
    """
    inside = band["low"] <= value <= band["high"]
    causes = "" if inside else ". Perhaps: " + "; ".join(band["why"])
    where = "inside" if inside else "outside"
    return f"{name}: {value:.3f}, ours {band['low']:.3f} to {band['high']:.3f}: {where}{causes}"


def band(values: Sequence[float], why: Sequence[str], widen: float = 0.5, least: float = 0.003) -> dict[str, object]:
    """A band for `reference.json` from the same figure of several seeds: their range, widened by half on each side.

    least: by so much at least, for other processors round otherwise.

    >>> band([0.1, 0.2], ["x"])
    {'low': 0.05, 'high': 0.25, 'value': 0.1, 'why': ['x']}
    """
    low, high = float(np.min(values)), float(np.max(values))
    margin = max(widen * (high - low), least)
    return {"low": round(low - margin, 4), "high": round(high + margin, 4), "value": round(float(values[0]), 4),
            "why": list(why)}
