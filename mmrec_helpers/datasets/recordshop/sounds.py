"""Previews of records, played by program: what an axis of `world.FACTORS["audio"]` sounds like. Taught in chapter 5.

Brightness, noise and register are timbre: any average of a spectrogram shows them. Tempo, swing and the way a melody
goes are order in time: an average shows little of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy import fft

from mmrec_helpers.datasets.recordshop.drums import KITS, Drum, beat, fitted
from mmrec_helpers.datasets.recordshop.instruments import INSTRUMENTS, RATE, sound
from mmrec_helpers.datasets.recordshop.score import Song, compose

PEAK = 0.9
LOUDNESS = 0.13
"""Root mean square of every preview, weighted as ears do."""

LEVELS = (1.0, 0.5, 0.5)
"""Of lead, backing and bass."""


def play(genre: int, sounds: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The preview of a record: (n,) float32 mono at RATE, 3 to 4 s, samples within PEAK.

    genre: index into `world.GENRES`; sounds (6,): dull to bright, pure to noisy, low to high, slow to fast, straight
    to swung, falling to rising, each about N(0, 1). The same arguments and generator give the same samples,
    rounded to 16 bits, so that it makes no difference if another computer's sine differs in its last digit.

    >>> wave = play(5, np.zeros(6), np.random.default_rng(1))
    >>> wave.dtype, bool(3 * RATE < len(wave) < 4 * RATE), bool(abs(wave).max() <= PEAK)
    (dtype('float32'), True, True)
    """
    bright, noisy, high, fast, swung, rising = np.asarray(sounds, dtype=float)
    n = int(rng.uniform(3.08, 3.38) * RATE)
    song = compose(genre, high, fast, swung, rising, n / RATE, rng)
    dry = perform(song, fitted(KITS[song.kit], noisy, high, swung), n, rng)
    return master(dry + breath(dry, noisy, rng), bright, high, rng)


def perform(song: Song, kit: Sequence[Drum], n: int, rng: np.random.Generator) -> np.ndarray:
    """Every part of a song on its instrument, mixed by an engineer whose hand is not quite steady: (n,)."""
    levels = np.array(LEVELS) * np.exp(0.2 * rng.standard_normal(len(LEVELS)))
    mix = sum(level * sound(INSTRUMENTS[name], notes, n, rng)
              for level, (name, notes) in zip(levels, song.parts, strict=True))
    gain = 1.6 * np.exp(0.25 * rng.standard_normal())
    for drum, loud in zip(kit, song.beat, strict=True):
        struck = loud > 0
        mix = mix + gain * beat(drum, song.start[struck], loud[struck], n, rng)
    return mix / mix.std()


def breath(wave: np.ndarray, noisy: float, rng: np.random.Generator) -> np.ndarray:
    """Noise added to a wave (n,) of unit power, half of it following its envelope: -21 dB, 9 dB more at noisy 1."""
    blocks = np.abs(np.pad(wave, (0, -len(wave) % 256))).reshape(-1, 256).mean(1)
    follow = np.interp(np.arange(len(wave)), 256 * np.arange(len(blocks)) + 128, blocks)
    level = 10 ** ((-21 + 9 * noisy) / 20)
    return level * (0.8 + 0.4 * follow) * rng.standard_normal(len(wave))


def master(wave: np.ndarray, bright: float, high: float, rng: np.random.Generator) -> np.ndarray:
    """Room, tone, loudness, fades: (n,) float32 within PEAK, from a wave (n,) of about unit power.

    The spectrum is tilted by -2.5 + 2.6 bright dB an octave; high music comes from small bodies, 3.5 dB
    less below 350 Hz.
    """
    n = len(wave)
    size = fft.next_fast_len(n + RATE // 3, real=True)
    f = np.maximum(fft.rfftfreq(size, 1 / RATE), 30)
    tilt = (f / 700) ** ((-2.5 + 2.6 * bright) / 6.02)
    body = 10 ** (-3.5 * high / 20 / (1 + (f / 350) ** 2))
    spectrum = fft.rfft(wave, size) * _room(size, rng) * tilt * body * (f > 35)
    heard = np.sqrt(2 * (np.abs(spectrum * _ear(f)) ** 2).sum() / size / n)
    wave = fft.irfft(spectrum, size)[:n] * (LOUDNESS / heard)
    wave = PEAK * np.tanh(wave / PEAK) * _fades(n)
    return (np.round(wave * 32767) / 32768).astype(np.float32)


def _room(size: int, rng: np.random.Generator) -> np.ndarray:
    """The spectrum of a wave and its dying echo: a third of a second of noise, of random strength and length."""
    time = np.arange(RATE // 3) / RATE
    echo = rng.standard_normal(len(time)) * np.exp(-time / rng.uniform(0.02, 0.1))
    echo *= rng.uniform(0.1, 0.4) / np.sqrt((echo**2).sum())
    echo[0] += 1
    return fft.rfft(echo, size)


def _ear(f: np.ndarray) -> np.ndarray:
    """How much of a frequency (Hz) counts for loudness: 4 dB more above 1.5 kHz. After ITU-R BS.1770.

    >>> _ear(np.array([100.0, 10000.0])).round(2)
    array([1.  , 1.57])
    """
    above = (f / 1500) ** 2
    return 10 ** (4 / 20 * above / (1 + above))


def _fades(n: int) -> np.ndarray:
    left = np.minimum(np.arange(n) / (0.004 * RATE), np.arange(n)[::-1] / (0.08 * RATE))
    return np.minimum(left, 1)


def save(path: str | Path, wave: np.ndarray, rate: int = RATE) -> None:
    """Write a wave (n,) as MP3 of 40 kbit/s at 22,050 samples a second: the same samples give the same bytes.

    Raises OSError (soundfile's) where the folder is missing.
    """
    import soundfile

    soundfile.write(path, wave, rate, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="CONSTANT",
                    compression_level=0.79)
