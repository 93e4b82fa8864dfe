"""Exercises of chapter 4: a convolution with a stride, transparency over white, rows for broken pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import numpy as np

from mmrec_helpers.course.checks import Exercise, Mistake, close
from mmrec_helpers.media import MediaFault

_PICTURE = np.random.default_rng(4).integers(-9, 10, (8, 8))
_KERNEL = np.array([[1, 2, 0], [0, -3, 4], [5, 0, 10]])
_LOGO = np.array([[[200, 100, 0, 255], [200, 0, 160, 0], [0, 0, 0, 51]],
                  [[10, 250, 40, 85], [90, 30, 7, 100], [3, 5, 8, 254]]], np.uint8)


def _conv(picture: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
    return (windows * kernel).sum((2, 3))[::stride, ::stride]


def _mixed(logo: np.ndarray, paper: int = 255) -> np.ndarray:
    share = logo[..., 3:] / 255
    return share * logo[..., :3] + (1 - share) * paper


def _laid(logo: np.ndarray, paper: int = 255) -> np.ndarray:
    return _mixed(logo, paper).round().astype(np.uint8)


def _overflow(logo: np.ndarray) -> np.ndarray:
    colour, alpha = logo[..., :3], logo[..., 3:]
    return (colour * alpha + (255 - alpha) * np.uint8(255)) // np.uint8(255)


def _same_picture(found: object, wanted: object) -> bool:
    """The same numbers, and uint8 where uint8 is wanted."""
    return (np.asarray(found).dtype == np.uint8) == (np.asarray(wanted).dtype == np.uint8) and close(found, wanted)


def _see(path: str, dim: int = 2) -> np.ndarray:
    """Numbers of a picture; of page.jpg the fault that `read_image` would raise."""
    if path is None:
        raise TypeError("see(None): None is not a path, so do not read it")
    if path == "page.jpg":
        raise MediaFault(path, "not a picture")
    return np.arange(1.0, 1 + dim) + {"a.jpg": 0, "b.jpg": 2, "c.jpg": -7}[path]


def _see_three(path: str) -> np.ndarray:
    return _see(path, 3)


def _rows(media: Sequence[str | None], see: Callable[[str], np.ndarray], dim: int) -> np.ndarray:
    found = np.full((len(media), dim), np.nan)
    for place, path in enumerate(media):
        if path is None:
            continue
        with contextlib.suppress(MediaFault):
            found[place] = see(path)
    return found


def _without(media: Sequence[str | None], see: Callable[[str], np.ndarray], dim: int) -> np.ndarray:
    found = _rows(media, see, dim)
    return found[~np.isnan(found).any(axis=1)]


def _moved_up(media: Sequence[str | None], see: Callable[[str], np.ndarray], dim: int) -> np.ndarray:
    good = _without(media, see, dim)
    return np.concatenate([good, np.full((len(media) - len(good), dim), np.nan)])


def _row_before(media: Sequence[str | None], see: Callable[[str], np.ndarray], dim: int) -> np.ndarray:
    found = _rows(media, see, dim)
    for place in np.flatnonzero(np.isnan(found[:, 0])):
        found[place] = found[place - 1]
    return found


strided = Exercise(
    "stride", _conv, [(_PICTURE[:5, :5], _KERNEL, 2), (_PICTURE, _KERNEL, 1), (_PICTURE, _KERNEL, 2),
                      (_PICTURE, _KERNEL, 3)],
    mistakes=[
        Mistake("no stride", lambda picture, kernel, stride: _conv(picture, kernel),
                "3 x 3 is stride 1: with stride 2 the kernel starts at rows and columns 0 and 2 only"),
        Mistake("rows only", lambda picture, kernel, stride: _conv(picture, kernel)[::stride],
                "your stride is for the rows only: the columns need it too"),
        Mistake("columns only", lambda picture, kernel, stride: _conv(picture, kernel)[:, ::stride],
                "your stride is for the columns only: the rows need it too"),
        Mistake("kernel flipped", lambda picture, kernel, stride: _conv(picture, kernel[::-1, ::-1], stride),
                "you flip the kernel: mathematics does so, deep learning uses it as it is"),
        Mistake("transposed", lambda picture, kernel, stride: _conv(picture, kernel, stride).T,
                "your result is transposed: rows and columns have changed places. The outer loop must be over rows"),
        Mistake("kernel transposed", lambda picture, kernel, stride: _conv(picture, kernel.T, stride),
                "your kernel is transposed: its rows must meet the picture's rows"),
        Mistake("padded", lambda picture, kernel, stride: _conv(np.pad(picture, 1), kernel, stride),
                "you put zeros around the picture; there is no padding here"),
        Mistake("stops early", lambda picture, kernel, stride: _conv(picture[:-1, :-1], kernel, stride),
                "the last row and column are missing: the last place where a 3 x 3 kernel fits is size - 3, and range "
                "leaves out its end"),
    ],
    tip="the convolve of part 2, but its places are range(0, size - 2, stride)",
    code="places = range(0, len(picture) - 2, stride)\n"
         "np.array([[(picture[r:r + 3, c:c + 3] * kernel).sum() for c in places] for r in places])")

over_white = Exercise(
    "on white", _laid, [(_LOGO[:1],), (_LOGO,)], same=_same_picture,
    mistakes=[
        Mistake("alpha cut off", lambda logo: logo[..., :3],
                "the second pixel is invisible, but its pink is still there: use the fourth number"),
        Mistake("on black", lambda logo: _laid(logo, 0),
                "what is invisible became black: the rest, 1 - share, must be white, 255"),
        Mistake("all or nothing", lambda logo: np.where(logo[..., 3:] > 0, logo[..., :3], np.uint8(255)),
                "the third pixel is one fifth black and four fifths white: mix them, do not choose"),
        Mistake("not uint8", lambda logo: _mixed(logo).round(),
                "the numbers are right, but they are not uint8: end with .round().astype(np.uint8)"),
        Mistake("not rounded", lambda logo: _mixed(logo).astype(np.uint8),
                "astype(np.uint8) cuts off what is after the point: round first"),
        Mistake("overflow", _overflow,
                "you multiply uint8 numbers: what is above 255 starts again at 0. Divide by 255 first, which gives "
                "floats"),
        Mistake("transposed", lambda logo: _laid(logo).transpose(1, 0, 2),
                "height and width have changed places: the result is (h, w, 3), like the logo"),
    ],
    tip="share = logo[..., 3:] / 255; then a mean of colour and white with the weights share and 1 - share",
    code="share = logo[..., 3:] / 255\n(share * logo[..., :3] + (1 - share) * 255).round().astype(np.uint8)")

rows = Exercise(
    "set aside", _rows, [(["a.jpg", None, "page.jpg", "b.jpg"], _see, 2),
                         (["c.jpg", "page.jpg", "b.jpg", None, "a.jpg"], _see_three, 3)],
    mistakes=[
        Mistake("rows left out", _without,
                "two rows for four media: nobody knows any more which row belongs to which item"),
        Mistake("rows moved up", _moved_up,
                "b.jpg's features are in the row of the item without a picture: keep the places"),
        Mistake("zeros", lambda media, see, dim: np.nan_to_num(_rows(media, see, dim)),
                "a row of zeros looks like a picture; NaN says that there is none"),
        Mistake("the row before", _row_before,
                "the item without a picture has the features of the one before: set its row to NaN"),
        Mistake("always two", lambda media, see, dim: _rows(media, lambda path: see(path)[:2], 2),
                "a row has dim features, not always two"),
        Mistake("transposed", lambda media, see, dim: _rows(media, see, dim).T,
                "one row for each medium; you have one column for each"),
    ],
    tip="begin with np.full((len(media), dim), np.nan), fill in what can be read, except MediaFault",
    code="found = np.full((len(media), dim), np.nan)\nfor place, path in enumerate(media):\n"
         "    if path is not None:\n        try:\n            found[place] = see(path)\n"
         "        except MediaFault:\n            pass")

EXERCISES = {"strided": strided, "over_white": over_white, "rows": rows}
