"""Where networks are trained: on the GPU where there is one, else on the CPU, by one code path. Taught in chapter 4."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext


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
