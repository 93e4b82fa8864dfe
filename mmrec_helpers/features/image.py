"""Pictures to vectors: a small CNN that learns to draw the catalogue's own covers again. Taught in chapter 4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.features.networks import TrainedExtractor
from mmrec_helpers.media import read_image

if TYPE_CHECKING:
    import keras


class CoverCNN(TrainedExtractor):
    """A convolutional autoencoder: picture -> dim numbers -> the picture again; the numbers are the embedding.

    Its signal is the pictures themselves (self-supervised): no genre, no listener is seen. So it keeps what takes many
    pixels, colours and large shapes, whether anybody's taste depends on it or not. size: pixels a side; dim: numbers
    kept. Taught in chapter 4. Source: Masci et al. 2011.
    """

    modality = "image"

    def __init__(self, size: int = 64, dim: int = 64, epochs: int = 12, batch: int = 64, seed: int = 0,
                 device: str = "auto") -> None:
        self.size, self.dim, self.epochs, self.batch, self.seed, self.device = size, dim, epochs, batch, seed, device

    def read(self, path: Path) -> np.ndarray:
        """(size, size, 3) uint8 RGB."""
        return read_image(path, size=self.size)

    def lesson(self, arrays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The picture is both question and answer."""
        return arrays, arrays.astype(np.float32) / 255

    def build(self) -> tuple[keras.Model, keras.Model]:
        """Three convolutions of stride 2 down to dim numbers, three transposed ones back."""
        import keras
        from keras import layers

        picture = keras.Input((self.size, self.size, 3))
        x = layers.Rescaling(1 / 255)(picture)
        for filters in (16, 32, 64):
            x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
        shape = x.shape[1:]
        embedding = layers.Dense(self.dim, name="embedding")(layers.Flatten()(x))
        x = layers.Reshape(shape)(layers.Dense(int(np.prod(shape)), activation="relu")(embedding))
        for filters in (32, 16):
            x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu")(x)
        again = layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="sigmoid")(x)
        whole = keras.Model(picture, again)
        whole.compile(optimizer=keras.optimizers.Adam(2e-3), loss="mse")
        return whole, keras.Model(picture, embedding)
