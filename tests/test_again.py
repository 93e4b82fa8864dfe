"""A sample of a benchmark, measured again: its JSON is up to date only where every figure is the same."""

import json
import subprocess

import numpy as np
import pytest

from bench import again, record


@pytest.fixture
def root(tmp_path):
    """A benchmark whose code has changed since it was measured."""
    for name, text in {"bench/one.py": 'MEASURES = ("module",)\n', "module.py": "X = 1\n",
                       "uv.lock": (record.ROOT / "uv.lock").read_text(encoding="utf-8")}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    kept = {"commit": "abc", "measures": record.digests("one", tmp_path), "ndcg": 0.12345}
    (tmp_path / "bench" / "one.json").write_text(json.dumps(kept))
    (tmp_path / "module.py").write_text("X = 0 + 1\n")
    return tmp_path


def read(root):
    return json.loads((root / "bench" / "one.json").read_text())


def check(root, then, now):
    return again.check("one", lambda name, kept, root: then, lambda name, root: now, root)


def test_where_the_sample_is_the_same_the_json_is_up_to_date_and_says_so(root):
    assert record.older("one", root) == ["module"]
    assert check(root, {"a": 0.12345}, {"a": 0.12349}) == {}
    assert record.older("one", root) == []
    assert (read(root)["checked"]["figures"], read(root)["commit"]) == (1, "abc")


@pytest.mark.parametrize("now", [0.1237, np.nan])
def test_where_a_figure_differs_the_json_stays_older(root, now):
    assert list(check(root, {"same": 1.0, "a": 0.12345}, {"same": 1.0, "a": now})) == ["a"]
    assert record.older("one", root) == ["module"]
    assert "checked" not in read(root)


def test_an_empty_sample_shows_nothing(root):
    with pytest.raises(ValueError, match="the sample of one is empty"):
        check(root, {}, {})


def test_a_method_that_is_new_or_gone_differs():
    assert list(again.differ({"a": 0.1, "b": 0.1}, {"b": 0.1, "c": 0.1})) == ["a", "c"]


SAMPLE = """
import json
from pathlib import Path

import module

kept = json.loads((Path(__file__).parent / "one.json").read_text())
print("a line of a library")
print(json.dumps({"a": module.X + kept["ndcg"]}))
"""


@pytest.fixture
def past(root):
    """Three commits of that benchmark, and the digests of each."""
    def git(*words):
        return subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a", *words], cwd=root, check=True,
                              capture_output=True, text=True).stdout.strip()

    found = []
    git("init", "-q")
    for text in ("X = 1\n", "X = 2\n", "X = 3\n"):
        (root / "module.py").write_text(text)
        git("add", ".")
        git("commit", "-qm", "more")
        found.append({"commit": git("rev-parse", "HEAD"), "measures": record.digests("one", root)})
    (root / "bench" / "again.py").write_text(SAMPLE)
    (root / "bench" / "one.json").write_text(json.dumps({"ndcg": 0.5}))
    yield found
    assert len(git("worktree", "list").splitlines()) == 1


def test_the_sample_is_measured_by_the_code_that_gave_the_figures_or_was_last_checked(root, past):
    """In a checkout of its commit, by today's script, with the figures of today."""
    first, second, _ = past
    assert again.before("one", first, root) == {"a": 1.5}
    checked = {**first, "measures": second["measures"], "checked": {"commit": second["commit"] + "+"}}
    assert again.before("one", checked, root) == {"a": 2.5}


def test_a_commit_whose_code_did_not_give_the_figures_is_refused(root, past):
    first, second, _ = past
    with pytest.raises(ValueError, match=r"one: the code of \w+ is not what gave the figures; measure all of it"):
        again.before("one", {**first, "measures": second["measures"]}, root)


def test_a_commit_that_is_not_in_this_clone_is_said(root, past):
    with pytest.raises(ValueError, match="one: commit 1234567 is not in this clone; `git fetch --unshallow`, or"):
        again.before("one", {**past[0], "commit": "1234567+"}, root)


def test_a_sample_that_the_old_code_cannot_measure_is_said(root, past):
    (root / "bench" / "again.py").write_text("import nowhere\n")
    with pytest.raises(ValueError, match="cannot measure this sample; measure all of it"):
        again.before("one", past[0], root)


def test_other_packages_need_the_whole_benchmark(root):
    lock = root / "uv.lock"
    lock.write_text(lock.read_text().replace('name = "numpy"\nversion = "', 'name = "numpy"\nversion = "9'))
    with pytest.raises(ValueError, match="one: packages have changed since; measure all of it"):
        check(root, {"a": 1.0}, {"a": 1.0})


def test_every_sample_is_of_a_benchmark():
    assert set(again.SAMPLES) <= set(record.scripts())
