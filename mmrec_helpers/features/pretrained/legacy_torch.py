"""Weights from an old PyTorch file (.pth before version 1.6), without PyTorch and without running what it holds.

Such a file is five pickles (a magic number, a version, the system, the weights' descriptions, the storages' keys) and
then each storage's raw values. A pickle can call anything; this reader admits four names and refuses the rest.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from pathlib import Path
from typing import BinaryIO

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C


class Refused(pickle.UnpicklingError):
    """The file asks for something that weights do not need."""


class _Described:
    """A tensor as the pickle describes it: a storage's key, where in it, shape, strides."""

    def __init__(self, storage: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...],
                 *_: object) -> None:
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def read(self, storages: dict[str, np.ndarray]) -> np.ndarray:
        """The values, by the strides: a tensor may lie transposed in its storage."""
        values = storages[self.storage][self.offset:]
        steps = [stride * values.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(values, self.shape, steps, writeable=False).copy()


ADMITTED = {("collections", "OrderedDict"): OrderedDict, ("torch._utils", "_rebuild_tensor_v2"): _Described,
            ("torch", "FloatStorage"): np.dtype("<f4"), ("torch", "LongStorage"): np.dtype("<i8")}


class _Unpickler(pickle.Unpickler):
    """Admits what descriptions of weights are made of."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.types: dict[str, np.dtype] = {}

    def find_class(self, module: str, name: str) -> object:
        """One of four names. Raises Refused for any other."""
        if (module, name) not in ADMITTED:
            raise Refused(f"{module}.{name} has no place in a file of weights")
        return ADMITTED[module, name]

    def persistent_load(self, identity: tuple) -> str:
        """A storage's key; its type is remembered."""
        _, kind, key, *_ = identity
        self.types[key] = kind
        return key


def load(path: str | Path) -> dict[str, np.ndarray]:
    """The weights of a file: name -> array. Raises Refused or UnpicklingError; nothing of the file is run."""
    with Path(path).open("rb") as file:
        if _Unpickler(file).load() != MAGIC:
            raise Refused(f"{Path(path).name}: not a PyTorch file of the old kind")
        _Unpickler(file).load(), _Unpickler(file).load()
        described = _Unpickler(file)
        weights = described.load()
        storages = {}
        for key in _Unpickler(file).load():
            length = int(np.fromfile(file, "<i8", 1)[0])
            storages[key] = np.fromfile(file, described.types[key], length)
    return {name: one.read(storages) for name, one in weights.items() if isinstance(one, _Described)}
