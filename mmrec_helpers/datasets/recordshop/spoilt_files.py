"""Covers and previews damaged on disk, as downloads and exports damage them. Taught in chapter 2."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from mmrec_helpers.datasets.recordshop.dirt import ITEMS, Dirt, Pool, amounts

OF_MEDIA = {"truncated picture": 8, "mislabelled picture": 5, "not a picture": 4, "silent sound": 5,
            "clipped sound": 5, "empty sound": 4, "other rate": 4}


def soil_media(folder: str | Path, items: pd.DataFrame, rng: np.random.Generator) -> Dirt:
    """Damage some of the covers (JPEG) and previews (MP3) that `items` name in `folder`; cause -> item ids.

    Items listed twice are spared; the younger of them, where it has no files yet, gets copies of the older one's.
    """
    folder = Path(folder)
    twice = items.duplicated(["title", "description"], keep=False) & items["description"].notna()
    _copy_files(folder, items[twice])
    pool, planted = Pool(len(items), rng), {}
    whole = items[["image", "audio"]].notna().all(axis=1) & ~twice
    for cause, number in amounts(OF_MEDIA, len(items) / ITEMS).items():
        column, spoil = SPOIL[cause]
        rows = items.iloc[pool.take(number, whole)]
        for path in rows[column]:
            spoil(folder / path, rng)
        planted[cause] = rows["item_id"].tolist()
    return planted


def _copy_files(folder: Path, twice: pd.DataFrame) -> None:
    for column in ("image", "audio"):
        first = twice.groupby(["title", "description"])[column].transform("first")
        for source, target in zip(first, twice[column], strict=True):
            if isinstance(target, str) and (folder / source).is_file() and not (folder / target).exists():
                shutil.copyfile(folder / source, folder / target)


def _truncate(path: Path, rng: np.random.Generator) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:int(len(data) * rng.uniform(0.35, 0.65))])


def _as_png(path: Path, rng: np.random.Generator) -> None:
    import cv2

    picture = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def _resound(change: Callable[[np.ndarray], np.ndarray], times: int = 1) -> Callable[..., None]:
    """Decode a sound, change its samples (n,), write it at `times` its rate."""
    def spoil(path: Path, rng: np.random.Generator) -> None:
        import soundfile

        wave, rate = soundfile.read(path, dtype="float32")
        soundfile.write(path, change(wave).astype(np.float32), times * rate, format="MP3")
    return spoil


def _overdrive(wave: np.ndarray) -> np.ndarray:
    return np.clip(10 * wave / np.abs(wave).max(), -1, 1)


def _to_stereo(wave: np.ndarray) -> np.ndarray:
    """Twice the samples, (2n, 2): the right channel softer and a little later."""
    fine = np.interp(np.arange(2 * len(wave)) / 2, np.arange(len(wave)), wave)
    return np.stack([fine, 0.8 * np.roll(fine, 12)], axis=1)


def _with(data: bytes) -> Callable[..., None]:
    """Write other content."""
    return lambda path, rng: path.write_bytes(data)


SPOIL: dict[str, tuple[str, Callable[..., None]]] = {
    "truncated picture": ("image", _truncate),
    "mislabelled picture": ("image", _as_png),
    "not a picture": ("image", _with(b"<html><body>404 Not Found</body></html>\n")),
    "silent sound": ("audio", _resound(np.zeros_like)),
    "clipped sound": ("audio", _resound(_overdrive)),
    "empty sound": ("audio", _with(b"")),
    "other rate": ("audio", _resound(_to_stereo, times=2))}
"""Cause -> the column of the files it is about, and what damages one."""
