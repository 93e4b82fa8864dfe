"""What is here, what is missing, and how to fix it: `mmrec doctor`. Works in a broken environment too."""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

PACKAGES = {
    "core": ["numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "opencv-python-headless", "pillow", "librosa",
             "soundfile", "tqdm", "ftfy", "beautifulsoup4", "platformdirs", "jinja2", "rich"],
    "train": ["tensorflow", "keras"],
    "course": ["jupyterlab", "ipykernel", "papermill", "nbformat", "matplotlib", "ipywidgets"],
}
"""What is installed, by extra."""

MODULES = {"scikit-learn": "sklearn", "opencv-python-headless": "cv2", "pillow": "PIL", "beautifulsoup4": "bs4"}
"""What is imported, where it has another name."""

FIXES = {"core": "pip install .", "train": 'pip install ".[train]"', "course": 'pip install ".[course]"'}

Line = tuple[str, str, str]
"""Status (`ok`, `note`, `fault`), what was found, and how to fix it."""


def examine() -> Iterator[Line]:
    """Every finding, one import at a time, so that a broken package hides nothing else."""
    checks: list[Callable[[], Iterator[Line]]] = [_python, _machine, _packages, _devices, _media, _weights, _movielens]
    for check in checks:
        try:
            yield from check()
        except Exception as fault:  # the other checks still help
            yield "fault", f"{check.__name__.strip('_')}: {type(fault).__name__}: {fault}", "see the message"


def report(lines: Iterator[Line]) -> tuple[str, int]:
    """The findings as text, and how many faults there are."""
    marks = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}
    found = list(lines)
    text = [f"{marks[status]}  {what}" + (f"\n       fix: {fix}" if fix else "") for status, what, fix in found]
    return "\n".join(text), sum(status == "fault" for status, _, _ in found)


def _line(good: bool, what: str, fix: str, otherwise: str = "note") -> Line:
    return ("ok", what, "") if good else (otherwise, what, fix)


def _python() -> Iterator[Line]:
    good = (3, 11) <= sys.version_info[:2] < (3, 14)
    yield _line(good, f"Python {platform.python_version()} in {Path(sys.prefix).name}",
                "use Python 3.11, 3.12 or 3.13: make run PY=python3.12", "fault")


def _machine() -> Iterator[Line]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        memory = f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB of memory"
    except (AttributeError, ValueError, OSError):
        memory = ""  # Windows has no sysconf
    yield "ok", f"{platform.system()} {platform.machine()}, {cores} cores{memory}", ""
    free = shutil.disk_usage(Path.cwd()).free / 2**30
    yield _line(free > 2, f"{free:.0f} GiB free here", "free some disk space")
    threads = os.environ.get("OPENBLAS_NUM_THREADS")
    yield _line(threads == "1", f"OPENBLAS_NUM_THREADS={threads or 'not set'}",
                "set it to 1: on shared cores small matrices run faster with one thread")


def _packages() -> Iterator[Line]:
    for extra, names in PACKAGES.items():
        yield from (_package(extra, name, MODULES.get(name, name)) for name in names)


def _package(extra: str, name: str, module: str) -> Line:
    from mmrec_helpers.features import devices

    optional = "note" if extra != "core" else "fault"
    try:
        if module in ("tensorflow", "keras"):
            devices.quiet()
        importlib.import_module(module)
        return "ok", f"{name} {metadata.version(name)}", ""
    except ModuleNotFoundError as fault:
        missing = name if fault.name == module else f"{name} (it needs {fault.name})"
        return optional, f"{missing} is not installed ({extra})", FIXES[extra]
    except Exception as fault:
        return "fault", f"{name} does not import: {type(fault).__name__}: {fault}", f"reinstall it: {FIXES[extra]}"


def _devices() -> Iterator[Line]:
    try:
        from mmrec_helpers.features.devices import devices

        found = devices()
        yield "ok", f"devices: {', '.join(found)}" + ("" if len(found) > 1 else " (no GPU; the course needs none)"), ""
    except ImportError:
        yield "note", "devices: cannot be listed without TensorFlow", FIXES["train"]


def _media() -> Iterator[Line]:
    """A picture and a sound made here, encoded and decoded again."""
    import tempfile

    import cv2
    import numpy as np
    import soundfile

    from mmrec_helpers.media import read_image, read_sound

    with tempfile.TemporaryDirectory() as folder:
        picture, sound = Path(folder, "a.jpg"), Path(folder, "a.mp3")
        cv2.imwrite(str(picture), np.full((32, 32, 3), 128, np.uint8))
        yield "ok", f"JPEG decodes: {read_image(picture).shape}", ""
        wave = np.sin(np.arange(22050) / 10).astype(np.float32) * 0.5
        try:
            soundfile.write(sound, wave, 22050, format="MP3")
            yield "ok", f"MP3 decodes: {len(read_sound(sound)) / 22050:.2f} s", ""
        except (ValueError, soundfile.SoundFileError) as fault:
            yield "fault", f"MP3 does not decode: {fault}", "pip install --upgrade soundfile (libsndfile 1.1 or newer)"


def _weights() -> Iterator[Line]:
    from mmrec_helpers.features.pretrained.base import CARDS
    from mmrec_helpers.features.pretrained.weights import FIX, installed

    for card in CARDS.values():
        here = installed(card.wheel)
        yield _line(here, f"weights of {card.name} ({card.modality}){'' if here else ': not installed'}", FIX)


def _movielens() -> Iterator[Line]:
    """Real data is optional: chapters skip what needs it."""
    folder, fix = os.environ.get("MMREC_MOVIELENS"), "set MMREC_MOVIELENS to the unpacked ml-latest-small"
    if not folder:
        yield "note", "MovieLens: MMREC_MOVIELENS is not set (optional)", fix
    elif any((Path(folder) / name).exists() for name in ("ratings.csv", "ratings.dat")):
        yield "ok", f"MovieLens in {folder}", ""
    else:
        yield "fault", f"MovieLens: no ratings.csv or ratings.dat in {folder}", fix
