"""What is on a cover: families of motifs, each drawn by a `Pen` with its habits. Taught in chapter 4.

A family decides what is shown; the pen decides whether it is scattered or symmetric, angular or round, sparse or
dense. Every family obeys all three habits, so that the family itself says nothing about them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmrec_helpers.datasets.recordshop.pen import Colour, Pen, rotation

ACROSS = np.linspace(-0.5, 0.5, 129)


def hills(pen: Pen) -> None:
    """A sun behind ridges."""
    pen.sky()
    sun = np.array([pen.loose(0.18), -0.16 + pen.loose(0.06)])
    for ring, colour in zip((0.25, 0.19, 0.13), pen.palette.ramp(3), strict=True):
        pen.fill(sun + ring * pen.form(), colour if ring > 0.15 else pen.palette.fills[3])
    layers = pen.count(2, 8)
    for number, colour in enumerate(pen.palette.ramp(layers)[::-1]):
        height = -0.06 + 0.5 * number / layers
        ridge = height - 0.09 * pen.wave(pen.rng.integers(1, 2 + pen.count(1, 4)))
        pen.fill(_down_from(ridge), colour)


def waves(pen: Pen) -> None:
    """Bands that roll one over the other."""
    bands, cycles = pen.count(4, 17), int(pen.rng.integers(1, 4))
    for number, colour in enumerate(_alternating(pen, bands)):
        crest = -0.5 + (number + 0.3) / bands - 0.35 / bands ** 0.7 * pen.wave(cycles)
        pen.fill(_down_from(crest), colour)
    pen.tilt()


def ribbons(pen: Pen) -> None:
    """Broad bands that wind from edge to edge."""
    n = pen.count(2, 11)
    for number in range(n):
        middle = (number + 0.5) / n - 0.5 + pen.loose(0.15)
        path = np.stack([ACROSS * 1.1, middle + 0.13 * (-1) ** number * pen.wave(pen.rng.choice([1, 2]))], 1)
        pen.line(path, pen.palette.ink, 0.55 / n + 0.02)
        pen.line(path, pen.colour(), 0.55 / n)
    pen.tilt()


def skyline(pen: Pen) -> None:
    """Towers side by side, a moon above."""
    pen.sky()
    pen.fill(np.array([pen.loose(0.2), -0.27]) + 0.12 * pen.form(), pen.palette.fills[3])
    n = pen.count(4, 17)
    edges, tall, paint = np.linspace(-0.5, 0.5, n + 1), _mirrored(pen, pen.rng.uniform(0.2, 0.7, n)), _paint(pen, n)
    for number in range(n):
        left, right, top = edges[number] + 0.03 / n, edges[number + 1] - 0.03 / n, 0.5 - tall[number]
        pen.fill(pen.block(left, top, right, 0.5 + 0.5 / n), paint[number])
        for level in np.arange(top + 0.4 / n + 0.02, 0.48, 0.09):
            pen.fill(pen.block(left + 0.22 / n, level, right - 0.22 / n, level + 0.03), pen.palette.ground)


def rings(pen: Pen) -> None:
    """Forms within forms."""
    n = pen.count(1, 9)
    for spot in pen.spots(n, cover=0.8 if n > 1 else 0.62, spread=0.4):
        steps = pen.count(3, 6)
        for step, colour in enumerate(_alternating(pen, steps)):
            pen.fill(spot.put(pen.form(), 1 - step / steps), colour)


def vinyl(pen: Pen) -> None:
    """Records with grooves and a label."""
    n = pen.count(1, 8)
    for spot in pen.spots(n, cover=0.55, spread=0.36):
        disc = pen.form()
        pen.fill(spot.put(disc), pen.palette.ink)
        for groove in np.linspace(0.5, 0.9, pen.count(3, 6)):
            pen.line(spot.put(disc, groove), pen.palette.fills[0], 0.004, closed=True)
        pen.fill(spot.put(disc, 0.38), spot.colour if spot.colour != pen.palette.ink else pen.palette.fills[3])
        pen.fill(spot.put(disc, 0.07), pen.palette.ground)


def petals(pen: Pen) -> None:
    """Leaves that have fallen."""
    for spot in pen.spots(pen.count(5, 52), cover=0.85):
        outline = pen.leaf(0.3) + np.array([0, 0.5])
        pen.fill(spot.put(outline, 1.9), spot.colour)
        pen.line(spot.put(np.array([[0, 0.55], [0, -0.3]]), 1.9), pen.palette.ground, 0.006)


def blooms(pen: Pen) -> None:
    """Flowers, or stars."""
    petal_count = int(pen.rng.integers(5, 9))
    for spot in pen.spots(pen.count(2, 26), cover=0.65, spread=0.42):
        pen.fill(spot.put(pen.bloom(petal_count), 1.15), spot.colour)
        pen.fill(spot.put(pen.form(petal_count), 0.36), pen.palette.fills[3])


def tiles(pen: Pen) -> None:
    """A grid of quarter forms, as on a kitchen floor."""
    cells = pen.count(2, 9)
    kinds = pen.rng.integers(0, 4 if cells > 3 else 3, (cells, cells))
    turns = pen.rng.integers(0, 4, (cells, cells))
    paint = [[pen.colour() for _ in range(cells)] for _ in range(cells)]
    for row, column in np.ndindex(cells, cells):
        free = pen.rng.random() < pen.disorder
        near = (row, column) if free else (min(row, cells - 1 - row), min(column, cells - 1 - column))
        sides = np.diag([1 if near[1] == column else -1, 1 if near[0] == row else -1])
        middle = (np.array([column, row]) + 0.5) / cells - 0.5
        outline = (_quarter(pen), _quarter(pen), 0.45 * pen.form(4), np.zeros((3, 2)))[kinds[near]]
        pen.fill(middle + outline @ rotation(turns[near] * np.pi / 2) @ sides / cells, paint[near[0]][near[1]])


def mosaic(pen: Pen) -> None:
    """Pebbles in rows."""
    cells = pen.count(3, 10)
    painted = [[pen.colour() for _ in range(cells)] for _ in range(cells)]
    for row, column in np.ndindex(cells, cells):
        free = pen.rng.random() < pen.disorder
        across = column if free else min(column, cells - 1 - column)
        middle = (np.array([column, row]) + 0.5 + 0.35 * np.array([pen.loose(1), pen.loose(1)])) / cells - 0.5
        turned = pen.form(4) @ rotation(np.pi / 4 + pen.loose(0.5))
        pen.fill(middle + 0.52 * np.exp(pen.loose(0.2)) * turned / cells, painted[row][across])


def confetti(pen: Pen) -> None:
    """Small things of several kinds."""
    for spot in pen.spots(pen.count(6, 64), cover=0.45):
        outline = (pen.form(), pen.form(4) * np.array([1.4, 0.5]), pen.form(3))[int(pen.rng.integers(3))]
        pen.fill(spot.put(outline), spot.colour)


def constellation(pen: Pen) -> None:
    """Stars, each joined to the nearest ones."""
    spots = list(pen.spots(pen.count(6, 48), cover=0.1))
    middles = np.array([spot.middle for spot in spots])
    apart = np.linalg.norm(middles[:, None] - middles, axis=2) + 9 * np.eye(len(spots))
    for one, others in enumerate(apart.argsort(1)[:, :2]):
        for other in others:
            pen.line(middles[[one, other]], pen.palette.fills[0], 0.009)
    for spot in spots:
        pen.fill(spot.put(pen.bloom(4), 1.4), spot.colour)


def stairs(pen: Pen) -> None:
    """Steps up to a platform, one flight in front of the other."""
    pen.sky()
    steps, flights = pen.count(3, 12), pen.count(2, 4)
    for flight, colour in enumerate(pen.palette.ramp(flights)):
        summit, foot, rise = pen.loose(0.3), pen.loose(0.2), (0.85 - 0.27 * flight) / steps
        for step in range(steps):
            half = 0.62 * (1 - step / steps) + 0.05
            middle, top = foot + (summit - foot) * step / steps, 0.5 - (step + 1) * rise
            pen.fill(pen.block(middle - half, top, middle + half, top + rise * 1.02),
                     _shade(colour, pen.palette.ground if step % 2 else pen.palette.ink, 0.14))


def moons(pen: Pen) -> None:
    """Moons in their phases."""
    for spot in pen.spots(pen.count(3, 28), cover=0.5, spread=0.41):
        moon, phase = pen.form(), pen.rng.choice([-0.55, 0, 0.5, 1])
        pen.fill(spot.put(moon), _shade(spot.colour, pen.palette.ground, 0.75))
        pen.fill(spot.put(np.stack([np.where(moon[:, 0] < 0, -phase, 1) * np.abs(moon[:, 0]), moon[:, 1]], 1)),
                 spot.colour)


def rays(pen: Pen) -> None:
    """Rays from one point: spears when angular, petals of light when round."""
    middle = np.array([pen.loose(0.25), pen.rng.choice([0, 0.3]) + pen.loose(0.2)])
    n = 2 * pen.count(5, 20)
    widths = 1 + pen.disorder * pen.rng.uniform(-0.9, 1.5, n)
    turns = widths.cumsum() / widths.sum() * 2 * np.pi
    for number in range(n // 2):
        beam = pen.leaf(0.75 * np.pi * 2 / n * widths[2 * number]) * (0.75 - 0.2 * (number % 2))
        pen.fill(middle + beam @ rotation(turns[2 * number]), pen.palette.ramp(3)[number % 2 * 2])
    pen.fill(middle + 0.14 * pen.form(), pen.palette.fills[3])


def stripes(pen: Pen) -> None:
    """Stripes of many widths: straight when angular, bent when round."""
    n = pen.count(4, 19)
    widths, paint = _mirrored(pen, pen.rng.uniform(0.4, 1.6, n)), _paint(pen, n)
    left = np.concatenate([[0], widths.cumsum()]) / widths.sum() - 0.5
    bend, slope = 0.75 * pen.roundness, pen.loose(0.5)
    for number in np.abs(left[:-1] + left[1:]).argsort()[::-1]:
        out = left[number] + left[number + 1]
        course = slope * ACROSS + out * bend * (0.25 - ACROSS ** 2)
        edges = [np.stack([one + course, ACROSS * 1.02], 1) for one in left[number:number + 2]]
        pen.fill(np.concatenate([edges[0], edges[1][::-1]]), paint[number])
    pen.tilt()


def mobile(pen: Pen) -> None:
    """Large forms that let each other through."""
    for spot in pen.spots(pen.count(3, 13), cover=1.1, spread=0.36):
        pen.veil(spot.put(pen.form()), spot.colour)


def branch(pen: Pen) -> None:
    """A branch with leaves to both sides."""
    pairs = pen.count(3, 14)
    stem = np.stack([pen.loose(0.12) * np.cos(4 * ACROSS) + pen.loose(0.25) * ACROSS, ACROSS], 1)
    pen.line(stem, pen.palette.ink, 0.012)
    for number in range(pairs):
        colour, turn = pen.colour(), pen.rng.uniform(0.8, 1.2)
        for side in (-1, 1):
            foot = stem[int(np.clip((number + 0.8 + pen.loose(0.8)) / pairs, 0, 1) * 128)]
            length = 0.4 * np.exp(pen.loose(0.3)) * (1 - 0.35 * abs(2 * number / pairs - 1))
            blade = length * pen.leaf(0.75 / pairs + 0.07) @ rotation(side * turn + pen.loose(0.5))
            pen.fill(foot + blade, colour)


def arches(pen: Pen) -> None:
    """Rainbows or tents here and there."""
    for spot in pen.spots(pen.count(2, 14), cover=0.75, spread=0.4):
        size, tilt = np.sqrt(abs(np.linalg.det(spot.frame))), rotation(pen.loose(0.4))
        colours = (spot.colour, pen.palette.ground, pen.palette.fills[3])
        for ring, colour in zip((1.25, 0.9, 0.55), colours, strict=True):
            pen.fill(spot.middle + size * (ring * _arch(pen) + np.array([0, 0.5])) @ tilt, colour)


def _down_from(ridge: np.ndarray) -> np.ndarray:
    return np.concatenate([np.stack([ACROSS * 1.02, ridge], 1), [[0.51, 0.51], [-0.51, 0.51]]])


def _mirrored(pen: Pen, values: np.ndarray) -> np.ndarray:
    """The same from both ends if symmetric."""
    return values + pen.symmetry * (values[::-1] - values) * (np.arange(len(values)) >= len(values) // 2)


def _paint(pen: Pen, n: int) -> list[Colour]:
    """A colour for each thing in a row, no two alike side by side in its first half; mirrored if symmetric."""
    colours = [pen.colour()]
    while len(colours) < n:
        twin = colours[n - 1 - len(colours)] if len(colours) >= n / 2 else None
        fresh = next(one for one in iter(pen.colour, None) if one != colours[-1])
        colours.append(twin if twin and pen.rng.random() > pen.disorder else fresh)
    return colours


def _arch(pen: Pen) -> np.ndarray:
    """The upper half of a form: a tent when angular."""
    quarter = (_quarter(pen) + 0.49)[:-1] * np.array([1, -1])
    return np.concatenate([quarter, quarter[::-1] * np.array([-1, 1])])


def _quarter(pen: Pen) -> np.ndarray:
    angle = np.linspace(0, np.pi / 2, 13)
    arc = np.stack([np.cos(angle), np.sin(angle)], 1)
    flat = arc / arc.sum(1, keepdims=True)
    return np.concatenate([pen.roundness * arc + (1 - pen.roundness) * flat, [[0.0, 0.0]]]) * 0.98 - 0.49


def _shade(colour: Colour, other: Colour, share: float) -> Colour:
    return tuple((1 - share) * one + share * two for one, two in zip(colour, other, strict=True))


def _alternating(pen: Pen, n: int) -> list[Colour]:
    ramp = pen.palette.ramp(n)
    loud = [pen.palette.ground, pen.palette.fills[3]] if pen.rng.random() < 0.6 else [pen.palette.ink, ramp[0]]
    return [ramp[one] if one % 3 < 2 else loud[one // 3 % 2] for one in range(n)]


FAMILIES: tuple[Callable[[Pen], None], ...] = (
    hills, waves, ribbons, skyline, rings, vinyl, petals, blooms, tiles, mosaic, confetti, constellation, stairs, moons,
    rays, stripes, mobile, branch, arches)
"""All families."""
