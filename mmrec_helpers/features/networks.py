"""What the trained extractors share: two objectives, training, rows of NaN. Taught in chapters 3 to 5."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from mmrec_helpers.features import devices
from mmrec_helpers.features.batches import NetworkExtractor, dataset, filled

if TYPE_CHECKING:
    import keras

PROJECTION, TEMPERATURE = 64, 0.1
"""Of the contrastive objective: dimensions of the vectors that are compared; what their cosines are divided by."""


class TrainedExtractor(NetworkExtractor):
    """A Keras network that learns from a catalogue's own media. A subclass has `read`, `encoder` and `view`.

    objective: "contrastive", two distorted views of one medium should be closer than those of others (no label is
    used); or "category", the shop's categories are predicted. epochs, batch: how long and how many at a time;
    max_samples: media in the training set, drawn by seed; device: auto, cpu or gpu. No user behaviour is used.
    Source: Chen et al. 2020, SimCLR; Oord et al. 2018, InfoNCE.
    """

    learns, neutral = True, ("device",)

    def __init__(self, objective: str = "contrastive", epochs: int = 10, batch: int = 64, max_samples: int = 5000,
                 seed: int = 0, device: str = "auto") -> None:
        self.objective, self.epochs, self.batch, self.max_samples = objective, epochs, batch, max_samples
        self.seed, self.device = seed, device

    @property
    def labelled(self) -> bool:
        """Whether `fit` needs the items' categories."""
        return self.objective == "category"

    def encoder(self) -> keras.Model:
        """The network that is kept: parts -> (n, dim)."""
        raise NotImplementedError

    def view(self, parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Parts, each distorted at random, so little that it is still the same thing."""
        raise NotImplementedError

    def fit(self, media: Sequence[str | Path | None], y: Sequence[object] | None = None) -> Self:
        """Train; y: the media's categories, None where one is unknown. Raises ValueError where nothing is to learn."""
        devices.quiet()
        import keras

        if self.objective not in ("contrastive", "category"):
            raise ValueError(f"objective {self.objective!r}: choose contrastive or category")
        parts, labels = self._drawn(media, y)
        keras.utils.set_random_seed(self.seed)
        with devices.on(self.device):
            self.network_ = self.encoder()
            whole = self._classifier(int(labels.max()) + 1) if self.labelled else self._contrastive()
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True) if self.labelled else info_nce
            whole.compile(keras.optimizers.Adam(1e-3), loss)
            done = whole.fit(self._batches(parts, labels), epochs=self.epochs, verbose=0, shuffle=False,
                             steps_per_epoch=-(-len(parts) // self.batch))
        self.losses_ = np.array(done.history["loss"])
        return self

    def save(self, folder: str | Path) -> None:
        """Write the network, in single precision whatever it was trained in."""
        whole = self.encoder()
        whole.set_weights(self.network_.get_weights())
        whole.save(Path(folder) / "network.keras")
        np.save(Path(folder) / "losses.npy", self.losses_)

    def load(self, folder: str | Path) -> Self:
        """Read what `save` wrote."""
        devices.quiet()
        import keras

        self.network_ = keras.saving.load_model(Path(folder) / "network.keras")
        self.losses_ = np.load(Path(folder) / "losses.npy", allow_pickle=False)
        return self

    def _drawn(self, media: Sequence[str | Path | None], y: Sequence[object] | None) -> tuple[np.ndarray, np.ndarray]:
        """The training set's parts, and the number of each one's category (0 where the objective is contrastive)."""
        if self.labelled and (y is None or pd.isna(np.array(y, object)).all()):
            raise ValueError("objective 'category' needs the items' categories, and there are none; choose contrastive")
        labels = pd.factorize(np.array(y if self.labelled else [""] * len(media), object))[0]
        usable = [place for place, one in enumerate(media) if one is not None and labels[place] >= 0]
        drawn = np.random.default_rng(self.seed).permutation(usable)[:self.max_samples]
        data = dataset([media[place] for place in drawn], self.read, self.shape, self.dtype, 256)
        found = [one for batch in data.as_numpy_iterator() for one in zip(*batch, strict=True)]
        if not found:
            raise ValueError(f"no {self.modality} to learn from")
        parts, places = zip(*found, strict=True)
        return filled(parts), labels[drawn[list(places)]]

    def _batches(self, parts: np.ndarray, labels: np.ndarray) -> Iterator[tuple[object, np.ndarray]]:
        """Batches without end: the network's input, the labels."""
        rng = np.random.default_rng(self.seed)
        while True:
            for chosen in np.array_split(rng.permutation(len(parts)), -(-len(parts) // self.batch)):
                views = [self.view(parts[chosen], rng) for _ in range(1 if self.labelled else 2)]
                yield (views[0] if self.labelled else tuple(views)), labels[chosen]

    def _classifier(self, n: int) -> keras.Model:
        """One view -> the score of each of n categories."""
        import keras

        part = keras.Input(self.network_.input_shape[1:])
        scores = keras.layers.Dense(n, dtype="float32")(self.network_(part))
        return keras.Model(part, scores)

    def _contrastive(self) -> keras.Model:
        """Two views -> their projections side by side."""
        import keras
        from keras import layers

        project = keras.Sequential([layers.Dense(PROJECTION, activation="relu"), layers.Dense(PROJECTION)])
        views = [keras.Input(self.network_.input_shape[1:]) for _ in range(2)]
        pair = layers.Concatenate(dtype="float32")([project(self.network_(view)) for view in views])
        return keras.Model(views, pair)


def info_nce(_: object, pair: keras.KerasTensor) -> keras.KerasTensor:
    """InfoNCE: how well each view finds its other one in a batch.

    pair: (n, 2 d), the two views' projections a_i and b_i side by side. s_ij = cos(a_i, b_j) / TEMPERATURE; the loss is
    the mean of -log softmax(s)_ii over rows and columns; log n where all views are alike. Source: Oord et al. 2018.
    """
    import keras
    from keras import ops

    a, b = (ops.normalize(view, axis=1) for view in ops.split(pair, 2, axis=1))
    likeness = ops.matmul(a, ops.transpose(b)) / TEMPERATURE
    own = ops.arange(ops.shape(likeness)[0])
    both = [keras.losses.sparse_categorical_crossentropy(own, scores, from_logits=True)
            for scores in (likeness, ops.transpose(likeness))]
    return ops.mean(both)
