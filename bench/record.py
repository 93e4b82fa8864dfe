"""How a benchmark's figures are kept: JSON that names command, commit, lock and seed."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent


def write(name: str, seed: int, figures: Mapping[str, object]) -> None:
    """Write `bench/NAME.json`: where the figures come from, then the figures."""
    about = {"command": f"python -m bench.{name}", "commit": commit(), "seed": seed,
             "lock": hashlib.sha256((ROOT / "uv.lock").read_bytes()).hexdigest()[:16],
             "python": platform.python_version(), "cores": os.cpu_count()}
    text = json.dumps({**about, **figures}, indent=1, ensure_ascii=False)
    (HERE / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def commit() -> str:
    """The commit that was run; `+` where package, data or bench were changed since."""
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "mmrec_helpers", "data", "bench/*.py", "uv.lock")
    return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
