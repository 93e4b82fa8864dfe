"""The drums of the record shop's previews: each blow a falling sine and a band of noise. Taught in chapter 5."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy import signal

from mmrec_helpers.datasets.recordshop.instruments import RATE, spreader


@dataclass(frozen=True)
class Drum:
    """One blow: a sine at `tone` Hz that falls from `tone + sweep`, and noise in `band` Hz, each with its decay (s)."""

    tone: float = 0.0
    sweep: float = 0.0
    ring: float = 0.1
    noise: float = 0.0
    band: tuple[float, float] = (2000, 8000)
    hiss: float = 0.08


KITS: dict[str, tuple[Drum, Drum, Drum]] = {
    "soft": (Drum(55, 20, 0.2), Drum(0, noise=0.5, band=(1500, 5000), hiss=0.15),
             Drum(0, noise=0.4, band=(4000, 9500), hiss=0.05)),
    "orchestra": (Drum(70, 5, 0.3, 0.05, (100, 500), 0.05), Drum(180, 10, 0.08, 0.6, (1200, 6000), 0.1),
                  Drum(3600, 0, 0.15, 0.2, (5000, 9800), 0.1)),
    "909": (Drum(48, 180, 0.2), Drum(0, noise=1.0, band=(900, 4000), hiss=0.09),
            Drum(0, noise=0.9, band=(7000, 10000), hiss=0.05)),
    "hands": (Drum(85, 30, 0.09, 0.2, (200, 1200), 0.03), Drum(0, noise=0.9, band=(800, 3500), hiss=0.04),
              Drum(0, noise=0.6, band=(5000, 10000), hiss=0.07)),
    "dusty": (Drum(58, 60, 0.14, 0.2, (100, 900), 0.03), Drum(190, 40, 0.06, 1.0, (900, 5500), 0.13),
              Drum(0, noise=0.7, band=(4500, 9000), hiss=0.03)),
    "brushes": (Drum(65, 20, 0.12), Drum(0, noise=0.8, band=(1500, 6000), hiss=0.16),
                Drum(5200, 0, 0.2, 0.5, (3500, 10000), 0.22)),
    "percussion": (Drum(190, 40, 0.12, 0.1, (300, 1500), 0.02), Drum(2500, 0, 0.03, 0.05, (2000, 5000), 0.01),
                   Drum(0, noise=0.7, band=(4500, 9500), hiss=0.05)),
    "rock": (Drum(62, 90, 0.12, 0.3, (1500, 4000), 0.01), Drum(185, 60, 0.1, 1.2, (1000, 8000), 0.13),
             Drum(0, noise=0.9, band=(6000, 10000), hiss=0.06)),
}
"""Each kit's low, middle and top drum."""


def fitted(kit: tuple[Drum, ...], noisy: float, high: float, swung: float) -> list[Drum]:
    """A kit for this music: noise by 5 dB, tones by 3.6 semitones; swung cymbals ring longer, by a half."""
    noise, tune, ring = 10 ** (5 * noisy / 20), 2 ** (0.3 * high), (1, 1, 2 ** (0.6 * swung))
    return [replace(drum, tone=drum.tone * tune, noise=drum.noise * noise, hiss=drum.hiss * longer)
            for drum, longer in zip(kit, ring, strict=True)]


def beat(drum: Drum, start: np.ndarray, loud: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Blows at these times (k,) seconds, this loud (k,): (n,) float64, a full blow's peak about 1.

    >>> clave = KITS["percussion"][1]
    >>> wave = beat(clave, np.array([0.5]), np.array([1.0]), 22050, np.random.default_rng(1))
    >>> bool(abs(wave[:11000]).max() == 0 and 0.5 < abs(wave).max() < 1.5)
    True
    """
    if not len(start):
        return np.zeros(n)
    blow = _blow(drum, rng)
    spread = spreader(np.append(0.0, start), n)
    age = np.arange(n) - spread(np.round(np.append(0.0, start) * RATE).astype(int))
    return np.append(blow, 0.0)[np.minimum(age, len(blow))] * spread(np.append(0.0, loud))


def _blow(drum: Drum, rng: np.random.Generator) -> np.ndarray:
    """One blow; each clip's drum is tuned and damped a little differently."""
    tune, ring, hiss = np.exp((0.08, 0.25, 0.25) * rng.standard_normal(3)) * (1, drum.ring, drum.hiss)
    time = np.arange(int(5 * RATE * max(ring * bool(drum.tone), hiss * bool(drum.noise)))) / RATE
    wave = np.zeros(len(time))
    if drum.tone:
        fallen = drum.sweep * 0.03 * (1 - np.exp(-time / 0.03))
        wave += np.sin(2 * np.pi * tune * (drum.tone * time + fallen)) * np.exp(-time / ring)
    if drum.noise:
        band = signal.sosfilt(_band(*drum.band), rng.standard_normal(len(time)))
        wave += 0.3 * drum.noise * band / band.std() * np.exp(-time / hiss)
    return wave * np.minimum(1, np.arange(len(time), 0, -1) / 200)


@lru_cache(maxsize=64)
def _band(low: float, high: float) -> np.ndarray:
    return signal.butter(2, (low, high), "bandpass", fs=RATE, output="sos")
