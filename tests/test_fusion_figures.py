"""The committed figures of fusion, as the chapter shows them: rows of both files, words for differences, knock-outs."""

import json

import pytest

from mmrec_helpers.course import fusion_figures
from mmrec_helpers.ranking import ContentALS, ImplicitALS


def row(mean, words="no difference shown", level="model"):
    interval = {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}
    return {"ndcg": interval, "level": level, "fit core-s": 1.0, "against ALS": {**interval, "words": words}}


def changed(mean):
    return {"ndcg": row(0.1)["ndcg"], "against intact": {"mean": mean, "low": -1.0, "high": -0.1, "words": "lower"}}


@pytest.fixture
def bench(tmp_path):
    """A folder with figures of two tasks; networks.json is written by `trained`."""
    methods = {"ALS": row(0.1, level="none"), "ALS + content": row(0.2, "higher"), "L3AE": row(-0.0001)}
    fusion = {task: {"k": 20, "methods": methods} for task in ("redraws", "cold items")}
    intact = {"ndcg": row(0.1)["ndcg"]}
    controls = {"knock-out": {"ALS + content": {"intact": intact, "tfidf shuffled": changed(-0.2)}},
                "by modality": {name: row(0.1) for name in ("none", "tfidf", "true text", "true text + true image")}}
    for name, found in (("fusion", fusion), ("modalities", dict.fromkeys(fusion, controls)), ("networks", {})):
        (tmp_path / f"{name}.json").write_text(json.dumps(found))
    return tmp_path


def trained(bench):
    methods = {"ALS": row(0.5), "two-tower": row(0.15, "higher", "features")}
    knocked = {"two-tower": {"intact": {"ndcg": row(0.1)["ndcg"]}, "tfidf shuffled": changed(-0.3)}}
    (bench / "networks.json").write_text(json.dumps({"redraws": {"methods": methods},
                                                     "cold items": {"methods": {}, "knock-out": knocked}}))


def test_a_difference_that_is_not_shown_is_an_equals_sign_and_best_comes_first(bench):
    table = fusion_figures.differences("ALS", folder=bench)
    assert table["5 redraws"].to_dict() == {"ALS + content": "+0.200 higher", "L3AE": "+0.000 ="}
    assert fusion_figures.differences("nothing", ["L3AE"], bench).loc["L3AE", "cold items"] == ""


def test_networks_join_the_closed_forms_where_they_were_measured(bench):
    trained(bench)
    found = fusion_figures.results(bench)
    assert found["redraws"]["two-tower"]["ndcg"]["mean"] == 0.15
    assert found["redraws"]["ALS"]["ndcg"]["mean"] == 0.1  # that of fusion.json
    assert "two-tower" not in found["cold items"]
    assert list(fusion_figures.knocked("cold items", bench)) == ["ALS + content", "two-tower"]


def test_a_knock_out_is_the_difference_to_the_real_features(bench):
    assert fusion_figures.knocked("redraws", bench)["ALS + content"]["tfidf shuffled"]["mean"] == -0.2
    assert [text.get_text() for text in fusion_figures.knock_outs(folder=bench).axes[0].texts] == ["-0.200"]


def test_what_a_ranker_can_do_is_asked_of_itself(bench):
    table = fusion_figures.choices({"ALS": ImplicitALS(), "ALS + content": ContentALS()}, bench)
    assert table["added without a refit"].to_dict() == {"ALS": "no", "ALS + content": "yes"}
    assert table["parts by source"].to_dict() == {"ALS": "no", "ALS + content": "yes"}
    assert table.loc["ALS + content", ["fused at", "5 redraws"]].tolist() == ["model", "0.200"]


def test_pictures_of_every_file_can_be_drawn(bench):
    trained(bench)
    for picture in (fusion_figures.intervals, fusion_figures.by_modality, fusion_figures.knock_outs):
        assert picture(folder=bench).axes
    for diagram in (fusion_figures.levels, fusion_figures.towers, fusion_figures.gates):
        assert all(panel.texts for panel in diagram().axes)
