"""Pictures to vectors: a small CNN that the catalogue's own covers train. Taught in chapter 4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.features.networks import TrainedExtractor
from mmrec_helpers.media import read_image

if TYPE_CHECKING:
    import keras

SIZE, FILTERS = 64, (16, 32, 64)


class CoverCNN(TrainedExtractor):
    """Three convolutions of stride 2; the mean and the maximum over the last maps are the embedding, 128 dimensions.

    A view is the picture mirrored, rotated, scaled and shifted a little, with noise. See `TrainedExtractor` for the
    parameters. Taught in chapter 4.
    """

    modality, shape, dtype = "image", (SIZE, SIZE, 3), "uint8"

    def read(self, medium: Path) -> np.ndarray:
        """(1, 64, 64, 3) uint8 RGB."""
        return read_image(medium, size=SIZE)[None]

    def encoder(self) -> keras.Model:
        """(n, 64, 64, 3) in 0 to 255 -> (n, 128)."""
        import keras
        from keras import layers

        picture = keras.Input(self.shape)
        x = layers.Rescaling(1 / 127.5, -1)(picture)
        for number, filters in enumerate(FILTERS):
            x = layers.Conv2D(filters, 3, strides=2, padding="same", name=f"conv{number}")(x)
            x = layers.ReLU(name=f"map{number}")(layers.BatchNormalization()(x))
        pooled = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
        return keras.Model(picture, layers.Concatenate(dtype="float32", name="embedding")(pooled))

    def view(self, parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Mirrored or not; rotated by 10 degrees, scaled and shifted by a tenth, at most; noise of 8 levels of 255."""
        moved = np.stack([_moved(picture, rng) for picture in parts])
        return moved + 8 * rng.standard_normal(moved.shape, np.float32)


def _moved(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    import cv2

    turn, size = rng.uniform(-10, 10), rng.uniform(0.9, 1.1)
    matrix = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), turn, size)
    matrix[:, 2] += rng.uniform(-0.1, 0.1, 2) * SIZE
    moved = cv2.warpAffine(picture, matrix, (SIZE, SIZE), borderMode=cv2.BORDER_REFLECT)
    return moved[:, ::-1] if rng.random() < 0.5 else moved
