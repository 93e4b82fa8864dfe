"""Files and folders: the cache, files written whole, names that were meant, paths that leave their folder."""

from __future__ import annotations

import contextlib
import difflib
import errno
import hashlib
import os
import posixpath
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path

import platformdirs

from mmrec_helpers.catalog import CatalogError

OUTSIDE = re.compile(r"^/|^[A-Za-z]:|\\|\0|(^|/)\.\.(/|$)")
"""A path that leaves the folder by its name, here or on another system."""


SEAL = "sha256.txt"
"""The file in a folder with the checksum of all others."""

ABANDONED = 3600
"""Seconds after which nobody still writes what is named `.new-*`; the largest takes a minute."""


def cache() -> Path:
    """The folder of what was computed once: MMREC_CACHE, or where caches are on this system (~/.cache/mmrec on Linux).

    Raises OSError where neither is known.
    """
    if named := os.environ.get("MMREC_CACHE"):
        return Path(named)
    with contextlib.suppress(RuntimeError):
        place = platformdirs.user_cache_path("mmrec", appauthor=False)
        if place.is_absolute():
            return place
    raise OSError("no home folder for the cache: set MMREC_CACHE to a folder that can be written")


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, on the disk itself, then rename: a half-written file or folder is never read.

    Who comes second changes nothing. Raises OSError, for a full disk with what to do.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        clear_abandoned(path.parent)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
            fresh = Path(folder) / path.name
            write(fresh)
            for one in (*fresh.rglob("*"), fresh):
                _sync(one)
            _rename(fresh, path)
        _sync(path.parent)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OSError(errno.ENOSPC, "the disk is full: free some space, or set MMREC_CACHE to a folder on another "
                          "disk; what was finished is kept", str(path)) from error
        raise


def _rename(fresh: Path, path: Path) -> None:
    try:
        os.replace(fresh, path)
    except OSError:
        if not path.exists():
            raise


def _sync(path: Path) -> None:
    """What was written is on the disk when this returns, so that no crash leaves a name without its content."""
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY  # Windows cannot open a folder at all
    with contextlib.suppress(OSError) if path.is_dir() else contextlib.nullcontext():
        opened = os.open(path, flags)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def clear_abandoned(folder: Path) -> None:
    """Remove what writers that were killed left in a folder, and not what others may still be writing."""
    for left in folder.glob(".new-*"):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left)


def seal(folder: Path) -> None:
    """Write the checksum of a folder's files into it."""
    (folder / SEAL).write_text(_checksum(folder), encoding="ascii")


def sealed(folder: Path) -> bool:
    """Whether a folder's files are those that `seal` saw."""
    kept = folder / SEAL
    return kept.is_file() and kept.read_bytes() == _checksum(folder).encode("ascii")


def _checksum(folder: Path) -> str:
    """The sha256 of the names and contents of all files in a folder, in hexadecimal."""
    total = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.name != SEAL):
        total.update(path.relative_to(folder).as_posix().encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def nearest(name: str, names: Collection[str], cutoff: float = 0.6) -> str | None:
    """Which of `names` someone may have meant, None where none is near; case does not count. By difflib.

    >>> nearest("timestamp", ["user", "TimeStmap"])
    'TimeStmap'
    """
    folded = {one.casefold(): one for one in names}
    near = difflib.get_close_matches(name.casefold(), folded, 1, cutoff)
    return folded[near[0]] if near else None


def existing(folder: str | Path) -> Path:
    """The absolute path of a folder. Raises CatalogError where there is none."""
    folder = Path(folder).expanduser().absolute()
    if folder.is_dir():
        return folder
    if folder.exists():
        raise CatalogError(f"{folder}: a file, not a folder; give the folder that it is in")
    beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
    near = nearest(folder.name, [one.name for one in beside if one.is_dir()])
    raise CatalogError(f"{folder}: no such folder; " +
                       (f"did you mean {near!r}?" if near else "give one that contains items.csv and events.csv"))


def regular(path: Path) -> None:
    """Raise CatalogError where the path is something else than a file, such as a pipe, which would be waited for."""
    if path.exists() and not path.is_file():
        raise CatalogError(f"{path.name}: cannot be read: it is not a regular file; put a file in its place")


def on_disk(path: str, root: Path) -> str:
    """The path within `root`, in the Unicode form that the disk has (NFC or NFD); as it is where it has none."""
    if path.isascii() or OUTSIDE.search(path) or os.path.lexists(root / path):
        return path
    forms = (unicodedata.normalize(form, path) for form in ("NFC", "NFD"))
    return next((form for form in forms if os.path.lexists(root / form)), path)


def leaving(paths: set[str], root: str) -> set[str]:
    """Those of the paths that leave the folder `root` (its real path), by their name or by a link."""
    named = {path for path in paths if OUTSIDE.search(path)}
    kept = paths - named
    away = {parent for parent in map(posixpath.dirname, kept) if not _inside(parent, root)}
    return named | {path for path in kept if posixpath.dirname(path) in away or
                    (os.path.islink(os.path.join(root, path)) and not _inside(path, root))}


def _inside(path: str, root: str) -> bool:
    return Path(os.path.realpath(os.path.join(root, path))).is_relative_to(root)
