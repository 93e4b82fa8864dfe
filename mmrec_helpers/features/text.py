"""Texts to vectors: words counted (TF-IDF, SVD), or read one after the other by a GRU. Taught in chapter 3."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from mmrec_helpers.features.networks import TrainedExtractor
from mmrec_helpers.features.pretrained import glove

if TYPE_CHECKING:
    import keras


class TfidfText(TransformerMixin, BaseEstimator):
    """Words counted, rare ones weighed more (TF-IDF), then the strongest directions of the counts (truncated SVD).

    analyzer: "word", or "char_wb" for letters within words, or "char" for a script without spaces; ngrams: how many in
    a row are counted together, from and to; min_df: a word must appear in so many texts; n_components: directions kept,
    at most. Learns from the catalogue's own texts, without labels. An absent text's row is NaN. Taught in chapter 3.

    >>> texts = ["rain on the sea", "rain and wind on the sea", "city lights", None]
    >>> TfidfText(n_components=2, min_df=1).fit(texts).transform(texts).shape
    (4, 2)
    """

    modality, learns, labelled, neutral = "text", True, False, ()

    def __init__(self, n_components: int = 100, min_df: int = 2, analyzer: str = "word",
                 ngrams: tuple[int, int] = (1, 1), seed: int = 0) -> None:
        self.n_components, self.min_df, self.analyzer, self.ngrams = n_components, min_df, analyzer, ngrams
        self.seed = seed

    def fit(self, media: Sequence[str | None], y: object = None) -> Self:
        """Learn the vocabulary, the weights of the words and the directions. Raises ValueError without any text."""
        texts = [text for text in media if text is not None]
        if not texts:
            raise ValueError("no text to learn from")
        vectoriser = self._vectoriser(min_df=min(self.min_df, len(texts)))
        counts = vectoriser.fit_transform(texts)
        self.words_, self.idf_ = vectoriser.get_feature_names_out().tolist(), vectoriser.idf_
        n_components = min(self.n_components, counts.shape[1] - 1, counts.shape[0] - 1)
        if n_components < 1:
            self.components_ = np.eye(1, counts.shape[1])
            return self
        svd = TruncatedSVD(n_components, algorithm="arpack", random_state=self.seed)  # whatever the texts' order
        self.components_ = svd.fit(counts).components_
        return self

    def transform(self, media: Sequence[str | None]) -> np.ndarray:
        """(n, components) float32; NaN where a text is None."""
        vectoriser = self._vectoriser(vocabulary={word: place for place, word in enumerate(self.words_)})
        vectoriser.idf_ = self.idf_
        counts = vectoriser.transform([text or "" for text in media])
        rows = np.asarray(counts @ self.components_.T, np.float32)
        rows[[text is None for text in media]] = np.nan
        return rows

    def save(self, folder: str | Path) -> None:
        """Write the vocabulary as JSON, the arrays as npz."""
        folder = Path(folder)
        (folder / "words.json").write_text(json.dumps(self.words_, ensure_ascii=False), encoding="utf-8")
        np.savez(folder / "arrays.npz", idf=self.idf_, components=self.components_)

    def load(self, folder: str | Path) -> Self:
        """Read what `save` wrote."""
        self.words_ = json.loads((Path(folder) / "words.json").read_text(encoding="utf-8"))
        with np.load(Path(folder) / "arrays.npz", allow_pickle=False) as arrays:
            self.idf_, self.components_ = arrays["idf"], arrays["components"]
        return self

    def _vectoriser(self, **options: object) -> TfidfVectorizer:
        return TfidfVectorizer(sublinear_tf=True, strip_accents="unicode", analyzer=self.analyzer,
                               ngram_range=self.ngrams, **options)


class WordGRU(TrainedExtractor):
    """A GRU over GloVe's vectors of a text's words; the mean and the maximum of its states are the embedding, 128.

    The vectors stay as they came, only the GRU learns. A view leaves out every third word at random. See
    `TrainedExtractor` for the parameters. Taught in chapter 3.
    """

    modality, shape, dtype = "text", (None, glove.DIM), "float32"

    def read(self, medium: str) -> np.ndarray:
        """(1, words, 50) float32."""
        return glove.vectors(medium)[None]

    def encoder(self) -> keras.Model:
        """(n, words, 50), zeros after a text's end -> (n, 128)."""
        import keras
        from keras import layers, ops

        words = keras.Input(self.shape)
        there = ops.any(words != 0, axis=-1)
        states = layers.GRU(64, return_sequences=True)(words, mask=there)
        weight = ops.cast(there, states.dtype)[..., None]
        mean = ops.sum(states * weight, axis=1) / ops.maximum(ops.sum(weight, axis=1), 1)
        largest = ops.max(ops.where(there[..., None], states, -1.0), axis=1)  # states lie between -1 and 1
        return keras.Model(words, layers.Concatenate(dtype="float32", name="embedding")([mean, largest]))

    def view(self, parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Two words of three, at random; the others are zeros."""
        return parts * (rng.random((*parts.shape[:2], 1)) < 2 / 3).astype(np.float32)
