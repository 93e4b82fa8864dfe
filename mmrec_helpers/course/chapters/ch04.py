"""Exercises of chapter 4: a convolution with a stride, transparency over white, rows for broken pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import numpy as np

from mmrec_helpers.course.checks import Exercise, Mistake
from mmrec_helpers.media import MediaFault

_CORNER = np.array([[1, 0, 0, 0, 0], [0, 2, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 3, 0], [0, 0, 0, 0, 4]])
_KERNEL = np.array([[1, 0, 0], [0, 0, 0], [0, 0, 10]])
_LOGO = np.array([[[200, 100, 0, 255], [200, 0, 160, 0], [0, 0, 0, 51]]], np.uint8)
_ON_WHITE = np.array([[[200, 100, 0], [255, 255, 255], [204, 204, 204]]])
_MEDIA = ["a.jpg", None, "page.jpg", "b.jpg"]


def _conv(picture: np.ndarray, kernel: np.ndarray, stride: int = 1) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)
    return (windows * kernel).sum((2, 3))[::stride, ::stride]


def _laid(logo: np.ndarray, paper: int = 255) -> np.ndarray:
    share = logo[..., 3:] / 255
    return (share * logo[..., :3] + (1 - share) * paper).round().astype(np.uint8)


def _see(path: str) -> np.ndarray:
    """Two numbers of a picture; of page.jpg the fault that `read_image` would raise."""
    if path is None:
        raise TypeError("None is no path: do not read it")
    if path == "page.jpg":
        raise MediaFault(path, "not a picture")
    return {"a.jpg": np.array([1.0, 2.0]), "b.jpg": np.array([3.0, 4.0])}[path]


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


def _same(a: object, b: object) -> bool:
    return np.shape(a) == np.shape(b) and np.allclose(a, b, equal_nan=True)


strided = Exercise(
    "stride", lambda f: _same(f(_CORNER, _KERNEL, 2), [[1, 0], [0, 40]]) and _same(
        f(_CORNER, _KERNEL, 1), _conv(_CORNER, _KERNEL)),
    answer=_conv,
    mistakes=[
        Mistake("no stride", lambda picture, kernel, stride: _conv(picture, kernel),
                lambda f: np.shape(f(_CORNER, _KERNEL, 2)) == (3, 3),
                "3 x 3 is stride 1: with stride 2 the kernel starts at rows and columns 0 and 2 only"),
        Mistake("one way only", lambda picture, kernel, stride: _conv(picture, kernel)[::stride],
                lambda f: np.shape(f(_CORNER, _KERNEL, 2)) in ((2, 3), (3, 2)),
                "the stride holds for rows and for columns"),
        Mistake("kernel turned", lambda picture, kernel, stride: _conv(picture, kernel[::-1, ::-1], stride),
                lambda f: _same(f(_CORNER, _KERNEL, 2), _conv(_CORNER, _KERNEL[::-1, ::-1], 2)),
                "the kernel is turned round: mathematics does so, deep learning lays it on as it is"),
    ],
    tip="the convolve of part 2, but its places are range(0, size - 2, stride)",
    code="places = range(0, len(picture) - 2, stride)\n"
         "np.array([[(picture[r:r + 3, c:c + 3] * kernel).sum() for c in places] for r in places])")

over_white = Exercise(
    "on white", lambda f: _same(f(_LOGO), _ON_WHITE), answer=_laid,
    mistakes=[
        Mistake("alpha cut off", lambda logo: logo[..., :3], lambda f: _same(f(_LOGO), _LOGO[..., :3]),
                "the second pixel is invisible, yet its hidden pink is still there: use the fourth number"),
        Mistake("on black", lambda logo: _laid(logo, 0), lambda f: _same(f(_LOGO), _laid(_LOGO, 0)),
                "what is invisible became black: the rest, 1 - share, must be white, 255"),
        Mistake("all or nothing", lambda logo: np.where(logo[..., 3:] > 0, logo[..., :3], 255),
                lambda f: _same(f(_LOGO)[0, 2], [0, 0, 0]),
                "the third pixel is one fifth black and four fifths white: mix them, do not choose"),
    ],
    tip="share = logo[..., 3:] / 255; then a mean of colour and white with the weights share and 1 - share",
    code="share = logo[..., 3:] / 255\n(share * logo[..., :3] + (1 - share) * 255).round().astype(np.uint8)")

rows = Exercise(
    "set aside", lambda f: _same(f(_MEDIA, _see, 2), [[1, 2], [np.nan] * 2, [np.nan] * 2, [3, 4]]), answer=_rows,
    mistakes=[
        Mistake("rows left out", _without, lambda f: np.shape(f(_MEDIA, _see, 2)) == (2, 2),
                "two rows for four media: nobody can tell any more whose they are"),
        Mistake("rows moved up", _moved_up, lambda f: _same(f(_MEDIA, _see, 2)[1], [3, 4]),
                "b.jpg's features stand in the row of the record without a picture: keep the places"),
        Mistake("zeros", lambda media, see, dim: np.nan_to_num(_rows(media, see, dim)),
                lambda f: _same(f(_MEDIA, _see, 2)[2], [0, 0]),
                "a row of zeros looks like a picture; NaN says that there is none"),
    ],
    tip="begin with np.full((len(media), dim), np.nan), fill in what can be read, except MediaFault",
    code="found = np.full((len(media), dim), np.nan)\nfor place, path in enumerate(media):\n"
         "    if path is not None:\n        try:\n            found[place] = see(path)\n"
         "        except MediaFault:\n            pass")

EXERCISES = {"strided": strided, "over_white": over_white, "rows": rows}
