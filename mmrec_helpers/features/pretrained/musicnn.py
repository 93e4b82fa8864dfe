"""MusiCNN, a music encoder: filters shaped for timbre and for rhythm, then dense layers. Taught in chapter 5."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.features import devices
from mmrec_helpers.features.base import read_each
from mmrec_helpers.features.pretrained.base import CARDS, PretrainedExtractor
from mmrec_helpers.features.pretrained.weights import converted, fill, wheel_folder
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
"""What the network was trained to say of a song, in its order."""


class MusiCNN(PretrainedExtractor):
    """Sounds to 200 numbers, the last layer before the tags; the mean over patches of three seconds.

    A shorter sound is repeated. Taught in chapter 5. Source: Pons & Serra 2019, musicnn.
    """

    modality, card = "audio", CARDS["musicnn"]

    def embed(self, media: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
        """(n, 200) of the sounds that can be read."""
        patches, readable = read_each(media, lambda path: log_mel_patches(read_sound(path, rate=RATE)))
        if not len(readable):
            return np.zeros((0, self.card.dim), np.float32), readable
        rows, _ = self.loaded().predict(np.concatenate(patches), batch_size=self.batch, verbose=0)
        ends = np.cumsum([len(one) for one in patches])
        return np.array([part.mean(axis=0) for part in np.split(rows, ends[:-1])]), readable

    def tags(self, path: Path) -> dict[str, float]:
        """How likely each tag is for one sound, likeliest first. Raises MediaFault."""
        _, likely = self.loaded().predict(log_mel_patches(read_sound(path, rate=RATE)), verbose=0)
        order = np.argsort(-likely.mean(axis=0))
        return {TAGS[place]: float(likely.mean(axis=0)[place]) for place in order}

    def network(self) -> keras.Model:
        """The network with its weights, converted on first use."""
        return fill(layers_of_musicnn(), converted("musicnn-0.1.0-msd", _checkpoint))


def log_mel_patches(wave: np.ndarray) -> np.ndarray:
    """log10(1 + 10000 mel) in patches: (n,) at 16 kHz -> (patches, 187, 96) float32.

    >>> log_mel_patches(np.zeros(16_000, np.float32)).shape
    (1, 187, 96)
    """
    import librosa

    mel = librosa.feature.melspectrogram(y=wave, sr=RATE, hop_length=HOP, n_fft=FFT, n_mels=MELS).T
    frames = np.log10(1 + 10_000 * mel).astype(np.float32)
    if len(frames) < FRAMES:
        frames = np.resize(frames, (FRAMES, MELS))
    whole = len(frames) // FRAMES * FRAMES
    return frames[:whole].reshape(-1, FRAMES, MELS)


def layers_of_musicnn() -> keras.Model:
    """(n, 187, 96) -> the penultimate layer (n, 200) and the tags (n, 50)."""
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
    return keras.Model(frames, [last, tags], name="musicnn")


def _checkpoint() -> dict[str, np.ndarray]:
    """The wheel's TensorFlow 1 checkpoint; its files have no name before the dot, which the reader cannot take."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        for part in (".index", ".data-00000-of-00001"):
            shutil.copyfile(wheel_folder("musicnn") / "MSD_musicnn" / part, Path(folder) / f"model{part}")
        reader = tf.compat.v1.train.NewCheckpointReader(str(Path(folder) / "model"))
        return {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()
                if "/" in name and "Adam" not in name}
