"""Every chapter keeps the contract, runs on a small world off the network; every exercise answers as it should."""

import importlib
import json
import re
import sys
from pathlib import Path

import nbformat
import pytest

from mmrec_helpers.course import contract, exercises, offline, runner
from mmrec_helpers.course.checks import CORRECT, INCORRECT, NOT_YET, Exercise

FOLDER = Path(__file__).parent.parent / "notebooks"
CHAPTERS = runner.chapters(FOLDER)
SOLUTIONS = runner.chapters(FOLDER / "solutions")


def run_offline(path, parameters):
    code = ("import sys; from mmrec_helpers.course import runner; "
            f"r = runner.run({str(path)!r}, {parameters!r}); print(r.fault); sys.exit(bool(r.fault))")
    return offline.run([sys.executable, "-c", code])


def exercises_of(path):
    module = importlib.import_module(f"mmrec_helpers.course.chapters.ch{path.name[:2]}")
    return {name: one for name, one in vars(module).items() if isinstance(one, Exercise)}


DECLARED = [pytest.param(one, id=f"{path.name[:2]}-{name}") for path in SOLUTIONS
            for name, one in exercises_of(path).items()]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_keeps_the_contract(path):
    assert contract.check(path) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_runs_with_other_parameters(path):
    assert run_offline(path, {"FAST": True, "SEED": 1}) == 0


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_solutions_run(path):
    assert run_offline(path, {}) == 0


def test_every_chapter_has_exercises_solutions_and_bands():
    names = [path.name for path in CHAPTERS]
    assert names == [path.name for path in SOLUTIONS] == [path.name for path in runner.chapters(FOLDER / "exercises")]
    bands = json.loads((FOLDER / "reference.json").read_text(encoding="utf-8"))
    assert sorted(bands) == [name[:2] for name in names]


def test_exercises_are_what_the_solutions_give():
    assert exercises.stale(FOLDER) == []


@pytest.mark.parametrize("exercise", DECLARED)
def test_the_solution_passes_and_the_blank_is_not_attempted(exercise, capsys):
    def blank(*args, **kwargs):
        raise NotImplementedError

    assert exercise.verdict(exercise.answer)[0] == CORRECT
    assert exercise.verdict(...)[0] == NOT_YET
    assert exercise.verdict(blank)[0] == NOT_YET
    exercise.solution()
    assert capsys.readouterr().out.startswith(f"def {exercise.answer.__name__}(")


@pytest.mark.parametrize("exercise", DECLARED)
def test_each_typical_mistake_is_caught_with_its_own_message(exercise):
    assert len(exercise.mistakes) >= 2
    assert len({message for _, message in exercise.mistakes}) == len(exercise.mistakes)
    for wrong, message in exercise.mistakes:
        assert exercise.verdict(wrong) == (INCORRECT, message)


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_notebook_checks_every_exercise_and_all_are_correct(path):
    notebook = nbformat.read(path, as_version=4)
    printed = "".join(out.get("text", "") for cell in notebook.cells if cell.cell_type == "code"
                      for out in cell.outputs)
    for exercise in exercises_of(path).values():
        assert re.search(rf"^{re.escape(exercise.name)}: correct$", printed, re.M), exercise.name


@pytest.mark.parametrize("path", [*CHAPTERS, *SOLUTIONS], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_path_of_the_machine_it_was_made_on(path):
    text = path.read_text(encoding="utf-8")
    assert str(FOLDER.parent) not in text
    assert not re.search(r"(?<![\w.])/(home|root|tmp|Users)/\w", text)
