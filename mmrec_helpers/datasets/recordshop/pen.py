"""The hand that draws covers: outlines between angular and round, places between scattered and symmetric.

Everything is drawn on a unit square (x to the right, y down, the middle at 0, edges at -0.5 and 0.5) three times as
large as the cover and shrunk at the end. Taught in chapter 4.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

SIZE = 128
BIG = 3 * SIZE

Colour = tuple[float, ...]

_MIRROR, _FLIP = np.diag([-1.0, 1.0]), np.diag([1.0, -1.0])


def rotation(angle: float) -> np.ndarray:
    """The 2 x 2 matrix that turns points (rows) by so many radians.

    >>> rotation(np.pi / 2).round(3) + 0
    array([[ 0.,  1.],
           [-1.,  0.]])
    """
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])


GROUPS = (
    (np.eye(2), _MIRROR),
    (np.eye(2), _MIRROR),
    (np.eye(2), _FLIP),
    (np.eye(2), _MIRROR, _FLIP, -np.eye(2)),
    tuple(rotation(turn * np.pi / 2) for turn in range(4)),
    tuple(rotation(turn * np.pi / 3) for turn in range(6)),
    tuple(rotation(turn * np.pi / 2) @ side for turn in range(4) for side in (np.eye(2), _MIRROR)),
)
"""Symmetries of a cover, as matrices: mirrored, upside down, both, turned four or six times, a kaleidoscope."""


@dataclass(frozen=True)
class Palette:
    """The colours (RGB, 0 to 255) of one cover: paper, things on it from calm to loud, and what is written with."""

    ground: Colour
    fills: tuple[Colour, ...]
    ink: Colour

    def ramp(self, n: int) -> list[Colour]:
        """So many colours in even steps from the first fill to the second, by the third where there are many.

        >>> Palette((0, 0, 0), ((0, 0, 0), (8, 8, 8), (4, 0, 4)), (9, 9, 9)).ramp(3)
        [(0.0, 0.0, 0.0), (4.0, 0.0, 4.0), (8.0, 8.0, 8.0)]
        """
        stops = np.array([self.fills[0], self.fills[2], self.fills[1]], float)
        at = np.linspace(0, 2, n)
        return list(zip(*(np.interp(at, range(3), stops[:, one]).tolist() for one in range(3)), strict=True))


@dataclass(frozen=True)
class Spot:
    """A place for a thing: its middle (2,), a frame (2, 2) that turns, mirrors and sizes it, its colour."""

    middle: np.ndarray
    frame: np.ndarray
    colour: Colour

    def put(self, outline: np.ndarray, size: float = 1.0) -> np.ndarray:
        """An outline (m, 2) around 0, brought here."""
        return self.middle + size * outline @ self.frame


class Pen:
    """A canvas and the three habits of layout and shape, each from 0 to 1.

    symmetry: 0 scattered, 1 symmetric; roundness: 0 angular, 1 round; density: 0 sparse, 1 dense.
    """

    def __init__(self, palette: Palette, habits: tuple[float, float, float], rng: np.random.Generator) -> None:
        self.palette, self.rng = palette, rng
        self.symmetry, self.roundness, self.density = habits
        self.disorder = (1 - self.symmetry) ** 1.5
        self.group = GROUPS[rng.integers(len(GROUPS))]
        self.sides = int(rng.choice([3, 4, 4, 5, 6]))
        self.canvas = np.full((BIG, BIG, 3), palette.ground, np.uint8)

    def count(self, few: float, many: float) -> int:
        """How many things: from few to many on a log scale, as dense as the cover is."""
        return int(round(few * (many / few) ** self.density))

    def colour(self) -> Colour:
        """Any colour of the palette, the loudest more rarely."""
        return (*self.palette.fills, self.palette.ink)[self.rng.choice(5, p=[0.29, 0.25, 0.2, 0.16, 0.1])]

    def loose(self, reach: float) -> float:
        """A step aside of about so much when scattered, none when symmetric."""
        return float(self.disorder * reach * self.rng.uniform(-1, 1) * 2)

    def fill(self, points: np.ndarray, colour: Colour) -> None:
        """Fill an outline (m, 2)."""
        cv2.fillPoly(self.canvas, [_pixels(points)], colour, cv2.LINE_AA, shift=4)

    def sky(self) -> None:
        """Let the ground change its colour from top to bottom."""
        far = 0.55 * np.array(self.palette.fills[0]) + 0.45 * np.array(self.palette.ground)
        share = np.linspace(0, 1, BIG)[:, None, None]
        self.canvas[:] = (1 - share) * np.array(self.palette.ground) + share * far

    def tilt(self) -> None:
        """Now and then, lay what is drawn on its side."""
        if self.rng.random() < 0.35:
            self.canvas = np.ascontiguousarray(np.rot90(self.canvas))

    def line(self, points: np.ndarray, colour: Colour, width: float, closed: bool = False) -> None:
        """A line of some width through points (m, 2)."""
        cv2.polylines(self.canvas, [_pixels(points)], closed, colour, max(1, round(width * BIG)), cv2.LINE_AA, shift=4)

    def veil(self, points: np.ndarray, colour: Colour, share: float = 0.6) -> None:
        """Fill an outline with a colour that lets through what lies beneath."""
        beneath = self.canvas.copy()
        self.fill(points, colour)
        self.canvas = cv2.addWeighted(self.canvas, share, beneath, 1 - share, 0)

    # ---- outlines around 0, (m, 2), radius 1

    def form(self, sides: int = 0) -> np.ndarray:
        """A polygon when angular, a disc when round, between them a polygon with bellied sides."""
        sides = sides or self.sides
        angle = np.linspace(0, 2 * np.pi, 12 * sides, endpoint=False)
        flat = np.cos(np.pi / sides) / np.cos(angle % (2 * np.pi / sides) - np.pi / sides)
        return _polar(angle - np.pi / 2, self._between(1.12 * flat, 0.93))

    def bloom(self, petals: int) -> np.ndarray:
        """A star when angular, a flower when round."""
        angle = np.linspace(0, 2 * np.pi, 16 * petals, endpoint=False)
        star = 0.4 + 0.7 * np.abs((angle * petals / np.pi) % 2 - 1)
        return _polar(angle - np.pi / 2, self._between(star, 0.45 + 0.5 * np.sqrt(np.abs(np.cos(angle * petals / 2)))))

    def leaf(self, width: float = 0.42) -> np.ndarray:
        """A long thing that points up from 0: a splinter when angular, a petal when round."""
        at = np.linspace(0, 1, 21)
        half = width * self._between(1.1 * np.minimum(at / 0.6, (1 - at) / 0.4), np.sin(np.pi * at ** 0.8) ** 0.75)
        return np.concatenate([np.stack([half, -at], 1), np.stack([-half, -at], 1)[::-1]])

    def block(self, left: float, top: float, right: float, bottom: float) -> np.ndarray:
        """A box when angular, with round ends when round; not around 0 but at its place."""
        return self.corners(left, top, right, bottom, self.roundness * min(right - left, bottom - top) / 2)

    @staticmethod
    def corners(left: float, top: float, right: float, bottom: float, corner: float) -> np.ndarray:
        """A box with corners of this radius."""
        arc = _polar(np.linspace(0, np.pi / 2, 7), np.full(7, corner))
        left, top, right, bottom = left + corner, top + corner, right - corner, bottom - corner
        centres = ((right, bottom), (left, bottom), (left, top), (right, top))
        return np.concatenate([centre + arc @ rotation(turn * np.pi / 2) for turn, centre in enumerate(centres)])

    def wave(self, cycles: float) -> np.ndarray:
        """Heights (129,) from -1 to 1, left to right: a zigzag when angular, the same from both sides if symmetric."""
        across = np.linspace(-0.5, 0.5, 129)
        turns = 2 * np.pi * cycles * (1 + self.loose(0.15)) * across + self.loose(2.5)
        tilt = self.loose(0.5) * across * 2
        return (1 - abs(tilt).max()) * self._between(2 / np.pi * np.arcsin(np.cos(turns)), np.cos(turns)) + tilt

    def _between(self, angular: np.ndarray, round_: np.ndarray | float) -> np.ndarray:
        return (1 - self.roundness) * angular + self.roundness * round_

    # ---- places

    def spots(self, n: int, cover: float = 0.4, spread: float = 0.45) -> Iterator[Spot]:
        """About n places that together cover this share of the picture.

        They are orbits of the cover's symmetry, one thing in the middle where the number does not come out even;
        each thing then strays, turns and changes its colour as the cover is scattered.
        """
        group = self.group if n >= len(self.group) else self.group[:1] if n == 1 else GROUPS[0]
        radius = np.sqrt(cover / np.pi / n)
        if n % len(group) or n == 1:
            yield self._stray(np.zeros(2), radius * self._even(np.eye(2)), self.colour(), spread)
        for seed in self._seeds(n // len(group) if n > 1 else 0, group, spread):
            colour, own = self.colour(), radius * self._even(rotation(np.pi / 4 * self.rng.integers(8)))
            for part in group:
                yield self._stray(seed @ part, own @ part, colour, spread)

    def _even(self, frame: np.ndarray) -> np.ndarray:
        return frame * self.rng.uniform(0.75, 1.25)

    def _stray(self, middle: np.ndarray, frame: np.ndarray, colour: Colour, spread: float) -> Spot:
        place = _fold(middle + self.disorder * 0.34 * self.rng.standard_normal(2), spread)
        turn = np.pi / 4 * round(self.loose(2.5)) + self.loose(0.15)
        frame = np.exp(self.loose(0.25)) * rotation(turn) @ frame
        return Spot(place, frame, self.colour() if self.rng.random() < self.disorder else colour)

    def _seeds(self, n: int, group: tuple[np.ndarray, ...], spread: float) -> Iterator[np.ndarray]:
        """So many seeds of orbits, each the roomiest of six tries."""
        taken = np.zeros((1, 2))
        for _ in range(n):
            tries = self.rng.uniform(-spread, spread, (6, 2))
            orbits = (tries[:, None, None] @ np.array(group)).reshape(6, -1, 2)
            own = np.linalg.norm(orbits[:, 1:] - tries[:, None], axis=2).min(1, initial=0.5)
            others = np.linalg.norm(taken - tries[:, None], axis=2).min(1)
            best = np.minimum(own, others).argmax()
            taken = np.concatenate([taken, orbits[best]])
            yield tries[best]


def _pixels(points: np.ndarray) -> np.ndarray:
    return np.round((np.asarray(points) + 0.5) * BIG * 16 - 8).astype(np.int32)


def _polar(angle: np.ndarray, radius: np.ndarray) -> np.ndarray:
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)


def _fold(point: np.ndarray, edge: float) -> np.ndarray:
    """What strays over the edge comes back, as from a mirror."""
    return np.abs((point - edge) % (4 * edge) - 2 * edge) - edge
