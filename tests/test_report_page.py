"""The report of runs: one file that needs nothing else, with its card, its figures and its failures."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from mmrec_helpers.catalog import CatalogError
from mmrec_helpers.cli import main
from mmrec_helpers.evaluation import Scores, numbers
from mmrec_helpers.evaluation.report_page import by_history, read, write_report
from mmrec_helpers.evaluation.runs import scores_table

EVIL = '"><script>alert(1)</script>'
PROTOCOL = {"split": "user_time", "how": "each user's own last events", "starts": {"valid": None, "test": None},
            "masked": "low ratings too", "candidates": "every item", "target": "a like", "seed": 0}


def run(folder, better=0.0, **about):
    """A run's folder: ALS, served, and popularity; two lists, one without a hit."""
    rng = np.random.default_rng(0)
    base, users = rng.random(80).round(3), np.array([f"u{n}" for n in range(80)], object)
    base[:20] = 0
    scores = [Scores(name, users, dict.fromkeys(("ndcg", "recall", "precision", "f1"), values),
                     {"coverage": 0.5}, np.full((80, 20), None),
                     {group: {"ndcg": values} for group in ("known", "rare", "new")})
              for name, values in (("ALS", np.minimum(base + better, 1)), ("popularity", base / 2))]
    folder.mkdir()
    scores_table(scores, past=np.arange(80) % 16).to_parquet(folder / "scores.parquet")
    methods = {name: {**one, "valid": [0.1, 0.3, 0.2]} for name, one in numbers(scores).items()}
    (folder / "metrics.json").write_text(json.dumps({
        "data": "shop", "k": 20, "best": "ALS", "protocol": PROTOCOL, "methods": methods, "seen": 1234, "opened": 2,
        **about}))
    item = {"title": EVIL, "cover": "data:image/jpeg;base64,AAAA", "taken": True}
    shown = {"user": EVIL, "known": 3, "ndcg": 0.5, "past": [item], "listed": [item, {**item, "cover": ""}],
             "taken": [item], "missed": 2, "failed": False}
    (folder / "examples.json").write_text(json.dumps([shown, {**shown, "ndcg": 0.0, "failed": True}]))
    return folder


def page(*folders):
    return write_report(folders, folders[0] / "report.html").read_text(encoding="utf-8")


def test_one_file_that_asks_for_nothing_else_and_obeys_no_title(tmp_path):
    text = page(run(tmp_path / "one"))
    assert not re.search(r'(src|href)="(?!#|data:image/jpeg)', text)
    assert "<script" not in text
    assert "@import" not in text


def test_every_picture_has_a_text_and_every_link_a_place(tmp_path):
    text = page(run(tmp_path / "one"))
    assert len(re.findall(r"<img ", text)) == len(re.findall(r'<img [^>]*alt="cover of', text)) > 3
    named = re.findall(r'<svg [^>]*role="img" aria-labelledby="([^"]+)"', text)
    lists = re.findall(r'<ul class="bars" aria-label="NDCG[^"]+">(.*?)</ul>', text, re.S)  # figures as text beside
    assert len(named) + sum(one.count("<svg") for one in lists) == len(re.findall("<svg", text))
    assert len(named) == len(set(named)) > 1
    places = set(re.findall(r'id="([^"]+)"', text))
    assert {*named, *re.findall(r'href="#([^"]+)"', text)} <= places


def test_the_card_says_what_was_asked_and_how_often_the_test_was_opened(tmp_path):
    text = page(run(tmp_path / "one"))
    for said in ("user_time", "1,234 positive events", "low ratings too", "2 times, once for each method", "<dd>80"):
        assert said in text


def test_the_pictures_show_the_figures_of_the_run(tmp_path):
    folder = run(tmp_path / "one")
    methods = json.loads((folder / "metrics.json").read_text())["methods"]
    text = page(folder)
    first = re.search(r'<ul class="bars".*?</ul>', text, re.S).group()
    curves = re.findall(r'<svg viewBox.*?</svg>', text, re.S)
    for name, one in methods.items():
        assert name in first
        assert first.count("{mean:.3f} [{low:.3f}, {high:.3f}]".format(**one["ndcg"])) == 1
    assert "0.100 to 0.300" in curves[0]  # what tuning found on valid


def test_segments_hold_every_user_once_and_their_means_are_those_of_the_users():
    values = np.arange(40) / 40
    scores = pd.DataFrame({"user_id": [f"u{n}" for n in range(40)], "method": "ALS", "ndcg": values,
                           "past": np.arange(40)})
    found = by_history(scores, "ALS")
    assert list(by_history(scores.assign(past=3), "ALS")) == ["3 taken before"]
    assert list(found) == ["0 to 9 items taken before", "10 to 19 items taken before", "20 to 29 items taken before",
                           "30 to 39 items taken before"]
    assert [bars[0].value.mean for bars in found.values()] == pytest.approx(values.reshape(4, 10).mean(axis=1))


def test_lists_that_failed_are_shown_with_what_was_taken_instead(tmp_path):
    text = page(run(tmp_path / "one"))
    assert text.count("No hit:") == 1
    assert "taken in the test and not in the list (and 2 more)" in text


def test_several_runs_have_a_verdict_against_the_first_or_the_reason_for_none(tmp_path):
    folders = [run(tmp_path / "one"), run(tmp_path / "two", better=0.1), run(tmp_path / "three", k=10)]
    text = page(*folders)
    assert re.search(r"<strong>two</strong>: higher: NDCG@20 of ALS, less that of ALS in one: \+0\.\d{3} \[", text)
    assert re.search(r"<strong>three</strong>: not compared: .* differ in k: 20 and 10", text)


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path):
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
    text = page(*(run(tmp_path / name / "run") for name in ("x", "y")))
    assert "<h1>x/run and y/run</h1>" in text


def test_a_test_that_was_opened_too_often_is_not_called_once_for_each(tmp_path):
    assert "9 times, for 2 methods: more than once for some" in page(run(tmp_path / "one", opened=9))


def test_the_command_writes_it_and_names_what_is_missing(tmp_path, capsys):
    folder = run(tmp_path / "one")
    assert main(["report", "--run", str(folder)]) == 0
    assert str(folder / "report.html") in capsys.readouterr().out
    (folder / "examples.json").unlink()
    with pytest.raises(CatalogError, match=r"one: no examples.json; make the run again"):
        read(folder)
