"""Where networks are trained: on the GPU where there is one, else on the CPU, by one code path. Taught in chapter 4."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")


def quiet() -> None:
    """Import TensorFlow without its start-up messages; call before it is imported elsewhere.

    A variable TF_CPP_MIN_LOG_LEVEL of 0 or 1 lets them through. Raises ImportError without TensorFlow.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    if "tensorflow" in sys.modules:
        return
    with _mute() if os.environ["TF_CPP_MIN_LOG_LEVEL"] >= "2" else nullcontext():
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextmanager
def _mute() -> Iterator[None]:
    """Nothing that native code writes to file descriptor 2 is seen; Python cannot ask it to be quiet that early."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def devices() -> list[str]:
    """The devices TensorFlow sees, such as `["cpu", "gpu:0"]`. Raises ImportError without TensorFlow."""
    quiet()
    import tensorflow as tf

    return ["cpu", *(f"gpu:{number}" for number, _ in enumerate(tf.config.list_physical_devices("GPU")))]


def choose(wanted: str = "auto") -> str:
    """The device to use for `auto`, `cpu` or `gpu`. Raises ValueError for a GPU that is not there.

    >>> choose("cpu")
    'cpu'
    """
    if wanted == "cpu":
        return "cpu"
    if wanted not in ("auto", "gpu"):
        raise ValueError(f"device {wanted!r}: choose auto, cpu or gpu")
    gpus = [one for one in devices() if one.startswith("gpu")]
    if wanted == "gpu" and not gpus:
        raise ValueError("device 'gpu': TensorFlow sees none here; use auto or cpu, or install the extra gpu (Linux)")
    return gpus[0] if gpus else "cpu"


def precision(device: str) -> str:
    """The dtype policy for a device: half precision where the hardware gains from it, its weights kept whole."""
    return "mixed_float16" if device.startswith("gpu") else "float32"


@contextmanager
def on(wanted: str = "auto") -> Iterator[str]:
    """Build and run networks on the device chosen, in its precision; one code path for all."""
    quiet()
    import keras

    device, before = choose(wanted), keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision(device))
    try:
        with keras.device(device):
            yield device
    finally:
        keras.config.set_dtype_policy(before)


def fitting(run: Callable[[int], T], batch: int) -> T:
    """run(batch), and where the device's memory does not hold it with half of it, down to 1.

    >>> fitting(lambda batch: batch, 32)
    32
    """
    from tensorflow.errors import ResourceExhaustedError

    while True:
        try:
            return run(batch)
        except ResourceExhaustedError:
            if batch == 1:
                raise
            batch //= 2
            log.warning("the device's memory is too small for so many at a time: going on with %d", batch)
