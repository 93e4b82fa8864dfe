"""Cheap features that need no training: colours and layout of a picture, the spectrum of a sound. Chapters 4 and 5."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from mmrec_helpers.features.base import Unlearned, checked
from mmrec_helpers.features.spectra import decibels, mel_power
from mmrec_helpers.media import RATE, MediaFault, read_image, read_sound

log = logging.getLogger(__name__)

MELS = 64


class _Statistics(Unlearned):
    """One row a medium, by a function of its own file only.

    n_jobs: processes that share the work, -1 for as many as there are cores; worth their start for thousands of media.
    """

    neutral = ("n_jobs",)

    def __init__(self, n_jobs: int = 1) -> None:
        self.n_jobs = n_jobs

    def one(self, path: Path) -> np.ndarray:
        """The statistics of one file: (d,). Raises MediaFault."""
        raise NotImplementedError

    def transform(self, media: Sequence[Path | None]) -> np.ndarray:
        """The statistics of each medium: (n, d) float32, NaN where there is none; a broken one is warned of."""
        found = Parallel(self.n_jobs)(delayed(self._try)(path) for path in media)
        for fault in (fault for _, fault in found if fault):
            log.warning("%s", fault)
        width = next((len(row) for row, _ in found if row is not None), 1)
        absent = np.full(width, np.nan)
        return np.array([absent if row is None else row for row, _ in found], np.float32).reshape(-1, width)

    def _try(self, path: Path | None) -> tuple[np.ndarray | None, MediaFault | None]:
        try:
            return (None if path is None else checked(path, self.one(path))), None
        except MediaFault as fault:
            return None, fault


class PictureStatistics(_Statistics):
    """Colours and layout: means and spreads of RGB and HSV, a histogram of hues, a 4 x 4 grid, edges by direction.

    94 dimensions, from 64 x 64 pixels. Taught in chapter 4.
    """

    modality = "image"

    def one(self, path: Path) -> np.ndarray:
        """The statistics of one picture file: (94,)."""
        return picture_statistics(read_image(path, size=64))


class SoundStatistics(_Statistics):
    """Of a log-mel spectrogram (64 bands, dB): each band's mean, spread, change from frame to frame, quiet and drift.

    The quiet is its 10th percentile in time; the drift is the second half's mean less the first's. 320
    dimensions. Of the order in time only change and drift are kept. Taught in chapter 5.
    """

    modality = "audio"

    def one(self, path: Path) -> np.ndarray:
        """The statistics of one sound file: (320,)."""
        return sound_statistics(read_sound(path, rate=RATE))


def picture_statistics(picture: np.ndarray) -> np.ndarray:
    """See `PictureStatistics`. picture: (h, w, 3) uint8 RGB.

    >>> picture_statistics(np.zeros((64, 64, 3), np.uint8)).shape
    (94,)
    """
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
    pixels = np.concatenate([picture, hsv], axis=2).reshape(-1, 6).astype(np.float64) / 255
    weight = pixels[:, 4] * pixels[:, 5]  # a grey pixel has no hue
    hues = np.histogram(hsv[..., 0], bins=12, range=(0, 180), weights=weight.reshape(hsv.shape[:2]))[0]
    grid = cv2.resize(picture, (4, 4), interpolation=cv2.INTER_AREA).astype(np.float64).ravel() / 255
    return np.concatenate([pixels.mean(0), pixels.std(0), hues / max(weight.sum(), 1e-9), grid, _edges(picture)])


def _edges(picture: np.ndarray) -> np.ndarray:
    """How much edge there is in each of 8 directions, their sum, mirror symmetry, and edges in each of 6 bands."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength, angle = np.hypot(across, down), np.arctan2(down, across) % np.pi
    ways = np.histogram(angle, bins=8, range=(0, np.pi), weights=strength)[0] / strength.size
    bands = [band.mean() for axis in (0, 1) for band in np.array_split(strength, 6, axis=axis)]
    mirror = np.abs(grey - grey[:, ::-1]).mean()
    return np.concatenate([ways, [ways.sum(), mirror], bands])


def sound_statistics(wave: np.ndarray, rate: int = RATE) -> np.ndarray:
    """See `SoundStatistics`. wave: (n,) float32.

    >>> sound_statistics(np.zeros(22050, np.float32)).shape
    (320,)
    """
    bands = decibels(mel_power(wave, rate, n_fft=1024, hop=512, mels=MELS))  # (frames, bands)
    change = np.abs(np.diff(bands, axis=0)).mean(0) if len(bands) > 1 else np.zeros(MELS)
    half = len(bands) // 2
    drift = bands[half:].mean(0) - bands[:max(half, 1)].mean(0)
    return np.concatenate([bands.mean(0), bands.std(0), change, np.percentile(bands, 10, axis=0), drift])
