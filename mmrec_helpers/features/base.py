"""What extractors share that have nothing to learn. Taught in chapter 3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Self

from sklearn.base import BaseEstimator, TransformerMixin


class Unlearned(TransformerMixin, BaseEstimator):
    """An extractor whose rows each come from one medium only: `fit` learns nothing, there is nothing to save."""

    learns, labelled = False, False

    def fit(self, media: Sequence[str | Path | None], y: object = None) -> Self:
        """Nothing to learn."""
        return self

    def save(self, folder: str | Path) -> None:
        """Nothing was learnt, nothing is written."""

    def load(self, folder: str | Path) -> Self:
        """Nothing was written, nothing is read."""
        return self
