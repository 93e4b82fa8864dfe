"""Pictures and sounds from files: decoded, or refused with the cause and the fix. Taught in chapters 2, 4 and 5."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mmrec_helpers.media.faults import FIXES, MAX_PIXELS, MIN_SECONDS, MediaFault, opened
from mmrec_helpers.media.pictures import SUFFIXES, picture_header, read_image
from mmrec_helpers.media.sounds import RATE, decode, read_sound

__all__ = ["FIXES", "MAX_PIXELS", "MIN_SECONDS", "RATE", "MediaFault", "notes", "read_image", "read_sound"]

CLIPPED = 0.005
"""A sound with at least this share of its samples within 1 % of full scale is clipped. Music that just touches full
scale has a tenth of it or less, music driven 6 dB over it more; a pure tone at full scale counts as clipped."""


def notes(path: str | Path, rate: int = RATE) -> list[str]:
    """What is odd about a medium that can be used all the same; its content decides whether it is a picture or a sound.

    "mislabelled picture": the suffix is another format's; it is read by its content. "clipped sound": see `CLIPPED`;
    it is read as it is. "other rate": not `rate`, or not one channel; it is down-mixed and resampled when read.
    Raises MediaFault where the file is neither picture nor sound. Taught in chapter 2.
    """
    path = Path(path)
    with opened(path, "not a sound") as file:
        header = picture_header(path, file)
    if header is not None:
        suffix = path.suffix.lower()
        return ["mislabelled picture"] if suffix and suffix not in SUFFIXES[header.format] else []
    counts, own_rate, channels = decode(path, lambda block: (np.count_nonzero(np.abs(block) >= 0.99), block.size))
    loud, samples = np.sum(counts, axis=0)
    return ["clipped sound"] * bool(loud >= CLIPPED * samples) + ["other rate"] * (own_rate != rate or channels != 1)
