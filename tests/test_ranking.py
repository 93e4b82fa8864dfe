"""Rankers: what each must do, on numbers small enough to check by hand, against trusted libraries, saved and loaded."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

from mmrec_helpers.catalog import Features, Interactions, Queries, UnknownId
from mmrec_helpers.ranking import (
    EASE,
    Blend,
    ContentKNN,
    ImplicitALS,
    ItemKNN,
    Popularity,
    Ranker,
    SideEASE,
    load,
    save,
    top_k,
)
from mmrec_helpers.ranking.factors import least_squares
from mmrec_helpers.ranking.linear import solve
from mmrec_helpers.ranking.neighbours import nearest, pick
from mmrec_helpers.ranking.reasons import alike_in
from tests.rankers import RANKERS

ITEMS = ["a", "b", "c", "d"]


def taken(rows, seen=None, items=ITEMS):
    return Interactions(np.array(rows, np.float32), [f"u{i}" for i in range(len(rows))], items[:len(rows[0])],
                        None if seen is None else sparse.csr_matrix(np.array(seen, bool)))


@pytest.fixture
def shop():
    """60 users, 12 items in no order of their names; i5 was taken by nobody, sizes differ, some were seen only."""
    rng = np.random.default_rng(0)
    matrix = (rng.random((60, 12)) < 0.3) * rng.choice([1.0, 2.0, 0.5], (60, 12))
    matrix[:, 5] = 0
    matrix[7] = 0
    return Interactions(matrix, [f"u{i}" for i in range(60)], [f"i{i}" for i in (3, 1, 2, 0, 4, 5, 6, 11, 8, 9, 10, 7)],
                        sparse.csr_matrix((matrix > 0) | (rng.random((60, 12)) < 0.1)))


@pytest.fixture
def content(shop):
    """Text and sound of the items, in another order than the shop's; one has no text, one item is not the shop's."""
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((13, 5))
    matrix[3] = np.nan
    return [Features("tfidf", "text", [*sorted(shop.items), "other"], matrix),
            Features("mel", "audio", sorted(shop.items)[::-1], rng.standard_normal((12, 3)))]


every_ranker = pytest.mark.parametrize("make", RANKERS.values(), ids=RANKERS)


def lists(recommended):
    return recommended.ids.tolist(), np.nan_to_num(recommended.scores, nan=-1).tolist()


# ---- the k best


def sorted_lists(scores, k):
    """By a stable sort of every row; what is not to be given is last."""
    clean = np.where(np.isnan(scores), -np.inf, scores)
    order = np.argsort(-clean, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(clean, order, axis=1)
    return np.where(values > -np.inf, order, -1), np.where(values > -np.inf, values, np.nan)


few_values = st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.5, 1e30, np.inf, -np.inf, np.nan])
score_tables = arrays.arrays(np.float32, st.tuples(st.integers(0, 5), st.integers(0, 9)), elements=few_values)


@settings(max_examples=300, deadline=None)
@given(score_tables, st.integers(1, 12))
def test_the_k_best_are_those_of_a_stable_sort(scores, k):
    before = scores.copy()
    for mine, sort in zip(top_k.top_k(scores, k), sorted_lists(scores, k), strict=True):
        np.testing.assert_array_equal(mine, sort)
    np.testing.assert_array_equal(scores, before)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(1, 700), st.integers(1, 30),
       st.sampled_from([2, 50, 10**6]))
def test_the_k_best_of_many_columns_are_those_of_a_stable_sort(seed, n_rows, n_columns, k, n_values):
    """Where the columns are compared in groups: with many ties, few and none, and with what must not be given."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(n_values, size=(n_rows, n_columns)).astype(np.float32)
    scores[rng.random(scores.shape) < rng.choice([0.0, 0.1, 0.99])] = rng.choice([-np.inf, np.nan])
    for mine, sort in zip(top_k.top_k(scores, k), sorted_lists(scores, k), strict=True):
        np.testing.assert_array_equal(mine, sort)


@every_ranker
def test_chunks_of_one_row_give_the_same_lists(make, shop, content, monkeypatch):
    ranker = make().fit(shop, content)
    whole = ranker.recommend(shop.queries(), 5)
    monkeypatch.setattr(top_k, "CELLS", 24)
    sizes, score = [], ranker.score
    monkeypatch.setattr(ranker, "score", lambda queries: sizes.append(len(queries)) or score(queries))
    some = ranker.recommend(shop.queries(), 5)
    assert max(sizes) == 2
    assert some.ids.tolist() == whole.ids.tolist()
    np.testing.assert_allclose(some.scores, whole.scores, rtol=1e-5)
    assert some.by_popularity.tolist() == whole.by_popularity.tolist()


# ---- what every ranker must do, beside the contract of test_contract.py


@every_ranker
def test_a_low_rating_is_masked_and_not_learnt(make, content):
    shop = taken([[1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 1, 0]] * 5, seen=[[1, 1, 0, 1], [1, 0, 1, 0], [1, 0, 1, 0]] * 5)
    plain = Interactions(shop.matrix, shop.users, shop.items)
    text = [Features("tfidf", "text", ITEMS, np.eye(4))]
    one, other = make().fit(shop, text), make().fit(plain, text)
    np.testing.assert_array_equal(one.score(plain.queries()), other.score(plain.queries()))
    assert "d" not in one.recommend(shop.queries(["u0"]), 4).ids
    assert "d" in one.recommend(plain.queries(["u0"]), 4).ids


@every_ranker
def test_only_and_without_are_filters_by_id_or_by_mask(make, shop, content):
    ranker = make().fit(shop, content)
    mask = np.isin(shop.items, ["i1", "i2", "i5"])
    by_id = ranker.recommend(["i0"], 12, only=["i5", "i1", "i2"])
    assert lists(by_id) == lists(ranker.recommend(["i0"], 12, only=mask))
    assert set(by_id.ids[0]) == {"i1", "i2", "i5", None}
    assert set(ranker.recommend(["i0"], 12, only=mask, without=["i5"]).ids[0]) == {"i1", "i2", None}
    assert set(ranker.recommend(["i0"], 12, without=["i5"]).ids[0]) == set(shop.items) - {"i0", "i5"} | {None}
    assert set(ranker.recommend(["i0"], 12, only=[]).ids[0]) == {None}


@every_ranker
def test_an_unknown_id_is_named_with_the_nearest(make, shop, content):
    ranker = make().fit(shop, content)
    for ask in (lambda: ranker.recommend(["i111"]), lambda: ranker.recommend(["i1"], only=["i111"]),
                lambda: ranker.recommend(["i1"], without=["i111"]), lambda: ranker.explain(["i1"], [["i111"]]),
                lambda: ranker.recommend([["i0"], ["i111"]])):
        with pytest.raises(UnknownId, match="item 'i111' is not known; did you mean 'i11'"):
            ask()
    with pytest.raises(UnknownId, match="user 'u00'.*did you mean 'u0'"):
        shop.queries(["u00"])


@pytest.mark.parametrize("name", ["item kNN", "user kNN", "EASE", "EASE of some", "ALS", "BPR", "blend with ALS"])
def test_a_history_that_says_nothing_to_the_ranker_is_not_answered_in_shelf_order(name, shop, content):
    found = RANKERS[name]().fit(shop, content).recommend(["i5"], 3)  # nobody took i5
    counts = shop.matrix.getnnz(axis=0)
    assert found.ids[0].tolist() == shop.items[np.argsort(-counts, kind="stable")[:3]].tolist()
    assert found.by_popularity.tolist() == [True]


@every_ranker
@pytest.mark.parametrize("k", [0, -1])
def test_a_list_of_no_items_is_refused(make, k, shop, content):
    with pytest.raises(ValueError, match=f"k is {k}; ask for at least 1"):
        make().fit(shop, content).recommend(["i0"], k)


@every_ranker
def test_queries_over_other_items_are_refused(make, shop, content):
    with pytest.raises(ValueError, match="fitted on 12 items, asked with 2"):
        make().fit(shop, content).recommend(Queries.of(["a"], ["a", "b"]))


@every_ranker
def test_nobody_asked_gives_no_lists(make, shop, content):
    found = make().fit(shop, content).recommend(shop.queries([]), 3)
    assert found.ids.shape == (0, 3)
    assert found.to_frame().empty


@every_ranker
def test_a_shop_of_one_item_and_one_user_has_a_list(make):
    shop = Interactions([[1.0]], ["u"], ["a"])
    ranker = make().fit(shop, [Features("tfidf", "text", ["a"], [[1.0, 2.0]])])
    assert ranker.recommend([], 3).ids.tolist() == [["a"]]
    assert ranker.recommend(shop.queries(), 3).ids.tolist() == [[None]]


@pytest.mark.parametrize("name", ["blend", "blend with ALS"])
def test_what_each_ranker_of_a_blend_added_adds_up_to_the_score(name, shop, content):
    ranker = RANKERS[name]().fit(shop, content)
    explained, = ranker.explain(["i0", "i4"], [shop.items])
    assert all(set(one.parts) == set(ranker.rankers) for one in explained)
    totals = [sum(one.parts.values()) for one in explained]
    np.testing.assert_allclose(totals, ranker.score(Queries.of(["i0", "i4"], shop.items))[0], rtol=1e-4, atol=1e-6)


def test_popularity_explains_nothing_and_has_no_similar_items(shop):
    ranker = Popularity().fit(shop)
    (one,), = ranker.explain(["i0"], [["i1"]])
    assert (one.item, one.past, one.parts) == ("i1", {}, {})
    with pytest.raises(ValueError, match="gives everybody one list"):
        ranker.similar_items("i1")


@pytest.mark.parametrize("make", list(RANKERS.values())[1:], ids=list(RANKERS)[1:])
def test_similar_items_are_those_for_someone_who_took_it_alone(make, shop, content):
    ranker = make().fit(shop, content)
    found = ranker.similar_items("i0", 4, without=["i1"])
    assert lists(found) == lists(ranker.recommend([["i0"]], 4, without=["i1"]))
    assert not {"i0", "i1"} & set(found.ids[0])
    with pytest.raises(UnknownId, match="i77"):
        ranker.similar_items("i77")


# ---- saved and loaded


def damaged(state):
    """Each array of a state, damaged in every way that keeps it an array: (what, state)."""
    for key, value in state.items():
        ways = {"without it": None, "cut": value[:-1], "one axis more": value[None]}
        if value.dtype.kind == "f":
            spoilt = value.copy()
            spoilt.flat[0] = np.nan
            ways |= {"nan": spoilt, "as text": value.astype(str), "complex": value.astype(complex)}
        if key.endswith(("columns_", "indices")):
            ways |= {"too far": value + 1, "huge": value + 10**9, "negative": -1 - value, "as float": value + 0.5}
        if key.endswith("indptr"):
            ways |= {"falling": value[::-1].copy(), "huge": value * 10**6}
        if key.endswith("items_"):
            ways |= {"as numbers": np.arange(len(value)), "more": np.append(value, "z")}
        for way, spoilt in ways.items():
            yield f"{key} {way}", {**{k: v for k, v in state.items() if k != key},
                                   **({} if spoilt is None else {key: spoilt})}


@every_ranker
def test_a_state_that_cannot_be_its_own_is_refused(make, shop, content):
    ranker = make().fit(shop, content)
    unfitted = ranker.clone().get_params()
    again = type(ranker).from_state(unfitted, ranker.state())
    assert lists(again.recommend(shop.queries(), 5)) == lists(ranker.recommend(shop.queries(), 5))
    accepted = []
    for what, state in damaged(ranker.state()):
        try:
            type(ranker).from_state(ranker.clone().get_params(), state)
        except (ValueError, KeyError):
            continue
        accepted.append(what)
    assert accepted == []


def test_a_blend_of_rankers_of_different_shops_is_refused(shop, content):
    blend, smaller = RANKERS["blend"]().fit(shop, content), Interactions(shop.matrix[:, :9], shop.users, shop.items[:9])
    other = {f"ease/{name}": value for name, value in EASE(5.0).fit(smaller).state().items()}
    kept = {name: value for name, value in blend.state().items() if not name.startswith("ease/")}
    with pytest.raises(ValueError, match="fitted on other items"):
        Blend.from_state(blend.clone().get_params(), {**kept, **other})


def test_a_class_that_is_not_listed_is_neither_saved_nor_loaded(shop, tmp_path):
    class Mine(Popularity):
        pass

    class EASE(Ranker):  # not ours, though of that name
        pass

    for stranger in (Mine(), EASE()):
        with pytest.raises(ValueError, match="cannot be saved; there are Popularity, ItemKNN"):
            save(stranger.fit(shop), tmp_path / "mine")
        assert not (tmp_path / "mine").exists()
    save(Popularity().fit(shop), tmp_path / "r")
    for about in ({"kind": "Mine", "params": {}}, {"kind": "Popularity", "params": {"rankers": {}}},
                  {"kind": "Popularity", "params": {"x": 1}}, {"kind": "Blend", "params": {
                      "rankers": {"a": {"kind": "os.system", "params": {}}}, "weights": {"a": 1}}}, {}):
        (tmp_path / "r" / "ranker.json").write_text(json.dumps(about))
        with pytest.raises((ValueError, KeyError, TypeError)):
            load(tmp_path / "r")


# ---- neighbours


def test_item_knn_is_the_cosine_without_shrinkage(shop):
    found = ItemKNN(k=100, shrink=0.0).fit(shop).affinity_.toarray()
    cosine = cosine_similarity((shop.matrix > 0).astype(float).T)
    np.fill_diagonal(cosine, 0)
    np.testing.assert_allclose(found, cosine, atol=1e-6)


def test_item_knn_without_shrinkage_has_no_neighbour_for_an_item_nobody_took():
    ranker = ItemKNN(shrink=0.0).fit(taken([[1, 1, 0], [1, 1, 0]]))
    assert ranker.affinity_.toarray().round(3).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 9), st.integers(1, 10), st.integers(0, 99), st.booleans())
def test_of_each_column_the_k_nearest_are_kept_whatever_the_chunks(n, k, seed, stored):
    alike = np.random.default_rng(seed).standard_normal((n, n)).astype(np.float32)
    alike = np.abs(alike + alike.T)
    alike[alike < 0.3] = 0
    others = np.where(np.eye(n, dtype=bool), 0, alike)
    rank = np.argsort(np.argsort(-others, axis=0, kind="stable"), axis=0)
    cells, top_k.CELLS = top_k.CELLS, 2 * n
    try:
        found = nearest(lambda some: sparse.csr_matrix(alike[some]) if stored else alike[some].copy(), n, k)
    finally:
        top_k.CELLS = cells
    np.testing.assert_array_equal(found.toarray(), np.where(rank < k, others, 0))


def test_content_ranks_an_item_that_nobody_took():
    text = Features("tfidf", "text", ITEMS, [[1, 0], [0, 1], [0.9, 0.1], [-1, 0]])
    ranker = ContentKNN().fit(taken([[1, 0, 0, 0]]), [text])
    assert ranker.capabilities.new_items
    assert ranker.recommend(["a"], 1).ids.tolist() == [["c"]]


def test_content_uses_the_features_of_that_name_else_of_that_modality_else_the_first():
    words, sentences, sound = (Features(name, modality, ["a"], [[1.0]]) for name, modality in
                               (("tfidf", "text"), ("minilm", "text"), ("mel", "audio")))
    every = [words, sentences, sound]
    assert [pick(every, name).name for name in ("minilm", "text", "audio", None)] == ["minilm", "tfidf", "mel", "tfidf"]
    with pytest.raises(ValueError, match=r"no features 'cnn' here; there are \['tfidf', 'minilm', 'mel'\]"):
        ContentKNN("cnn").fit(taken([[1, 0]]), every)


def test_a_new_item_is_recommended_and_moves_no_old_vector(shop, content):
    ranker = ContentKNN("tfidf", 100).fit(shop, content)
    before, scores = ranker.unit_.copy(), ranker.score(shop.queries())
    row = content[0].matrix[list(content[0].ids).index("i0")]
    new = Features("tfidf", "text", ["new", "i1", "empty"], [row * 1.1, row * 50, row * np.nan])
    assert ranker.add_items(new) is ranker
    np.testing.assert_array_equal(ranker.unit_[:12], before)  # i1 was known: its vector stays
    assert ranker.items_.tolist() == [*shop.items, "new", "empty"]
    assert ranker.recommend(["i0"], 1).ids.tolist() == [["new"]]
    assert (ranker.unit_[13] == 0).all()
    wider = Queries(sparse.hstack([shop.matrix, sparse.csr_matrix((60, 2))], format="csr"))
    np.testing.assert_allclose(ranker.score(wider)[:, :12], scores, atol=1e-5)
    assert len(shop.items) == 12
    with pytest.raises(ValueError, match="mel: 1 dimensions, fitted on 5"):
        ranker.add_items(Features("mel", "audio", ["newer"], [[1.0]]))


# ---- EASE


def test_ease_is_the_constrained_ridge_regression(shop):
    """Column by column: regress each item on all the others with a ridge; EASE is the same weights."""
    x, l2, columns = (shop.matrix.toarray() > 0).astype(float), 7.0, EASE(7.0).fit(shop).columns_
    found, x = EASE(l2).fit(shop).affinity_, x[:, columns]
    for item in range(3):
        others = np.delete(np.arange(x.shape[1]), item)
        ridge = np.linalg.solve(x[:, others].T @ x[:, others] + l2 * np.eye(len(others)), x[:, others].T @ x[:, item])
        np.testing.assert_allclose(found[others, item], ridge, atol=1e-5)


def test_ease_learns_at_most_so_many_items_and_the_others_score_0(shop):
    ranker = EASE(5.0, max_items=5).fit(shop)
    enough = np.isin(np.arange(len(shop.items)), ranker.columns_)
    events = shop.matrix.getnnz(axis=0)
    assert enough.sum() == 5
    assert events[enough].min() >= events[~enough].max()
    scores = ranker.score(shop.queries())
    assert (scores[:, ~enough] == 0).all()
    some = Interactions(shop.matrix[:, enough], shop.users, shop.items[enough])
    np.testing.assert_allclose(scores[:, enough], EASE(5.0).fit(some).score(some.queries()), atol=1e-5)


def test_the_hybrid_learns_at_most_so_many_items_those_with_most_events(shop, content):
    ranker = SideEASE(5.0, 2.0, max_items=4).fit(shop, content)
    events = shop.matrix.getnnz(axis=0)
    assert len(ranker.columns_) == 4
    assert events[ranker.columns_].min() >= np.delete(events, ranker.columns_).max()


def test_an_l2_too_small_to_solve_says_so():
    with pytest.raises(ValueError, match="l2 0.0 is too small"):
        EASE(0.0).fit(taken([[1, 1, 0]]))


def test_features_without_a_weight_of_theirs_are_named(shop, content):
    with pytest.raises(ValueError, match=r"no weight for the features '\w+'; there are weights for other"):
        SideEASE(5.0, {"other": 1.0}).fit(shop, content)


def test_side_information_of_no_weight_changes_nothing(shop, content):
    plain, side = EASE(5.0).fit(shop), SideEASE(5.0, 0.0).fit(shop, content)
    np.testing.assert_allclose(side.score(shop.queries()), plain.score(shop.queries()), atol=1e-5)


def test_side_information_brings_alike_items_together():
    who = taken([[1, 0, 1, 0], [0, 1, 0, 1]])
    look = Features("cnn", "image", ITEMS, [[1, 0], [1, 0.1], [0, 1], [0.1, 1]])
    plain, side = EASE(1.0).fit(who), SideEASE(1.0, 5.0).fit(who, [look])
    assert side.affinity_[0, 1] > plain.affinity_[0, 1]


def test_side_information_is_weighted_by_the_features_name(shop, content):
    text, sound = content
    alone = SideEASE(5.0, 2.0).fit(shop, [text]).score(shop.queries())
    other = SideEASE(5.0, {"tfidf": 2.0, "mel": 0.0}).fit(shop, [text, sound]).score(shop.queries())
    np.testing.assert_allclose(alone, other, atol=1e-5)


def test_ease_never_predicts_an_item_from_itself():
    assert (solve(np.ones((3, 3)), 1.0).diagonal() == 0).all()


# ---- ALS


def test_a_least_squares_step_by_hand():
    """One user took a (x = 2) and not b; a = (1, 0), b = (1, 1), alpha 3, l2 0.5.

    A = V'V + l2 I + alpha x aa' = [[2, 1], [1, 1]] + 0.5 I + 6 [[1, 0], [0, 0]] = [[8.5, 1], [1, 1.5]]; right side
    (1 + 6) a = (7, 0); u = (1.5 * 7, -7) / (8.5 * 1.5 - 1) = (10.5, -7) / 11.75.
    """
    found = least_squares(sparse.csr_matrix([[2.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 1.0]]), l2=0.5, alpha=3.0)
    np.testing.assert_allclose(found, [[10.5 / 11.75, -7 / 11.75]], rtol=1e-6)


def test_als_learns_the_vectors_that_the_library_implicit_learns(shop):
    from implicit.cpu.als import AlternatingLeastSquares

    ours = ImplicitALS(4, 2.0, 3.0, n_sweeps=7, seed=5)
    start = ours.clone()
    start.n_sweeps = 0
    start.fit(shop)
    theirs = AlternatingLeastSquares(factors=4, regularization=2.0, alpha=1.0, iterations=7, use_cg=False,
                                     use_native=True, num_threads=1)
    theirs.item_factors = start.item_vectors_.copy()
    theirs.user_factors = np.zeros((60, 4), np.float32)
    confidence = shop.matrix.copy()  # theirs is the confidence itself, ours 1 + alpha x
    confidence.data = 1 + 3.0 * confidence.data
    theirs.fit(confidence, show_progress=False)
    ours.fit(shop)
    np.testing.assert_allclose(ours.item_vectors_, theirs.item_factors, atol=1e-3)
    step = theirs.recalculate_user(np.arange(60), confidence)
    np.testing.assert_allclose(ours.user_vectors(shop.matrix), step, atol=1e-3)
    assert np.abs(ours.item_vectors_).max() > 0.1


def test_the_vector_of_a_user_is_found_again_from_the_history_alone(shop):
    ranker = ImplicitALS(3, 1.0, 2.0, 4).fit(shop)
    stranger = Queries(shop.matrix[3])
    np.testing.assert_allclose(ranker.score(stranger), ranker.score(shop.queries())[[3]], rtol=1e-5)
    # after the last step for items, they are the least-squares answer to the users before it
    one_less = ImplicitALS(3, 1.0, 2.0, 3).fit(shop)
    users = one_less.user_vectors(shop.matrix)
    np.testing.assert_allclose(least_squares(shop.matrix.T.tocsr(), users, 1.0, 2.0), ranker.item_vectors_, rtol=1e-3,
                               atol=1e-5)


def test_als_repeats_with_its_seed(shop):
    one, same, other = (ImplicitALS(3, seed=seed).fit(shop).item_vectors_ for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)


# ---- blends, reasons


def test_a_blend_with_all_weight_on_one_ranks_as_that_one(shop, content):
    blend = Blend({"EASE": EASE(5.0), "text": ContentKNN("text")}, {"EASE": 1.0, "text": 0.0}).fit(shop, content)
    alone = EASE(5.0).fit(shop)
    assert blend.recommend(shop.queries(), 5).ids.tolist() == alone.recommend(shop.queries(), 5).ids.tolist()


def test_a_blend_puts_its_rankers_on_one_scale(shop):
    """A ranker whose scores are a thousand times larger does not drown the other."""
    class Loud(ItemKNN):
        def score(self, queries):
            return 1000 * super().score(queries)

    quiet, loud = (Blend({"ease": EASE(5.0), "knn": kind(12, 1.0)}, {"ease": 0.5, "knn": 0.5}).fit(shop)
                   for kind in (ItemKNN, Loud))
    np.testing.assert_allclose(loud.score(shop.queries()), quiet.score(shop.queries()), rtol=1e-3, atol=1e-5)


def test_a_blend_can_what_its_rankers_can():
    ease, text, popular = EASE(), ContentKNN(), Popularity()
    assert not Blend({"a": ease}, {"a": 1}).capabilities.new_items
    assert Blend({"a": ease, "b": text}, {"a": 1, "b": 1}).capabilities == text.capabilities
    assert not Blend({"a": ease, "b": popular}, {"a": 1, "b": 1}).capabilities.explains


def test_a_reason_names_the_features_in_which_two_items_are_closest():
    text = Features("tfidf", "text", ITEMS, [[1, 0], [0, 1], [1, 1], [-1, 0]])
    sound = Features("mel", "audio", ITEMS[::-1], [[-1, 0], [0, 1], [1, 0.01], [1, 0]])
    assert alike_in([text, sound], "a", "b")[0] == "mel"
    assert alike_in([text, sound], "a", "c")[0] == "tfidf"
    assert alike_in([Features("tfidf", "text", ["a"], [[1.0]])], "a", "b") == ("", 0.0)
