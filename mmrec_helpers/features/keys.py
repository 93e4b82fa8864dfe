"""The key of an extracted row: its medium's content, and all that its extractor depends on. Taught in chapter 3."""

from __future__ import annotations

import hashlib
import inspect
import json
import logging
import pprint
import re
from collections.abc import Sequence
from types import FunctionType
from typing import TYPE_CHECKING

from mmrec_helpers.media.faults import MediaFault, opened

if TYPE_CHECKING:
    from mmrec_helpers.features.base import Extractor, Medium

log = logging.getLogger(__name__)

CONTENT, NOTHING = "S32", b""
"""How a content's hash is kept, and the hash of no medium."""

VERSION = 6
"""Part of every key: raise it when an extractor's code gives other rows for the same parameters."""

OURS = ("mmrec_helpers", "sklearn", "typing", "builtins")
"""Packages whose classes' code is covered by `VERSION` and the lock."""

PLAIN = (str, bytes, int, float, complex, tuple, list, dict, set, frozenset, type(None))
"""Constants of a class that count by their value."""

ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


def key(extractor: Extractor, contents: Sequence[bytes], labels: Sequence[object] | None = None) -> str:
    """CLASS-DIGEST: the digest covers parameters, version and, where the extractor learns, its training data.

    Of a class that is not the package's own, its source and constants are covered too: edit one in a notebook, and
    nothing stale is read. Not seen are what its methods call elsewhere, and a file edited after it was imported: for
    these, give the class a constant `version` and change it. Raises ValueError where there is neither source nor
    `version`.
    """
    parameters = {name: value for name, value in extractor.get_params().items() if name not in extractor.neutral}
    about = {"class": type(extractor).__name__, "code": _own_code(type(extractor)), "parameters": parameters,
             "version": VERSION}
    digest = hashlib.sha256(json.dumps(about, sort_keys=True, default=str).encode())
    if extractor.learns:
        labels = labels or [""] * len(contents)
        examples = {(one, str(label)) for one, label in zip(contents, labels, strict=True) if one != NOTHING}
        for one, label in sorted(examples):
            digest.update(one + label.encode())
    return f"{type(extractor).__name__}-{digest.hexdigest()[:24]}"


def _own_code(kind: type) -> list[tuple[str, str]]:
    """Methods and constants of the classes that `VERSION` does not cover: another's subclass, a cell of a notebook."""
    strange = [one for one in kind.__mro__ if one.__module__.partition(".")[0] not in OURS]
    return [(name, _source(one, value)) for one in strange for name, value in sorted(vars(one).items())
            if name == "__init__" or not name.startswith("__")]


def _source(kind: type, value: object) -> str:
    """A method's source with the values of its defaults, or a constant; alike in every process."""
    for wrapped in ("fget", "func"):  # property, cached property
        value = getattr(value, wrapped, value)
    value = inspect.unwrap(value)  # static and class method, functools.wraps
    if not isinstance(value, FunctionType):
        return ADDRESS.sub("", pprint.pformat(value)) if isinstance(value, PLAIN) else ""
    try:
        source = inspect.getsource(value)
    except OSError:
        if "version" not in vars(kind):
            raise ValueError(f"{kind.__name__}: its source cannot be read, so that an edit would not be noticed; write "
                             "version = 1 in the class, and another number whenever its code changes") from None
        source = ""
    return source + ADDRESS.sub("", pprint.pformat((value.__defaults__, value.__kwdefaults__)))


def content(medium: Medium) -> bytes:
    """The sha256 of a text's or a file's content; `NOTHING` where there is none, or the file cannot be opened."""
    if medium is None:
        return NOTHING
    if isinstance(medium, str):
        return hashlib.sha256(b"t" + medium.encode("utf-8", "surrogatepass")).digest()
    try:
        digest = hashlib.sha256(b"f")
        with opened(medium) as file:
            while block := file.read(1 << 20):
                digest.update(block)
        return digest.digest()
    except MediaFault as fault:
        log.warning("%s", fault)
    except OSError as fault:
        log.warning("%s: it cannot be read: %s", medium.name, fault.strerror)
    return NOTHING
