"""What the trained extractors share: read media, train on what is there, give NaN where nothing is. Chapter 4."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from mmrec_helpers.features import devices
from mmrec_helpers.features.base import read_each

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)


class TrainedExtractor(TransformerMixin, BaseEstimator):
    """A Keras network that learns from a catalogue's own media, without labels; a subclass says which.

    A subclass has `read(path) -> array`, `build() -> (whole network, the part that gives the embedding)` and
    `lesson(arrays) -> (inputs, targets)`.
    """

    modality: str
    learns, neutral = True, ("device",)
    network_: keras.Model

    def read(self, path: Path) -> np.ndarray:
        """One medium as the network sees it."""
        raise NotImplementedError

    def build(self) -> tuple[keras.Model, keras.Model]:
        """The network to train, and the part of it that gives the embedding."""
        raise NotImplementedError

    def lesson(self, arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """What the network is shown and what it is to answer."""
        raise NotImplementedError

    def fit(self, media: Sequence[Path | None], y: object = None) -> Self:
        """Train on every medium that can be read. Raises ValueError where there is none."""
        devices.quiet()
        import keras

        arrays, rows = self._read_all(media)
        if not len(rows):
            raise ValueError(f"no {self.modality} to learn from")
        keras.utils.set_random_seed(self.seed)
        with keras.device(devices.choose(self.device)):
            whole, self.network_ = self.build()
            inputs, targets = self.lesson(arrays)
            done = whole.fit(inputs, targets, batch_size=self.batch, epochs=self.epochs, verbose=0)
        self.losses_ = np.array(done.history["loss"])
        return self

    def transform(self, media: Sequence[Path | None]) -> np.ndarray:
        """(n, dim) float32; NaN where a medium is None or cannot be read."""
        import keras

        arrays, present = self._read_all(media)
        rows = np.full((len(media), self.network_.output_shape[-1]), np.nan, np.float32)
        if len(present):
            with keras.device(devices.choose(self.device)):
                rows[present] = self.network_.predict(arrays, batch_size=self.batch, verbose=0)
        return rows

    def save(self, folder: str | Path) -> None:
        """Write the part that gives the embedding."""
        self.network_.save(Path(folder) / "network.keras")
        np.save(Path(folder) / "losses.npy", self.losses_)

    def load(self, folder: str | Path) -> Self:
        """Read what `save` wrote."""
        devices.quiet()
        import keras

        self.network_ = keras.saving.load_model(Path(folder) / "network.keras")
        self.losses_ = np.load(Path(folder) / "losses.npy", allow_pickle=False)
        return self

    def _read_all(self, media: Sequence[Path | None]) -> tuple[np.ndarray, np.ndarray]:
        """The media that can be read, stacked, and their row numbers."""
        arrays, rows = read_each(media, self.read)
        return np.array(arrays), rows
