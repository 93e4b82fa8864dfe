"""Running chapters by papermill: parameters, a time budget, a progress bar, a closing table."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CHAPTER = re.compile(r"\d\d_\w+\.ipynb")

KERNEL_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2", "OPENBLAS_NUM_THREADS": "1", "KERAS_BACKEND": "tensorflow"}
"""Set where kernels start: TensorFlow's banner off; small matrices are faster with one thread on shared cores."""


@dataclass(frozen=True)
class Result:
    """The run of one notebook. fault: empty if it ran to the end, else what happened in one line."""

    name: str
    seconds: float
    fault: str = ""


def chapters(folder: str | Path = "notebooks", only: str | None = None) -> list[Path]:
    """The notebooks `NN_name.ipynb` of a folder, by number, found by glob; or those whose names start with `only`.

    Raises FileNotFoundError where there is none.
    """
    found = sorted(path for path in Path(folder).glob("*.ipynb") if CHAPTER.fullmatch(path.name))
    if not found:
        raise FileNotFoundError(f"no chapters in {folder}; name the course's folder: --notebooks DIR")
    wanted = [path for path in found if path.name.startswith(only or "")]
    if not wanted:
        raise FileNotFoundError(f"no chapter {only!r} in {folder}; there are {', '.join(one.stem for one in found)}")
    return wanted


def run(notebook: str | Path, parameters: Mapping[str, object] | None = None, budget_s: float = 600) -> Result:
    """Execute one notebook from its own folder, with other parameters; the outputs are not kept.

    budget_s: seconds that any one cell may take. A failure is a Result, never a traceback.
    """
    import papermill

    notebook = Path(notebook)
    os.environ.update({key: os.environ.get(key, value) for key, value in KERNEL_ENVIRONMENT.items()})
    start = time.perf_counter()
    try:
        papermill.execute_notebook(notebook, None, dict(parameters or {}), cwd=notebook.parent, kernel_name="python3",
                                   progress_bar=False, execution_timeout=budget_s, log_output=False)
        fault = ""
    except Exception as stopped:
        fault = _one_line(stopped)
    return Result(notebook.name, time.perf_counter() - start, fault)


def run_all(folder: str | Path = "notebooks", parameters: Mapping[str, object] | None = None,
            only: str | None = None) -> list[Result]:
    """Every chapter of a folder (or the one whose name starts with `only`), with a progress bar."""
    from tqdm import tqdm

    bar, results = tqdm(chapters(folder, only), unit="chapter"), []
    for path in bar:
        bar.set_description(path.stem)
        results.append(run(path, parameters))
    return results


def as_text(results: Sequence[Result]) -> str:
    """The closing table: name, seconds, ok or why not."""
    width = max((len(one.name) for one in results), default=4)
    rows = [f"{one.name:<{width}}  {one.seconds:6.1f} s  {one.fault or 'ok'}" for one in results]
    return "\n".join([*rows, f"{'':<{width}}  {sum(one.seconds for one in results):6.1f} s in all"])


def _one_line(fault: Exception) -> str:
    cell = getattr(fault, "exec_count", None)
    words = f"{getattr(fault, 'ename', type(fault).__name__)}: {getattr(fault, 'evalue', fault)}"
    return " ".join((f"cell [{cell}]: " if cell else "").split() + words.split())[:300]
