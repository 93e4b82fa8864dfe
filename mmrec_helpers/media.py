"""Pictures and sounds from files: decoded, or refused with the cause and the mend. Taught in chapters 2, 4 and 5."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from soundfile import SoundFile

MAX_PIXELS = 40_000_000
"""A larger picture is refused from its header, before it is decoded."""

SUFFIXES = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "MPO": (".jpg", ".jpeg", ".mpo"), "PNG": (".png",),
            "WEBP": (".webp",), "GIF": (".gif",), "BMP": (".bmp",), "TIFF": (".tif", ".tiff")}
"""What a picture may be, and how such a file is called. Nothing else is opened, whatever Pillow could run for it."""

STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
"""First bytes of a picture, by which one that was cut in its header is told from what never was one."""

RATE = 22_050
"""Samples a second at which sounds are read."""

RATES = (1_000, 1_000_000)
"""Outside this range a rate is a broken header's."""

MIN_SECONDS = 0.05
"""A shorter sound is too short for one frame of a spectrogram."""

SILENCE = 1e-4
"""A sound whose largest sample is below this (-80 dB of full scale) is silent."""

CLIPPED = 0.005
"""A sound with at least this share of its samples within 1 % of full scale is clipped. Music that just touches full
scale has a tenth of it or less, music driven 6 dB over it more; a pure tone at full scale cannot be told apart."""

BLOCK = 1 << 28
"""Samples to decode at a time: more than an hour. Shorter blocks would not do, MP3 is not exact across their seams."""

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


def read_image(path: str | Path, size: int | None = None) -> np.ndarray:
    """A picture file as (h, w, 3) uint8 RGB; with `size`, squeezed to (size, size, 3) by the mean over each area.

    The content counts, not the suffix. Of an animation it is the first frame; transparency is dropped.
    Raises MediaFault: "no file", "empty picture", "not a picture", "picture too large", "truncated picture".
    Taught in chapter 4.

    >>> read_image("nowhere.jpg")
    Traceback (most recent call last):
    mmrec_helpers.media.MediaFault: nowhere.jpg: no file; put the file there, or empty the field
    """
    import cv2

    path = Path(path)
    _check_picture(path)
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        picture = None
    if picture is None:
        raise MediaFault(path, "truncated picture")
    if size is not None:
        picture = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def read_sound(path: str | Path, rate: int = RATE) -> np.ndarray:
    """A sound file as (n,) float32 at `rate` samples a second: channels averaged, then resampled where needed.

    Raises MediaFault: "no file", "empty sound", "not a sound", "not finite", "sound too short", "silent sound".
    Taught in chapter 5.

    >>> read_sound("nowhere.mp3")
    Traceback (most recent call last):
    mmrec_helpers.media.MediaFault: nowhere.mp3: no file; put the file there, or empty the field
    """
    path = Path(path)
    wave, own_rate = _decode(path)
    if not np.isfinite(wave).all():
        raise MediaFault(path, "not finite")
    if len(wave) < MIN_SECONDS * own_rate:
        raise MediaFault(path, "sound too short")
    mono = wave.mean(axis=1)
    if np.abs(mono).max() < SILENCE:
        raise MediaFault(path, "silent sound")
    if own_rate == rate:
        return mono
    import librosa

    return librosa.resample(mono, orig_sr=own_rate, target_sr=rate).astype(np.float32)


def notes(path: str | Path, rate: int = RATE) -> list[str]:
    """What is odd about a medium that can be used all the same; whether picture or sound, its content tells.

    "mislabelled picture": the suffix is another format's; it is read by its content. "clipped sound": see `CLIPPED`;
    it is read as it is. "other rate": not `rate`, or not one channel; it is down-mixed and resampled when read.
    Raises MediaFault where the file is neither picture nor sound. Taught in chapter 2.
    """
    path = Path(path)
    _start(path, "not a sound")
    if (kind := _format(path)) is not None:
        suffix = path.suffix.lower()
        return ["mislabelled picture"] if suffix and suffix not in SUFFIXES[kind] else []
    wave, own_rate = _decode(path)
    clipped = (np.abs(wave) >= 0.99).mean() >= CLIPPED
    other = own_rate != rate or wave.shape[1] != 1
    return ["clipped sound"] * bool(clipped) + ["other rate"] * other


def _start(path: Path, empty: str) -> bytes:
    """The first bytes of a file that is there and is not empty."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        found = isinstance(error, OSError) and path.is_file()
        raise MediaFault(path, "no file", f"it is there but cannot be read: {error}" if found else "") from None
    if not start:
        raise MediaFault(path, empty)
    return start


def _format(path: Path) -> str | None:
    """Which of `SUFFIXES` the content is, None where it is none of them; only the header is read."""
    from PIL import Image

    try:
        with Image.open(path, formats=[kind for kind in SUFFIXES if kind != "MPO"]) as header:  # MPO opens as JPEG
            if header.width * header.height > MAX_PIXELS:
                raise MediaFault(path, "picture too large", f"{header.width} x {header.height} pixels: "
                                 + MENDS["picture too large"])
            return header.format
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MediaFault(path, "picture too large") from None
    except MediaFault:
        raise
    except Exception:  # whatever a plug-in stumbles over in a stranger's bytes
        return None


def _check_picture(path: Path) -> None:
    """Refuse what is no picture, is too large or ends early. OpenCV would fill a cut JPEG up with grey, unasked."""
    from PIL import Image

    start = _start(path, "empty picture")
    if _format(path) is None:
        cut = start.startswith(STARTS) or start[8:] == b"WEBP"
        raise MediaFault(path, "truncated picture" if cut else "not a picture")
    try:
        with Image.open(path) as header:
            header.verify()  # PNG: every chunk to the last
        with Image.open(path) as picture:
            picture.draft("RGB", (1, 1))  # JPEG: an eighth of the size is enough to see where the data end
            picture.load()
    except Exception:
        raise MediaFault(path, "truncated picture") from None


def _decode(path: Path) -> tuple[np.ndarray, int]:
    """A sound's samples, (n, channels) float32, n > 0, and its rate."""
    import soundfile

    _start(path, "empty sound")
    try:
        with soundfile.SoundFile(path) as file:
            rate, blocks = file.samplerate, list(_blocks(file))
    except (soundfile.SoundFileError, RuntimeError, TypeError):  # TypeError: a suffix .raw says nothing of its format
        raise MediaFault(path, "not a sound") from None
    if not blocks:
        raise MediaFault(path, "empty sound")
    if not RATES[0] <= rate <= RATES[1]:
        raise MediaFault(path, "not a sound", f"its header says {rate} samples a second: export it again")
    return np.concatenate(blocks), rate


def _blocks(file: SoundFile) -> Iterator[np.ndarray]:
    """Until the samples end, for a header may promise more of them than memory holds."""
    while len(block := file.read(BLOCK // file.channels, dtype="float32", always_2d=True)):
        yield block
