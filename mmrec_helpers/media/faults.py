"""Why a medium cannot be used, and what to do about it. Taught in chapter 2."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 500_000_000
"""A larger file is refused before it is read: a sparse one can claim any size."""

MAX_PIXELS, MAX_SIDE = 40_000_000, 65_535
"""A larger picture is refused from its header, before it is decoded; no JPEG has a longer side than this."""

MAX_SCANS = 100
"""A progressive JPEG has about 10 scans, and each one is a pass over all of its pixels."""

MIN_SECONDS = 0.05
"""A shorter sound is too short for one frame of a spectrogram."""

MAX_SAMPLES = 200_000_000
"""Of all channels together, 75 minutes of mono at 44.1 kHz; a few megabytes of FLAC can unpack to far more."""

FIXES = {
    "no file": "put the file there, or empty the field",
    "not a regular file": "it is a folder, a pipe or a device: put a file there, or empty the field",
    "file too large": f"save it with {MAX_BYTES // 1_000_000} MB or less, in a compressed format or as an excerpt",
    "empty picture": "the file has 0 bytes: save or download it again",
    "not a picture": "the file holds something else: replace it with a JPEG or PNG",
    "picture too large": f"save it with {MAX_PIXELS // 1_000_000} megapixels or less, no side over {MAX_SIDE}",
    "too many scans": f"it is a progressive JPEG of over {MAX_SCANS} scans: save it again, as a plain one",
    "truncated picture": "the file ends early or is damaged: save or download it again",
    "empty sound": "the file holds no samples: export or download it again",
    "not a sound": "the file cannot be decoded: export it again, as MP3, FLAC, Ogg or WAV",
    "not finite": "it holds NaN or infinity: export it again",
    "sample out of range": "the file is damaged, or its samples are not between -1 and 1: export it again",
    "sound too long": f"save an excerpt of at most {MAX_SAMPLES // 1_000_000} million samples (75 minutes of mono)",
    "sound too short": f"at least {MIN_SECONDS} s are needed: export it again",
    "silent sound": "there is nothing to hear: export it again",
}
"""Every cause of a `MediaFault`, and what to do about it."""


class MediaFault(ValueError):
    """A medium cannot be used. `cause` is a key of `FIXES`, `fix` says what to do about it.

    >>> fault = MediaFault("covers/a.jpg", "empty picture")
    >>> fault.cause, str(fault)
    ('empty picture', 'a.jpg: empty picture; the file has 0 bytes: save or download it again')
    """

    def __init__(self, path: str | Path, cause: str, fix: str = "") -> None:
        super().__init__(path, cause, fix)  # these, so that the fault can be sent to another process
        self.path, self.cause, self.fix = Path(path), cause, fix or FIXES[cause]

    def __str__(self) -> str:
        return f"{self.path.name}: {self.cause}; {self.fix}"


def opened(path: Path, empty: str = "") -> BinaryIO:
    """A medium's file, open to be read. Every medium is opened here: regular files only, of at most `MAX_BYTES`.

    empty: the cause where the file has 0 bytes; without one, that is no fault. Raises MediaFault.
    """
    try:
        about = path.stat()
        cause = ("not a regular file" if not stat.S_ISREG(about.st_mode) else  # to open a pipe is to wait for ever
                 "file too large" if about.st_size > MAX_BYTES else "" if about.st_size else empty)
        if not cause:
            return path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError, ValueError))
        raise MediaFault(path, "no file", "" if missing else f"it cannot be read: {error.strerror}") from None
    raise MediaFault(path, cause)
