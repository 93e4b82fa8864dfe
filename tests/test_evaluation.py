"""Rankers judged: who is asked, what is scored, how sure a figure is, and what the table says."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrec_helpers import splits
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.evaluation import Scores, as_text, bootstrap, evaluate, numbers, paired, table
from mmrec_helpers.evaluation.compare import NO_DIFFERENCE
from mmrec_helpers.ranking import EASE, Popularity
from mmrec_helpers.ranking.base import stored, top


def shop(n_users=8, n_items=12, seed=0):
    """Everyone plays some items, one a day, in an order of their own."""
    rng = np.random.default_rng(seed)
    rows = [(f"u{u}", f"i{i:02}", "play", day) for u in range(n_users)
            for day, i in enumerate(rng.permutation(n_items)[:rng.integers(4, n_items + 1)])]
    events = pd.DataFrame(rows, columns=["user_id", "item_id", "event", "timestamp"])
    events["timestamp"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(events["timestamp"], unit="D")
    items = sorted(events["item_id"].unique())
    return Catalog(pd.DataFrame({"item_id": items, "title": items}), events, Path(), "shop")


class Fixed:
    """A ranker that scores items as it is told: the same for everybody, or a row each."""

    def __init__(self, split, scores, name="fixed"):
        self.name, self.items_ = name, split.train.items
        self.all = np.broadcast_to(np.asarray(scores, float), split.train.matrix.shape)
        self.asked, self.row = [], 0

    def recommend(self, histories, k, exclude=None, candidates=None):
        rows = np.arange(self.row, self.row + histories.shape[0])
        self.row = rows[-1] + 1
        scores = self.all[rows].copy()
        scores[stored(exclude)] = -np.inf
        scores[:, ~candidates] = -np.inf
        self.asked.append(histories)
        return top(scores, self.items_, k)


def judged_rows(split, stage="test"):
    return np.flatnonzero((np.diff(getattr(split, stage).matrix.indptr) > 0)
                          & (np.diff(split.known[stage].matrix.indptr) > 0))


# ---- the evaluator


@pytest.mark.parametrize("kind", splits.SPLITS)
@pytest.mark.parametrize("stage", ["valid", "test"])
def test_the_perfect_ranking_has_ndcg_1_and_the_worst_0(kind, stage):
    split = splits.SPLITS[kind](shop(20), min_events=1)
    targets = getattr(split, stage).matrix[judged_rows(split, stage)].toarray()
    whole = np.zeros(split.train.matrix.shape)
    whole[:len(targets)] = targets
    k = int(targets.sum(1).max())
    good = evaluate(Fixed(split, whole), split, stage, k)
    assert good.metrics["ndcg"] == pytest.approx(np.ones(len(targets)))
    assert good.metrics["recall"] == pytest.approx(np.ones(len(targets)))
    bad = evaluate(Fixed(split, -whole), split, stage, 1)
    other = split.candidates[stage].sum() - np.diff(split.known[stage].matrix.indptr)[judged_rows(split, stage)]
    assert (bad.metrics["ndcg"][other > targets.sum(1)] == 0).all() or kind == "cold_items"


def test_a_list_is_scored_by_hand():
    split = splits.user_time(splits.example(), min_events=1)  # a is asked for i9, b for i4; i8, i3 are known by then
    scores = evaluate(Fixed(split, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), split, k=3)
    assert scores.users.tolist() == ["a", "b"]
    assert scores.lists.tolist() == [["i9", None, None], ["i4", None, None]]
    assert scores.metrics["precision"].tolist() == [1 / 3, 1 / 3]
    assert scores.coverage == 0.2
    assert scores.k == 3


def test_what_is_known_at_the_stage_is_the_input_and_is_never_recommended():
    split = splits.user_time(shop(), min_events=1)
    for stage in ("valid", "test"):
        ranker = Fixed(split, np.arange(12)[:len(split.train.items)])
        scores = evaluate(ranker, split, stage, k=20)
        known = split.known[stage].matrix[judged_rows(split, stage)]
        assert (ranker.asked[0] != known).nnz == 0
        for user, shown in zip(scores.users, scores.lists, strict=True):
            row = list(split.train.users).index(user)
            taken = set(split.train.items[split.known[stage].matrix[row].indices])
            assert not taken & set(shown)
            assert taken | set(shown) - {None} == set(split.train.items)  # k is larger: all that is left is shown


def test_a_user_without_target_or_without_past_is_not_judged():
    plays = [("old", f"i{n}", n) for n in range(8)] + [("busy", f"i{(n + 4) % 8}", n) for n in range(8)]
    plays += [("new", f"i{n}", 6) for n in range(3)] + [("gone", "i0", 0), ("gone", "i1", 1)]
    events = pd.DataFrame(plays, columns=["user_id", "item_id", "day"]).assign(event="play", value=np.nan)
    events["timestamp"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(events.pop("day"), unit="D")
    split = splits.global_time(Catalog(pd.DataFrame(), events, Path(), "s"), valid=0.3, test=0.1, min_events=1)
    assert "new" in {split.valid.users[row] for row in stored(split.valid.matrix)[0]}
    scores = evaluate(Popularity().fit(split.train), split, "valid", k=3)
    assert set(scores.users) == {"old", "busy"}


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 9), st.integers(0, 30))
def test_batches_change_nothing(batch, seed):
    split = splits.user_time(shop(seed=seed), min_events=1)
    ranker = EASE(l2=1.0).fit(split.learn("test"))
    one, two = evaluate(ranker, split, k=5), evaluate(ranker, split, k=5, batch=batch)
    assert one.lists.tolist() == two.lists.tolist()
    for name in one.metrics:
        assert one.metrics[name].tolist() == two.metrics[name].tolist()
        assert ((one.metrics[name] >= 0) & (one.metrics[name] <= 1 + 1e-12)).all()
    assert 0 < one.coverage <= 1


def test_ties_always_go_to_the_earlier_item():
    split = splits.user_time(shop(), min_events=1)
    lists = evaluate(Fixed(split, np.zeros(len(split.train.items))), split, k=4).lists
    assert all([x for x in shown if x] == sorted(x for x in shown if x) for shown in lists)


def test_a_ranker_of_other_items_one_that_repeats_itself_and_an_empty_stage_are_refused():
    split = splits.user_time(shop(), min_events=1)
    wrong = Fixed(split, np.zeros(len(split.train.items)), "wrong")
    wrong.items_ = split.train.items[::-1]
    with pytest.raises(ValueError, match="wrong was fitted on other items"):
        evaluate(wrong, split)
    twice = Fixed(split, np.zeros(len(split.train.items)), "twice")
    twice.recommend = lambda histories, k, exclude, candidates: (
        np.full((histories.shape[0], k), split.train.items[0]), None)
    with pytest.raises(ValueError, match="twice recommends an item twice"):
        evaluate(twice, split, k=2)
    split.test.matrix.data[:] = 0
    split.test.matrix.eliminate_zeros()
    with pytest.raises(ValueError, match="nobody has both"):
        evaluate(Popularity().fit(split.train), split)


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


def test_the_interval_repeats_with_its_seed_and_leaves_out_who_is_not_judged():
    values = np.random.default_rng(0).random(50)
    assert bootstrap(values, seed=4) == bootstrap(np.append(values, np.nan), seed=4) != bootstrap(values, seed=5)
    assert np.isnan(bootstrap(np.array([0.3]))[1:]).all()
    assert np.isnan(bootstrap(np.array([]))).all()


def scores(name, values, users=None):
    users = np.array([f"u{n}" for n in range(len(values))] if users is None else users, dtype=object)
    return Scores(name, users, {"ndcg": np.asarray(values, float)}, 0.5, np.full((len(users), 20), None))


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


# ---- the table


def three():
    base = np.random.default_rng(0).random(200)
    noise = np.random.default_rng(1).normal(scale=0.05, size=200)
    return [scores("awful", base * 0.5), scores("nearly", base + noise - noise.mean() - 0.0005), scores("top", base)]


def test_the_table_has_the_best_method_first_and_says_where_no_difference_was_shown():
    rows = table(three(), shown=["ndcg"], notes={"top": {"chosen on": "valid"}})
    assert rows.index.tolist() == ["top", "nearly", "awful"]
    assert rows["in words"].tolist() == ["best", "no difference shown", "lower"]
    assert rows["chosen on"].tolist() == ["valid", "", ""]
    assert rows["NDCG against the best"].iloc[0] == ""
    mean, low, high = bootstrap(three()[2].metrics["ndcg"])
    assert rows["NDCG@20 (95 %)"].iloc[0] == f"{mean:.3f} [{low:.3f}, {high:.3f}]"


def test_the_text_of_the_table_keeps_to_the_width_and_names_every_method_in_each_block():
    text = as_text(table(three(), shown=["ndcg"]), width=60)
    assert max(map(len, text.splitlines())) <= 60 + len(" \\")
    assert text.count("nearly") == 2
    assert "no difference shown" in text


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
    split = splits.default(Catalog(pd.DataFrame(), events.assign(event="rate"), Path(), "movielens"))
    ease, popular = (evaluate(ranker.fit(split.learn("test")), split) for ranker in (EASE(l2=200.0), Popularity()))
    assert paired(ease, popular).low > 0.02
    assert ease.coverage > popular.coverage
    assert table([popular, ease])["in words"].tolist() == ["best", "lower"]
