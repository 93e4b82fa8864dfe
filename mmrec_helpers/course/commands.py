"""What `mmrec course ...` does."""

from __future__ import annotations

from pathlib import Path

from mmrec_helpers.course import contract, exercises, reference, runner


def run(folder: Path, name: str | None, fast: bool) -> int:
    """Run every chapter, or the one named."""
    results = runner.run_all(folder, {"FAST": True} if fast else None, only=name)
    print(runner.as_text(results))
    return int(any(one.fault for one in results))


def check(folder: Path, name: str | None, fast: bool) -> int:
    """Check every chapter, or the one named, against the contract."""
    found = [fault for path in runner.chapters(folder, name) for fault in contract.check(path)]
    found += [f"exercises/{stale}: not what its solution gives; run `mmrec course exercises`"
              for stale in exercises.stale(folder)]
    print("\n".join(found) or "every chapter keeps the contract")
    return int(bool(found))


def build(folder: Path, name: str | None, fast: bool) -> int:
    """Build the exercises from their solutions."""
    runner.chapters(folder / "solutions", name)
    for path in exercises.build_all(folder, name):
        print(path)
    return 0


def bands(folder: Path, name: str | None, fast: bool) -> int:
    """Measure the bands of the headline figures again, over five seeds."""
    print("\n".join(reference.measure(folder, name)))
    return 0


def reset(folder: Path, name: str | None, fast: bool) -> int:
    """Restore one notebook to its committed state."""
    if name is None:
        raise ValueError("name one notebook: mmrec course reset 02_preprocessing.ipynb")
    mine = exercises.reset(folder / name)
    print(f"{name}: as committed" + (f"; yours is kept as {mine.name}" if mine else ", nothing had changed"))
    return 0
