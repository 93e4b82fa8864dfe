"""Commands as people type them: what they answer, and one clear line with a non-zero exit code for a fault."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest

from mmrec_helpers import cli, pipeline, saved_run
from mmrec_helpers.datasets.recordshop.build import build
from mmrec_helpers.ranking import load

RUN_FILES = {"metrics.json", "recommendations.parquet", "set_aside.csv", "index.html", "run.json", "histories.npz",
             "ids.npz", "titles.json", "profiles.npz", "ranker", "modalities", "media"}


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


def mmrec(*arguments, **options):
    return subprocess.run([sys.executable, "-m", "mmrec_helpers.cli", *map(str, arguments)], capture_output=True,
                          text=True, **options)


def one_line(capsys):
    out = capsys.readouterr().err.strip().splitlines()
    assert len(out) == 1, out
    assert out[0].startswith("mmrec: ")
    assert "Traceback" not in out[0]
    return out[0]


def test_a_run_writes_all_it_promises(run):
    assert {path.name for path in run.iterdir()} == RUN_FILES
    report = json.loads((run / "metrics.json").read_text())
    assert {"popularity", "EASE", pipeline.HYBRID, "blend", "content kNN (fused)"} <= set(report["methods"])
    assert set(pd.read_csv(run / "set_aside.csv").columns) >= {"file", "line", "cause", "fix"}
    listed = pd.read_parquet(run / "recommendations.parquet")
    assert listed.groupby("user_id").size().max() == 10
    assert load(run / "ranker").name == pipeline.HYBRID


def test_the_page_shows_covers_and_players_that_are_there(run):
    page = (run / "index.html").read_text(encoding="utf-8")
    assert page.count("<audio") >= 5
    assert page.count("<img") >= 5
    for medium in (run / "media").iterdir():
        assert f"media/{medium.name}" in page
    assert 'alt="cover of' in page


def test_recommend_for_someone_known_and_someone_unknown(run, capsys):
    user = saved_run.open_run(run).histories.users[0]
    assert cli.main(["recommend", "--run", str(run), "--user", user]) == 0
    assert len(capsys.readouterr().out.strip().splitlines()) == 11
    items = saved_run.open_run(run).histories.items[:3]
    assert cli.main(["recommend", "--run", str(run), "--history", ",".join(items), "--k", "4"]) == 0
    out = capsys.readouterr().out
    assert len(out.strip().splitlines()) == 5
    assert not any(f" {item} " in out for item in items)


def test_recommend_needs_no_tensorflow(run):
    code = ("import sys; from mmrec_helpers import cli; sys.modules['tensorflow'] = sys.modules['keras'] = None; "
            f"sys.exit(cli.main(['recommend', '--run', {str(run)!r}, '--history', 'r00001,r00002,r00003']))")
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_more_than_there_are_gives_what_there_is_and_says_so(run, capsys):
    user = saved_run.open_run(run).histories.users[0]
    assert cli.main(["recommend", "--run", str(run), "--user", user, "--k", "5000"]) == 0
    assert "of the 5000 asked for" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "says"), [
    (["--user", "nobody"], "user 'nobody' is not in this run"),
    (["--history", "x,y"], "no item of the history x, y"),
    (["--history", "r00001", "--k", "0"], "ask for at least 1"),
])
def test_what_cannot_be_answered(run, capsys, arguments, says):
    assert cli.main(["recommend", "--run", str(run), *arguments]) == 1
    assert says in one_line(capsys)


def test_a_run_that_is_not_there_or_of_an_older_format(run, tmp_path, capsys):
    assert cli.main(["recommend", "--run", str(tmp_path / "no"), "--user", "u"]) == 1
    assert "no run here" in one_line(capsys)
    (tmp_path / "run.json").write_text('{"format": 0}')
    assert cli.main(["recommend", "--run", str(tmp_path), "--user", "u"]) == 1
    assert "a run of format 0" in one_line(capsys)
    (tmp_path / "run.json").write_text('{"format": 1}')
    assert cli.main(["recommend", "--run", str(tmp_path), "--user", "u"]) == 1
    assert "not whole" in one_line(capsys)


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
    told = running.stderr.read()
    assert running.returncode == 130
    assert "what was extracted is kept" in told
    assert "Traceback" not in told
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
    assert "mend: " in done.stdout
    assert "ok     numpy" in done.stdout
    assert "Traceback" not in done.stderr


def test_doctor_is_content_here():
    done = mmrec("doctor")
    assert done.returncode == 0, done.stdout
    assert "MP3 decodes" in done.stdout


def test_movielens_runs_without_sound(movielens, tmp_path, capsys, caplog):
    assert cli.main(["run", "--data", str(movielens), "--name", "ml", "--runs", str(tmp_path)]) == 0
    assert "has no audio: going on without it" in caplog.text
    out = capsys.readouterr().out
    assert "user_time" in out
    assert pipeline.HYBRID in out


def test_extract_keeps_features_and_a_second_run_says_the_same(shop, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path))
    said = []
    for _ in range(2):
        assert cli.main(["extract", "--data", str(shop), "--modality", "image"]) == 0
        said.append(capsys.readouterr().out.split(" numbers")[0])
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
