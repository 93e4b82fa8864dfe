"""Covers drawn by program: colours, a family of motifs, paper and print. Taught in chapter 4.

Colours show cool or warm, dark or light, muted or vivid; the layout shows scattered or symmetric, outlines show angular
or round, the number of things sparse or dense. The genre only likes some motifs and one side of the colour wheel.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from mmrec_helpers.datasets.recordshop import motifs
from mmrec_helpers.datasets.recordshop.pen import SIZE, Colour, Palette, Pen

QUALITY = 92
SLOPES = (1.5, 1.8, 1.5, 2.0, 3.0, 1.5)
"""How steeply each style goes from pole to pole."""

_SHEET = np.array([[0.51, 0.51], [-0.51, 0.51], [-0.51, -0.51], [0.51, -0.51], [0.51, 0.51]])

Family = Callable[[Pen], None]

LIKED: tuple[tuple[Family, ...], ...] = (
    (motifs.waves, motifs.moons, motifs.hills),             # ambient
    (motifs.arches, motifs.rings, motifs.branch),           # classical
    (motifs.tiles, motifs.constellation, motifs.stripes),   # electronic
    (motifs.hills, motifs.branch, motifs.petals),           # folk
    (motifs.skyline, motifs.mosaic, motifs.stairs),         # hip-hop
    (motifs.mobile, motifs.vinyl, motifs.ribbons),          # jazz
    (motifs.blooms, motifs.confetti, motifs.rays),          # latin
    (motifs.rays, motifs.stripes, motifs.stairs),           # rock
)
"""Families that each genre likes: most of its covers show one of them, the others show any."""

SIDE = (0.1, 0.7, 0.15, 0.1, 0.8, 0.3, 0.85, 0.9)
"""By genre: how often its palette goes from warm to cool by way of purple and not of green."""


def draw(genre: int, styles: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A cover: (128, 128, 3) uint8 RGB.

    genre: 0 to 7, weakly visible; styles: (6,) between -2.5 and 2.5, see `world.FACTORS`. The same arguments and a
    generator in the same state give the same picture.

    >>> draw(5, np.zeros(6), np.random.default_rng(1)).shape
    (128, 128, 3)
    """
    warm, light, vivid, symmetric, round_, dense = (_squash(slope * one) for slope, one in
                                                   zip(SLOPES, styles, strict=True))
    pen = Pen(make_palette(genre, warm, light, vivid, rng), (symmetric, round_, dense), rng)
    if rng.random() < 0.3:
        pen.sky()
    families = LIKED[genre] if rng.random() < 0.7 else motifs.FAMILIES
    families[rng.integers(len(families))](pen)
    if rng.random() < 0.3:
        _label(pen)
    if rng.random() < 0.3:
        _frame(pen)
    return _print(pen.canvas, rng)


def save(path: str | Path, picture: np.ndarray) -> None:
    """Write a picture (RGB) as a JPEG, about 6 kB; the same picture gives the same bytes."""
    data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    Path(path).write_bytes(data.tobytes())


def make_palette(genre: int, warm: float, light: float, vivid: float, rng: np.random.Generator) -> Palette:
    """Colours that go together, chosen in CIE LCh: lightness, chroma, hue.

    warm, light, vivid: 0 to 1. Hues around one: two neighbours, and an accent from across the colour wheel.
    """
    side = 1 if rng.random() > SIDE[genre] else -1
    hue = 55 + side * 180 * (1 - warm) + 9 * rng.standard_normal()
    paper, chroma = 20 + 72 * light, 3 + 62 * vivid
    way = 1 if paper < 56 else -1
    deep = -0.8 if 38 < paper < 74 else 1.4  # no darker than dark, no lighter than light
    step, spread = rng.uniform(12, 20), rng.choice([14, 28, 42]) * rng.choice([-1, 1])
    accent = rng.choice([180, 150, 120, 60]) * rng.choice([-1, 1])
    fills = (_lab(paper + way * step, chroma, hue + spread), _lab(paper + 2 * way * step, 0.9 * chroma, hue - spread),
             _lab(paper + deep * way * step, chroma, hue - 2 * spread),
             _lab(paper + 1.7 * way * step, 1.2 * chroma + 4, hue + accent))
    return Palette(_lab(paper, 0.75 * chroma, hue), fills, _lab(paper + way * 48, 0.4 * chroma, hue + spread))


def _lab(lightness: float, chroma: float, hue: float) -> Colour:
    at = np.radians(hue)
    lab = np.array([[[np.clip(lightness, 6, 97), chroma * np.cos(at), chroma * np.sin(at)]]], np.float32)
    return tuple((255 * cv2.cvtColor(lab, cv2.COLOR_Lab2RGB)[0, 0].clip(0, 1)).tolist())


def _squash(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


def _label(pen: Pen) -> None:
    """A block or a band with bars in place of lettering: in the middle if symmetric, else in a corner."""
    rng, top = pen.rng, float(pen.rng.choice([-0.43, 0.27]))
    width = rng.uniform(0.3, 0.5)
    middle = pen.disorder * rng.choice([-1, 1]) * (0.44 - width / 2)
    pen.fill(pen.block(middle - width / 2, top, middle + width / 2, top + 0.16), pen.palette.ground)
    for row, length in enumerate(rng.uniform(0.4, 0.85, 2)):
        y = top + 0.045 + 0.05 * row
        pen.line(np.array([[middle - length * width / 2, y], [middle + length * width / 2, y]]), pen.palette.ink, 0.022)


def _frame(pen: Pen) -> None:
    """A passepartout, its corners round if the cover is."""
    edge = pen.rng.uniform(0.03, 0.06)
    window = pen.corners(edge - 0.5, edge - 0.5, 0.5 - edge, 0.5 - edge, 0.35 * pen.roundness)
    pen.fill(np.concatenate([window, window[:1], _SHEET]), pen.palette.ground)


def _print(canvas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shrink, let light fall from one side, lay it on paper with a grain."""
    picture = cv2.resize(canvas, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
    slope = rng.uniform(-14, 14, 2).astype(np.float32)
    at = np.linspace(-0.5, 0.5, SIZE, dtype=np.float32)
    grain = cv2.GaussianBlur(rng.standard_normal((SIZE, SIZE)).astype(np.float32), (0, 0), 0.8)
    paper = slope[0] * at + slope[1] * at[:, None] + rng.uniform(2, 7) * grain
    return np.clip(picture + paper[..., None] + 0.5, 0, 255).astype(np.uint8)
