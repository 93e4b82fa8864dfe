"""Where things lie: folders that are there, names that were meant, paths that leave their folder."""

from __future__ import annotations

import difflib
import os
import posixpath
import re
import tempfile
import unicodedata
from collections.abc import Callable, Collection
from pathlib import Path

from mmrec_helpers.catalog import CatalogError

OUTSIDE = re.compile(r"^/|^[A-Za-z]:|\\|\0|(^|/)\.\.(/|$)")
"""A path that leaves the folder by its name, here or on another system."""


def cache() -> Path:
    """Where what was made once is kept: MMREC_CACHE, or ~/.cache/mmrec."""
    return Path(os.environ.get("MMREC_CACHE") or Path.home() / ".cache" / "mmrec")


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, then rename: a half-written file or folder is never read; who comes second changes nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as folder:
        fresh = Path(folder) / path.name
        write(fresh)
        try:
            os.replace(fresh, path)
        except OSError:
            if not path.exists():
                raise


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
        raise CatalogError(f"{folder}: a file, not a folder; give the folder that it lies in")
    beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
    near = nearest(folder.name, [one.name for one in beside if one.is_dir()])
    raise CatalogError(f"{folder}: no such folder; " +
                       (f"did you mean {near!r}?" if near else "give one that holds items.csv and events.csv"))


def regular(path: Path) -> None:
    """Raise CatalogError where the path is something else than a file, such as a pipe, which would be waited for."""
    if path.exists() and not path.is_file():
        raise CatalogError(f"{path.name}: cannot be read: it is no regular file; put a file in its place")


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
