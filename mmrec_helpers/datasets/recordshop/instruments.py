"""The instruments and drums of the record shop's previews, synthesised. Taught in chapter 5.

An instrument is one cycle of a wave, read from a table as fast as the note is high, under an envelope; bells and
brass bend that reading by frequency modulation (Chowning 1973). A drum is a falling sine and a band of noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import fft

RATE = 22_050
"""Samples a second of every preview."""

TABLE = 4096
SINE = np.sin(2 * np.pi * np.arange(TABLE) / TABLE)
HARMONICS = 60
TOP = 6500
"""Hz: no harmonic is higher; the air above belongs to cymbals and breath."""


@dataclass(frozen=True)
class Notes:
    """What one player plays: notes one after the other, each perhaps a chord.

    start (k,) and hold (k,) seconds, rising starts; loud (k,) in [0, 1]; pitch (k, v) MIDI numbers of v voices.
    """

    start: np.ndarray
    hold: np.ndarray
    loud: np.ndarray
    pitch: np.ndarray


@dataclass(frozen=True)
class Instrument:
    """How one kind of note sounds.

    fall: the h-th harmonic has amplitude h ** -fall; odd: only odd ones; partials: given amplitudes instead;
    attack, decay: seconds, decay by a factor e; strike: a brighter layer that dies in a fifth of `decay`;
    vibrato: semitones; detune: semitones between two copies; ratio, index: frequency modulation; drive: distortion;
    tremolo: depth in [0, 1].
    """

    fall: float = 1.5
    odd: bool = False
    partials: tuple[float, ...] = ()
    attack: float = 0.006
    decay: float = np.inf
    strike: float = 0.0
    vibrato: float = 0.0
    detune: float = 0.0
    ratio: float = 0.0
    index: float = 0.0
    drive: float = 0.0
    tremolo: float = 0.0


INSTRUMENTS: dict[str, Instrument] = {
    "pad": Instrument(fall=1.7, attack=0.12, detune=0.16, tremolo=0.3),
    "glass": Instrument(partials=(1, 0.1, 0.5, 0.05, 0.3), attack=0.06, decay=1.5, detune=0.08, tremolo=0.3),
    "bell": Instrument(partials=(1,), decay=0.8, ratio=3.51, index=1.8),
    "strings": Instrument(fall=1.2, attack=0.07, detune=0.1, vibrato=0.25),
    "piano": Instrument(fall=1.7, attack=0.004, decay=0.5, strike=0.5),
    "harpsichord": Instrument(fall=0.8, attack=0.003, decay=0.35),
    "flute": Instrument(partials=(1, 0.35, 0.12, 0.04), attack=0.05, vibrato=0.3, tremolo=0.2),
    "saw": Instrument(fall=1.0, attack=0.005, decay=0.6, detune=0.14, strike=0.3),
    "square": Instrument(fall=1.0, odd=True, attack=0.005, decay=0.8),
    "steel guitar": Instrument(fall=1.1, attack=0.003, decay=0.45, strike=0.6),
    "nylon guitar": Instrument(fall=1.6, attack=0.004, decay=0.35, strike=0.6),
    "banjo": Instrument(fall=0.9, attack=0.002, decay=0.14, strike=0.8),
    "electric piano": Instrument(partials=(1, 0.2), attack=0.004, decay=0.6, ratio=1.0, index=1.2, tremolo=0.3),
    "vibraphone": Instrument(partials=(1, 0, 0, 0.25), attack=0.003, decay=0.7, tremolo=0.5),
    "brass": Instrument(partials=(1,), attack=0.04, ratio=1.0, index=3.0, vibrato=0.15),
    "organ": Instrument(partials=(1, 0.8, 0.6, 0.4, 0, 0.3, 0, 0.3), attack=0.008, tremolo=0.25),
    "accordion": Instrument(fall=1.0, odd=True, attack=0.03, detune=0.12),
    "fuzz guitar": Instrument(fall=1.2, attack=0.004, decay=1.2, drive=4.0),
    "upright bass": Instrument(fall=1.9, attack=0.008, decay=0.3, strike=0.4),
    "picked bass": Instrument(fall=1.2, attack=0.004, decay=0.5, strike=0.4),
    "synth bass": Instrument(fall=1.0, attack=0.004, decay=0.3, strike=0.3),
    "sub bass": Instrument(partials=(1, 0.15, 0.05), attack=0.01, decay=0.9),
    "drone": Instrument(fall=2.0, attack=0.2, detune=0.1),
}


def sound(instrument: Instrument, notes: Notes, n: int, rng: np.random.Generator) -> np.ndarray:
    """These notes on this instrument: (n,) float64 at RATE, unit power.

    Every clip has an instrument of its own make: attack and decay vary by a third.

    >>> a4 = Notes(np.zeros(1), np.ones(1), np.ones(1), np.array([[69]]))
    >>> wave = sound(INSTRUMENTS["organ"], a4, 22050, np.random.default_rng(1))
    >>> int(np.abs(np.fft.rfft(wave)).argmax())
    440
    """
    spread = spreader(notes.start, n)
    age = np.arange(n) / RATE - spread(notes.start)
    frequency = 440 * 2 ** ((notes.pitch - 69) / 12)
    attack, decay = (instrument.attack, instrument.decay) * np.exp(0.3 * rng.standard_normal(2))
    bent = age + 1.7e-3 * instrument.vibrato * np.sin(2 * np.pi * 5.5 * age) if instrument.vibrato else age
    body = _table(instrument, frequency.max(), 0.0)
    strike = _table(instrument, frequency.max(), instrument.strike)
    fast = np.exp(-5 * age / decay) if instrument.strike else 0.0
    wave = np.zeros(n)
    for pitch in _copies(frequency, instrument.detune).T:
        cycles = bent * spread(pitch) + rng.random()
        if instrument.index:
            cycles += SINE[_within(instrument.ratio * cycles)] * (instrument.index / 6.28) * np.exp(-age / decay)
        at = _within(cycles)
        wave += body[at] + fast * strike[at] if instrument.strike else body[at]
    if instrument.drive:
        wave = np.tanh(instrument.drive * wave / wave.std())
    wave *= _envelope(age, spread(notes.hold), attack, decay) * spread(notes.loud)
    if instrument.tremolo:
        wave *= 1 + instrument.tremolo * np.sin(2 * np.pi * rng.uniform(3, 8) * np.arange(n) / RATE)
    return wave / max(wave.std(), 1e-9)


def spreader(start: np.ndarray, n: int) -> Callable[[np.ndarray], np.ndarray]:
    """A function that gives each note's value to all its samples, (n,)."""
    first = np.round(start * RATE).astype(int)
    lengths = np.diff(first, append=n)
    return lambda values: np.repeat(values, lengths)


def _copies(frequency: np.ndarray, detune: float) -> np.ndarray:
    """Each voice, and beside it a copy `detune` semitones away: (k, v) or (k, 2v)."""
    if not detune:
        return frequency
    return np.concatenate([frequency * 2 ** (detune / 24), frequency * 2 ** (-detune / 24)], axis=1)


def _envelope(age: np.ndarray, hold: np.ndarray, attack: float, decay: float) -> np.ndarray:
    """Up in `attack`, down by e in `decay`, let go at `hold` within 12 ms."""
    level = np.minimum(age / attack, 1) * np.clip((hold - age) / 0.012, 0, 1)
    return level if np.isinf(decay) else level * np.exp(-age / decay)


def _within(cycles: np.ndarray) -> np.ndarray:
    """Where in a table of one cycle to read."""
    return (cycles * TABLE).astype(np.int64) & (TABLE - 1)


def _table(instrument: Instrument, highest: float, brighter: float) -> np.ndarray:
    """One cycle, (TABLE,), of harmonics up to TOP at the highest pitch: nothing folds back."""
    number = np.arange(1, int(max(1, min(HARMONICS, TOP // highest))) + 1)
    if instrument.partials:
        level = np.pad(instrument.partials, (0, HARMONICS))[:len(number)].astype(float)
    else:
        level = number ** (-instrument.fall * (1 - 0.6 * bool(brighter))) * (number % 2 if instrument.odd else 1)
    level *= brighter or 1.0
    spectrum = np.zeros(TABLE // 2 + 1, complex)
    spectrum[number] = -1j * level * np.exp(2j * np.pi * 0.13 * number**2)  # spread phases: no needle-like peaks
    return fft.irfft(spectrum, TABLE) * TABLE / 2
