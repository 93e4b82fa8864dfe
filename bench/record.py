"""How a benchmark's figures are kept: JSON that names command, commit, lock and seed, and digests of what it measures.

Each script says in MEASURES which files and folders its figures rest on; those that a module of bench named there has
in RESTS_ON count too. A test compares the digests with the code and the locked packages of today, and names each JSON
that is older. Comments, docstrings and layout do not count.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import platform
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

ABOUT = ("command", "commit", "seed", "lock", "python", "cores", "measures")
"""What a JSON says of where its figures come from."""

HERE = Path(__file__).parent
ROOT = HERE.parent


def write(name: str, seed: int, figures: Mapping[str, object]) -> None:
    """Write `bench/NAME.json`: where the figures come from, then the figures."""
    about = {"command": f"python -m bench.{name}", "commit": commit(), "seed": seed,
             "lock": hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest()[:16],
             "python": platform.python_version(), "cores": os.cpu_count(),
             "measures": AT_START.get(name) or digests(name)}
    save(HERE / f"{name}.json", {**about, **figures})


def save(path: Path, content: Mapping[str, object]) -> None:
    """As every JSON of this folder is written."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def figures(name: str, root: Path = ROOT) -> dict[str, object]:
    """The figures of `bench/NAME.json` without where they come from, if they are as new as what they measure; else
    none: what is measured now must not be put beside what other code gave. `kept from`: the commit that gave them."""
    path = root / "bench" / f"{name}.json"
    if not path.is_file() or older(name, root):
        return {}
    kept = json.loads(path.read_text(encoding="utf-8"))
    return {"kept from": kept["commit"], **{key: value for key, value in kept.items() if key not in ABOUT}}


def commit() -> str:
    """The commit that was run; `+` where package, data or bench were changed since."""
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "mmrec_helpers", "data", "bench/*.py", "uv.lock")
    return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")


def scripts(root: Path = ROOT) -> dict[str, tuple[str, ...]]:
    """Every benchmark's name and its MEASURES, with what the modules of bench among them rest on."""
    shared = _constants("RESTS_ON", root)
    return {name: tuple(sorted({*named, *(one for each in named for one in shared.get(Path(each).name, ())
                                          if each.startswith("bench/"))}))
            for name, named in _constants("MEASURES", root).items()}


def digests(name: str, root: Path = ROOT) -> dict[str, str]:
    """A digest of each thing that a benchmark measures, of its script and of the packages locked for it."""
    things = {one: b"".join(_bytes(path, root) for path in _files(root / one))
              for one in (*scripts(root)[name], f"bench/{name}")}
    things["uv.lock"] = repr(sorted(packages(root))).encode()
    return {one: hashlib.sha256(content).hexdigest()[:12] for one, content in things.items()}


def older(name: str, root: Path = ROOT) -> list[str]:
    """What has changed, or come or gone, since `bench/NAME.json` was written."""
    kept = json.loads((root / "bench" / f"{name}.json").read_text(encoding="utf-8")).get("measures", {})
    return sorted({one for one, _ in kept.items() ^ digests(name, root).items()})


def packages(root: Path = ROOT) -> set[tuple[str, str]]:
    """Names and versions in uv.lock of what `make run` and the encoders need; those of tests and notebooks are not."""
    locked: dict[str, list[dict]] = {}
    for one in tomllib.loads((root / "uv.lock").read_text(encoding="utf-8"))["package"]:
        locked.setdefault(one["name"], []).append(one)
    ours, = locked["mmrec-helpers"]
    wanted = [*ours["dependencies"], *ours["optional-dependencies"]["train"], *ours["dev-dependencies"]["weights"]]
    found: dict[str, list[dict]] = {}
    while wanted:
        name = wanted.pop()["name"]
        if name not in found:
            found[name] = locked[name]
            wanted += [more for one in found[name] for more in one.get("dependencies", [])]
    return {(name, one["version"]) for name, each in found.items() for one in each}


def _constants(constant: str, root: Path) -> dict[str, tuple[str, ...]]:
    """By module of bench: this constant of those that have it."""
    return {path.stem: ast.literal_eval(node.value) for path in sorted((root / "bench").glob("*.py"))
            for node in _tree(path).body if isinstance(node, ast.Assign) and ast.unparse(node.targets) == constant}


def _files(thing: Path) -> Iterator[Path]:
    """A file, a module without its .py, or all modules of a folder."""
    module = thing.with_name(f"{thing.name}.py")
    found = sorted(thing.rglob("*.py")) or [one for one in (thing, module) if one.is_file()]
    if not found:
        raise FileNotFoundError(f"{thing}: named in MEASURES of a script in bench/, and not there")
    yield from found


def _bytes(path: Path, root: Path) -> bytes:
    content = repr(_shape(_tree(path))).encode() if path.suffix == ".py" else path.read_bytes()
    return path.relative_to(root).as_posix().encode() + content


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _shape(node: object) -> object:
    """A syntax tree as lists, the same for every Python: no empty fields, no strings that only document."""
    if isinstance(node, list):
        return [_shape(one) for one in node if not _is_docstring(one)]
    if not isinstance(node, ast.AST):
        return node
    if isinstance(node, ast.JoinedStr):  # Python 3.12.1 adds empty strings
        return ["JoinedStr", *(_shape(one) for one in node.values if getattr(one, "value", None) != "")]
    fields = ((name, value) for name, value in ast.iter_fields(node) if value not in (None, []) and name != "kind")
    return [type(node).__name__, *((name, _shape(value)) for name, value in fields)]


def _is_docstring(node: object) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


RUNNING = getattr(sys.modules["__main__"].__spec__, "name", "").removeprefix("bench.")
AT_START = {RUNNING: digests(RUNNING)} if RUNNING in scripts() else {}
"""Taken when a benchmark starts: code that changes while it runs makes its figures older than the code."""
