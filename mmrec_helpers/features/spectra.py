"""Sound as a picture of time and pitch: mel spectrograms, of a batch of clips at once. Taught in chapter 5."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft, sparse

BLOCK = 1 << 18
"""Samples of frames worked on at a time: few enough to stay in the processor's cache."""


def mel_power(waves: np.ndarray, rate: int, n_fft: int = 2048, hop: int = 512, mels: int = 64) -> np.ndarray:
    """Power in each mel band, frame by frame: (..., t) samples -> (..., 1 + t // hop, mels) float32.

    P = |FFT(window * frame)|², then mel = P @ filters: what `librosa.feature.melspectrogram` computes for one clip
    (frames centred, padded with zeros), turned, with window and filters made once and not for every clip.

    >>> mel_power(np.zeros((3, 22050), np.float32), 22050).shape
    (3, 44, 64)
    """
    *clips, t = waves.shape
    padded = np.pad(waves.reshape(-1, t), ((0, 0), (n_fft // 2, n_fft // 2))).astype(np.float32, copy=False)
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft, axis=1)[:, ::hop]
    step = max(BLOCK // n_fft, 1)
    return np.stack([np.concatenate([_mel(clip[start:start + step], rate, mels) for start in range(0, len(clip), step)])
                     for clip in frames]).reshape(*clips, -1, mels)


def _mel(frames: np.ndarray, rate: int, mels: int) -> np.ndarray:
    """(frames, n_fft) -> (frames, mels)."""
    window, filters = _window_and_filters(rate, frames.shape[1], mels)
    squared = fft.rfft(frames * window, axis=1).view(np.float32)
    np.square(squared, out=squared)  # real and imaginary parts by turns
    return (squared[:, ::2] + squared[:, 1::2]) @ filters


@lru_cache(maxsize=8)
def _window_and_filters(rate: int, n_fft: int, mels: int) -> tuple[np.ndarray, sparse.csc_array]:
    """The Hann window (n_fft,) and the mel filters (1 + n_fft // 2, mels), float32.

    Each frequency is heard by two filters at most, so they are sparse; and a sparse product, unlike OpenBLAS's, does
    not make two threads wait for each other.
    """
    import librosa

    window = librosa.filters.get_window("hann", n_fft).astype(np.float32)
    return window, sparse.csc_array(librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=mels).T)


def decibels(power: np.ndarray, floor: float = 1e-8) -> np.ndarray:
    """10 log10 of the power, nothing quieter than `floor`.

    >>> decibels(np.array([1.0, 0.1, 0.0])).tolist()
    [0.0, -10.0, -80.0]
    """
    return 10 * np.log10(np.maximum(power, floor))


def windows(sound: np.ndarray, length: int) -> np.ndarray:
    """A sound in whole windows, a rest left out; a shorter one is repeated: (t, ...) -> (windows, length, ...).

    >>> windows(np.arange(5), 2).tolist(), windows(np.arange(2), 3).tolist()
    ([[0, 1], [2, 3]], [[0, 1, 0]])
    """
    if len(sound) < length:
        return np.resize(sound, (1, length, *sound.shape[1:]))
    return sound[:len(sound) // length * length].reshape(-1, length, *sound.shape[1:])
