"""Exercises are generated from their solutions: what is between nbgrader's markers is removed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import nbformat

SOLUTION = re.compile(r"^([ \t]*)### BEGIN SOLUTION\n.*?^[ \t]*### END SOLUTION[ \t]*$", re.M | re.S)

BLANK = "{0}# YOUR CODE HERE\n{0}raise NotImplementedError()"
"""What nbgrader puts in a solution's place; {0} is its indentation."""


def build(solution: Path) -> str:
    """The exercise notebook of a solution notebook, as text: solutions blanked, outputs cleared, always the same bytes.

    Raises ValueError for a marker without its partner.
    """
    notebook = nbformat.read(solution, as_version=4)
    for number, cell in enumerate(notebook.cells):
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.source = blank(cell.source, f"{solution.name}, cell {number}")
            cell.outputs, cell.execution_count = [], None
    return nbformat.writes(notebook) + "\n"


def blank(source: str, where: str = "") -> str:
    """A cell's text without its solutions.

    >>> print(blank("def f(x):\\n    ### BEGIN SOLUTION\\n    return x\\n    ### END SOLUTION"))
    def f(x):
        # YOUR CODE HERE
        raise NotImplementedError()
    """
    bare = SOLUTION.sub(lambda found: BLANK.format(found[1]), source)
    if "### BEGIN SOLUTION" in bare or "### END SOLUTION" in bare:
        raise ValueError(f"{where}: a solution marker without its partner")
    return bare


def build_all(folder: str | Path = "notebooks", only: str | None = None) -> list[Path]:
    """Write `exercises/NN_name.ipynb` for every `solutions/NN_name.ipynb`; returns what was written."""
    written = []
    for solution in sorted((Path(folder) / "solutions").glob(f"{only or ''}*.ipynb")):
        path = Path(folder) / "exercises" / solution.name
        path.parent.mkdir(exist_ok=True)
        path.write_text(build(solution), encoding="utf-8")
        written.append(path)
    return written


def stale(folder: str | Path = "notebooks") -> list[str]:
    """The exercises that are not what their solutions give, or that have no solution."""
    wanted = {path.name: build(path) for path in Path(folder, "solutions").glob("*.ipynb")}
    there = {path.name: path.read_text(encoding="utf-8") for path in Path(folder, "exercises").glob("*.ipynb")}
    return sorted(name for name in wanted | there if wanted.get(name) != there.get(name))


def reset(notebook: str | Path) -> Path | None:
    """Restore one notebook to its committed state; a copy of the learner's stays beside it.

    Returns the copy, `NAME.mine.ipynb` (or `.mine2` and so on), or None where nothing had changed. Raises ValueError
    outside git or for a file that git does not know.
    """
    notebook = Path(notebook).resolve()
    shown = _git(notebook.parent, "show", f"HEAD:./{notebook.name}")
    if notebook.exists() and notebook.read_bytes() == shown:
        return None
    mine = None
    if notebook.exists():
        mine = _free(notebook)
        shutil.copyfile(notebook, mine)
    notebook.write_bytes(shown)
    return mine


def _free(notebook: Path) -> Path:
    names = (notebook.with_suffix(f".mine{number}.ipynb") for number in ["", *range(2, 1000)])
    return next(path for path in names if not path.exists())


def _git(folder: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True)
    if done.returncode:
        raise ValueError(f"{folder}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout
