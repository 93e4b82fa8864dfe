"""What the bands of the record shop play: rhythm, melody, chords. Taught in chapter 5.

Time is a grid of eighth notes, pitch a ladder of scale degrees (7 to the octave), so that everything fits. A genre
is a habit, not a law: every part is now and then borrowed from another genre.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmrec_helpers.datasets.recordshop.bands import BANDS, LOUD, SCALES
from mmrec_helpers.datasets.recordshop.instruments import Notes


def grid(seconds: float, fast: float, swung: float) -> np.ndarray:
    """Start of every eighth note in this many seconds but the last 0.06: (k,).

    Beats per minute are 104 * 2 ** (0.55 fast): 71 at -1, 152 at 1. The second eighth of a beat comes after half of it
    where the rhythm is straight, after two thirds where it is swung: 0.5 + 0.2 / (1 + exp(-1.5 swung)).

    >>> grid(1.2, fast=0.0, swung=-9.0).round(3)
    array([0.   , 0.288, 0.577, 0.865])
    """
    beat = 60 / (104 * 2 ** (0.55 * fast))
    late = 0.5 + 0.2 / (1 + np.exp(-1.5 * swung))
    steps = np.arange(2 * int(np.ceil(seconds / beat)))
    start = beat * (steps // 2 + late * (steps % 2))
    return start[start < seconds - 0.06]


def melody(rising: float, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Scale degrees (k,) of notes at these times (k,), around 0: a line that climbs 5 * rising, and some wandering.

    >>> melody(2.0, np.arange(8), np.random.default_rng(1))
    array([-5, -4, -2,  0,  1,  1,  3,  5])
    """
    way = (start - start[0]) / max(start[-1] - start[0], 1e-9) - 0.5
    wander = np.cumsum(rng.choice([-1, 0, 1], len(start)))
    wander = wander - np.polyval(np.polyfit(way, wander, 1), way) if len(start) > 2 else 0 * way
    return np.round(5 * rising * way + 0.7 * wander).astype(int)


def pitches(degrees: np.ndarray, scale: str, tonic: int) -> np.ndarray:
    """MIDI numbers of scale degrees; degree 0 is the tonic, 7 its octave.

    >>> pitches(np.array([0, 2, 4, 7, -1]), "major", 60)
    array([60, 64, 67, 72, 59])
    """
    return tonic + np.array(SCALES[scale])[degrees % 7] + 12 * (degrees // 7)


@dataclass(frozen=True)
class Song:
    """A preview on paper.

    parts: of lead, backing and bass, the instrument's name and its notes; kit: the name of the drums; start (k,)
    seconds of every eighth; beat (3, k): how loud the low, middle and top drum is struck on each.
    """

    parts: tuple[tuple[str, Notes], ...]
    kit: str
    start: np.ndarray
    beat: np.ndarray


BORROW = 0.3
"""How often a part follows another genre's habit."""


def compose(genre: int, high: float, fast: float, swung: float, rising: float, seconds: float,
            rng: np.random.Generator) -> Song:
    """A song of this genre, tempo, rhythm and melody; `high` moves the lead by 11 semitones, the bass by 8."""
    def habit(field: str) -> tuple | str:
        band = BANDS[rng.integers(len(BANDS)) if rng.random() < BORROW else genre]
        options = getattr(band, field)
        return options[rng.integers(len(options))]

    start = grid(seconds, fast, swung)
    sheet = Sheet(start, seconds, habit("scales"), int(rng.integers(12)), np.array(habit("chords")))
    lead = (habit("lead"), sheet.lead(69 + 11 * high, rising, rng))
    backing, pattern, broken = habit("backing")
    bass, steps, walk = habit("bass")
    chords, low = sheet.chords(57 + 11 * high, pattern, broken), sheet.bass(43 + 8 * high, steps, walk)
    parts = (lead, (backing, chords), (bass, low))
    return Song(parts, habit("kit"), start, np.stack([sheet.levels(one) for one in habit("beat")]))


@dataclass(frozen=True)
class Sheet:
    """The grid (k,) seconds of eighths, the key, and a root for every two beats: what all players read."""

    start: np.ndarray
    seconds: float
    scale: str
    tonic: int
    roots: np.ndarray

    def lead(self, centre: float, rising: float, rng: np.random.Generator) -> Notes:
        """A melody around this pitch on most of the eighths; on the beat it takes a tone of the chord."""
        plays = rng.random(len(self.start)) < rng.uniform(0.5, 0.95)
        plays[0] = True
        steps = np.flatnonzero(plays)
        degrees = self._near(centre) + melody(rising, self.start[steps], rng)
        away = (degrees - self._root(steps)) % 7
        degrees = degrees + np.where(steps % 2 == 0, np.array([0, -1, 0, 1, 0, -1, 1])[away], 0)
        loud = rng.uniform(0.7, 1, len(steps))
        return self._notes(steps, loud, degrees[:, None], np.clip(rng.uniform(0.55, 0.95) + 0.12 * rising, 0.3, 1))

    def chords(self, centre: float, pattern: str, broken: bool) -> Notes:
        """Triads in the octave around this pitch, as blocks or (broken) tone after tone."""
        loud = self.levels(pattern)
        steps = np.flatnonzero(loud)
        low = self._near(centre) - 3
        triad = np.sort(low + (self._root(steps)[:, None] + (0, 2, 4) - low) % 7, axis=1)
        if broken:
            triad = np.take_along_axis(triad, np.array([0, 2, 1, 2])[np.arange(len(steps)) % 4, None], axis=1)
        return self._notes(steps, loud[steps], triad, 0.95)

    def bass(self, centre: float, pattern: str, walk: tuple[int, ...]) -> Notes:
        """Roots around this pitch, and the degrees above them that the bass walks through."""
        loud = self.levels(pattern)
        steps = np.flatnonzero(loud)
        low = self._near(centre) - 3
        root = low + (self._root(steps) - low) % 7
        degrees = root + np.array(walk)[np.arange(len(steps)) % len(walk)]
        return self._notes(steps, loud[steps], degrees[:, None], 0.9)

    def levels(self, pattern: str) -> np.ndarray:
        """How loud each eighth of the grid is struck: (k,)."""
        return np.array([LOUD[mark] for mark in pattern])[np.arange(len(self.start)) % len(pattern)]

    def _root(self, steps: np.ndarray) -> np.ndarray:
        return self.roots[steps // 4 % len(self.roots)]

    def _near(self, pitch: float) -> int:
        return round((pitch - self.tonic) * 7 / 12)

    def _notes(self, steps: np.ndarray, loud: np.ndarray, degrees: np.ndarray, legato: float) -> Notes:
        """Each note until the next one, or a part `legato` of that time; silence where the first comes late."""
        start = self.start[steps]
        hold = legato * np.diff(start, append=self.seconds)
        pitch = pitches(degrees, self.scale, self.tonic)
        if steps[0] > 0:
            start, hold, loud = np.append(0, start), np.append(0, hold), np.append(0, loud)
            pitch = np.concatenate([pitch[:1], pitch])
        return Notes(start, hold, loud, pitch)
