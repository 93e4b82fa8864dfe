"""The same as ours? A chapter's headline figures against bands that were measured over seeds."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmrec_helpers.course import runner

FIGURES = "MMREC_FIGURES"

STRICT = "MMREC_STRICT"
"""Set where the tests run (Makefile): a figure outside its band is then an error, not a printed line."""

WHY = ("another version of the packages (mmrec doctor lists them)", "another catalogue in DATA")
"""The possible causes of a figure outside its band, until `reference.json` names better ones."""

Band = Mapping[str, object]


def same_as_ours(chapter: int, fast: bool = False, folder: str | Path = ".", **figures: float) -> None:
    """Print each figure beside its band in `reference.json` of a folder; outside it, the possible causes.

    If MMREC_STRICT is set, as in the tests, a figure outside its band, or a band without its figure, raises ValueError.
    If MMREC_FIGURES names a file, the figures are written there instead, for `measure`.
    """
    if asked := os.environ.get(FIGURES):
        Path(asked).write_text(json.dumps(figures), encoding="utf-8")
        return
    if fast:
        print("the bands are for the full run; this one was fast (FAST = True)")
        return
    bands = json.loads((Path(folder) / "reference.json").read_text(encoding="utf-8")).get(f"{chapter:02d}", {})
    lines = {name: compare(name, value, bands.get(name)) for name, value in figures.items()}
    print("\n".join(lines.values()))
    faults = [line for name, line in lines.items() if not _inside(figures[name], bands.get(name))]
    faults += [f"{name}: a band without its figure" for name in bands if name not in figures]
    if faults and os.environ.get(STRICT):
        raise ValueError(f"chapter {chapter}: {'; '.join(faults)}. Find out why; if the change is meant, measure the "
                         f"bands again: mmrec course bands {chapter:02d}")


def compare(name: str, value: float, band: Band | None) -> str:
    """One line, with the possible causes if the value is outside.

    >>> compare("ndcg", 0.5, {"low": 0.1, "high": 0.2, "why": ["another split"]})
    'ndcg: 0.500, ours 0.100 to 0.200: outside. Perhaps: another split'
    """
    if band is None:
        return f"{name}: {value:.3f}, a figure without a band"
    where = "inside" if _inside(value, band) else "outside. Perhaps: " + "; ".join(band["why"])
    return f"{name}: {value:.3f}, ours {band['low']:.3f} to {band['high']:.3f}: {where}"


def _inside(value: float, band: Band | None) -> bool:
    return band is not None and band["low"] <= value <= band["high"]


def band(values: Sequence[float], why: Sequence[str]) -> dict[str, object]:
    """A band for `reference.json` from the same figure of several seeds: their range, widened by half on each side.

    By 0.003 at least, because other processors round differently.

    >>> band([0.1, 0.2], ["x"])
    {'low': 0.05, 'high': 0.25, 'value': 0.1, 'why': ['x']}
    """
    low, high = float(np.min(values)), float(np.max(values))
    margin = max(0.5 * (high - low), 0.003)
    return {"low": round(low - margin, 4), "high": round(high + margin, 4), "value": round(float(values[0]), 4),
            "why": list(why)}


def measure(folder: str | Path = "notebooks", only: str | None = None, seeds: Sequence[int] = range(5)) -> list[str]:
    """Run every chapter (or the one whose name starts with `only`) with each seed; write its bands to `reference.json`.

    A figure keeps its causes; a new one gets `WHY`. Returns a line for each figure; raises RuntimeError where a chapter
    fails or has no figures.
    """
    path, lines = Path(folder) / "reference.json", []
    for chapter in runner.chapters(folder, only):
        figures = [_figures(chapter, seed) for seed in seeds]
        bands = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}  # now: others may have written
        old = bands.get(chapter.name[:2], {})
        bands[chapter.name[:2]] = new = {
            name: band([one[name] for one in figures], old.get(name, {}).get("why", WHY)) for name in figures[0]}
        path.write_text(json.dumps(dict(sorted(bands.items())), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        lines += [f"{chapter.name[:2]} {name}: {one['low']} to {one['high']}" for name, one in new.items()]
    return lines


def _figures(chapter: Path, seed: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as spare:
        asked = Path(spare) / "figures.json"
        os.environ[FIGURES] = str(asked)
        try:
            result = runner.run(chapter, {"SEED": seed})
        finally:
            del os.environ[FIGURES]
        if result.fault or not asked.exists():
            raise RuntimeError(f"{chapter.name}, seed {seed}: {result.fault or 'it never calls same_as_ours'}")
        return json.loads(asked.read_text(encoding="utf-8"))
