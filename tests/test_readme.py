"""The README: its code runs, its table is what was measured, its links lead somewhere."""

import json
import re
from pathlib import Path

import pytest

from mmrec_helpers import datasets

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_your_data_in_ten_lines_runs_as_printed(capsys):
    code, = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len([line for line in code.splitlines() if line]) <= 10
    seen = {}
    exec(code.replace("my/shop", str(datasets.small_recordshop())), seen)
    assert seen["ids"].shape == (len(seen["split"].test.users), 10)
    assert "exact duplicate" in capsys.readouterr().out


def test_the_table_is_what_was_measured():
    measured = json.loads((ROOT / "bench" / "methods.json").read_text(encoding="utf-8"))["recordshop"]["methods"]
    rows = {}
    for name, cell in re.findall(r"^\| ([^|]+) \| (0\.\d{3} \[.*?\]) \|", README, re.M):
        rows[name] = cell
    assert rows == {name: "{mean:.3f} [{low:.3f}, {high:.3f}]".format(**one["ndcg"]) for name, one in measured.items()}


def test_the_extractors_table_is_what_was_measured():
    measured = json.loads((ROOT / "bench" / "encoders.json").read_text(encoding="utf-8"))
    lines = (line.strip("|").split("|") for line in README.splitlines() if re.match(r"\| [\w-]+ \| \d+ \|", line))
    rows = {name: cells for name, *cells in ([cell.strip() for cell in line] for line in lines)}
    assert list(rows) == list(measured["recordshop"])
    for name, (dim, r2, cold, auc, films, seconds) in rows.items():
        shop, real = measured["recordshop"][name], measured["movielens"].get(name, {})
        assert (dim, seconds) == (str(shop["dim"]), str(shop["core_seconds_per_1000"]))
        figures = shop["r2"], shop["cold_ndcg_at_10"], real.get("genre_auc"), real.get("cold_ndcg_at_10")
        for cell, figure in zip((r2, cold, auc, films), figures, strict=True):
            assert cell == ("{mean:.3f} [{low:.3f}, {high:.3f}]".format(**figure) if figure else "")


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(file):
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / file).read_text(encoding="utf-8")):
        assert link.startswith("http") or (ROOT / link).exists(), link
