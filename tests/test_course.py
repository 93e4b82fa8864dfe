"""The course's machinery: notebooks run with other parameters, exercises answer, faults of a chapter are named."""

import json
import os
import subprocess
import sys

import nbformat
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mmrec_helpers import cli
from mmrec_helpers.course import bench_tables, contract, exercises, offline, reference, runner
from mmrec_helpers.course.checks import CORRECT, INCORRECT, NOT_YET, Exercise

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
CONNECTS = "import socket; s = socket.socket(); s.settimeout(3); s.connect(('192.0.2.1', 80))"  # TEST-NET: nobody there


def write(path, *cells):
    notebook = new_notebook(cells=list(cells), metadata=KERNEL)
    nbformat.write(notebook, path)
    return path


def tagged(source, *tags, **more):
    return new_code_cell(source, metadata={"tags": list(tags)}, **more)


@pytest.fixture
def mean():
    return Exercise(
        "the mean", answer=lambda x: sum(x) / len(x), cases=[([1, 2, 6],), ([0.5, 2],)],
        mistakes=[(sum, "that is the sum: divide it"), (lambda x: sum(x) // len(x), "it has a fraction")],
        tip="add up, then divide")


class TestChecks:
    def test_three_verdicts(self, mean):
        def blank(x):
            raise NotImplementedError

        assert mean.verdict(mean.answer)[0] == CORRECT
        assert mean.verdict(blank)[0] == mean.verdict(None)[0] == mean.verdict(...)[0] == NOT_YET
        assert mean.verdict(max)[0] == INCORRECT

    def test_a_typical_mistake_gets_its_own_message_and_hint(self, mean, capsys):
        assert mean.verdict(sum) == (INCORRECT, "that is the sum: divide it")
        mean.hint()
        assert "that is the sum" in capsys.readouterr().out
        mean.verdict(max)
        mean.hint()
        assert "add up, then divide" in capsys.readouterr().out

    def test_the_mistake_is_that_of_the_first_wrong_case(self, mean):
        assert mean.verdict(lambda x: sum(x) // len(x)) == (INCORRECT, "it has a fraction")
        assert mean.verdict(lambda x: sum(x) // len(x) if len(x) < 3 else max(x))[1].startswith("not yet; hint() gives")

    def test_an_answer_that_stops_gets_a_sentence_and_the_input(self, mean):
        assert mean.verdict(lambda x: 1 / 0) == (
            INCORRECT, "it stops with ZeroDivisionError: division by zero\nwith x: [1, 2, 6]")
        assert mean.verdict(lambda x: 3 if len(x) == 3 else {}["y"]) == (
            INCORRECT, "it stops with KeyError: 'y'\nwith x: [0.5, 2]")
        assert mean.verdict(lambda: 3)[1].startswith("it stops with TypeError")

    def test_another_wrong_answer_is_shown_with_its_input(self, mean):
        assert mean.verdict(max)[1] == "not yet; hint() gives a hint\nwith x: [1, 2, 6]\nit returned: 6"
        assert len(mean.verdict(lambda x: "much " * 1000)[1]) < 700

    @pytest.mark.parametrize("odd", ["three", object(), [[3, 3], [3]], {}, "3", lambda: 3, float("nan")])
    def test_an_odd_result_is_incorrect_and_no_more(self, mean, odd):
        assert mean.verdict(lambda x: odd)[0] == INCORRECT

    def test_nothing_returned_and_no_function(self, mean):
        verdict, words = mean.verdict(lambda x: None)
        assert verdict == INCORRECT
        assert "returns nothing (None)" in words
        verdict, words = mean.verdict(3)
        assert verdict == INCORRECT
        assert "without brackets" in words

    def test_an_answer_that_changes_its_input_spoils_no_later_attempt(self):
        table = pd.DataFrame({"item": ["a", "a", "b"]})
        distinct = Exercise("distinct", lambda table, kept: len(table.drop_duplicates()) + len(kept),
                            [(table, ["c"])], [], tip="")

        def spoil(table, kept):
            table.drop_duplicates(inplace=True)
            kept.clear()
            return table

        assert distinct.verdict(spoil)[0] == INCORRECT
        assert distinct.verdict(lambda table, kept: len(table) + len(kept))[0] == INCORRECT
        assert distinct.verdict(distinct.answer)[0] == CORRECT
        assert len(table) == 3

    def test_the_reference_does_not_see_what_an_answer_did_to_its_input(self):
        first = Exercise("the first", lambda x: x[0], [([4, 5],)], [], tip="")
        assert first.verdict(lambda x: x.reverse() or x[0])[0] == INCORRECT

    def test_what_is_printed(self, mean, capsys):
        mean.check(sum)
        assert capsys.readouterr().out == "the mean: incorrect. that is the sum: divide it\n"
        mean.solution()
        assert "answer=lambda x: sum(x) / len(x)" in capsys.readouterr().out


class TestExercises:
    SOURCE = "def f(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n"

    @pytest.fixture
    def folder(self, tmp_path):
        (tmp_path / "solutions").mkdir()
        write(tmp_path / "solutions" / "03_x.ipynb", new_markdown_cell("Double it.", id="a"),
              new_code_cell(self.SOURCE, id="b", execution_count=3))
        return tmp_path

    def test_the_solution_is_taken_out_and_nothing_else(self, folder):
        path, = exercises.build_all(folder)
        text, code = nbformat.read(path, as_version=4).cells
        assert text.source == "Double it."
        assert code.source == "def f(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
        assert code.execution_count is None

    def test_the_same_bytes_each_time(self, folder):
        path, = exercises.build_all(folder)
        before = path.read_bytes()
        exercises.build_all(folder)
        assert path.read_bytes() == before
        assert exercises.stale(folder) == []

    def test_an_edited_exercise_is_stale(self, folder):
        path, = exercises.build_all(folder)
        path.write_text(path.read_text().replace("Double", "Halve"))
        assert exercises.stale(folder) == ["03_x.ipynb"]

    def test_an_exercise_without_a_solution_is_stale(self, folder):
        exercises.build_all(folder)
        (folder / "solutions" / "03_x.ipynb").unlink()
        assert exercises.stale(folder) == ["03_x.ipynb"]

    def test_a_lonely_marker_is_named(self):
        with pytest.raises(ValueError, match="here: a solution marker"):
            exercises.blank("### BEGIN SOLUTION\nx = 1", "here")

    def test_reset_brings_back_the_committed_state_and_keeps_mine(self, tmp_path):
        path = write(tmp_path / "02_x.ipynb", new_markdown_cell("committed", id="a"))
        committed = path.read_bytes()
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
        for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
            subprocess.run([*git, *arguments], cwd=tmp_path, check=True)
        assert exercises.reset(path) is None
        for number, name in enumerate(["02_x.mine.ipynb", "02_x.mine2.ipynb"]):
            path.write_text(f"mine {number}")
            assert exercises.reset(path).name == name
            assert path.read_bytes() == committed
            assert (tmp_path / name).read_text() == f"mine {number}"


class TestRunner:
    def test_chapters_are_found_by_their_names(self, tmp_path):
        for name in ("01_b.ipynb", "00_a.ipynb", "notes.ipynb", "00_a.mine.ipynb"):
            write(tmp_path / name)
        assert [path.name for path in runner.chapters(tmp_path)] == ["00_a.ipynb", "01_b.ipynb"]

    def test_parameters_arrive_and_failures_are_one_line(self, tmp_path):
        write(tmp_path / "00_a.ipynb", tagged("FAST = False", "parameters"), new_code_cell("assert FAST"))
        assert runner.run(tmp_path / "00_a.ipynb", {"FAST": True}).fault == ""
        fault = runner.run(tmp_path / "00_a.ipynb").fault
        assert "AssertionError" in fault
        assert "\n" not in fault
        assert "00_a.ipynb" in runner.as_text([runner.Result("00_a.ipynb", 1.0, fault)])

    @pytest.mark.parametrize("action", ["run", "check", "exercises", "bands"])
    def test_a_chapter_that_is_not_there_is_one_line_that_names_those_that_are(self, tmp_path, capsys, action):
        (tmp_path / "solutions").mkdir()
        for folder in (tmp_path, tmp_path / "solutions"):
            write(folder / "00_a.ipynb")
            write(folder / "01_b.ipynb")
        assert cli.main(["course", action, "zzz", "--notebooks", str(tmp_path)]) == 1
        printed = capsys.readouterr().err.strip()
        assert printed.startswith("mmrec: no chapter 'zzz' in ")
        assert printed.endswith("; there are 00_a, 01_b")

    def test_a_folder_without_chapters_is_no_success(self, tmp_path, capsys):
        assert cli.main(["course", "run", "--notebooks", str(tmp_path)]) == 1
        assert f"mmrec: no chapters in {tmp_path}; name the course's folder" in capsys.readouterr().err

    def test_a_cell_past_its_budget_is_stopped(self, tmp_path):
        write(tmp_path / "00_a.ipynb", new_code_cell("import time; time.sleep(60)"))
        assert "imeout" in runner.run(tmp_path / "00_a.ipynb", budget_s=2).fault


class TestOffline:
    @pytest.mark.parametrize("guard", [False, True], ids=["namespace", "guard"])
    def test_a_notebook_that_connects_fails_and_one_that_does_not_runs(self, tmp_path, guard):
        if not guard and not offline.namespace_works():
            pytest.skip("no network namespaces for this user")
        for name, source in {"00_out": CONNECTS, "01_in": "print(1 + 1)"}.items():
            write(tmp_path / f"{name}.ipynb", new_code_cell(source))
        code = (f"import sys; from mmrec_helpers.course import runner; r = runner.run_all({str(tmp_path)!r}); "
                "print([bool(one.fault) for one in r]); sys.exit([bool(one.fault) for one in r] != [True, False])")
        assert offline.run([sys.executable, "-c", code], guard=guard) == 0

    @pytest.mark.parametrize("source", [
        "s = socket.socket(); s.connect(('192.0.2.1', 80))",
        "s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('192.0.2.1', 9))",
        "s = socket.socket(type=socket.SOCK_DGRAM); s.sendmsg([b'x'], [], 0, ('192.0.2.1', 9))",
        "import _socket; s = _socket.socket(); s.settimeout(1); s.connect(('192.0.2.1', 80))",
        "socket.getaddrinfo('example.org', 80)",
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        "'import socket; socket.socket().connect((\"192.0.2.1\", 80))'], check=True)",
    ], ids=["TCP", "UDP", "UDP by sendmsg", "_socket", "a name", "a child"])
    def test_the_guard_refuses_what_leaves_the_machine(self, source, capfd):
        assert offline.run([sys.executable, "-c", f"import socket; {source}"], guard=True) == 1
        assert "off the network: " in capfd.readouterr().err

    def test_the_guard_lets_this_machine_talk_to_itself(self):
        source = ("import socket; server = socket.create_server(('127.0.0.1', 0)); "
                  "socket.create_connection(('localhost', server.getsockname()[1])); socket.getaddrinfo(None, 80); "
                  "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))")
        assert offline.run([sys.executable, "-c", source], guard=True) == 0

    @pytest.mark.parametrize(("command", "code", "says"), [
        ([], 2, "usage: python -m mmrec_helpers.course.offline COMMAND"), (["nowhere"], 127, "no command 'nowhere'")])
    def test_without_a_command_it_is_one_line(self, command, code, says, capsys):
        assert offline.main(command) == code
        assert says in capsys.readouterr().err


class TestNbval:
    def pytest(self, path, **environment):
        return subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
                               "--rootdir", path.parent, "--nbval-lax", path], capture_output=True, text=True,
                              env={**os.environ, **environment})

    def test_a_changed_output_fails_where_it_is_marked_and_only_there(self, tmp_path):
        out = [nbformat.v4.new_output("stream", text="3\n")]
        same = write(tmp_path / "a.ipynb", tagged("print(3)", "nbval-check-output", outputs=out, execution_count=1))
        free = write(tmp_path / "b.ipynb", new_code_cell("print(4)", outputs=out, execution_count=1))
        changed = write(tmp_path / "c.ipynb", tagged("print(4)", "nbval-check-output", outputs=out, execution_count=1))
        assert [self.pytest(path).returncode for path in (same, free, changed)] == [0, 0, 1]

    def test_a_figure_outside_its_band_fails_the_tests_and_not_the_learner(self, tmp_path):
        (tmp_path / "reference.json").write_text('{"02": {"ndcg": {"low": 0.1, "high": 0.2, "why": ["x"]}}}')
        path = write(tmp_path / "02_x.ipynb", new_code_cell(
            "from mmrec_helpers.course.reference import same_as_ours\nsame_as_ours(2, fast=False, ndcg=0.3)"))
        assert self.pytest(path, **{reference.STRICT: ""}).returncode == 0
        strict = self.pytest(path, **{reference.STRICT: "1"})
        assert strict.returncode == 1
        assert "chapter 2: ndcg: 0.300, ours 0.100 to 0.200: outside" in strict.stdout


class TestContract:
    def good(self, tmp_path):
        title = ("# 2. A title\n\n*Article: 3.2.1*\n\n**You will be able to**\n\n- a\n- b\n- c\n\n**You need:** 1\n\n"
                 "**Minutes:** 40 in all (part 1: 15, part 2: 25)\n\n**Device:** CPU\n")
        cells = [new_markdown_cell(title),
                 tagged('DATA = "recordshop"\nSEED = 0\nFAST = False', "parameters", execution_count=1)]
        cells += [new_markdown_cell("## 1. One (15 min)"), new_markdown_cell("## 2. Two (25 min)")]
        for number in range(20):
            cells += [new_markdown_cell(f"{number}. Some words that say what comes next and why it is so."),
                      new_code_cell("1 + 1", execution_count=number + 2)]
        able = "## What you can now do\n\n- a\n- b\n- c"
        cells += [new_markdown_cell("One more word."), new_markdown_cell("## The same as ours?"),
                  new_code_cell("same_as_ours(2, fast=FAST, ndcg=ndcg)", execution_count=22)]
        cells += [new_markdown_cell(able),
                  new_markdown_cell("## Exercises"), new_markdown_cell("## Quiz\n" + "<details>x</details>" * 3)]
        return tmp_path / "02_x.ipynb", cells

    def test_a_good_chapter_has_no_fault(self, tmp_path):
        path, cells = self.good(tmp_path)
        assert contract.check(write(path, *cells)) == []

    @pytest.mark.parametrize(("spoil", "says"), [
        (lambda c: c[0].update(source=c[0].source.replace("# 2.", "# 3.")), "the title must start"),
        (lambda c: c[0].update(source=c[0].source.replace("- c\n", "")), "2 objectives"),
        (lambda c: c[2].update(source="## 1. One (14 min)"), "the title gives the parts"),
        (lambda c: c[0].update(source=c[0].source.replace("40 in", "45 in")), "the title must say '40 in all'"),
        (lambda c: c[1].metadata.update(tags=[]), "0 cells tagged parameters"),
        (lambda c: c[1].update(source="DATA = 1"), "does not set SEED"),
        (lambda c: c[1].update(source=c[1].source.replace("False", "True")), "does not set FAST = False"),
        (lambda c: c[5].update(source="x = 1\n" * 26), "26 lines of code"),
        (lambda c: c[5].update(source="x" * 111), "a line of 111 characters"),
        (lambda c: c[4].update(source="word " * 121), "121 words"),
        (lambda c: c[5].update(source="import tf.keras"), "use `import keras`"),
        (lambda c: c[5].update(source="!pip install x"), "environment is set up"),
        (lambda c: c[5].update(source="import requests"), "needs no network"),
        (lambda c: c[4].update(source="![](x.png)"), "without alt text"),
        (lambda c: c[4].update(source="[there](nowhere.md)"), "leads nowhere"),
        (lambda c: c[5].update(execution_count=None), "not executed"),
        (lambda c: c.pop(-4), "0 calls same_as_ours(2, fast=FAST"),
        (lambda c: c[-4].update(source="same_as_ours(2, fast=True)"), "0 calls same_as_ours(2, fast=FAST"),
        (lambda c: c[-4].update(outputs=[nbformat.v4.new_output("stream", text="ndcg: 1, ours 2 to 3: outside")]),
         "outside its band"),
        (lambda c: c[-1].update(source="## Quiz"), "0 quiz questions"),
        (lambda c: c.pop(-3), "no part '## What you can now do'"),
        (lambda c: c[5].update(outputs=[nbformat.v4.new_output("error", ename="E", evalue="v")]), "an error"),
        (lambda c: c[5].update(outputs=[nbformat.v4.new_output("display_data", {"image/png": "x"})]), "alt text"),
        (lambda c: c[5].update(outputs=[nbformat.v4.new_output("display_data", {"text/html": "<audio>" * 7})]),
         "7 players"),
        (lambda c: c[4].update(source="x" * 1_000_001), "bytes"),
    ])
    def test_each_fault_is_named(self, tmp_path, spoil, says):
        path, cells = self.good(tmp_path)
        spoil(cells)
        assert any(says in fault for fault in contract.check(write(path, *cells)))


class TestTheSameAsOurs:
    @pytest.fixture
    def bands(self, tmp_path):
        bands = {"02": {"ndcg": {"low": 0.1, "high": 0.2, "why": ["another split"]}}}
        (tmp_path / "reference.json").write_text(json.dumps(bands))
        return tmp_path

    def test_a_learner_gets_a_line(self, bands, capsys, monkeypatch):
        monkeypatch.delenv(reference.STRICT, raising=False)
        reference.same_as_ours(2, folder=bands, ndcg=0.15)
        assert "inside" in capsys.readouterr().out
        reference.same_as_ours(2, folder=bands, ndcg=0.3)
        assert "outside. Perhaps: another split" in capsys.readouterr().out

    @pytest.mark.parametrize(("figures", "says"), [
        ({"ndcg": 0.3}, "chapter 2: ndcg: 0.300, ours 0.100 to 0.200: outside"), ({"ndcg": float("nan")}, "ndcg: nan"),
        ({"ndcg": 0.15, "recall": 0.5}, "recall: 0.500, a figure without a band"), ({}, "ndcg: a band without")])
    def test_the_tests_fail_on_any_figure_that_is_not_inside(self, bands, monkeypatch, figures, says):
        monkeypatch.setenv(reference.STRICT, "1")
        reference.same_as_ours(2, folder=bands, ndcg=0.15)
        with pytest.raises(ValueError, match=says):
            reference.same_as_ours(2, folder=bands, **figures)

    def test_a_fast_run_is_not_compared(self, bands, monkeypatch, capsys):
        monkeypatch.setenv(reference.STRICT, "1")
        reference.same_as_ours(2, fast=True, folder=bands, ndcg=0.3)
        assert "this one was fast" in capsys.readouterr().out


def test_bands_are_measured_over_seeds_and_keep_their_causes(tmp_path):
    write(tmp_path / "03_x.ipynb", tagged("SEED = 0", "parameters"),
          tagged("from mmrec_helpers.course.reference import same_as_ours\nsame_as_ours(3, ndcg=0.5 + SEED / 100)"))
    (tmp_path / "reference.json").write_text('{"02": {}, "03": {"ndcg": {"why": ["x"]}}}', encoding="utf-8")
    assert reference.measure(tmp_path, seeds=[0, 4]) == ["03 ndcg: 0.48 to 0.56"]
    bands = json.loads((tmp_path / "reference.json").read_text(encoding="utf-8"))
    assert bands == {"02": {}, "03": {"ndcg": {"low": 0.48, "high": 0.56, "value": 0.5, "why": ["x"]}}}
    write(tmp_path / "04_y.ipynb", tagged("SEED = 0", "parameters"))
    with pytest.raises(RuntimeError, match="04_y.ipynb, seed 0: it never calls same_as_ours"):
        reference.measure(tmp_path, "04", seeds=[0])


class TestBenchTables:
    @pytest.fixture
    def bench(self, tmp_path):
        def row(modality, **first):
            return {"modality": modality, "dim": 2, "seeds": 1, "genre_auc": {"mean": 0.5, "low": 0.4, "high": 0.6},
                    "cold_ndcg_at_10": {"mean": 0.2, "low": 0.1, "high": 0.3}, "core_seconds_per_1000": 3.5,
                    **({"against_first": first} if first else {})}
        films = {"cheap": row("image"), "sound": row("audio"), "worse": row("image", mean=-0.2, low=-0.3, high=-0.1),
                 "alike": row("image", mean=0.1, low=-0.1, high=0.3),
                 "better": row("image", mean=0.1, low=0.05, high=0.2)}
        (tmp_path / "encoders.json").write_text(json.dumps({"seed": 0, "recordshop": films, "films": films}))
        (tmp_path / "extraction.json").write_text(json.dumps(
            {"extraction": {"better": {"of_bound": 0.9}, "sound": {"of_bound": 0.8}},
             "one_by_one": {"better": 4.5, "sound": 2.0}}))
        return tmp_path

    def test_extractors_are_compared_with_the_first_of_their_modality(self, bench):
        table = bench_tables.encoders_table("image", "films", bench)
        assert table["in words"].to_dict() == {
            "cheap": "", "worse": "lower", "alike": "no difference shown", "better": "higher"}
        assert table.loc["cheap"].to_list() == [2, 1, "0.500 [0.400, 0.600]", 3.5, "0.200 [0.100, 0.300]", ""]

    def test_a_shop_without_such_media_gives_an_empty_table(self, bench):
        assert bench_tables.encoders_table("video", "films", bench).empty

    def test_speeds_are_of_the_modality_alone(self, bench):
        assert bench_tables.speed_table("image", bench).to_dict("index") == {
            "better": {"of the bound": 0.9, "one by one": 4.5}}

    def test_a_long_run_has_a_row_for_each_epoch(self, tmp_path):
        (tmp_path / "curves.json").write_text(json.dumps({"networks": {"gru": {
            "guess": 4.2, "axes": ["tempo", "timbre"], "probed": [0, 3], "loss": [[3, 2, 1], [4, 3, 2]],
            "r2_by_axis": [[[0.0, 0.2], [0.4, 0.6]], [[0.2, 0.4], [0.2, 0.2]]]}}}))
        loss, r2, by_factor, guess = bench_tables.long_run("gru", tmp_path)
        assert loss.mean(axis=1).to_dict() == {1: 3.5, 2: 2.5, 3: 1.5}
        assert r2.T.round(6).to_dict("list") == {0: [0.1, 0.3], 3: [0.5, 0.2]}
        assert by_factor.round(6).to_dict("list") == {"tempo": [0.1, 0.3], "timbre": [0.3, 0.4]}
        assert guess == 4.2

    def test_the_committed_figures_make_tables(self):
        for modality in ("text", "image", "audio"):
            assert len(bench_tables.encoders_table(modality, folder="bench")) > 2
            assert bench_tables.speed_table(modality, folder="bench").notna().all(axis=None)
        for network in ("word-gru", "word-gru-categories", "preview-gru", "preview-gru-categories"):
            assert bench_tables.long_run(network, "bench").r2.index[-1] == 30
