"""What an extractor is, and what those share that learn nothing. Taught in chapter 3."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from mmrec_helpers.media.faults import MediaFault

Medium = str | Path | None
"""A text, a file, or nothing."""


class Extractor(Protocol):
    """A scikit-learn transformer of media: texts or paths or None -> (n, d) float32, NaN where absent."""

    modality: str
    learns: bool
    """Whether `fit` learns from the media: then its rows depend on them all."""
    labelled: bool
    """Whether `fit` learns from the items' categories too."""
    neutral: tuple[str, ...]
    """Parameters that do not change a row, such as the device."""

    def get_params(self) -> dict[str, object]:
        """The constructor's arguments."""

    def fit(self, media: Sequence[Medium], y: Sequence[object] | None = None) -> Self:
        """Learn from media, and from their categories y if `labelled`."""

    def transform(self, media: Sequence[Medium]) -> np.ndarray:
        """One row a medium."""

    def save(self, folder: str | Path) -> None:
        """Write what was learned."""

    def load(self, folder: str | Path) -> Self:
        """Read what was learned."""


class Unlearned(TransformerMixin, BaseEstimator):
    """An extractor whose rows each come from one medium only: `fit` learns nothing, there is nothing to save."""

    learns, labelled = False, False

    def fit(self, media: Sequence[str | Path | None], y: object = None) -> Self:
        """Nothing to learn."""
        return self

    def save(self, folder: str | Path) -> None:
        """Nothing was learned, nothing is written."""

    def load(self, folder: str | Path) -> Self:
        """Nothing was written, nothing is read."""
        return self


def checked(medium: str | Path, found: np.ndarray) -> np.ndarray:
    """What was read of a medium. Raises MediaFault where it is not finite: one NaN spoils the training of a network."""
    if not np.isfinite(found).all():
        raise MediaFault(medium, "not finite")
    return found
