"""Filters after a ranker: by hand, against loops in plain Python, and what every filter must keep."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrec_helpers import splits
from mmrec_helpers.catalog import Features, Interactions, Queries, Recommendations, UnknownId
from mmrec_helpers.evaluation import evaluate
from mmrec_helpers.metrics import calibration, pair_distance
from mmrec_helpers.ranking import ItemKNN, top_k
from mmrec_helpers.ranking.labels import label_shares, list_shares, past_shares
from mmrec_helpers.ranking.neighbours import unit_rows
from mmrec_helpers.ranking.rerank import Reranked, calibrated, max_per_label, mmr

ITEMS = [f"i{number}" for number in range(9)]
GENRES = ["folk", "jazz", "rock", "latin"]


def found(ids, scores, users=None):
    return Recommendations(np.array(ids, object), np.array(scores, float), users, np.zeros(len(ids), bool))


@pytest.fixture
def four():
    """a, b and c are alike (cosine 1), d is at a right angle to them, after centring too; e has no features."""
    return found([["a", "b", "c", "d", "e"]], [[5.0, 4.0, 3.0, 2.0, 1.0]]), Features(
        "cnn", "image", ["d", "c", "b", "a", "-a", "-d"], [[0, 1], [1, 0], [1, 0], [1, 0], [-3, 0], [0, -1]])


@st.composite
def cases(draw):
    """Lists with empty places at their ends and scores with ties, features and labels that some items lack."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    n, c, k = draw(st.integers(0, 4)), draw(st.integers(0, 9)), draw(st.integers(1, 10))
    ids = np.array([rng.permutation(ITEMS)[:c] for _ in range(n)], object).reshape(n, c)
    scores = -np.sort(-rng.choice([0.0, 1.0, 2.0, 2.5, -3.0], (n, c)), axis=1)
    short = np.arange(c) >= rng.integers(0, c + 1, (n, 1))
    matrix = rng.standard_normal((8, 3))
    matrix[rng.integers(8)] = np.nan
    labels = pd.Series(["|".join(rng.permutation(GENRES)[:rng.integers(1, 3)]) for _ in ITEMS], ITEMS, dtype=object)
    labels[rng.random(9) < 0.2] = np.nan
    history = Interactions((rng.random((n, 9)) < 0.3) * rng.choice([1.0, 2.0], (n, 9)), range(n), ITEMS)
    lists = found(np.where(short, None, ids), np.where(short, np.nan, scores))
    return lists, Features("cnn", "image", rng.permutation(ITEMS)[:8], matrix), labels, history, k, rng.random()


def filters(case):
    """Each filter at this case's parameter, and at the one that changes nothing."""
    _, features, labels, history, k, share = case
    return [(partial(mmr, features=features, diversity=share), partial(mmr, features=features, diversity=0)),
            (partial(calibrated, history=history, labels=labels, strength=share),
             partial(calibrated, history=history, labels=labels, strength=0)),
            (partial(max_per_label, labels=labels, most=1), partial(max_per_label, labels=labels, most=9))]


# ---- by hand


def test_mmr_by_hand(four):
    """Relevance 1, 3/4, 1/2, 1/4, 0. At 0.3: a, then b 0.525 - 0.3 against d 0.175 and c 0.05; then d 0.175."""
    lists, features = four
    result = mmr(lists, features, 3, 0.3)
    assert result.ids.tolist() == [["a", "b", "d"]]
    assert result.scores.tolist() == [[5, 4, 2]]  # the ranker's own
    assert mmr(lists, features, 5, 0.5).ids.tolist() == [["a", "d", "e", "b", "c"]]  # b is 0.375 - 0.5
    assert mmr(lists, features, 2, 1.0).ids.tolist() == [["a", "d"]]  # e has similarity 0 as well and is ranked below


def test_calibrated_by_hand():
    """Two of three taken are jazz: the best list of three has two, wherever the third genre was ranked."""
    lists = found([["a", "b", "c", "d", "e", "f"]], [[6.0, 5, 4, 3, 2, 1]], ["v"])
    labels = dict(zip("abcdef", ["jazz", "jazz", "jazz", "rock", "folk", None], strict=True))
    history = Interactions([[0, 1, 0, 0, 0, 0], [1, 1, 0, 0, 1, 1]], ["u", "v"], list("abcdef"))
    assert calibrated(lists, history, labels, 3, 0.9).ids.tolist() == [["a", "e", "b"]]
    assert calibrated(lists, history, labels, 3, 0.0).ids.tolist() == [["a", "b", "c"]]
    assert past_shares(history, labels).round(3).tolist() == [[0, 1, 0], [0.333, 0.667, 0]]
    by_confidence = Interactions([[4, 0, 0, 0, 8, 5]], ["v"], list("abcdef"))  # now folk is what counts most
    assert calibrated(lists, by_confidence, labels, 3, 0.9).ids.tolist() == [["e", "a", "f"]]
    nothing = Interactions(np.zeros((1, 6)), ["v"], list("abcdef"))
    assert calibrated(lists, nothing, labels, 4, 1.0).ids.tolist() == [["a", "b", "c", "d"]]


def test_max_per_label_by_hand():
    lists = found([list("abcdef")], [[6.0, 5, 4, 3, 2, 1]])
    artists = pd.Series(["Ada", "Ada", "Ada", "Bo", np.nan, np.nan], list("abcdef"))
    assert max_per_label(lists, artists, 4).ids.tolist() == [["a", "b", "d", "e"]]
    assert max_per_label(lists, artists, 6, 1).ids.tolist() == [["a", "d", "e", "f", None, None]]
    several = dict(zip("abcdef", ["jazz|folk", "jazz", "folk|rock", "rock", "rock", "rock"], strict=True))
    # c is left out, its rock does not count
    assert max_per_label(lists, several, 3, 1).ids.tolist() == [["a", "d", None]]


def test_one_filter_follows_another(four):
    lists, features = four
    once = max_per_label(lists, {one: "x" if one in "ab" else one for one in "abcde"}, 4, 1)
    assert once.ids.tolist() == [["a", "c", "d", "e"]]
    assert mmr(once, features, 2, 0.6).ids.tolist() == [["a", "d"]]


def test_labels_are_shared_in_equal_parts_and_numbers_are_labels_too():
    assert label_shares(["x", "y", "z"], pd.Series([1990, np.nan, "a|b|1990"], list("xyz"))).toarray().round(3).tolist(
        ) == [[1, 0, 0], [0, 0, 0], [0.333, 0.333, 0.333]]
    assert label_shares(["x"], {"x": None}).shape == (1, 0)
    lists = found([["x", "y"], ["y", None]], [[1, 1], [1, np.nan]])
    assert list_shares(lists, {"x": "a|b", "y": "b"}).tolist() == [[0.25, 0.75], [0, 1]]


# ---- against plain Python


def greedy(lists, k, share, penalty):
    """penalty(user, chosen ids, id): what it would cost."""
    result = []
    for user, (ids, scores) in enumerate(zip(lists.ids, lists.scores, strict=True)):
        left = {one: score for one, score in zip(ids, scores, strict=True) if one is not None}
        low, high = min(left.values(), default=0), max(left.values(), default=0)
        relevance, chosen = {one: (x - low) / (high - low or 1) for one, x in left.items()}, []
        while relevance and len(chosen) < k:
            value = {one: (1 - share) * x - share * penalty(user, chosen, one) for one, x in relevance.items()}
            chosen.append(next(one for one, x in value.items() if x >= max(value.values()) - 1e-6))
            del relevance[chosen[-1]]
        result.append(chosen + [None] * (min(k, len(ids)) - len(chosen)))
    return result


def shares_of(items, labels):
    """Genre -> share, over (item, weight) pairs of which some have no label."""
    each = [(labels[one].split("|"), weight) for one, weight in items if isinstance(labels[one], str)]
    total = sum(weight for _, weight in each)
    return {genre: sum(weight / len(own) for own, weight in each if genre in own) / total if each else 0.0
            for genre in GENRES}


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from([1, 20, 10**6]))
def test_mmr_is_the_greedy_loop_whatever_the_chunks(case, cells):
    lists, features, _, _, k, share = case
    unit = dict(zip(features.ids, unit_rows(features).astype(float), strict=True))

    def penalty(user, chosen, one):
        return max((unit.get(one, np.zeros(3)) @ unit.get(other, np.zeros(3)) for other in chosen), default=0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_k, "CELLS", cells)
        result = mmr(lists, features, k, share).ids
    assert result.tolist() == greedy(lists, k, share, penalty)


@settings(max_examples=150, deadline=None)
@given(cases(), st.sampled_from([1, 20, 10**6]))
def test_calibrated_is_the_greedy_loop_whatever_the_chunks(case, cells):
    lists, _, labels, history, k, share = case
    taken = history.matrix.toarray()

    def penalty(user, chosen, one):
        past = shares_of([(ITEMS[i], taken[user, i]) for i in np.flatnonzero(taken[user])], labels)
        listed = shares_of([(other, 1) for other in [*chosen, one]], labels)
        return sum(p * np.log(p / (0.99 * listed[genre] + 0.01 * p)) for genre, p in past.items() if p)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(top_k, "CELLS", cells)
        result = calibrated(lists, history, labels, k, share).ids
    assert result.tolist() == greedy(lists, k, share, penalty)


@settings(max_examples=150, deadline=None)
@given(cases(), st.integers(1, 3))
def test_max_per_label_is_the_loop_from_the_top(case, most):
    lists, _, labels, _, k, _ = case
    expected = []
    for ids in lists.ids:
        counts, kept = dict.fromkeys(GENRES, 0), []
        for one in filter(None, ids):
            own = labels[one].split("|") if isinstance(labels[one], str) else []
            if all(counts[genre] < most for genre in own) and len(kept) < k:
                kept.append(one)
                counts.update({genre: counts[genre] + 1 for genre in own})
        expected.append(kept + [None] * (min(k, len(ids)) - len(kept)))
    assert max_per_label(lists, labels, k, most).ids.tolist() == expected


# ---- what every filter keeps


@settings(max_examples=100, deadline=None)
@given(cases())
def test_a_list_has_at_most_k_of_its_candidates_each_once_with_its_score(case):
    lists, k, before = case[0], case[4], case[0].ids.copy()
    for step, _ in filters(case):
        result = step(lists, k=k)
        assert result.ids.shape == result.scores.shape == (len(lists.ids), min(k, lists.ids.shape[1]))
        assert (lists.ids == before).all()
        for ids, scores, candidates, given_scores in zip(result.ids, result.scores, lists.ids, lists.scores,
                                                         strict=True):
            listed = [one for one in ids if one is not None]
            assert ids[:len(listed)].tolist() == listed  # empty places are at the end
            assert len(set(listed)) == len(listed)
            scored = dict(zip(candidates, given_scores, strict=True))
            assert [scored[one] for one in listed] == scores[:len(listed)].tolist()
            assert np.isnan(scores[len(listed):]).all()
            if step.func is not max_per_label:
                assert len(listed) == min(k, sum(one is not None for one in candidates))


@settings(max_examples=100, deadline=None)
@given(cases())
def test_a_parameter_of_0_keeps_the_order(case):
    lists, k = case[0], case[4]
    for _, step in filters(case):
        assert step(lists, k=k).ids.tolist() == lists.ids[:, :k].tolist()


def test_the_more_it_counts_the_more_diverse_or_calibrated_lists_are():
    """On average over 200 lists; a greedy list of one user may be less."""
    rng, ids = np.random.default_rng(0), np.array([f"i{number}" for number in range(60)], object)
    lists = found([rng.permutation(ids)[:40] for _ in range(200)], -np.sort(-rng.random((200, 40)), axis=1))
    features = Features("cnn", "image", ids, rng.standard_normal((60, 4)))
    labels, history = pd.Series(rng.choice(GENRES, 60), ids), Interactions(rng.random((200, 60)) < 0.1, range(200), ids)
    unit, past, steps = unit_rows(features), past_shares(history, labels), (0.0, 0.25, 0.5, 0.75, 1.0)
    spread = [pair_distance(pd.Index(ids).get_indexer(mmr(lists, features, 8, step).ids.ravel()).reshape(
        -1, 8), unit).mean() for step in steps]
    far = [np.nanmean(calibration(past, list_shares(calibrated(lists, history, labels, 8, step), labels)))
           for step in steps]
    assert (np.diff(spread) > 0).all()
    assert (np.diff(far) < 0).all()


def test_a_parameter_out_of_range_and_an_unknown_id_say_so(four):
    lists, features = four
    labels, history = dict.fromkeys("abcde", "x"), Interactions([[1.0]], ["u"], ["a"])
    for wrong in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match=r"diversity is .*; it goes from 0 to 1"):
            mmr(lists, features, 3, wrong)
        with pytest.raises(ValueError, match=r"strength is .*; it goes from 0 to 1"):
            calibrated(lists, history, labels, 3, wrong)
    for step in (partial(mmr, features=features), partial(calibrated, history=history, labels=labels),
                 partial(max_per_label, labels=labels)):
        with pytest.raises(ValueError, match="k is 0; ask for at least 1"):
            step(lists, k=0)
    with pytest.raises(ValueError, match="most is 0; ask for at least 1"):
        max_per_label(lists, labels, 3, 0)
    with pytest.raises(UnknownId, match="item 'e' is not known"):
        max_per_label(lists, dict.fromkeys("abcd", "x"), 3)
    with pytest.raises(UnknownId, match="item 'z' is not known"):
        calibrated(lists, Interactions([[1.0]], ["u"], ["z"]), labels, 3)
    with pytest.raises(UnknownId, match="user 'w' is not known"):
        calibrated(found([["a"]], [[1.0]], ["w"]), history, labels, 3)
    with pytest.raises(ValueError, match="1 lists without users for 2 histories"):
        calibrated(lists, Interactions([[1.0], [1.0]], ["u", "v"], ["a"]), labels, 3)


# ---- with a ranker, judged


def test_a_reranked_list_is_judged_as_a_rankers():
    test = splits.user_time(splits.example()).test
    ranker, items = ItemKNN(shrink=1.0).fit(test.fit), test.fit.items
    labels = dict.fromkeys(items, "x")
    same = Reranked(ranker, partial(max_per_label, labels=labels, most=9))
    one = Reranked(ranker, partial(max_per_label, labels=labels, most=1), name="one of a label")
    plain, alike, fewer = (evaluate(each, test, k=3) for each in (ranker, same, one))
    assert (alike.name, fewer.name) == ("item kNN, re-ranked", "one of a label")
    assert alike.lists.tolist() == plain.lists.tolist()
    assert fewer.lists[:, 0].tolist() == plain.lists[:, 0].tolist()
    assert (fewer.lists[:, 1:] == None).all()  # noqa: E711


def test_a_filter_gets_the_candidates_and_passes_on_whose_list_it_is():
    shop = Interactions(np.eye(4), list("uvwx"), list("abcd"))
    asked, ranker = [], ItemKNN().fit(shop)

    def step(recommended, k):
        asked.append(recommended.ids.shape)
        return max_per_label(recommended, dict.fromkeys("abcd", "x"), k, 4)

    result = Reranked(ranker, step, n_candidates=3).recommend(shop.queries(["v"]), 2, only=["a", "c"])
    assert asked == [(1, 3)]
    assert result.users.tolist() == ["v"]
    assert result.by_popularity.tolist() == [True]
    assert set(result.ids[0]) == {"a", "c"}
    assert Reranked(ranker, step, 3).recommend(Queries.of(["a"], list("abcd")), 4).ids.shape == (1, 4)
