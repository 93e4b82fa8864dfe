"""Sounds to vectors: a small GRU that learns to foretell the catalogue's own previews. Taught in chapter 5."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import librosa
import numpy as np

from mmrec_helpers.features.networks import TrainedExtractor
from mmrec_helpers.media import read_sound

if TYPE_CHECKING:
    import keras

RATE = 22_050
AHEAD = 2
"""Frames ahead that the network foretells: the very next one is almost the same as the last."""


class PreviewGRU(TrainedExtractor):
    """A recurrent network over log-mel frames; its states' mean and spread over time are the embedding.

    Its signal is the sound itself (self-supervised): from the frames up to t it foretells frame t + 2. No genre, no
    listener is seen. units: size of the state, so the embedding has 2 * units numbers; seconds: what is heard of a
    sound, shorter ones are repeated. Taught in chapter 5. Source: Oord et al. 2018 (the idea of foretelling).
    """

    modality = "audio"

    def __init__(self, units: int = 64, seconds: float = 3.5, mels: int = 64, epochs: int = 8, batch: int = 32,
                 seed: int = 0, device: str = "auto") -> None:
        self.units, self.seconds, self.mels = units, seconds, mels
        self.epochs, self.batch, self.seed, self.device = epochs, batch, seed, device

    def read(self, path: Path) -> np.ndarray:
        """(frames, mels) float32: log-mel in units of 20 dB, 0 at -40 dB."""
        wave = np.resize(read_sound(path, rate=RATE), int(self.seconds * RATE))
        mel = librosa.feature.melspectrogram(y=wave, sr=RATE, n_fft=2048, hop_length=1024, n_mels=self.mels)
        return ((librosa.power_to_db(mel, ref=1.0, amin=1e-6, top_db=None).T + 10) / 20).astype(np.float32)

    def lesson(self, arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All frames but the last ones, and for each the frame two later."""
        return arrays[:, :-AHEAD], arrays[:, AHEAD:]

    def build(self) -> tuple[keras.Model, keras.Model]:
        """A GRU that returns its state at every frame, a dense layer that foretells from it."""
        import keras
        from keras import layers, ops

        frames = keras.Input((None, self.mels))
        states = layers.GRU(self.units, return_sequences=True)(frames)
        whole = keras.Model(frames, layers.Dense(self.mels)(states))
        whole.compile(optimizer=keras.optimizers.Adam(3e-3), loss="mse")
        mean = layers.GlobalAveragePooling1D()(states)
        square = layers.GlobalAveragePooling1D()(layers.Multiply()([states, states]))
        spread = ops.sqrt(ops.maximum(square - mean * mean, 1e-8))
        return whole, keras.Model(frames, layers.Concatenate(name="embedding")([mean, spread]))
