"""Rankers judged: who is asked, what is scored, how settings are chosen, how sure a figure is, what the table says."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse, stats

from mmrec_helpers import splits
from mmrec_helpers.catalog import Catalog, Features, Recommendations, Split
from mmrec_helpers.evaluation import (
    Scores,
    bootstrap,
    by_targets,
    compare,
    evaluate,
    interval_over_draws,
    numbers,
    paired,
    segments,
    table,
    tune,
    tune_each,
    tuning,
)
from mmrec_helpers.evaluation.compare import NO_DIFFERENCE
from mmrec_helpers.metrics import pair_distance
from mmrec_helpers.ranking import EASE, Blend, ContentKNN, Popularity
from mmrec_helpers.ranking.neighbours import unit_rows
from mmrec_helpers.ranking.top_k import top_k


def shop(n_users=8, n_items=12, seed=0):
    """Everyone plays some items, one a day, in an order of their own."""
    rng = np.random.default_rng(seed)
    rows = [(f"u{u}", f"i{i:02}", "play", day) for u in range(n_users)
            for day, i in enumerate(rng.permutation(n_items)[:rng.integers(4, n_items + 1)])]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event", "timestamp"])
    events["timestamp"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(events["timestamp"], unit="D")
    items = [f"i{i:02}" for i in range(n_items)]
    return Catalog(pd.DataFrame({"item_id": items, "title": items}), events, Path(), "shop")


class Fixed:
    """A ranker with given scores, the same for everybody or a row for each query; it remembers what it was asked."""

    def __init__(self, stage, scores, name="fixed"):
        self.name, self.items_ = name, stage.fit.items
        self.all = np.broadcast_to(np.asarray(scores, float), stage.targets.shape)
        self.asked = []

    def recommend(self, queries, k, only):
        self.asked.append(queries)
        scores = np.where(queries.seen.toarray() | ~only, -np.inf, self.all)
        columns, values = top_k(scores, k)
        return Recommendations(np.where(columns >= 0, self.items_[columns], None), values, queries.users,
                               np.zeros(len(queries), bool))


# ---- the evaluator


@pytest.mark.parametrize("kind", splits.SPLITS)
@pytest.mark.parametrize("name", ["valid", "test"])
def test_the_perfect_ranking_has_ndcg_1_and_the_worst_0_while_anything_else_is_left(kind, name):
    split = splits.SPLITS[kind](shop(20), **({"share": 0.5} if "cold" in kind else {}))
    stage = getattr(split, name)
    targets, seen = stage.targets.toarray() > 0, stage.queries.seen.toarray()
    good = evaluate(Fixed(stage, targets), stage, int(targets.sum(1).max()))
    assert good.metrics["ndcg"] == pytest.approx(np.ones(len(targets)))
    assert good.metrics["recall"] == pytest.approx(np.ones(len(targets)))
    bad = evaluate(Fixed(stage, -1.0 * targets), stage, 1)
    others = (stage.candidates & ~seen & ~targets).any(1)
    assert others.sum() > 2
    assert bad.metrics["ndcg"].tolist() == (1.0 - others).tolist()


def test_a_list_is_scored_by_hand():
    test = splits.user_time(splits.example()).test  # a is asked for i9, b for i4; all else is known by then
    scores = evaluate(Fixed(test, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), test, k=3)
    assert scores.users.tolist() == ["a", "b"]
    assert scores.lists.tolist() == [["i9", None, None], ["i4", None, None]]
    assert scores.metrics["precision"].tolist() == [1 / 3, 1 / 3]
    assert scores.coverage == 0.2
    assert scores.k == 3


def test_the_queries_of_the_stage_are_the_input_and_what_was_seen_is_not_in_a_list():
    split = splits.user_time(shop())
    for stage in (split.valid, split.test):
        ranker = Fixed(stage, np.arange(12))
        scores = evaluate(ranker, stage, k=20)
        assert ranker.asked == [stage.queries]
        for row, shown in enumerate(scores.lists):
            taken = set(stage.fit.items[stage.queries.seen[row].indices])
            assert not taken & set(shown)
            assert taken | set(shown) - {None} == set(stage.fit.items)  # k is larger: all that is left is shown


def test_a_user_without_target_or_without_past_is_not_judged():
    plays = [("old", f"i{n}", n) for n in range(8)] + [("busy", f"i{(n + 4) % 8}", n) for n in range(8)]
    plays += [("new", f"i{n}", 6) for n in range(3)] + [("gone", "i0", 0), ("gone", "i1", 1)]
    events = pd.DataFrame(plays, columns=["user_id", "item_id", "day"]).assign(event="play", value=np.nan)
    events["timestamp"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(events.pop("day"), unit="D")
    items = pd.DataFrame({"item_id": [f"i{n}" for n in range(8)]})
    valid = splits.global_time(Catalog(items, events, Path(), "s"), valid=0.3, test=0.1).valid
    assert set(evaluate(Popularity().fit(valid.fit), valid, k=3).users) == {"old", "busy"}


def grouped():
    """k0 to k2 were taken by five, r by one, n by nobody; u0 is asked for k2, u1 for r, u2 for n and k1."""
    test = splits.user_time(splits.example("abc")).test
    items = np.array(["k0", "k1", "k2", "r", "n"], object)
    learnt = sparse.csr_matrix(np.array([[1, 1, 1, 0, 0]] * 5 + [[0, 0, 0, 1, 0]], np.float32))
    fit = type(test.fit)(learnt, [f"f{n}" for n in range(6)], items)
    history = sparse.csr_matrix(np.array([[1, 0, 0, 0, 0]] * 3, np.float32))
    targets = sparse.csr_matrix(np.array([[0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 1, 0, 0, 1]], np.float32))
    return dataclasses.replace(test, fit=fit, queries=type(test.queries)(history, users=np.array(["u0", "u1", "u2"])),
                               targets=targets, candidates=np.ones(5, bool))


def test_known_rare_and_new_targets_are_judged_apart():
    stage = grouped()
    scores = evaluate(Fixed(stage, [0, 5, 4, 3, 2]), stage, k=2)  # everybody gets k1, k2
    assert scores.targets == {"all": 4, "known": 2, "rare": 1, "new": 1}
    assert scores.metrics["recall"].tolist() == [1, 0, 0.5]
    np.testing.assert_array_equal(scores.groups["known"]["recall"], [1, np.nan, 1])
    np.testing.assert_array_equal(scores.groups["rare"]["recall"], [np.nan, 0, np.nan])
    np.testing.assert_array_equal(scores.groups["new"]["recall"], [np.nan, np.nan, 0])
    rows = by_targets(scores, "recall")
    assert rows.index.tolist() == ["all", "known", "rare", "new"]
    assert rows["users"].tolist() == [3, 2, 1, 1]
    assert rows["targets"].tolist() == [4, 2, 1, 1]
    every, known, rare, new = rows["recall@2 (95 %)"]
    assert every.startswith("0.500 [")
    assert (known, rare, new) == ("1.000 [1.000, 1.000]", "-", "-")  # no mean without an interval
    assert "users: 3" in rows.card


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 50), st.integers(1, 14))
def test_hits_and_targets_of_the_groups_add_up_to_all(seed, k):
    stage = splits.user_time(shop(seed=seed)).test
    scores = evaluate(EASE(1.0).fit(stage.fit), stage, k)
    assert scores.targets["all"] == sum(scores.targets[group] for group in ("known", "rare", "new")) > 0
    hits = {name: np.nansum(metrics["precision"]) for name, metrics in scores.groups.items()}
    assert sum(hits.values()) == pytest.approx(scores.metrics["precision"].sum())
    judged = np.array([~np.isnan(metrics["ndcg"]) for metrics in scores.groups.values()])
    assert judged.any(axis=0).all()
    assert 0 < scores.coverage <= 1
    assert all(((values >= 0) & (values <= 1 + 1e-12)).all() for values in scores.metrics.values())


def test_where_no_target_is_new_nobody_was_asked_for_one():
    stage = grouped()
    stage = dataclasses.replace(stage, targets=sparse.csr_matrix(stage.targets.toarray() * [1, 1, 1, 1, 0]))
    row = by_targets(evaluate(Fixed(stage, np.arange(5)), stage, k=2)).loc["new"]
    assert row.tolist() == [0, 0, "-"]


def test_ties_always_go_to_the_earlier_item():
    test = splits.user_time(shop()).test
    ranker = Popularity().fit(test.fit)
    ranker.popularity_[:] = 1
    lists = evaluate(ranker, test, k=4).lists
    assert all([x for x in shown if x] == sorted(x for x in shown if x) for shown in lists)


def test_a_ranker_of_other_items_and_one_that_repeats_itself_are_refused():
    test = splits.user_time(shop()).test
    wrong = Fixed(test, np.zeros(12), "wrong")
    wrong.items_ = test.fit.items[::-1]
    with pytest.raises(ValueError, match="wrong was fitted on other items"):
        evaluate(wrong, test)
    twice = Fixed(test, np.zeros(12), "twice")
    twice.recommend = lambda queries, k, only: Recommendations(
        np.full((len(queries), k), test.fit.items[0], object), np.zeros((len(queries), k)), queries.users, [])
    with pytest.raises(ValueError, match="twice recommends an item twice"):
        evaluate(twice, test, k=2)


def test_an_item_that_the_stage_does_not_have_is_refused():
    test = splits.user_time(splits.example()).test
    strange = Fixed(test, np.zeros(10), "strange")
    strange.recommend = lambda queries, k, only: Recommendations(
        np.array([["i1", None], ["x9", "i2"]], object), np.zeros((2, 2)), None, np.zeros(2, bool))
    with pytest.raises(ValueError, match="strange recommends 'x9', which is no item of the stage"):
        evaluate(strange, test, k=2)


# ---- what comes from elsewhere


def test_scores_lists_and_functions_of_another_library_are_judged_as_the_ranker_that_gave_them():
    test = splits.user_time(shop(20)).test
    ease = EASE(1.0).fit(test.fit)
    expected = evaluate(ease, test, k=5)
    scores = ease.score(test.queries)
    frame = ease.recommend(test.queries, 5, only=test.candidates).to_frame()
    for source in (scores, ease.score, frame, frame.drop(columns="rank").sample(frac=1, random_state=0)):
        found = evaluate(source, test, k=5)
        assert found.lists.tolist() == expected.lists.tolist()
        np.testing.assert_array_equal(found.metrics["ndcg"], expected.metrics["ndcg"])


def test_lists_of_another_library_leave_out_what_was_seen_and_what_is_no_candidate():
    stage = dataclasses.replace(grouped(), candidates=np.array([1, 1, 1, 1, 0], bool))
    table = pd.DataFrame({"user_id": ["u0"] * 4 + ["u1", "u2", "u9"], "rank": [1, 2, 3, 4, 1, 1, 1],
                          "item_id": ["k0", "n", "r", "k2", "r", "n", "k1"]})
    lists = evaluate(table, stage, k=2).lists
    assert lists.tolist() == [["r", "k2"], ["r", None], [None, None]]
    with pytest.raises(ValueError, match=r"no list for user 'u1' \(and 0 more of those asked\)"):
        evaluate(table[table["user_id"] != "u1"], stage, k=2)


def test_scores_of_another_shape_lists_without_a_column_and_anything_else_are_refused():
    test = splits.user_time(splits.example()).test
    with pytest.raises(ValueError, match=r"scores \(3, 10\); the stage asks 2 users about 10 items"):
        evaluate(np.ones((3, 10)), test)
    with pytest.raises(ValueError, match="no column 'item_id'; a table of lists has"):
        evaluate(pd.DataFrame({"user_id": ["a"], "item": ["i9"], "rank": [1]}), test)
    with pytest.raises(TypeError, match="str is no ranker"):
        evaluate("EASE", test)
    with pytest.raises(ValueError, match="recommends 'x', which is no item of the stage"):
        evaluate(pd.DataFrame({"user_id": ["a", "b"], "item_id": ["x", "i4"], "rank": [1, 1]}), test)


# ---- all metrics


def test_every_metric_that_what_is_given_allows_in_one_call():
    test = splits.user_time(shop(20)).test
    text = Features("t", "text", test.fit.items, np.random.default_rng(0).normal(size=(12, 3)))
    every = evaluate(EASE(1.0).fit(test.fit), test, k=5, metrics="every", features=[text],
                     labels={f"i{n:02}": "even" if n % 2 else "odd" for n in range(12)})
    assert {"ndcg", "mrr", "auc", "accuracy", "novelty", "diversity (text)", "miscalibration"} <= set(every.metrics)
    assert set(every.shop) == {"coverage", "gini"}
    columns = pd.Index(test.fit.items).get_indexer(every.lists.ravel()).reshape(every.lists.shape)
    np.testing.assert_array_equal(every.metrics["diversity (text)"], pair_distance(columns, unit_rows(text)))
    fewer = evaluate(Fixed(test, np.arange(12)), test, k=5, metrics="every")  # it gives no scores, and no labels
    assert not {"auc", "miscalibration", "diversity (text)"} & set(fewer.metrics)
    with pytest.raises(ValueError, match="miscalibration needs"):
        evaluate(EASE(1.0).fit(test.fit), test, metrics=["miscalibration"])
    with pytest.raises(ValueError, match="two of one modality"):
        evaluate(EASE(1.0).fit(test.fit), test, features=[text, text])


def test_a_misspelt_metric_is_named_and_does_not_count_as_looking():
    test = splits.user_time(shop(20)).test
    with pytest.raises(KeyError, match="no metric 'ndgc'"):
        evaluate(Popularity().fit(test.fit), test, metrics="ndgc")
    assert test.opened == []
    assert set(evaluate(Popularity().fit(test.fit), test, metrics="mrr").metrics) == {"mrr"}


def test_scores_of_few_metrics_still_have_tables():
    test = splits.user_time(shop(20)).test
    ease, popular = (evaluate(one.fit(test.fit), test, 5, ["ndcg", "novelty"]) for one in (EASE(1.0), Popularity()))
    assert by_targets(ease).loc["all", "users"] == len(test.queries)
    with pytest.raises(ValueError, match="'novelty' was not measured on every group; ndcg were"):
        by_targets(ease, "novelty")
    rows = table([ease, popular], chosen_on="valid")
    assert "chosen on: valid" in rows.card
    assert "chosen on" not in table([ease, popular]).card
    assert [one for one in rows.columns if "95" in one] == ["NDCG@5 (95 %)"]
    assert rows["coverage"].tolist() == ["-", "-"]


# ---- the card


def test_how_often_the_test_was_opened_is_counted_and_said_below_every_table():
    split = splits.user_time(shop(20))
    ease, popular = EASE(1.0).fit(split.test.fit), Popularity().fit(split.test.fit)
    found = [evaluate(ease, split.test), evaluate(popular, split.test)]
    assert split.test.opened == ["EASE", "popularity"]
    assert split.valid.opened == []
    rows = table(found)
    assert "test opened 2 times" in repr(rows)
    assert "user_time" in rows._repr_html_()
    again = table([evaluate(ease, split.test), found[1]])
    assert again.card.endswith("test opened 3 times: EASE 2 times")


def test_the_long_tail_of_a_test_counts_as_the_test():
    split = splits.user_time(shop(20))
    evaluate(Popularity().fit(split.test.fit), splits.long_tail(split, below=100).test)
    assert split.test.opened == ["popularity"]


def test_tuning_opens_valid_once_for_every_setting_and_never_the_test():
    split = splits.user_time(shop(20))
    tune([EASE(1.0), EASE(2.0)], split, k=5)
    assert (len(split.valid.opened), len(split.test.opened)) == (2, 0)


def test_a_method_that_has_seen_more_than_the_others_is_named_on_the_card():
    """Training and validation merged for one method only."""
    split = splits.user_time(shop(20))
    fair, more = Popularity().fit(split.valid.fit), EASE(1.0).fit(split.test.fit)
    card = table([evaluate(fair, split.valid), evaluate(more, split.valid)]).card
    fewer, larger = split.valid.fit.matrix.nnz, split.test.fit.matrix.nnz
    assert f"NOT THE SAME FOR ALL: seen: {fewer} (popularity), {larger} (EASE)" in card


# ---- choosing settings


class Closed:
    """A test that nobody may look at, but for what may be learnt before it."""

    def __init__(self, stage):
        self.fit = stage.fit

    def __getattr__(self, name):
        raise AssertionError(f"test.{name} was looked at")


def closed(split):
    return Split(split.valid, Closed(split.test), split.everything, split.protocol)


def test_settings_are_copied_and_only_valid_is_looked_at():
    split = splits.user_time(shop(20))
    settings = [EASE(1.0), EASE(1000.0), Popularity()]
    tuned = tune(settings, closed(split), k=5)
    by_hand = [evaluate(one.clone().fit(split.valid.fit), split.valid, 5).metrics["ndcg"].mean() for one in settings]
    assert tuned.scores == by_hand
    assert not any(hasattr(one, "items_") for one in settings)
    best = settings[int(np.argmax(by_hand))]
    assert tuned.params == best.get_params()
    assert type(tuned.ranker) is type(best)
    assert tuned.ranker is not best
    expected = best.clone().fit(split.test.fit).score(split.test.queries)
    np.testing.assert_array_equal(tuned.ranker.score(split.test.queries), expected)


def test_one_setting_has_its_score_too_for_methods_are_compared_by_it():
    split = splits.user_time(shop())
    tuned = tune([Popularity()], closed(split))
    assert tuned.scores == [evaluate(Popularity().fit(split.valid.fit), split.valid).metrics["ndcg"].mean()]
    assert tuned.ranker.items_ is not None


def test_no_setting_is_refused():
    with pytest.raises(ValueError, match="no settings to choose from"):
        tune([], closed(splits.user_time(shop())))


def test_settings_that_differ_in_scoring_alone_are_fitted_once_and_score_as_if_each_was(monkeypatch):
    split, rankers = splits.user_time(shop(20)), {"ease": EASE(5.0), "popularity": Popularity()}
    settings = [Blend(rankers, {"ease": 1 - share, "popularity": share}) for share in (0.0, 0.3, 1.0)]
    each = [evaluate(one.clone().fit(split.valid.fit), split.valid, 5).metrics["ndcg"].mean() for one in settings]
    fits, fit = [], Blend.fit
    monkeypatch.setattr(Blend, "fit", lambda self, *given: fits.append(self) or fit(self, *given))
    tuned = tune(settings, split, k=5)
    assert len(fits) == 2  # for valid, and the best for the test
    assert tuned.scores == each
    assert len(set(each)) > 1


def test_one_argument_after_the_other_keeps_the_first_value_unless_another_is_clearly_better():
    """By hand: with few users a value must be ahead of the first by more than a standard error of the difference."""
    split, tried = splits.user_time(shop(20)), {"l2": [1.0, 5.0, 200.0], "user_power": [0.0, 0.5]}
    tuned = tune_each(EASE(), tried, split, k=5)
    each = {one: evaluate(EASE(one).fit(split.valid.fit), split.valid, 5).metrics["ndcg"] for one in tried["l2"]}
    assert tuned.scores[:3] == [one.mean() for one in each.values()]
    assert len(tuned.scores) == 5
    best = max(each, key=lambda one: each[one].mean())
    above = each[best] - each[1.0]
    assert tuned.params["l2"] == (best if above.mean() > above.std() / np.sqrt(len(above)) else 1.0)
    assert EASE(tuned.params["l2"], user_power=tuned.params["user_power"]).fits_like(tuned.ranker)


@pytest.mark.parametrize(("later", "chosen"), [([0.3, 0.3, 0.3], 1), ([0.1, 0.1, 0.9], 0), ([0.2, 0.2, 0.2], 0)],
                         ids=["clearly", "by one user alone", "not at all"])
def test_a_later_value_is_taken_where_it_is_clearly_better(later, chosen, monkeypatch):
    scores = iter([np.array([0.2, 0.2, 0.2]), np.array(later)])
    monkeypatch.setattr(tuning._Trial, "score", lambda self, one: next(scores))
    tuned = tune_each(EASE(), {"l2": [1.0, 2.0]}, splits.user_time(shop(20)))
    assert tuned.params["l2"] == [1.0, 2.0][chosen]


def test_ties_of_settings_go_to_the_earlier():
    text = Features("t", "text", [f"i{i:02}" for i in range(12)], np.eye(12))
    tuned = tune([ContentKNN("t", k) for k in (50, 40, 60)], splits.user_time(shop()), [text], k=5)
    assert len(set(tuned.scores)) == 1
    assert tuned.params == {"features": "t", "k": 50}


def test_the_metric_asked_for_decides():
    split = splits.user_time(shop(20))
    assert tune([EASE(1.0), EASE(9.0)], split, metric="recall", k=3).scores == [
        evaluate(EASE(l2).fit(split.valid.fit), split.valid, 3).metrics["recall"].mean() for l2 in (1.0, 9.0)]


def test_of_many_users_some_are_compared_on_and_the_test_learns_from_all(monkeypatch):
    monkeypatch.setattr(tuning, "MAX_USERS", 4)
    split, asked = splits.user_time(shop(30)), []
    monkeypatch.setattr(tuning, "evaluate", lambda ranker, stage, k: asked.append(stage) or evaluate(ranker, stage, k))
    tuned = tune([EASE(1.0), EASE(2.0)], split, k=5)
    users = split.valid.queries.users
    assert list(asked[0].queries.users) == [users[0], users[9], users[19], users[-1]]  # evenly over all
    first = list(users).index(asked[0].queries.users[1])
    assert (asked[0].targets[1] != split.valid.targets[first]).nnz == 0
    assert tuned.ranker.popularity_.sum() == split.test.fit.matrix.nnz


# ---- how sure


def test_the_interval_holds_the_true_mean_about_95_times_in_100():
    rng = np.random.default_rng(3)
    intervals = [bootstrap(rng.exponential(size=80), n=300, seed=seed) for seed in range(400)]
    covered = np.mean([low <= 1 <= high for _, low, high in intervals])
    assert 0.90 <= covered <= 0.98


def test_the_interval_has_the_width_that_theory_gives():
    values = np.random.default_rng(0).normal(size=2000)
    mean, low, high = bootstrap(values, seed=1)
    assert mean == pytest.approx(values.mean())
    assert high - low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(2000), rel=0.1)


def test_the_resamples_are_the_same_whether_they_are_kept_or_not(monkeypatch):
    values = np.random.default_rng(0).exponential(size=123)
    kept = bootstrap(values, seed=4)
    monkeypatch.setattr(compare, "KEPT", 0)
    assert bootstrap(values, seed=4) == pytest.approx(kept, abs=1e-12)
    rng = np.random.default_rng(4)
    means = [rng.choice(values, len(values)).mean() for _ in range(1000)]
    assert kept[1:] == pytest.approx(np.percentile(means, [2.5, 97.5]), rel=0.05)


def test_the_interval_repeats_with_its_seed_and_leaves_out_who_is_not_judged():
    values = np.random.default_rng(0).random(50)
    assert bootstrap(values, seed=4) == bootstrap(np.append(values, np.nan), seed=4) != bootstrap(values, seed=5)
    assert np.isnan(bootstrap(np.array([0.3]))[1:]).all()
    assert np.isnan(bootstrap(np.array([]))).all()


def scores(name, values, users=None):
    users = np.array([f"u{n}" for n in range(len(values))] if users is None else users, dtype=object)
    return Scores(name, users, {"ndcg": np.asarray(values, float)}, {"coverage": 0.5}, np.full((len(users), 20), None))


@pytest.mark.parametrize("n", [30, 300])
def test_the_interval_is_scipys_bootstrap_with_expanded_percentiles(n):
    """Of the mean of skewed values; both with 20,000 resamples, of which no two are the same."""
    values = np.random.default_rng(4).exponential(size=n)
    tail = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf(0.975, n - 1))
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, confidence_level=1 - 2 * tail,
                             method="percentile", rng=np.random.default_rng(5)).confidence_interval
    ours = bootstrap(values, 20_000)
    assert ours[1:] == pytest.approx((theirs.low, theirs.high), abs=0.03 * (theirs.high - theirs.low))


def test_a_small_steady_difference_is_shown_though_the_intervals_overlap():
    base = np.random.default_rng(0).random(200)
    a, b = scores("a", base + 0.01 + 0.01 * np.random.default_rng(1).normal(size=200)), scores("b", base)
    assert bootstrap(a.metrics["ndcg"]).low < bootstrap(b.metrics["ndcg"]).high
    assert paired(a, b).words == "higher"
    assert paired(b, a).words == "lower"
    assert paired(a, b).mean == pytest.approx(-paired(b, a).mean)


def test_no_difference_is_claimed_between_two_draws_of_one_thing():
    rng = np.random.default_rng(5)
    claims = [paired(scores("a", rng.random(60)), scores("b", rng.random(60)), n=300, seed=seed).words
              for seed in range(100)]
    assert claims.count(NO_DIFFERENCE) >= 88
    assert paired(scores("a", [0.5]), scores("b", [0.1])).words == NO_DIFFERENCE  # one user shows nothing


def test_users_are_matched_by_id_not_by_place():
    values = np.random.default_rng(0).random(40)
    users = np.array([f"u{n}" for n in range(40)])
    assert paired(scores("a", values), scores("b", values[::-1], users[::-1])).high == 0
    with pytest.raises(ValueError, match="different users"):
        paired(scores("a", values), scores("b", values, [*users[:-1], "stranger"]))


# ---- several draws


def by_id(values, start=0):
    return pd.Series(values, [f"u{start + n}" for n in range(len(values))])


def test_draws_that_differ_more_than_users_explain_give_students_interval_of_their_means():
    means = [0.1, 0.3, 0.2, 0.5, 0.4]
    found = interval_over_draws([by_id(np.full(30, mean), 30 * draw) for draw, mean in enumerate(means)])
    assert found == pytest.approx((0.3, *stats.t.interval(0.95, 4, 0.3, stats.sem(means))))


def test_draws_that_repeat_the_same_users_say_no_more_than_one_draw():
    values = np.random.default_rng(0).random(50)
    found = interval_over_draws([by_id(values)] * 5)
    assert found == pytest.approx((values.mean(), *stats.t.interval(0.95, 49, values.mean(), stats.sem(values))))


def test_draws_whose_means_agree_by_chance_keep_the_uncertainty_of_their_users():
    values = np.random.default_rng(0).random(50)
    found = interval_over_draws([by_id(values, 50 * draw) for draw in range(5)])  # the same mean, other users
    assert found.high - found.low == pytest.approx(2 * stats.t.ppf(0.975, 245) * stats.sem(values) / np.sqrt(5))


def test_users_of_draws_are_matched_by_id_and_the_unjudged_left_out():
    draws = [by_id(np.random.default_rng(draw).random(40)) for draw in range(3)]
    mixed = [one.sample(frac=1, random_state=0) for one in draws]
    assert interval_over_draws(mixed) == pytest.approx(interval_over_draws(draws))
    assert interval_over_draws([pd.concat([one, by_id([np.nan], 99)]) for one in draws]) == interval_over_draws(draws)
    assert interval_over_draws(draws[:1]) == bootstrap(draws[0].to_numpy())
    assert np.isnan(interval_over_draws([by_id([np.nan, np.nan])] * 3)).all()
    assert interval_over_draws([by_id([0.5, 0.5])] * 3) == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("same_users", [False, True])
@pytest.mark.parametrize("spread", [0.0, 0.02])
def test_intervals_over_draws_hold_the_true_mean_as_often_as_they_say(same_users, spread):
    rng, held = np.random.default_rng(7), []
    for _ in range(300):
        users = rng.normal(0, 0.2, 100)
        draws = [by_id((users if same_users else rng.normal(0, 0.2, 100)) + rng.normal(0, 0.2, 100)
                       + rng.normal(0, spread), 0 if same_users else 100 * draw) for draw in range(5)]
        _, low, high = interval_over_draws(draws)
        held.append(low <= 0 <= high)
    assert 0.91 <= np.mean(held) <= 0.99


# ---- the table


def three():
    base = np.random.default_rng(0).random(200)
    noise = np.random.default_rng(1).normal(scale=0.05, size=200)
    return [scores("awful", base * 0.5), scores("nearly", base + noise - noise.mean() - 0.0005), scores("top", base)]


def test_the_table_has_the_best_method_first_and_says_where_no_difference_was_shown():
    rows = table(three(), shown=["ndcg"])
    assert rows.index.tolist() == ["top", "nearly", "awful"]
    assert rows["in words"].tolist() == ["best", "no difference shown", "lower"]
    assert rows["NDCG against the best"].iloc[0] == ""
    mean, low, high = bootstrap(three()[2].metrics["ndcg"])
    assert rows["NDCG@20 (95 %)"].iloc[0] == f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def test_a_group_that_is_served_worse_is_seen_and_one_of_a_single_user_left_out():
    rng = np.random.default_rng(0)
    values = np.concatenate([0.5 + 0.1 * rng.standard_normal(60), 0.3 + 0.1 * rng.standard_normal(20), [0.9, np.nan]])
    rows = segments(scores("a", values), ["many"] * 60 + ["few"] * 20 + ["one", "many"])
    assert rows["users"].to_dict() == {"many": 60, "few": 20}
    gap = values[60:80].mean() - np.r_[values[:60], 0.9].mean()
    assert rows.loc["few", "gap to the others"].startswith(f"{gap:.3f} [")
    assert rows.loc["few", "in words"] == "lower"


def test_a_mean_without_an_interval_is_refused():
    with pytest.raises(ValueError, match="a: 1 users were judged; at least two are needed for an interval"):
        table([scores("a", [0.5, np.nan]), scores("b", [0.5, 0.5])])


def test_a_metric_that_nobody_has_is_a_dash():
    empty = [Scores(name, np.array(["u", "v"]), {"ndcg": np.full(2, mean), "recall": np.full(2, np.nan)},
                    {"coverage": 0.5}, np.full((2, 20), None)) for name, mean in (("a", 0.5), ("b", 0.25))]
    assert table(empty, shown=["ndcg", "recall"]).iloc[:, 1].tolist() == ["-", "-"]


def test_the_numbers_for_machines_are_those_of_the_table():
    figures = numbers(three())
    assert figures["top"]["ndcg"]["mean"] == three()[2].metrics["ndcg"].mean()
    assert figures["awful"]["users"] == 200
    assert set(figures) == {"awful", "nearly", "top"}


def test_two_methods_of_one_name_are_refused():
    with pytest.raises(ValueError, match="two methods are called 'a'"):
        table([scores("a", [0.1, 0.2]), scores("a", [0.1, 0.2])])


@pytest.mark.skipif(not os.environ.get("MMREC_MOVIELENS"),
                    reason="MMREC_MOVIELENS does not say where MovieLens (ml-latest-small) lies")
def test_on_movielens_a_personal_list_beats_popularity():
    ratings = pd.read_csv(Path(os.environ["MMREC_MOVIELENS"]) / "ratings.csv", dtype={"userId": str, "movieId": str})
    events = ratings.rename(columns={"userId": "user_id", "movieId": "item_id", "rating": "value"})
    events["timestamp"] = pd.to_datetime(events["timestamp"], unit="s", utc=True)
    items = pd.DataFrame({"item_id": events["item_id"].unique()})
    test = splits.default(Catalog(items, events.assign(event="rate"), Path(), "movielens")).test
    ease, popular = (evaluate(ranker.fit(test.fit), test) for ranker in (EASE(l2=200.0), Popularity()))
    assert paired(ease, popular).low > 0.02
    assert ease.coverage > popular.coverage
    assert table([popular, ease])["in words"].tolist() == ["best", "lower"]
