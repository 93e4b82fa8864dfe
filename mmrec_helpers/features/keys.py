"""What an extracted row is known by: its medium's content, and all that its extractor is made of. Chapter 3."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from types import CodeType, FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmrec_helpers.features.base import Extractor, Medium

log = logging.getLogger(__name__)

CONTENT, NOTHING = "S32", b""
"""How a content's hash is kept, and the hash of no medium."""

VERSION = 5
"""Part of every key: raise it when an extractor's code gives other numbers for the same parameters."""

OURS = ("mmrec_helpers", "sklearn", "typing", "builtins")
"""Where classes come from whose code `VERSION` and the lock stand for."""


def key(extractor: Extractor, contents: Sequence[bytes], labels: Sequence[object] | None = None) -> str:
    """CLASS-DIGEST: the digest covers parameters, version and, where the extractor learns, what it learns from.

    Of a class that is not the package's own, methods with their defaults and constants are covered too: edit one, and
    nothing stale is read. What its methods call elsewhere is not seen; give such a class a parameter for its version.
    """
    parameters = {name: value for name, value in extractor.get_params().items() if name not in extractor.neutral}
    about = {"class": type(extractor).__name__, "code": _own_code(type(extractor)), "parameters": parameters,
             "version": VERSION}
    digest = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode())
    if extractor.learns:
        taught = labels or [""] * len(contents)
        learnt = {(one, str(label)) for one, label in zip(contents, taught, strict=True) if one != NOTHING}
        for one, label in sorted(learnt):
            digest.update(one + label.encode())
    return f"{type(extractor).__name__}-{digest.hexdigest()[:24]}"


def _own_code(kind: type) -> list[tuple[str, object]]:
    """What the classes do that `VERSION` knows nothing of: another's subclass, a cell of a notebook."""
    strange = [one for one in kind.__mro__ if one.__module__.partition(".")[0] not in OURS]
    return [(name, _plain(value)) for one in strange for name, value in sorted(vars(one).items())
            if name == "__init__" or not name.startswith("__")]


def _plain(value: object) -> object:
    """A function's instructions and defaults, or a constant, alike in every process; None for anything else."""
    for wrapped in ("fget", "__func__", "func"):  # property, static and class method, cached property
        value = getattr(value, wrapped, value)
    if isinstance(value, FunctionType):
        named = tuple((value.__kwdefaults__ or {}).items())
        return [_plain(part) for part in (value.__code__, value.__defaults__, named)]
    if isinstance(value, CodeType):
        return value.co_code.hex(), value.co_names, _plain(value.co_consts)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    return repr(value) if isinstance(value, (str, bytes, int, float, complex, type(None))) else None


def content(medium: Medium) -> bytes:
    """The sha256 of a text's or a file's content; `NOTHING` where there is none, or the file cannot be opened."""
    if medium is None:
        return NOTHING
    if isinstance(medium, str):
        return hashlib.sha256(b"t" + medium.encode("utf-8", "surrogatepass")).digest()
    try:
        return hashlib.sha256(b"f" + medium.read_bytes()).digest()
    except OSError as fault:
        log.warning("%s: %s", medium.name, fault.strerror)
        return NOTHING
