"""Picture files: decoded, or refused with the cause and the fix. Taught in chapter 4."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from mmrec_helpers.media.faults import FIXES, MAX_PIXELS, MAX_SCANS, MAX_SIDE, MediaFault, opened

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = {"JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"), "MPO": (".jpg", ".jpeg", ".mpo"), "PNG": (".png",),
            "WEBP": (".webp",), "GIF": (".gif",), "BMP": (".bmp",), "TIFF": (".tif", ".tiff")}
"""What a picture may be, and how such a file is called. Nothing else is opened, whatever Pillow could run for it."""

OPENED = [kind for kind in SUFFIXES if kind != "MPO"]
"""What Pillow is asked for: it opens MPO as JPEG."""

STARTS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
"""First bytes of a picture: they show whether a file without a whole header was cut, or never was a picture."""

JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
"""What begins a part of a JPEG, two bytes of length after it; within a scan FF is followed by 00 or a restart."""


def read_image(path: str | Path, size: int | None = None) -> np.ndarray:
    """A picture file as (h, w, 3) uint8 RGB; with `size`, squeezed to (size, size, 3) by the mean over each area.

    The content counts, not the suffix. It is turned as its EXIF says; what is transparent is laid over white; of 16
    bits the upper 8 are kept; of an animation it is the first frame.
    Raises MediaFault: "no file", "not a regular file", "file too large", "empty picture", "not a picture",
    "picture too large", "too many scans", "truncated picture". Taught in chapter 4.

    >>> read_image("nowhere.jpg")
    Traceback (most recent call last):
    mmrec_helpers.media.faults.MediaFault: nowhere.jpg: no file; put the file there, or empty the field
    """
    import cv2

    path = Path(path)
    with opened(path, "empty picture") as file:
        header = picture_header(path, file)
        file.seek(0)
        data = file.read(12 if header is None else -1)
    if header is None:
        cut = data.startswith(STARTS) or data[8:] == b"WEBP"
        raise MediaFault(path, "truncated picture" if cut else "not a picture")
    plain = header.format == "JPEG" and header.mode != "CMYK"
    try:
        if header.format in ("JPEG", "MPO") and _scans(data) > MAX_SCANS:
            raise MediaFault(path, "too many scans")
        picture = _jpeg(data) if plain else _rgb(_loaded(data))
    except MediaFault:
        raise
    except Exception:  # whatever a decoder raises on damaged bytes
        raise MediaFault(path, "truncated picture") from None
    return picture if size is None else cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def picture_header(path: Path, file: BinaryIO) -> Image | None:
    """The picture, not decoded, in a file; None where its content is none of `SUFFIXES`."""
    from PIL import Image

    try:
        header = Image.open(file, formats=OPENED)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise MediaFault(path, "picture too large") from None
    except Exception as error:  # whatever a plug-in raises on damaged bytes
        if "MAX_TEXT" in str(error):
            raise MediaFault(path, "picture too large", "it carries over a megabyte of text: save it without") from None
        return None
    if header.width * header.height > MAX_PIXELS or max(header.size) > MAX_SIDE:
        raise MediaFault(path, "picture too large", f"{header.width} x {header.height} pixels: "
                         + FIXES["picture too large"])
    return header


def _scans(data: bytes) -> int:
    """How many scans a JPEG has; EOFError where it has no end, for OpenCV 4 would fill a cut picture up with grey."""
    place, scans = 2, 0
    while (found := JPEG_MARKER.search(data, place)) and found[0] != b"\xff\xd9":
        place = found.end() + int.from_bytes(data[found.end():found.end() + 2], "big")
        scans += found[0] == b"\xff\xda"
    if found is None:
        raise EOFError
    return scans


def _jpeg(data: bytes) -> np.ndarray:
    """(h, w, 3) uint8 RGB, decoded once."""
    import cv2

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
