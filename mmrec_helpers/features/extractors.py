"""Every extractor by a name, for commands and configurations; a module is imported when it is needed. Chapter 3."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmrec_helpers.features.base import Extractor

CATEGORIES, DEPTHS = {"objective": "category"}, {"every_depth": True}

EXTRACTORS: dict[str, dict[str, tuple[str, dict[str, object]]]] = {
    "text": {"tfidf": ("text:TfidfText", {}), "tfidf-200": ("text:TfidfText", {"n_components": 200}),
             "glove": ("pretrained.glove:GloVe", {}), "word-gru": ("text:WordGRU", {}),
             "word-gru-categories": ("text:WordGRU", CATEGORIES), "minilm": ("pretrained.minilm:MiniLM", {})},
    "image": {"picture-statistics": ("statistics:PictureStatistics", {}), "cover-cnn": ("image:CoverCNN", {}),
              "cover-cnn-categories": ("image:CoverCNN", CATEGORIES),
              "efficientnet-lite0": ("pretrained.efficientnet:EfficientNetLite0", {}),
              "efficientnet-lite0-depths": ("pretrained.efficientnet:EfficientNetLite0", DEPTHS)},
    "audio": {"sound-statistics": ("statistics:SoundStatistics", {}), "preview-gru": ("audio:PreviewGRU", {}),
              "preview-gru-categories": ("audio:PreviewGRU", CATEGORIES),
              "conv-gru": ("audio:PreviewGRU", {"conv": True}),
              "conv-gru-categories": ("audio:PreviewGRU", {"conv": True, **CATEGORIES}),
              "musicnn": ("pretrained.musicnn:MusiCNN", {}), "musicnn-depths": ("pretrained.musicnn:MusiCNN", DEPTHS)}}
"""Modality -> name -> its module and class, its settings. The first of each is the cheapest, the default."""


def by_name(modality: str, name: str | None = None, device: str = "auto") -> Extractor:
    """An extractor on this device, with the settings of its name. Raises ValueError naming what there is.

    >>> by_name("text").modality
    'text'
    >>> by_name("image", "vgg")
    Traceback (most recent call last):
    ValueError: no extractor 'vgg' of image; there are picture-statistics, cover-cnn, ... efficientnet-lite0-depths
    """
    names = EXTRACTORS.get(modality)
    if names is None:
        raise ValueError(f"no modality {modality!r}; there are {', '.join(EXTRACTORS)}")
    name = name or next(iter(names))
    if name not in names:
        raise ValueError(f"no extractor {name!r} of {modality}; there are {', '.join(names)}")
    place, settings = names[name]
    module, _, kind = place.partition(":")
    made = getattr(importlib.import_module(f"mmrec_helpers.features.{module}"), kind)(**settings)
    return made.set_params(device=device) if "device" in made.get_params() else made


def name_of(extractor: Extractor) -> str:
    """The name that `by_name` makes such an extractor from; of one that is not in `EXTRACTORS`, its class's.

    >>> name_of(by_name("text", "tfidf-200"))
    'tfidf-200'
    """
    params, kind = extractor.get_params(), type(extractor)
    found = [(len(settings), name) for names in EXTRACTORS.values() for name, (place, settings) in names.items()
             if f"mmrec_helpers.features.{place}" == f"{kind.__module__}:{kind.__name__}"
             and settings.items() <= params.items()]
    return max(found)[1] if found else kind.__name__
