"""Media through a network: decoded in parallel, batched by length, fetched ahead while it works. Chapter 4."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from mmrec_helpers.features import devices
from mmrec_helpers.features.base import checked
from mmrec_helpers.media import MediaFault

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

log = logging.getLogger(__name__)

Read = Callable[[str | Path], Sequence[np.ndarray]]
"""A medium -> its parts: one picture, the windows of a sound, the sentences of a text, each of its own length."""

LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""Parts whose length ends between the same two of these are batched together, filled up with zeros."""

GROUP = 8
"""Media that TensorFlow has read in one call of Python."""


class NetworkExtractor(TransformerMixin, BaseEstimator):
    """An extractor by a network that sees `batch` parts of media at a time, or as many as the device holds."""

    modality: ClassVar[str]
    shape: ClassVar[tuple[int | None, ...]]
    """Of one part, as `read` gives it and the network sees it."""
    dtype: ClassVar[str]
    batch: int
    device: str
    network_: keras.Model

    def read(self, medium: str | Path) -> Sequence[np.ndarray]:
        """One medium as the network sees it: its parts, each of `shape`. Raises MediaFault."""
        raise NotImplementedError

    def loaded(self) -> keras.Model:
        """The network."""
        return self.network_

    def embedding(self, output: Any) -> Any:
        """What of the network's output is the embedding."""
        return output

    def transform(self, media: Sequence[str | Path | None]) -> np.ndarray:
        """(n, dim) float32, of each medium the mean over its parts; NaN where it is None or cannot be read."""
        with devices.on(self.device):
            network = self.loaded()
            dim = self.embedding(network.output).shape[-1]

            def run(batch: int) -> np.ndarray:
                data = dataset(media, self.read, self.shape, self.dtype, batch)
                return mean_rows(lambda parts: self.embedding(network.predict_on_batch(parts)), data, len(media), dim)

            return devices.fitting(run, self.batch)


def filled(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Parts of several lengths as one array, zeros after the end of a shorter one: (p, longest, ...).

    >>> filled([np.array([1, 2]), np.array([3])]).tolist()
    [[1, 2], [3, 0]]
    """
    whole = np.zeros((len(parts), max(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    for row, part in zip(whole, parts, strict=True):
        row[:len(part)] = part
    return whole


def dataset(media: Sequence[str | Path | None], read: Read, shape: Sequence[int | None], dtype: str,
            batch: int) -> tf.data.Dataset:
    """Batches of (parts, places of their media): one medium may have several parts.

    shape: of one part; where its first axis is None, parts differ in length and go by `LENGTHS`. A medium that is None,
    cannot be read or has a part that is not finite has none; a warning names the latter two. Only a few batches are in
    memory at a time.
    """
    import tensorflow as tf

    def parts(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        each = [one(media[place]) for place in places]
        flat = [part for its in each for part in its]
        found = filled(flat) if flat else np.zeros((0, *(length or 0 for length in shape)), dtype)
        return found, np.repeat(places, [len(its) for its in each]), np.array([len(part) for part in flat], np.int64)

    def one(medium: str | Path) -> list[np.ndarray]:
        try:
            return [checked(medium, part.astype(dtype, copy=False)) for part in read(medium)]
        except MediaFault as fault:
            log.warning("%s", fault)
            return []

    def load(places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        found, its, lengths = tf.numpy_function(parts, [places], (dtype, tf.int64, tf.int64))
        return tf.ensure_shape(found, (None, *shape)), tf.ensure_shape(its, (None,)), tf.ensure_shape(lengths, (None,))

    held = [place for place, medium in enumerate(media) if medium is not None]
    data = tf.data.Dataset.from_tensor_slices(np.array(held, np.int64)).batch(1 if shape[0] is None else GROUP)
    data = data.map(load, num_parallel_calls=os.cpu_count())
    if shape[0] is None:
        sizes = [batch] * (len(LENGTHS) + 1)
        data = data.unbatch().map(lambda part, place, length: (part[:length], place))
        data = data.bucket_by_sequence_length(lambda part, _: tf.shape(part)[0], [one + 1 for one in LENGTHS], sizes)
    else:
        data = data.map(lambda found, its, _: (found, its)).rebatch(batch)
    options = tf.data.Options()
    options.autotune.enabled = False  # it has nothing to choose, and a short run waits for its timer
    return data.prefetch(2).with_options(options)


def mean_rows(embed: Callable[[np.ndarray], np.ndarray], data: tf.data.Dataset, n: int, dim: int) -> np.ndarray:
    """(n, dim) float32: of each medium the mean of what `embed` makes of its parts, NaN where it has none."""
    total, count = np.zeros((n, dim)), np.zeros((n, 1))
    for parts, places in data:
        np.add.at(total, places.numpy(), embed(parts.numpy()))
        np.add.at(count, places.numpy(), 1)
    return np.divide(total, count, out=np.full((n, dim), np.nan), where=count > 0).astype(np.float32)
