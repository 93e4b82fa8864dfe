"""What extractors share that have nothing to learn, and how media are read past those that cannot be. Chapter 3."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from mmrec_helpers.media import MediaFault

log = logging.getLogger(__name__)


class Unlearned(TransformerMixin, BaseEstimator):
    """An extractor whose rows each come from one medium only: `fit` learns nothing, there is nothing to save."""

    learns = False

    def fit(self, media: Sequence[str | Path | None], y: object = None) -> Self:
        """Nothing to learn."""
        return self

    def save(self, folder: str | Path) -> None:
        """Nothing was learnt, nothing is written."""

    def load(self, folder: str | Path) -> Self:
        """Nothing was written, nothing is read."""
        return self


def read_each(media: Sequence[Path | None],
              read: Callable[[Path], np.ndarray]) -> tuple[list[np.ndarray], np.ndarray]:
    """What `read` makes of each medium that is there and can be read, and their places; the others are warned of.

    >>> read_each([None, Path("nowhere.jpg")], lambda path: np.zeros(3))
    ([array([0., 0., 0.])], array([1]))
    """
    arrays, places = [], []
    for place, path in enumerate(media):
        try:
            if path is not None:
                arrays.append(read(path))
                places.append(place)
        except MediaFault as fault:
            log.warning("%s", fault)
    return arrays, np.array(places, int)
