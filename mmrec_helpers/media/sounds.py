"""Sound files: decoded, or refused with the cause and the fix. Taught in chapter 5."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmrec_helpers.media.faults import FIXES, MAX_SAMPLES, MIN_SECONDS, MediaFault, opened

if TYPE_CHECKING:
    from soundfile import SoundFile

RATE = 22_050
"""Samples a second at which sounds are read."""

RATES = (1_000, 1_000_000)
"""Outside this range a rate is a broken header's."""

SILENCE = 1e-4
"""A sound whose largest sample is below this (-80 dB of full scale) is silent."""

LOUDEST = 32_768
"""A sound with a larger sample is refused: the power of 1e30 is infinity in float32. Full scale is 1, but a float WAV
that holds 16-bit integers reaches this. It is read as it is, 90 dB louder, and noted as clipped: to divide by 32,768
would be a guess, and one damaged sample would then silence all others."""

FORMATS = ("MP3", "FLAC", "OGG", "WAV", "WAVEX")
"""What a sound may be; WAVEX is a WAV with an extended header. soundfile reads a dozen more."""

BLOCK = 1 << 18
"""Samples to decode at a time, of all channels together, so that memory holds one channel and not all of them."""


def read_sound(path: str | Path, rate: int = RATE, seconds: float | None = None) -> np.ndarray:
    """A sound file as (n,) float32 at `rate` samples a second: channels averaged, then resampled where needed.

    seconds: hear only so many from the start, at least `MIN_SECONDS`. Time and memory then grow with them and not with
    the file, and only what was heard is judged: a sound is silent, or not finite, if its first `seconds` are.
    Raises MediaFault: "no file", "not a regular file", "file too large", "empty sound", "not a sound", "not finite",
    "sample out of range", "sound too long", "sound too short", "silent sound". Taught in chapter 5.

    >>> read_sound("nowhere.mp3")
    Traceback (most recent call last):
    mmrec_helpers.media.faults.MediaFault: nowhere.mp3: no file; put the file there, or empty the field
    """
    if seconds is not None and not MIN_SECONDS <= seconds < math.inf:
        raise ValueError(f"seconds={seconds}: give a number from {MIN_SECONDS} up, or None for the whole sound")
    path = Path(path)
    blocks, own_rate, _ = decode(path, _mean, seconds)
    mono = np.concatenate(blocks)
    peak = max(mono.max(), -mono.min())
    if not peak <= LOUDEST:  # NaN is not below anything
        raise MediaFault(path, "sample out of range" if np.isfinite(peak) else "not finite")
    if len(mono) < MIN_SECONDS * own_rate:
        raise MediaFault(path, "sound too short")
    if peak < SILENCE:
        raise MediaFault(path, "silent sound")
    if own_rate == rate:
        return mono
    import librosa

    return librosa.resample(mono, orig_sr=own_rate, target_sr=rate).astype(np.float32, copy=False)


def decode(path: Path, keep: Callable[[np.ndarray], Any], seconds: float | None = None) -> tuple[list, int, int]:
    """What `keep` makes of each block, (n, channels) float32, n > 0, of a sound; its rate; its channels."""
    import soundfile

    opened(path, "empty sound").close()
    try:
        with soundfile.SoundFile(path) as file:
            rate, channels = file.samplerate, file.channels
            if file.format not in FORMATS:
                raise MediaFault(path, "not a sound", f"its format is {file.format}: {FIXES['not a sound']}")
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
    """At most so many frames, or until they end; a header may promise more or fewer than there are."""
    file.seekable = lambda: False  # or soundfile seeks after each block, and an MP3 is not exact after a seek
    frames, done = BLOCK // file.channels, 0
    promised = min(file.frames, most) if file.frames < sys.maxsize else 0  # that is: it does not say
    while max(done, promised) * file.channels <= MAX_SAMPLES:
        block = file.read(min(frames, most - done), dtype="float32", always_2d=True)
        if not len(block):
            break
        done += len(block)
        yield block
    else:
        raise MediaFault(file.name, "sound too long")
    if file.format == "FLAC" and done < promised:
        raise RuntimeError("cut")


def _mean(block: np.ndarray) -> np.ndarray:
    """(n,), over the channels of (n, channels)."""
    return block.mean(axis=1) if block.shape[1] > 1 else block[:, 0]
