"""Every extractor by a name, for commands and configurations; a room is imported when it is asked for. Chapter 3."""

from __future__ import annotations

import importlib

from mmrec_helpers.features.store import Extractor

PLACES: dict[str, dict[str, str]] = {
    "text": {"tfidf": "text:TfidfText", "minilm": "pretrained.minilm:MiniLM"},
    "image": {"picture-statistics": "statistics:PictureStatistics", "cover-cnn": "image:CoverCNN",
              "efficientnet-lite0": "pretrained.efficientnet:EfficientNetLite0"},
    "audio": {"sound-statistics": "statistics:SoundStatistics", "preview-gru": "audio:PreviewGRU",
              "musicnn": "pretrained.musicnn:MusiCNN"}}
"""Modality -> name -> where it stands. The first of each is the cheapest, the default."""


def by_name(modality: str, name: str | None = None, device: str = "auto") -> Extractor:
    """An extractor with its default settings on this device. Raises ValueError naming what there is.

    >>> by_name("text").modality
    'text'
    >>> by_name("image", "vgg")
    Traceback (most recent call last):
    ValueError: no extractor 'vgg' of image; there are picture-statistics, cover-cnn, efficientnet-lite0
    """
    names = PLACES.get(modality)
    if names is None:
        raise ValueError(f"no modality {modality!r}; there are {', '.join(PLACES)}")
    name = name or next(iter(names))
    if name not in names:
        raise ValueError(f"no extractor {name!r} of {modality}; there are {', '.join(names)}")
    room, _, kind = names[name].partition(":")
    made = getattr(importlib.import_module(f"mmrec_helpers.features.{room}"), kind)()
    return made.set_params(device=device) if "device" in made.get_params() else made
