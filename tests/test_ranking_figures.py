"""The committed figures of rankers, as the chapter shows them."""

import json

import pytest

from mmrec_helpers.course import ranking_figures


def row(mean, words="no difference shown", **more):
    interval = {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}
    return {"ndcg": interval, "level": "content", "budget": 6, "fit core-s": 1.5,
            "against hybrid": {**interval, "mean": mean - 0.2, "words": words}, **more}


@pytest.fixture
def bench(tmp_path):
    """A folder with figures of two of the tasks, and of two rankers that grow."""
    methods = {"hybrid": row(0.2, **{"of the oracle": 0.5, "planted": 0.3}), "EASE": row(0.1, "lower", level="none")}
    tasks = {name: {"k": 20, "methods": methods} for name in ("redraws", "MovieLens")}
    sizes = {"1000": {"fit_s": 1.0, "gib": 0.1}, "10000": {"fit_s": 10.0, "gib": 0.2}}
    exponents = {"fit by items": 1.0}
    rankers = {"ALS": {"items": sizes, "users": sizes, "exponents": exponents},
               "EASE": {"items": {**sizes, "30000": {"stops": "over 12 GiB"},
                                  "90000": {"stops": "over 300 core-seconds"}}, "users": sizes, "exponents": exponents}}
    for name, found in (("ranking", tasks), ("growth", {"rankers": rankers})):
        (tmp_path / f"{name}.json").write_text(json.dumps(found))
    return tmp_path


def test_differences_are_to_the_hybrid_on_the_tasks_that_were_measured(bench):
    table = ranking_figures.differences(ranking_figures.SHOP, folder=bench)
    assert table.to_dict() == {"5 redraws": {"EASE": "-0.100 lower"}}
    assert list(ranking_figures.differences(ranking_figures.FILMS, folder=bench)) == ["MovieLens"]


def test_what_is_left_to_find_stands_beside_what_was_found(bench):
    table = ranking_figures.left_to_find(folder=bench)
    assert table.loc["hybrid"].tolist() == ["0.200", "50%", "0.300", 6, 1.5]
    assert table.loc["EASE", ["of the oracle", "with planted"]].tolist() == ["", ""]


def test_where_a_ranker_stops_is_said_with_the_reason(bench):
    table = ranking_figures.exponents(bench)
    assert table["stops at"].to_dict() == {"ALS": "", "EASE": "30,000 items (memory)"}
    assert table.loc["ALS", "fit by items"] == 1.0


def test_pictures_can_be_drawn(bench):
    assert len(ranking_figures.intervals(folder=bench).axes) == 1
    lines = ranking_figures.growth(bench).axes[0].get_lines()
    assert [len(one.get_xdata()) for one in lines] == [2, 2]  # not where it stopped
