"""Pictures and sounds from files: decoded, or refused with the cause and the mend. Taught in chapters 2, 4 and 5."""

from __future__ import annotations

import contextlib
import io
import math
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image
    from soundfile import SoundFile

MAX_PIXELS = 40_000_000
"""A larger picture is refused from its header, before it is decoded."""

SUFFIXES = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "MPO": (".jpg", ".jpeg", ".mpo"), "PNG": (".png",),
            "WEBP": (".webp",), "GIF": (".gif",), "BMP": (".bmp",), "TIFF": (".tif", ".tiff")}
"""What a picture may be, and how such a file is called. Nothing else is opened, whatever Pillow could run for it."""

OPENED = [kind for kind in SUFFIXES if kind != "MPO"]
"""What Pillow is asked for: it opens MPO as JPEG."""

STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
"""First bytes of a picture, by which one that was cut in its header is told from what never was one."""

JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What begins a part of a JPEG, two bytes of length after it; within a scan FF is followed by 00 or a restart."""

RATE = 22_050
"""Samples a second at which sounds are read."""

RATES = (1_000, 1_000_000)
"""Outside this range a rate is a broken header's."""

MIN_SECONDS = 0.05
"""A shorter sound is too short for one frame of a spectrogram."""

SILENCE = 1e-4
"""A sound whose largest sample is below this (-80 dB of full scale) is silent."""

LOUDEST = 1e37
"""Near the largest float32 that there is the resampling filter would make infinity."""

CLIPPED = 0.005
"""A sound with at least this share of its samples within 1 % of full scale is clipped. Music that just touches full
scale has a tenth of it or less, music driven 6 dB over it more; a pure tone at full scale cannot be told apart."""

BLOCK = 1 << 18
"""Samples to decode at a time, of all channels together, so that memory holds one channel and not all of them."""

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

    The content counts, not the suffix. It is turned as its EXIF says; what is transparent is laid over white; of 16
    bits the upper 8 are kept; of an animation it is the first frame.
    Raises MediaFault: "no file", "empty picture", "not a picture", "picture too large", "truncated picture".
    Taught in chapter 4.

    >>> read_image("nowhere.jpg")
    Traceback (most recent call last):
    mmrec_helpers.media.MediaFault: nowhere.jpg: no file; put the file there, or empty the field
    """
    import cv2

    path = Path(path)
    with _open(path, "empty picture") as file:
        header = _header(path, file)
        file.seek(0)
        data = file.read(12 if header is None else -1)
    if header is None:
        cut = data.startswith(STARTS) or data[8:] == b"WEBP"
        raise MediaFault(path, "truncated picture" if cut else "not a picture")
    plain = header.format == "JPEG" and header.mode != "CMYK"
    try:
        picture = _jpeg(data) if plain else _rgb(_loaded(data))
    except Exception:  # whatever a decoder stumbles over in a stranger's bytes
        raise MediaFault(path, "truncated picture") from None
    return picture if size is None else cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def read_sound(path: str | Path, rate: int = RATE, seconds: float | None = None) -> np.ndarray:
    """A sound file as (n,) float32 at `rate` samples a second: channels averaged, then resampled where needed.

    seconds: hear only so many from the start, at least `MIN_SECONDS`. Time and memory then grow with them and not with
    the file, and only what was heard is judged: a sound is silent, or not finite, if its first `seconds` are.
    Raises MediaFault: "no file", "empty sound", "not a sound", "not finite", "sound too short", "silent sound".
    Taught in chapter 5.

    >>> read_sound("nowhere.mp3")
    Traceback (most recent call last):
    mmrec_helpers.media.MediaFault: nowhere.mp3: no file; put the file there, or empty the field
    """
    if seconds is not None and not MIN_SECONDS <= seconds < math.inf:
        raise ValueError(f"seconds={seconds}: give a number from {MIN_SECONDS} up, or None for the whole sound")
    path = Path(path)
    blocks, own_rate, _ = _decode(path, _mean, seconds)
    mono = np.concatenate(blocks)
    peak = max(mono.max(), -mono.min())
    if not peak < LOUDEST:  # NaN is not below anything
        raise MediaFault(path, "not finite")
    if len(mono) < MIN_SECONDS * own_rate:
        raise MediaFault(path, "sound too short")
    if peak < SILENCE:
        raise MediaFault(path, "silent sound")
    if own_rate == rate:
        return mono
    import librosa

    return librosa.resample(mono, orig_sr=own_rate, target_sr=rate).astype(np.float32, copy=False)


def notes(path: str | Path, rate: int = RATE) -> list[str]:
    """What is odd about a medium that can be used all the same; whether picture or sound, its content tells.

    "mislabelled picture": the suffix is another format's; it is read by its content. "clipped sound": see `CLIPPED`;
    it is read as it is. "other rate": not `rate`, or not one channel; it is down-mixed and resampled when read.
    Raises MediaFault where the file is neither picture nor sound. Taught in chapter 2.
    """
    path = Path(path)
    with _open(path, "not a sound") as file:
        header = _header(path, file)
    if header is not None:
        suffix = path.suffix.lower()
        return ["mislabelled picture"] if suffix and suffix not in SUFFIXES[header.format] else []
    counts, own_rate, channels = _decode(path, lambda block: (np.count_nonzero(np.abs(block) >= 0.99), block.size))
    loud, samples = np.sum(counts, axis=0)
    return ["clipped sound"] * bool(loud >= CLIPPED * samples) + ["other rate"] * (own_rate != rate or channels != 1)


def _open(path: Path, empty: str) -> BinaryIO:
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


def _header(path: Path, file: BinaryIO) -> Image | None:
    """The picture, not decoded, in a file; None where its content is none of `SUFFIXES`."""
    from PIL import Image

    try:
        header = Image.open(file, formats=OPENED)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MediaFault(path, "picture too large") from None
    except Exception as error:  # whatever a plug-in stumbles over in a stranger's bytes
        if "MAX_TEXT" in str(error):
            raise MediaFault(path, "picture too large", "it carries over a megabyte of text: save it without") from None
        return None
    if header.width * header.height > MAX_PIXELS:
        raise MediaFault(path, "picture too large", f"{header.width} x {header.height} pixels: "
                         + MENDS["picture too large"])
    return header


def _jpeg(data: bytes) -> np.ndarray:
    """(h, w, 3) uint8 RGB, decoded once. OpenCV 4 would fill a cut picture up with grey, so its end is sought first."""
    import cv2

    place = 2
    while (found := JPEG_MARKER.search(data, place)) and found[0] != b"\xff\xd9":
        place = found.end() + int.from_bytes(data[found.end():found.end() + 2], "big")
    if found is None:
        raise EOFError
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=picture)


def _loaded(data: bytes) -> Image:
    """Any other picture, decoded and turned. Of damaged ones Pillow lets some pass, OpenCV others: both are asked."""
    import cv2
    from PIL import Image, ImageOps

    Image.open(io.BytesIO(data), formats=OPENED).verify()  # PNG: every chunk to the last
    picture = Image.open(io.BytesIO(data), formats=OPENED)
    picture.load()
    if cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) is None:
        raise EOFError
    with contextlib.suppress(Exception):  # a broken EXIF is no reason to refuse a whole picture
        ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _rgb(picture: Image) -> np.ndarray:
    """(h, w, 3) uint8, of whatever mode."""
    from PIL import Image, ImageChops

    if picture.mode.startswith("I;16"):  # Pillow would clip at 255
        picture = Image.fromarray((np.asarray(picture) >> 8).astype(np.uint8))
    if picture.mode == "CMYK" and picture.format in ("JPEG", "MPO") and "adobe" not in picture.info:
        picture = ImageChops.invert(picture)  # Pillow takes every JPEG for Adobe's, whose ink is 0 where it is full
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _decode(path: Path, keep: Callable[[np.ndarray], Any], seconds: float | None = None) -> tuple[list, int, int]:
    """What `keep` makes of each block, (n, channels) float32, n > 0, of a sound; its rate; its channels."""
    import soundfile

    _open(path, "empty sound").close()
    try:
        with soundfile.SoundFile(path) as file:
            rate, channels = file.samplerate, file.channels
            if not RATES[0] <= rate <= RATES[1]:
                raise MediaFault(path, "not a sound", f"its header says {rate} samples a second: export it again")
            most = sys.maxsize if seconds is None else math.ceil(seconds * rate)
            kept = [keep(block) for block in _blocks(file, most)]
    except (soundfile.SoundFileError, RuntimeError, TypeError):  # TypeError: a suffix .raw says nothing of its format
        raise MediaFault(path, "not a sound") from None
    if not kept:
        raise MediaFault(path, "empty sound")
    return kept, rate, channels


def _blocks(file: SoundFile, most: int) -> Iterator[np.ndarray]:
    """At most so many frames, or until they end, for a header may promise more of them than memory holds."""
    file.seekable = lambda: False  # or soundfile seeks after each block, and an MP3 is not exact after a seek
    frames, done = BLOCK // file.channels, 0
    while done < most and len(block := file.read(min(frames, most - done), dtype="float32", always_2d=True)):
        done += len(block)
        yield block
    if file.format == "FLAC" and done < most and done < file.frames < sys.maxsize:  # that is: it does not say
        raise RuntimeError("cut")


def _mean(block: np.ndarray) -> np.ndarray:
    """(n,), over the channels of (n, channels)."""
    return block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
