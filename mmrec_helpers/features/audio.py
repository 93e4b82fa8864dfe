"""Sounds to vectors: a small recurrent network that the catalogue's own previews train. Taught in chapter 5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.features.networks import TrainedExtractor
from mmrec_helpers.features.spectra import decibels, mel_power, windows
from mmrec_helpers.media import RATE, read_sound

if TYPE_CHECKING:
    import keras

SECONDS, HOP, MELS = 3.5, 512, 64
FRAMES = 1 + int(SECONDS * RATE) // HOP
WINDOW = 96
"""Frames of a view: 2.2 s."""


class PreviewGRU(TrainedExtractor):
    """A GRU over log-mel frames; the mean and the spread of its states are the embedding, 128 dimensions.

    conv: a convolution over time of stride 2 goes before it, over five frames at once. A sound is cut into windows
    of 3.5 s; its row is the mean of their embeddings. A view is 2.2 s of a window, with noise. See `TrainedExtractor`
    for the other parameters. Taught in chapter 5.
    """

    modality, shape, dtype = "audio", (FRAMES, MELS), "float32"

    def __init__(self, conv: bool = False, units: int = 64, objective: str = "contrastive", epochs: int = 10,
                 batch: int = 64, max_samples: int = 5000, seed: int = 0, device: str = "auto") -> None:
        super().__init__(objective, epochs, batch, max_samples, seed, device)
        self.conv, self.units = conv, units

    def read(self, medium: Path) -> np.ndarray:
        """(windows, frames, mels) float32: log-mel in units of 20 dB, 0 at -50 dB."""
        waves = windows(read_sound(medium, rate=RATE), int(SECONDS * RATE))
        return (decibels(mel_power(waves, RATE, hop=HOP, mels=MELS)) + 50) / 20

    def encoder(self) -> keras.Model:
        """(n, frames, mels) -> (n, 2 units)."""
        import keras
        from keras import layers, ops

        x = frames = keras.Input((None, MELS))
        if self.conv:
            x = layers.Conv1D(self.units, 5, strides=2, padding="same")(x)
            x = layers.ReLU()(layers.BatchNormalization()(x))
        states = layers.GRU(self.units, return_sequences=True, name="states")(x)
        mean = ops.mean(states, axis=1)
        spread = ops.sqrt(ops.maximum(ops.mean(states * states, axis=1) - mean * mean, 1e-6))
        return keras.Model(frames, layers.Concatenate(dtype="float32", name="embedding")([mean, spread]))

    def view(self, parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """2.2 s from somewhere, with noise of 1 dB."""
        start = rng.integers(parts.shape[1] - WINDOW + 1, size=(len(parts), 1))
        cut = parts[np.arange(len(parts))[:, None], start + np.arange(WINDOW)]
        return cut + 0.05 * rng.standard_normal(cut.shape, np.float32)
