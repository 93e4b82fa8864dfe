"""A run's page, and text for people: every cover its own, nothing that a title says is obeyed, 80 columns."""

import re
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest

from mmrec_helpers import terminal
from mmrec_helpers.evaluation.page import Card, Listener, write_page

METHOD = {"ndcg": {"mean": 0.2, "low": 0.1, "high": 0.3}}


def page_of(folder, *cards, **more):
    folder.mkdir(exist_ok=True)
    given = {"listeners": [Listener("ann", 3, [], cards)], "methods": {"EASE": METHOD}, "tables": {}} | more
    return write_page(folder, "a run", **given).read_text(encoding="utf-8")


def test_two_covers_of_one_name_in_two_folders_are_both_there(tmp_path):
    covers = [tmp_path / "shop" / name / "cover.jpg" for name in ("a", "b")]
    for cover in covers:
        cover.parent.mkdir(parents=True)
        cover.write_text(cover.parent.name)
    page = page_of(tmp_path / "run", *(Card(cover.parent.name, cover) for cover in covers))
    shown = re.findall(r'<img src="([^"]+)"', page)
    assert [(tmp_path / "run" / address).read_text() for address in shown] == ["a", "b"]


@pytest.mark.parametrize("name", ["a#1.jpg", "why?.jpg", "50%20.jpg", 'two "quotes" & more.jpg', "夜曲.jpg", "x" * 200])
def test_the_address_of_a_medium_leads_to_it_whatever_its_name(tmp_path, put, name):
    page = page_of(tmp_path / "run", Card("one", put(name, b"picture")))
    address, = re.findall(r'<img src="([^"]+)"', page)
    assert not set(address) & set("#?& ")
    assert (tmp_path / "run" / unquote(address)).read_bytes() == b"picture"


def test_a_title_is_text_and_never_markup(tmp_path, put):
    evil = '"><script>alert(1)</script>'
    page = page_of(tmp_path / "run", Card(evil, put("a.jpg", b""), put("a.wav", b""), evil, evil),
                   tables={evil: pd.DataFrame({evil: [evil]})}, ranker=evil, facts=evil)
    assert "<script>alert" not in page
    assert page.count("<script>") == 1


def test_all_lists_are_seen_without_javascript_and_one_can_be_chosen_with_it(tmp_path):
    people = [Listener(f"u{number}", number, [], [Card(f"for {number}")]) for number in range(3)]
    page = page_of(tmp_path / "run", listeners=people, chosen="u1")
    assert re.findall(r"<section[^>]*>", page) == [f'<section class="listener" id="listener-{n}">' for n in (1, 2, 3)]
    assert re.findall(r'<option value="listener-(\d)" selected>u1', page) == ["2"]
    assert page.count("<option") == 3


def test_the_picture_of_methods_has_each_mean_within_its_interval(tmp_path):
    unsure = {"ndcg": {"mean": 0.15, "low": None, "high": None}}
    page = page_of(tmp_path / "run", methods={"best": METHOD, "next": unsure}, ranker="next")
    assert re.findall(r'<li class="bar served"><span>(\w+)', page) == ["next"]
    assert "<span>0.150</span>" in page
    dots = [float(x) for x in re.findall(r'<circle cx="([\d.]+)%"', page)]
    (low, high), = re.findall(r'<line x1="([\d.]+)%" x2="([\d.]+)%"', page)
    assert float(low) < dots[0] < float(high)
    assert dots[1] < dots[0]


def test_a_table_fits_80_columns_whatever_its_methods_are_called(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    name = "content kNN (a very long name of an extractor of a shop)"
    columns = ["method", "fusion", "NDCG@20 (95 %)", "to best", "known", "rare", "new"]
    row = (name, "decisions", "0.123 [0.100, 0.140]", "-0.012 ~", "0.1", "0.2", "-")
    terminal.show("methods", pd.DataFrame([row] * 2, columns=columns), left=2)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum("0.123 [0.100, 0.140]" in line for line in lines) == 2
    assert not {"\x1b"} & set("".join(lines))


def test_a_row_is_a_line_in_a_pipe(capsys):
    terminal.show("", pd.DataFrame({"id": ["a", "b"], "title": ["long " * 60, "x"]}), left=2, wrap=False)
    assert len(capsys.readouterr().out.strip().splitlines()) == 3


def test_square_brackets_in_a_title_are_no_colours(capsys):
    terminal.show("", pd.DataFrame({"title": ['[red]Live[/red] [12" mix]']}))
    assert '[red]Live[/red] [12" mix]' in capsys.readouterr().out


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_text(cell):
    assert terminal.harmless(pd.DataFrame({"id": [cell, "u1", "a=b"]}))["id"].tolist() == [f"'{cell}", "u1", "a=b"]


def luminance(colour):
    """Relative luminance of `#abc` or `#aabbcc`, as WCAG 2 has it."""
    digits = "".join(2 * one for one in colour[1:]) if len(colour) == 4 else colour[1:]
    parts = [int(digits[place:place + 2], 16) / 255 for place in (0, 2, 4)]
    return sum(weight * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
               for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_marks_stand_out_from_what_is_behind_them(theme):
    """WCAG 2.2, level AA: 4.5 to 1 for text."""
    style = (Path(terminal.__file__).parent / "evaluation" / "style.css").read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", re.findall(r":root \{([^}]*)", style)[theme]))
    for front in ("ink", "soft", "accent"):
        for behind in ("ground", "card"):
            light, dark = sorted((luminance(colours[one]) for one in (front, behind)), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, behind)
