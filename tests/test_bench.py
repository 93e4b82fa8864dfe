"""Committed figures: each bench JSON is as new as the code, the data and the packages that it measured."""

import json
import shutil

import pytest

from bench import record

NAMES = record.scripts()


OLDER = {"networks", "times"}
"""Known to be older than the code: name it here and in README, and take it out once it was measured again."""


@pytest.mark.parametrize("name", sorted(NAMES))
def test_the_figures_are_as_new_as_what_they_measure_or_known_to_be_older(name):
    older = record.older(name)
    assert bool(older) == (name in OLDER), (f"bench/{name}.json is older than {', '.join(older) or 'nothing'}; measure "
                                            f"it again with `python -m bench.{name}` (all of them: `make bench`)")


def test_every_json_has_a_script_that_make_bench_runs():
    written = {path.stem for path in record.HERE.glob("*.json")}
    makefile = (record.ROOT / "Makefile").read_text(encoding="utf-8")
    run = {line.split("bench.")[1] for line in makefile.splitlines() if "-m bench." in line}
    assert written == set(NAMES) == run


class TestOlder:
    LOCK = '''
[[package]]
name = "mmrec-helpers"
version = "0.1.0"
dependencies = [{ name = "numpy" }]
optional-dependencies = { train = [], course = [{ name = "jupyterlab" }] }
dev-dependencies = { weights = [] }

[[package]]
name = "numpy"
version = "2.4"
dependencies = [{ name = "blas" }]

[[package]]
name = "blas"
version = "1"

[[package]]
name = "jupyterlab"
version = "4"
'''

    @pytest.fixture
    def root(self, tmp_path):
        """A benchmark of one folder and one module, measured now."""
        for name, text in {"bench/one.py": 'MEASURES = ("package/room", "package/module", "data.json")\n',
                           "package/room/a.py": "def f(x):\n    return x + 1\n",
                           "package/module.py": "X = f\"{1:<{2}}\"\n",
                           "package/other.py": "Y = 1\n", "data.json": "{}", "uv.lock": self.LOCK}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        kept = {"measures": record.digests("one", tmp_path)}
        (tmp_path / "bench" / "one.json").write_text(json.dumps(kept))
        return tmp_path

    def test_what_a_named_module_of_bench_rests_on_counts_too(self, root):
        for name, text in {"shared": 'RESTS_ON = ("package/other",)\n', "unused": 'RESTS_ON = ("data.json",)\n',
                           "two": 'MEASURES = ("bench/shared", "package/module")\n'}.items():
            (root / f"bench/{name}.py").write_text(text)
        assert record.scripts(root)["two"] == ("bench/shared", "package/module", "package/other")

    def test_what_was_just_measured_is_not(self, root):
        assert record.older("one", root) == []

    def test_figures_of_other_code_are_not_kept_beside_new_ones(self, root):
        path = root / "bench" / "one.json"
        checked = {"commit": "def", "figures": 3}
        path.write_text(json.dumps({**json.loads(path.read_text()), "commit": "abc", "checked": checked, "a task": 1}))
        assert record.figures("one", root) == {"kept from": "abc", "checked": checked, "a task": 1}
        (root / "package/module.py").write_text("X = 2\n")
        assert record.figures("one", root) == {}

    @pytest.mark.parametrize(("file", "old", "new", "changed"), [
        ("package/room/a.py", "x + 1", "x + 2", ["package/room"]),
        ("package/module.py", "<", ">", ["package/module"]),
        ("data.json", "{}", "{ }", ["data.json"]),
        ("bench/one.py", "\n", "\nSEED = 1\n", ["bench/one"]),
        ("uv.lock", '"2.4"', '"2.5"', ["uv.lock"]),
        ("uv.lock", 'version = "1"', 'version = "2"', ["uv.lock"]),
    ], ids=["a folder", "a module", "data", "the script", "a package", "what a package needs"])
    def test_a_change_of_what_is_measured_is_named(self, root, file, old, new, changed):
        path = root / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
        assert record.older("one", root) == changed

    @pytest.mark.parametrize(("file", "text"), [
        ("package/room/a.py", '"""Says."""\n\n\ndef f(x):\n    """And how."""\n    return (x  # why\n        + 1)\n'),
        ("package/other.py", "Y = 2\n"), ("uv.lock", LOCK.replace('"4"', '"5"'))], ids=["words", "others", "tools"])
    def test_words_other_modules_and_tools_do_not_count(self, root, file, text):
        (root / file).write_text(text)
        assert record.older("one", root) == []

    def test_a_new_and_a_lost_module_count(self, root):
        (root / "package" / "room" / "b.py").write_text("Z = 1\n")
        assert record.older("one", root) == ["package/room"]
        shutil.rmtree(root / "package" / "room")
        with pytest.raises(FileNotFoundError, match="package/room: named in MEASURES"):
            record.older("one", root)
