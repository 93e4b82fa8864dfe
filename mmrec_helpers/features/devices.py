"""Where networks are trained: on the GPU where there is one, else on the CPU, by one code path. Taught in chapter 4."""

from __future__ import annotations

import os


def quiet() -> None:
    """Keep TensorFlow's start-up messages to errors; call before it is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")


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
