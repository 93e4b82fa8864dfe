"""Two runs compared: paired, refused where they asked different things, an exit code for CI."""

import json

import numpy as np
import pytest

from mmrec_helpers.catalog import CatalogError
from mmrec_helpers.cli import main
from mmrec_helpers.evaluation import Scores, paired
from mmrec_helpers.evaluation.runs import compare, scores_table


def scored(name, values, users):
    return Scores(name, users, {"ndcg": values, "recall": values / 2}, {}, np.full((len(users), 20), None))


@pytest.fixture
def runs(tmp_path):
    """b's method is a little better than a's for nearly everybody; c is a again with noise."""
    rng, users = np.random.default_rng(0), np.array([f"u{n}" for n in range(200)], object)
    base = rng.random(200)
    both = {"a": scored("ALS", base, users), "b": scored("hybrid", base + 0.01 + rng.normal(0, 0.02, 200), users),
            "c": scored("ALS", base + rng.permutation(np.tile([-0.02, 0.02], 100)), users)}
    for name, one in both.items():
        folder = tmp_path / name
        folder.mkdir()
        order = rng.permutation(200)
        scores_table([one, scored("popularity", base / 2, users)]).iloc[
            [*order, *(order + 200)]].to_parquet(folder / "scores.parquet", index=False)
        about = {"data": "shop", "k": 20, "best": one.name, "protocol": {"split": "user_time", "seed": 0}}
        (folder / "metrics.json").write_text(json.dumps(about))
    return tmp_path, both


def test_the_verdict_is_the_paired_difference_of_the_methods_that_the_runs_serve(runs):
    folder, both = runs
    found = compare(folder / "a", folder / "b")
    assert found.methods == ("ALS", "hybrid")
    assert found.difference.mean == pytest.approx(paired(both["b"], both["a"]).mean)
    assert found.difference.words == "higher"
    assert found.p < 0.001
    assert compare(folder / "a", folder / "c").difference.words == "no difference shown"
    assert compare(folder / "a", folder / "b", "recall").difference.mean == pytest.approx(found.difference.mean / 2)
    assert compare(folder / "b", folder / "b", methods=("hybrid", "popularity")).difference.words == "lower"


def test_who_was_not_judged_does_not_count(runs):
    folder, both = runs
    few = np.where(np.arange(200) < 5, both["a"].metrics["ndcg"], np.nan)
    for name in "ab":
        scores_table([scored(both[name].name, few, both["a"].users)]).to_parquet(folder / name / "scores.parquet")
    assert compare(folder / "a", folder / "b").users == 5
    for name in "ab":
        scores_table([scored(both[name].name, few * np.nan, both["a"].users)]).to_parquet(
            folder / name / "scores.parquet")
    with pytest.raises(CatalogError, match="0 users were judged"):
        compare(folder / "a", folder / "b")


def test_the_command_prints_the_verdict_and_fails_only_where_the_second_is_worse(runs, capsys):
    folder, _ = runs
    better, worse = ["compare", str(folder / "a"), str(folder / "b")], ["compare", str(folder / "b"), str(folder / "a")]
    assert main(better) == 0
    assert "B - A: +0.0" in capsys.readouterr().out
    assert (main([*better, "--fail-if-worse"]), main(worse), main([*worse, "--fail-if-worse"])) == (0, 0, 1)
    assert main(["compare", str(folder / "a"), str(folder / "c"), "--fail-if-worse"]) == 0


@pytest.mark.parametrize(("change", "said"), [
    ({"k": 10}, r"differ in k: 20 and 10"), ({"data": "films"}, "differ in data: 'shop' and 'films'"),
    ({"protocol": {"split": "user_time", "seed": 3}}, "differ in protocol: seed is 0 and 3")])
def test_runs_that_asked_other_things_are_refused(runs, change, said):
    folder, _ = runs
    path = folder / "b" / "metrics.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CatalogError, match=said):
        compare(folder / "a", folder / "b")


def test_other_users_a_missing_method_metric_or_file_are_named(runs):
    folder, both = runs
    with pytest.raises(CatalogError, match="no method 'SVD'; there are ALS, popularity"):
        compare(folder / "a", folder / "b", methods=("SVD", None))
    for metric in ("ndgc", "method", "past"):
        with pytest.raises(CatalogError, match=f"no metric '{metric}'; there are ndcg, recall"):
            compare(folder / "a", folder / "b", metric)
    fewer = scored("hybrid", both["b"].metrics["ndcg"][:50], both["b"].users[:50])
    scores_table([fewer]).to_parquet(folder / "b" / "scores.parquet")
    with pytest.raises(CatalogError, match=r"judged different users \(200 and 50\)"):
        compare(folder / "a", folder / "b")
    (folder / "b" / "scores.parquet").unlink()
    with pytest.raises(CatalogError, match=r"b: no scores.parquet; make the run again"):
        compare(folder / "a", folder / "b")
