"""Fusion in closed form: against brute force on small numbers, then what a user relies on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from mmrec_helpers import splits
from mmrec_helpers.catalog import Features, Interactions, Stage
from mmrec_helpers.fusion import FeatureFusion, LeftOutRidge
from mmrec_helpers.ranking import L3AE, Blend, ContentALS, ContentKNN, ImplicitALS, MappedALS, Popularity
from mmrec_helpers.ranking.factors import least_squares
from mmrec_helpers.ranking.fused.content_als import exposure
from mmrec_helpers.ranking.fused.stacking import stacked_weights
from mmrec_helpers.ranking.linear import solve

IDS = [f"i{number}" for number in range(6)]


@pytest.fixture
def small():
    """8 users, 6 items, sizes and times; i5 was taken by nobody."""
    rng = np.random.default_rng(0)
    matrix = (rng.random((8, 6)) < 0.5) * rng.choice([1.0, 2.0], (8, 6))
    matrix[:, 5] = 0
    times = (matrix > 0) * rng.integers(1, 100, (8, 6))
    return Interactions(matrix, [f"u{number}" for number in range(8)], IDS, time=sparse.csr_matrix(times, dtype=float))


@pytest.fixture
def content():
    rng = np.random.default_rng(1)
    sound = rng.standard_normal((6, 2))
    sound[2] = np.nan
    return [Features("tfidf", "text", IDS, rng.standard_normal((6, 3))), Features("mel", "audio", IDS, sound)]


# ---- against brute force


def test_a_vector_minimises_its_weighted_squares_and_its_distance_from_the_prior(small):
    rng = np.random.default_rng(2)
    others, rows, columns = rng.standard_normal((6, 3)), rng.random(8), rng.random(6)
    prior, taken = rng.standard_normal((8, 3)), small.matrix.toarray()
    found = least_squares(small.matrix, others, 0.7, 3.0, rows, columns, prior)
    for user in range(8):
        def objective(w, user=user):
            confidence = rows[user] * columns + 3.0 * taken[user]
            errors = (taken[user] > 0) - others @ w
            return (confidence * errors ** 2).sum() + 0.7 * ((w - prior[user]) ** 2).sum()
        np.testing.assert_allclose(found[user], minimize(objective, np.zeros(3), tol=1e-12).x, atol=1e-4)


def test_a_row_without_entries_is_pulled_from_its_prior_to_zero_by_what_it_did_not_take():
    others, prior = np.eye(2, dtype=np.float32), np.array([[1.0, 2.0]])
    found = least_squares(sparse.csr_matrix((1, 2), dtype=np.float32), others, 1.0, 1.0, np.array([3.0]), prior=prior)
    np.testing.assert_allclose(found, prior / 4)  # (3 + 1) w = 1 * prior


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_an_item_is_predicted_as_by_a_ridge_fitted_without_it(seed):
    rng = np.random.default_rng(seed)
    rows, weights, vectors = rng.standard_normal((7, 3)), rng.random(7), rng.standard_normal((7, 2))
    weights[0] = 0
    predicted = LeftOutRidge(rows, weights, l2=0.5).predict(vectors)
    for item in range(7):
        others = np.arange(7) != item
        ridge = Ridge(0.5, fit_intercept=False).fit(rows[others], vectors[others], weights[others])
        np.testing.assert_allclose(predicted[item], ridge.predict(rows[[item]])[0], atol=1e-5)


def test_l3ae_agrees_with_its_problem_solved_column_by_column(small, content):
    """Column j without its diagonal: (X'X + (l2 + pull) I) b = X'x_j + pull c_j, over the other items."""
    ranker = L3AE(2.0, 3.0, 0.5).fit(small, content)
    units = [ContentKNN(one.name).fit(small, content).unit_ for one in content]
    wanted = solve(sum(unit @ unit.T for unit in units).astype(float), 0.5)
    taken = (small.matrix.toarray() > 0).astype(float)
    gram = taken.T @ taken
    for j in range(6):
        others = np.arange(6) != j
        left = gram[np.ix_(others, others)] + 5.0 * np.eye(5)
        column = np.linalg.solve(left, gram[others, j] + 3.0 * wanted[others, j])
        np.testing.assert_allclose(ranker.affinity_[others, j], column, atol=1e-5)
    assert (ranker.affinity_.diagonal() == 0).all()


def test_l3ae_without_a_pull_is_ease(small, content):
    from mmrec_helpers.ranking import EASE

    ranker, ease = L3AE(2.0, 0.0).fit(small, content), EASE(2.0).fit(small)
    np.testing.assert_allclose(ranker.score(small.queries()), ease.score(small.queries()), atol=1e-5)


# ---- ALS with a content prior


def test_a_sweep_is_users_then_expectations_then_items_each_by_its_formula(small, content):
    before, after = (ContentALS(2, 1.0, 2.0, 1.0, n_sweeps=n).fit(small, content) for n in (4, 5))
    users, old = before.user_vectors(small.matrix), before.item_vectors_
    fusion = FeatureFusion(n_each=96, whiten=0.5).fit(content)
    rows = np.concatenate([np.ones((6, 1)), fusion.transform(content).matrix], axis=1)
    taken, e = small.matrix.toarray(), exposure(small)
    events = (taken > 0).sum(axis=0)
    expected = LeftOutRidge(rows, events / (events + 5), 1.0).predict(old)
    for item in range(6):
        def objective(v, item=item):
            confidence = e[item] + 2.0 * taken[:, item]
            errors = (taken[:, item] > 0) - users @ v
            return (confidence * errors ** 2).sum() + ((v - expected[item]) ** 2).sum()
        found = minimize(objective, np.zeros(2), tol=1e-12).x
        np.testing.assert_allclose(after.item_vectors_[item], found, atol=1e-4)


def test_without_events_a_vector_is_what_its_content_predicts(small, content):
    ranker = ContentALS(2, 1.0, 2.0, 1.0).fit(small, content)
    np.testing.assert_allclose(ranker.item_vectors_[5], ranker.average_ + ranker.expected_[:, 5].sum(axis=0), atol=1e-5)


def test_new_items_get_the_same_vector_as_in_training_and_move_nobody(small, content):
    ranker = ContentALS(2, 1.0, 2.0, 1.0).fit(small, content)
    old = ranker.item_vectors_.copy()
    twin = [Features(one.name, one.modality, ["new", "bare"], [one.matrix[5], np.full(one.matrix.shape[1], np.nan)])
            for one in content]
    ranker.add_items(twin)
    assert ranker.items_.tolist() == [*IDS, "new", "bare"]
    np.testing.assert_array_equal(ranker.item_vectors_[:6], old)
    np.testing.assert_allclose(ranker.item_vectors_[6], old[5], atol=1e-5)
    np.testing.assert_allclose(ranker.item_vectors_[7], ranker.average_, atol=1e-6)


def test_items_are_added_after_loading_too_and_other_features_are_refused_by_name(small, content):
    fitted = ContentALS(2, 1.0, 2.0, 1.0).fit(small, content)
    loaded = ContentALS.from_state(fitted.get_params(), fitted.state())
    new = [Features(one.name, one.modality, ["new"], one.matrix[:1]) for one in content]
    np.testing.assert_allclose(loaded.add_items(new).item_vectors_, fitted.add_items(new).item_vectors_, atol=1e-6)
    with pytest.raises(ValueError, match=r"fitted on the features tfidf \(3\), mel \(2\), asked with mel \(2\)"):
        loaded.add_items(content[1:])


def test_the_parts_of_a_score_are_its_features_and_the_log(small, content):
    ranker = ContentALS(2, 1.0, 2.0, 1.0).fit(small, content)
    query = small.queries()[1:2]
    parts = ranker.parts(query, np.arange(6))
    assert list(parts) == ["tfidf", "mel", "log"]
    np.testing.assert_allclose(sum(parts.values()), ranker.score(query)[0], atol=1e-5)
    assert parts["mel"][2] == 0  # it has no sound


def test_without_features_the_prior_is_the_mean_item(small):
    ranker = ContentALS(2, 1.0, 2.0, 0.001).fit(small)
    np.testing.assert_allclose(ranker.item_vectors_[5], ranker.average_, atol=1e-6)
    assert ranker.expected_.shape == (0, 6, 2)


def test_an_item_that_came_late_was_refused_by_fewer():
    log = Interactions([[1, 0, 1], [1, 1, 0]], ["u", "v"], ["a", "b", "never"][:3],
                       time=sparse.csr_matrix([[1.0, 0, 4.0], [2.0, 3.0, 0]]))
    np.testing.assert_allclose(exposure(log), [1.0, 0.5, 0.25])
    assert exposure(Interactions([[1, 0]], ["u"], ["a", "b"])).tolist() == [1.0, 0.0]


FUSED = {"content": lambda: ContentALS(4, 0.5, 2.0, 0.1), "mapped": lambda: MappedALS(4, 0.5, 2.0, ridge=0.1),
         "graph": lambda: MappedALS(4, 0.5, 2.0, way="graph", k=3), "l3ae": lambda: L3AE(5.0, 3.0)}
each_fused = pytest.mark.parametrize("make", FUSED.values(), ids=FUSED)


@each_fused
def test_an_item_nobody_took_goes_to_those_who_took_items_like_it(make):
    """Three kinds of four items, one kind to a user; i0 was taken by nobody and has the content of the first kind."""
    rng, ids = np.random.default_rng(0), [f"i{number}" for number in range(12)]
    kinds = np.repeat(np.eye(3), 4, axis=0)
    likes = (rng.random((60, 12)) < 0.7) * (np.repeat(np.eye(3), 20, axis=0) @ kinds.T)
    likes[:, 0] = 0
    features = [Features(name, name, ids, kinds + 0.1 * rng.standard_normal((12, 3))) for name in ("text", "audio")]
    ranker = make().fit(Interactions(likes, [f"u{number}" for number in range(60)], ids), features)
    assert ranker.recommend(["i1", "i2", "i3"], 1).ids.tolist() == [["i0"]]
    assert "i0" not in ranker.recommend(["i4", "i5"], 2).ids


@each_fused
def test_renaming_the_items_renames_the_lists(make, small, content):
    names = {one: f"z{9 - number}" for number, one in enumerate(IDS)}
    renamed = Interactions(small.matrix, small.users, [names[one] for one in IDS], small.seen, small.time)
    features = [Features(one.name, one.modality, [names[i] for i in one.ids], one.matrix, one.present)
                for one in content]
    here, there = make().fit(small, content), make().fit(renamed, features)
    lists = here.recommend(small.queries(), 4).ids
    assert there.recommend(renamed.queries(), 4).ids.tolist() == [[names.get(one) for one in row] for row in lists]


@each_fused
@pytest.mark.parametrize("features", [
    [Features("flat", "text", IDS, np.zeros((6, 2)))],
    [Features("gone", "text", IDS, np.full((6, 2), np.nan))],
    [Features("one", "text", IDS[:1], [[1.0, 2.0]])]], ids=["all zero", "all missing", "one item has it"])
def test_features_that_say_little_do_no_harm(make, features, small):
    assert np.isfinite(make().fit(small, features).score(small.queries())).all()


@each_fused
def test_one_item_and_no_event(make):
    text = [Features("tfidf", "text", ["a"], [[1.0, 2.0]])]
    one, none = Interactions([[1.0]], ["u"], ["a"]), Interactions(np.zeros((1, 1)), ["u"], ["a"])
    assert make().fit(one, text).recommend(one.queries(), 3).ids.tolist() == [[None]]
    assert make().fit(none, text).recommend(none.queries(), 3).ids.tolist() == [["a"]]


def test_mapping_leaves_items_with_many_events_nearly_as_they_were(small, content):
    als, mapped = ImplicitALS(2, 1.0, 2.0).fit(small), MappedALS(2, 1.0, 2.0, prior=1e-6).fit(small, content)
    np.testing.assert_allclose(mapped.item_vectors_[:5], als.item_vectors_[:5], atol=1e-4)
    with pytest.raises(ValueError, match="way is 'map'; there are ridge and graph"):
        MappedALS(way="map").fit(small, content)


@pytest.mark.parametrize("way", ["ridge", "graph"])
def test_mapping_without_any_features_is_als(way, small):
    als, mapped = ImplicitALS(2, 1.0, 2.0).fit(small), MappedALS(2, 1.0, 2.0, way=way).fit(small)
    np.testing.assert_array_equal(mapped.item_vectors_, als.item_vectors_)


def test_without_a_sweep_there_are_vectors_to_score_with(small, content):
    assert np.isfinite(ContentALS(2, n_sweeps=0).fit(small, content).score(small.queries())).all()


def test_nan_where_an_item_is_present_is_refused_by_name():
    with pytest.raises(ValueError, match="mel: 'i9' is present with NaN"):
        Features("mel", "audio", ["i2", "i9"], [[1.0], [np.nan]], [True, True])


# ---- blocks


def test_a_whitened_block_has_components_of_one_spread_and_the_same_length():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((300, 4)) * [9.0, 3.0, 1.0, 1e-9] @ np.linalg.qr(rng.standard_normal((4, 4)))[0]
    wide = Features("wide", "text", [str(i) for i in range(300)], rows + 5)
    whole, half, one = (FeatureFusion(n_each=n, whiten=power).fit([wide]).transform([wide]).matrix
                        for n, power in ((None, 1.0), (None, 0.5), (2, 0.0)))
    assert whole.shape[1] == 3  # the fourth has no variance to speak of
    np.testing.assert_allclose(whole.std(axis=0) / whole.std(axis=0)[0], 1, rtol=1e-3)
    np.testing.assert_allclose(half.std(axis=0)[0] / half.std(axis=0)[2], 3, rtol=0.2)
    assert one.shape[1] == 2
    np.testing.assert_allclose([np.linalg.norm(each, axis=1).mean() for each in (whole, half, one)], 1, rtol=1e-4)


# ---- decisions


def test_reciprocal_ranks_by_hand():
    """x ranks a, b, c; y ranks c, a, b: a 1/61 + 1/62, c 1/63 + 1/61, b 1/62 + 1/63."""
    log = Interactions([[3.0, 2.0, 1.0]], ["u"], ["a", "b", "c"])

    class Fixed(Popularity):
        def __init__(self, order=(0.0,)):
            self.order = order

        def score(self, queries):
            return np.tile(np.float32(self.order), (len(queries), 1))

    blend = Blend({"x": Fixed((3, 2, 1)), "y": Fixed((20, 10, 30))}, {"x": 1.0, "y": 1.0}, "ranks").fit(log)
    np.testing.assert_allclose(blend.score(log.queries())[0], [1 / 61 + 1 / 62, 1 / 62 + 1 / 63, 1 / 63 + 1 / 61])
    assert not blend.capabilities.explains
    with pytest.raises(ValueError, match="how is 'votes'"):
        Blend({"x": Fixed((3, 2, 1))}, {"x": 1.0}, "votes").fit(log)


def test_stacking_believes_the_ranker_that_is_right_and_never_sees_the_test():
    rng = np.random.default_rng(0)
    split = splits.user_time(splits.example("abcdefgh"))
    stage = split.valid

    class Oracle(Popularity):
        def score(self, queries):
            return stage.targets.toarray() + 0.1 * rng.standard_normal(stage.targets.shape)

    class Noise(Popularity):
        def score(self, queries):
            return rng.standard_normal(stage.targets.shape)

    weights = stacked_weights({"right": Oracle(), "noise": Noise()}, stage, n_others=3)
    assert weights["right"] > 0.7
    assert sum(map(abs, weights.values())) == pytest.approx(1)


def test_stacking_compares_targets_with_candidates_that_the_user_neither_knew_nor_took(small):
    stage = Stage(small, small.queries(), sparse.csr_matrix(np.eye(8, 6)), np.arange(6) < 4)
    asked = []

    class Listens(Popularity):
        def score(self, queries):
            class Pairs:
                def __getitem__(self, pairs):
                    asked.append(pairs)
                    return np.random.default_rng(0).standard_normal(len(pairs[0]))
            return Pairs()

    stacked_weights({"one": Listens(), "two": Listens()}, stage, n_others=40)
    pairs = set(zip(*asked[0], strict=True))
    free = {(row, column) for row in range(6) for column in range(4)
            if not small.seen[row, column] and row != column}
    assert pairs == free | {(row, row) for row in range(6)}
