"""The README: its code runs, its tables are what was measured, its links lead somewhere."""

import itertools
import json
import re
from pathlib import Path

import pytest

from mmrec_helpers import datasets
from mmrec_helpers.evaluation.compare import NO_DIFFERENCE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SAID = " ".join(README.split())
"""All of it on one line, for sentences that are wrapped."""


def test_your_data_in_ten_lines_runs_as_printed(capsys):
    code, = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len([line for line in code.splitlines() if line]) <= 10
    seen = {}
    exec(code.replace("my/shop", str(datasets.small_recordshop())), seen)
    assert seen["listed"].groupby("user_id").size().eq(10).all()
    assert set(seen["listed"]["user_id"]) == set(seen["split"].test.queries.users)
    assert "r00001" not in set(seen["listed"]["item_id"])
    assert "exact duplicate" in capsys.readouterr().out


def tables(title):
    """The README's tables whose first column has this title, each as rows of {title: cell}."""
    lines = [[cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else None
             for line in README.splitlines()]
    for start, head in enumerate(lines):
        if head and head[0] == title and not lines[start - 1]:
            rows = itertools.takewhile(bool, lines[start + 2:])
            yield [dict(zip(head, row, strict=True)) for row in rows]


def measured(name):
    return json.loads((ROOT / "bench" / f"{name}.json").read_text(encoding="utf-8"))


def cell(figure, sign=""):
    return "" if figure is None else " ".join([
        f"{figure['mean']:{sign}.3f}", f"[{figure['low']:{sign}.3f}, {figure['high']:{sign}.3f}]"])


def method_tables(node):
    """Every table of methods in the JSON, however deep: `{"methods": {name: figures}}`."""
    for key, value in node.items() if isinstance(node, dict) else ():
        yield from ([{name: {"k": node["k"], **one} for name, one in value.items()}] if key == "methods" else
                    method_tables(value))


METRICS = {"NDCG": "ndcg", "recall": "recall", "precision": "precision", "F1": "f1", "hit rate": "hit_rate"}


def method_cell(title, one):
    """What a cell of the methods' table must say, by its column's title."""
    metric = re.fullmatch(rf"({'|'.join(METRICS)})@{one['k']} \(95 %\)", title)
    if metric:
        return cell(one[METRICS[metric[1]]])
    if title in ("known", "rare", "new"):
        return f"{one[f'ndcg, {title}']:.3f}"
    if title == "coverage":
        return f"{one['coverage']:.3f}"
    assert title == "against the best", f"no rule for the column {title!r}: say here which figure of the JSON it shows"
    return f"{cell(one[title], '+')}, {one[title]['words']}" if title in one else "best"


def test_the_tables_of_methods_are_what_was_measured():
    found = list(tables("method"))
    assert found
    for rows in found:
        names, titles = [row["method"] for row in rows], list(rows[0])[1:]
        candidates = [[{"method": name, **{title: method_cell(title, one) for title in titles}}
                       for name, one in methods.items()]
                      for methods in method_tables(measured("methods")) if list(methods) == names]
        assert candidates, f"no table of bench/methods.json has these methods in this order: {names}"
        assert rows == max(candidates, key=lambda one: sum(map(dict.__eq__, one, rows)))


RANKED = {"this log": "recordshop", "5 redraws": "redraws", "long tail": "redraws, long tail",
          "new users": "cold users", "new records": "cold items", "films": "MovieLens",
          "films, long tail": "MovieLens, long tail", "films, new users": "MovieLens, cold users",
          "new films": "MovieLens, cold items"}
"""The columns of the table of rankers: tasks of bench/ranking.json."""


def ranked_cell(row):
    """NDCG, and in words how it is against the hybrid; `=`: no difference shown; nothing: lower."""
    words = row["against hybrid"]["words"] if "against hybrid" in row else "lower"
    return f"{row['ndcg']['mean']:.3f}" + {"higher": " higher", "lower": "", NO_DIFFERENCE: " ="}[words]


def test_the_table_of_rankers_is_what_was_measured():
    figures, (rows,) = measured("ranking"), tables("ranker")
    shop = figures["redraws"]["methods"]
    assert [row["ranker"] for row in rows][:len(shop)] == list(shop)  # best first; then those of one task alone
    assert {row["ranker"] for row in rows} == {name for task in RANKED.values() for name in figures[task]["methods"]}
    mean = {task: f"{figures[task]['methods']['hybrid']['ndcg']['mean']:.3f}" for task in ("redraws", "recordshop")}
    assert f"five redraws of it the hybrid has {mean['redraws']}, not {mean['recordshop']}." in SAID
    budgets = {name: one["budget"] for name, one in shop.items() if name not in ("hybrid", "popularity")}
    assert (set(budgets.values()), shop["hybrid"]["budget"]) == ({6, 12}, 20)  # as the text above the table says
    for row in rows:
        each = {title: figures[task]["methods"].get(row["ranker"]) for title, task in RANKED.items()}
        assert row == {"ranker": row["ranker"],
                       **{title: one and ranked_cell(one) or "" for title, one in each.items()}}


EXTRACTOR_CELLS = {
    "dimensions": lambda shop, real: str(shop["dim"]),
    "R², own factors": lambda shop, real: cell(shop["r2"]),
    "NDCG@10, new records": lambda shop, real: cell(shop["cold_ndcg_at_10"]),
    "against the first": lambda shop, real: cell(shop.get("against_first"), "+"),
    "genre AUC, MovieLens": lambda shop, real: cell(real.get("genre_auc")),
    "NDCG@10, new films": lambda shop, real: cell(real.get("cold_ndcg_at_10")),
    "core-s": lambda shop, real: str(shop["core_seconds_per_1000"])}
"""What a cell of the extractors' table must say, by its column's title."""


def test_the_table_of_extractors_is_what_was_measured():
    figures, (rows,) = measured("encoders"), tables("extractor")
    assert [row["extractor"] for row in rows] == list(figures["recordshop"])
    for row in rows:
        name = row.pop("extractor")
        shop, real = figures["recordshop"][name], figures["movielens"].get(name, {})
        assert row == {title: EXTRACTOR_CELLS[title](shop, real) for title in row}, name


def test_what_content_is_worth_is_what_was_measured():
    fusion = measured("fusion")
    shop, films, cold = (fusion[task]["methods"]["ALS + content"]["against ALS + prior without content"]
                         for task in ("redraws", "MovieLens", "cold items"))
    assert (f"adds {cell(shop, '+')} to NDCG@20 over the redraws ({shop['words']}), {cell(films, '+')} on films "
            f"({films['words']}), and {cell(cold, '+')} to NDCG@10 for new records ({cold['words']})") in SAID
    alone, both, popular = (f"{fusion['MovieLens, cold items']['methods'][name]['ndcg']['mean']:.3f}" for name in (
        "ALS + content (tfidf alone)", "ALS + content", "predicted popularity"))
    assert f"NDCG@10 {alone} by text alone and {both} with posters" in SAID
    assert f"by predicted popularity, {popular}." in SAID


def test_the_time_of_the_large_shop_is_what_was_measured():
    shop = measured("times")["large shop"]
    size = f"{shop['items']:,} records, {shop['users']:,} users, {shop['events']:,} events"
    took = f"`mmrec run` took {shop['seconds']:.0f} s and {shop['gib']:.1f} GiB"
    assert f"{size} and no media, {took}" in SAID


def test_what_is_slower_than_compiled_code_is_what_was_measured():
    shops = [one for one in measured("speed").values() if isinstance(one, dict) and "fit, ALS" in one]

    def times(what, of):
        ratios = [one[what][of] for one in shops]
        return f"{min(ratios):.1f} to {max(ratios):.1f} times"

    fit, neighbours, lists = times("fit, ALS", "of implicit, exact"), times("fit, item kNN", "of implicit"), times(
        "lists, ALS", "of implicit, kept")
    assert f"a fit of ALS takes {fit} as long as that of `implicit` (its exact solver)" in SAID
    assert f"item kNN {neighbours}, all lists of ALS {lists} (`bench/speed.json`)" in SAID


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(file):
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / file).read_text(encoding="utf-8")):
        assert link.startswith("http") or (ROOT / link).exists(), link
