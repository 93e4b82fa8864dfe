"""Why a medium cannot be used, and what to do about it. Taught in chapter 2."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

MAX_PIXELS = 40_000_000
"""A larger picture is refused from its header, before it is decoded."""

MIN_SECONDS = 0.05
"""A shorter sound is too short for one frame of a spectrogram."""

MENDS = {
    "no file": "put the file there, or empty the field",
    "empty picture": "the file has 0 bytes: save or download it again",
    "not a picture": "the file holds something else: replace it with a JPEG or PNG",
    "picture too large": f"save it with {MAX_PIXELS // 1_000_000} megapixels or less",
    "truncated picture": "the file ends early or is damaged: save or download it again",
    "empty sound": "the file holds no samples: export or download it again",
    "not a sound": "the file cannot be decoded: export it again, as MP3, FLAC, Ogg or WAV",
    "not finite": "the sound holds NaN or infinity: export it again",
    "sound too short": f"at least {MIN_SECONDS} s are needed: export it again",
    "silent sound": "there is nothing to hear: export it again",
}
"""Every cause of a `MediaFault`, and what to do about it."""


class MediaFault(ValueError):
    """A medium cannot be used. `cause` is a key of `MENDS`, `mend` says what to do about it.

    >>> fault = MediaFault("covers/a.jpg", "empty picture")
    >>> fault.cause, str(fault)
    ('empty picture', 'a.jpg: empty picture; the file has 0 bytes: save or download it again')
    """

    def __init__(self, path: str | Path, cause: str, mend: str = "") -> None:
        super().__init__(path, cause, mend)  # these, so that the fault survives a way between processes
        self.path, self.cause, self.mend = Path(path), cause, mend or MENDS[cause]

    def __str__(self) -> str:
        return f"{self.path.name}: {self.cause}; {self.mend}"


def opened(path: Path, empty: str) -> BinaryIO:
    """A file that is there and is not empty."""
    try:
        file = path.open("rb")
        start = file.peek(1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        found = isinstance(error, OSError) and path.is_file()
        raise MediaFault(path, "no file", f"it is there but cannot be read: {error}" if found else "") from None
    if not start:
        file.close()
        raise MediaFault(path, empty)
    return file
