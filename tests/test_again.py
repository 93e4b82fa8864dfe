"""A sample of a benchmark, measured again: its JSON is up to date only where every figure is the same."""

import json

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


def test_where_the_sample_is_the_same_the_json_is_up_to_date_and_says_so(root):
    assert record.older("one", root) == ["module"]
    assert again.check("one", {"one": lambda kept: {"a": (kept["ndcg"], 0.12349)}}, root) == {}
    assert record.older("one", root) == []
    assert (read(root)["checked"]["figures"], read(root)["commit"]) == (1, "abc")


@pytest.mark.parametrize("now", [0.1237, np.nan])
def test_where_a_figure_differs_the_json_stays_older(root, now):
    assert list(again.check("one", {"one": lambda kept: {"same": (1.0, 1.0), "a": (kept["ndcg"], now)}}, root)) == ["a"]
    assert record.older("one", root) == ["module"]
    assert "checked" not in read(root)


def test_an_empty_sample_shows_nothing(root):
    with pytest.raises(ValueError, match="the sample of one is empty"):
        again.check("one", {"one": lambda kept: {}}, root)


def test_a_method_that_is_new_or_gone_differs():
    def table(names):
        return {"methods": {name: {"ndcg": {"mean": 0.1}} for name in names}}

    assert list(again.differ(again.rows("task", {"task": table("ab")}, table("bc")))) == ["task, a", "task, c"]


def test_every_sample_is_of_a_benchmark():
    assert set(again.SAMPLES) <= set(record.scripts())
