"""Exercises of chapter 4: a convolution with a stride, transparency over white, rows for broken pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from mmrec_helpers.course.checks import Exercise, close
from mmrec_helpers.media import MediaFault

PICTURE = np.random.default_rng(4).integers(-9, 10, (8, 8))
KERNEL = np.array([[1, 2, 0], [0, -3, 4], [5, 0, 10]])


def convolve(picture: np.ndarray, kernel: np.ndarray, stride: int) -> np.ndarray:
    """A convolution of a square picture and a 3 x 3 kernel, without padding."""
    places = range(0, len(picture) - 2, stride)
    return np.array([[(picture[r:r + 3, c:c + 3] * kernel).sum() for c in places] for r in places])


strided = Exercise(
    "stride", convolve, [(PICTURE[:5, :5], KERNEL, 2), *((PICTURE, KERNEL, stride) for stride in (1, 2, 3))],
    mistakes=[
        (lambda picture, kernel, stride: convolve(picture, kernel, 1),
         "3 x 3 is stride 1: with stride 2 the kernel starts at rows and columns 0 and 2 only"),
        (lambda picture, kernel, stride: convolve(picture, kernel, 1)[::stride],
         "your stride is for the rows only: the columns need it too"),
        (lambda picture, kernel, stride: convolve(picture, kernel, 1)[:, ::stride],
         "your stride is for the columns only: the rows need it too"),
        (lambda picture, kernel, stride: convolve(picture, kernel[::-1, ::-1], stride),
         "you flip the kernel: mathematics does so, deep learning uses it as it is"),
        (lambda picture, kernel, stride: convolve(picture, kernel, stride).T,
         "your result is transposed: rows and columns have changed places. The outer loop must be over rows"),
        (lambda picture, kernel, stride: convolve(picture, kernel.T, stride),
         "your kernel is transposed: its rows must meet the picture's rows"),
        (lambda picture, kernel, stride: convolve(np.pad(picture, 1), kernel, stride),
         "you put zeros around the picture; there is no padding here"),
        (lambda picture, kernel, stride: convolve(picture[:-1, :-1], kernel, stride),
         "the last row and column are missing: the last place where a 3 x 3 kernel fits is size - 3, and range leaves "
         "out its end"),
    ],
    tip="the convolve of part 2, but its places are range(0, size - 2, stride)")

LOGO = np.array([[[200, 100, 0, 255], [200, 0, 160, 0], [0, 0, 0, 51]],
                 [[10, 250, 40, 85], [90, 30, 7, 100], [3, 5, 8, 254]]], np.uint8)


def laid(logo: np.ndarray) -> np.ndarray:
    """The logo, (h, w, 4) uint8, on a white background, (h, w, 3) uint8."""
    share = logo[..., 3:] / 255
    return (share * logo[..., :3] + (1 - share) * 255).round().astype(np.uint8)


def _same_picture(found: object, wanted: object) -> bool:
    """The same values, and uint8 where uint8 is wanted."""
    return (np.asarray(found).dtype == np.uint8) == (np.asarray(wanted).dtype == np.uint8) and close(found, wanted)


over_white = Exercise(
    "on white", laid, [(LOGO[:1],), (LOGO,)], same=_same_picture,
    mistakes=[
        (lambda logo: logo[..., :3],
         "the second pixel is invisible, but its pink is still there: use the fourth channel, alpha"),
        (lambda logo: (logo[..., 3:] / 255 * logo[..., :3]).round().astype(np.uint8),
         "what is invisible became black: the rest, 1 - share, must be white, 255"),
        (lambda logo: np.where(logo[..., 3:] > 0, logo[..., :3], np.uint8(255)),
         "the third pixel is one fifth black and four fifths white: mix them, do not choose"),
        (lambda logo: laid(logo).astype(float),
         "the values are right, but they are not uint8: end with .round().astype(np.uint8)"),
        (lambda logo: (logo[..., 3:] / 255 * logo[..., :3] + (1 - logo[..., 3:] / 255) * 255).astype(np.uint8),
         "astype(np.uint8) cuts off what is after the point: round first"),
        (lambda logo: (logo[..., :3] * logo[..., 3:] + (255 - logo[..., 3:]) * np.uint8(255)) // np.uint8(255),
         "you multiply uint8 values: what is above 255 starts again at 0. Divide by 255 first, which gives floats"),
        (lambda logo: laid(logo).transpose(1, 0, 2),
         "height and width have changed places: the result is (h, w, 3), like the logo"),
    ],
    tip="share = logo[..., 3:] / 255; then a mean of colour and white with the weights share and 1 - share")


def features(media: Sequence[str | None], see: Callable[[str], np.ndarray], dim: int) -> np.ndarray:
    """One row for each medium; NaN where there is none or it cannot be read."""
    found = np.full((len(media), dim), np.nan)
    for place, path in enumerate(media):
        try:
            if path is not None:
                found[place] = see(path)
        except MediaFault:
            continue
    return found


def _see(path: str, dim: int = 2) -> np.ndarray:
    """Features of a picture; of page.jpg the fault that `read_image` would raise."""
    if path is None:
        raise TypeError("see(None): None is not a path, so do not read it")
    if path == "page.jpg":
        raise MediaFault(path, "not a picture")
    return np.arange(1.0, 1 + dim) + {"a.jpg": 0, "b.jpg": 2, "c.jpg": -7}[path]


def _see_three(path: str) -> np.ndarray:
    return _see(path, 3)


rows = Exercise(
    "set aside", features, [(["a.jpg", None, "page.jpg", "b.jpg"], _see, 2),
                            (["c.jpg", "page.jpg", "b.jpg", None, "a.jpg"], _see_three, 3)],
    mistakes=[
        (lambda media, see, dim: pd.DataFrame(features(media, see, dim)).dropna(),
         "two rows for four media: nobody knows any more which row belongs to which item"),
        (lambda media, see, dim: features(sorted(media, key=lambda path: path in (None, "page.jpg")), see, dim),
         "b.jpg's features are in the row of the item without a picture: keep the places"),
        (lambda media, see, dim: np.nan_to_num(features(media, see, dim)),
         "a row of zeros looks like a picture; NaN says that there is none"),
        (lambda media, see, dim: pd.DataFrame(features(media, see, dim)).ffill(),
         "the item without a picture has the features of the one before: set its row to NaN"),
        (lambda media, see, dim: features(media, lambda path: see(path)[:2], 2),
         "a row has dim features, not always two"),
        (lambda media, see, dim: features(media, see, dim).T,
         "one row for each medium; you have one column for each"),
    ],
    tip="begin with np.full((len(media), dim), np.nan), fill in what can be read, except MediaFault")
