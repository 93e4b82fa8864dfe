"""MusiCNN, a music encoder: filters shaped for timbre and for rhythm, then dense layers. Taught in chapter 5."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.features import devices
from mmrec_helpers.features.pretrained.base import CARDS, DeepExtractor
from mmrec_helpers.features.pretrained.weights import converted, fill, wheel_folder
from mmrec_helpers.features.spectra import mel_power, windows
from mmrec_helpers.media import read_sound

if TYPE_CHECKING:
    import keras

RATE, HOP, FFT, MELS = 16_000, 256, 512, 96
FRAMES = 187
"""Of one patch: three seconds."""

TAGS = ("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock",
        "jazz", "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "Mellow",
        "electronica", "80s", "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient",
        "acoustic", "experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening",
        "sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad",
        "House", "happy")
"""The tags that the network was trained to predict, in its order."""


class MusiCNN(DeepExtractor):
    """Sounds to 200 dimensions, the last layer before the tags; the mean over patches of three seconds.

    every_depth: before them the mean and the spread over time of each of four depths, 1,706 dimensions.
    A shorter sound is repeated. Taught in chapter 5. Source: Pons & Serra 2019, musicnn.
    """

    modality, card, shape, dtype = "audio", CARDS["musicnn"], (FRAMES, MELS), "float32"

    def read(self, medium: Path) -> np.ndarray:
        """(patches, 187, 96) float32."""
        return log_mel_patches(read_sound(medium, rate=RATE))

    def tags(self, path: Path) -> dict[str, float]:
        """How likely each tag is for one sound, likeliest first. Raises MediaFault."""
        likely = np.asarray(self.loaded().predict_on_batch(self.read(path))["tags"]).mean(axis=0)
        return {TAGS[place]: float(likely[place]) for place in np.argsort(-likely)}

    def network(self) -> keras.Model:
        """The network with its weights, converted on first use."""
        return fill(layers_of_musicnn(), converted("musicnn-0.1.0-msd", _checkpoint))


def log_mel_patches(wave: np.ndarray) -> np.ndarray:
    """log10(1 + 10000 mel) in patches: (n,) at 16 kHz -> (patches, 187, 96) float32.

    >>> log_mel_patches(np.zeros(16_000, np.float32)).shape
    (1, 187, 96)
    """
    return windows(np.log10(1 + 10_000 * mel_power(wave, RATE, n_fft=FFT, hop=HOP, mels=MELS)), FRAMES)


def layers_of_musicnn() -> keras.Model:
    """(n, 187, 96) -> the penultimate layer `last` (n, 200), `every` (n, 1706) and the tags (n, 50)."""
    devices.quiet()
    import keras
    from keras import layers, ops

    names: dict[str, int] = {}

    def name(kind: str) -> str:
        number = names[kind] = names.get(kind, -1) + 1
        return f"{kind}_{number}" if number else kind

    def norm(x: keras.KerasTensor) -> keras.KerasTensor:
        return layers.BatchNormalization(epsilon=1e-3, name=name("batch_normalization"))(x)

    frames = keras.Input((FRAMES, MELS))
    picture = norm(layers.Reshape((FRAMES, MELS, 1))(frames))
    padded = layers.ZeroPadding2D(((3, 3), (0, 0)))(picture)
    seen = []
    for source, filters, kernel, padding in (
            (padded, 204, (7, 38), "valid"), (padded, 204, (7, 67), "valid"),  # timbre: wide in pitch
            (picture, 51, (128, 1), "same"), (picture, 51, (64, 1), "same"), (picture, 51, (32, 1), "same")):  # rhythm
        conv = layers.Conv2D(filters, kernel, padding=padding, activation="relu", name=name("conv2d"))(source)
        seen.append(ops.max(norm(conv), axis=2))
    front = layers.Concatenate()(seen)
    deep = [norm(layers.Conv1D(64, 7, padding="same", activation="relu", name=name("conv2d"))(front))]
    for _ in range(2):
        conv = layers.Conv1D(64, 7, padding="same", activation="relu", name=name("conv2d"))(deep[-1])
        deep.append(norm(conv) + deep[-1])
    every = layers.Concatenate()([front, *deep])
    pooled = layers.Flatten()(ops.stack([ops.max(every, axis=1), ops.mean(every, axis=1)], axis=-1))
    last = norm(layers.Dense(200, activation="relu", name=name("dense"))(norm(pooled)))
    tags = layers.Dense(len(TAGS), activation="sigmoid", name=name("dense"))(last)
    mean = ops.mean(every, axis=1)
    spread = ops.sqrt(ops.maximum(ops.mean(every * every, axis=1) - mean * mean, 1e-6))
    depths = layers.Concatenate(dtype="float32")([mean, spread, last])
    return keras.Model(frames, {"last": last, "every": depths, "tags": tags}, name="musicnn")


def _checkpoint() -> dict[str, np.ndarray]:
    """The wheel's TensorFlow 1 checkpoint; its files have no name before the dot, which the reader cannot take."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        for part in (".index", ".data-00000-of-00001"):
            shutil.copyfile(wheel_folder("musicnn") / "MSD_musicnn" / part, Path(folder) / f"model{part}")
        reader = tf.compat.v1.train.NewCheckpointReader(str(Path(folder) / "model"))
        return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
                if "/" in name and "Adam" not in name}
