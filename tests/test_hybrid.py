"""The hybrid: known items by votes, new ones by kernel ridge regression; held against the formulas written out."""

import tracemalloc

import numpy as np
import pytest

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking import EASE, L3AE, ContentALS, HybridRanker, SideEASE, UserKNN
from mmrec_helpers.ranking.fused.content_kernel import Completion, ContentKernel, alike
from mmrec_helpers.ranking.linear import check_memory, gram

SMALL = {"n_factors": 3, "l2": 1.0, "alpha": 2.0, "ridge": 1.0, "linear_l2": 5.0, "pull": 3.0, "content_l2": 1.0}


@pytest.fixture
def shop():
    """30 users, 9 items; i7 and i8 were taken by nobody, i8 has no features either."""
    matrix = np.random.default_rng(0).random((30, 9)) < 0.3
    matrix[:, 7:] = False
    return Interactions(matrix, [f"u{n}" for n in range(30)], [f"i{n}" for n in range(9)])


@pytest.fixture
def content(shop):
    rng = np.random.default_rng(1)
    return [Features("tfidf", "text", shop.items[:8], rng.standard_normal((8, 5))),
            Features("mel", "audio", shop.items[1:8], rng.standard_normal((7, 2)))]


def kernel(rows, other, gaussian):
    """Of two items' rows, as the docstring has it."""
    if not rows.any() or not other.any():
        return 0.0
    distance = rows / np.linalg.norm(rows) - other / np.linalg.norm(other)
    return (1 - gaussian) * rows @ other + gaussian * np.exp(-distance @ distance)


@pytest.mark.parametrize("gaussian", [0.0, 0.5, 1.0])
def test_the_kernel_of_each_pair_is_its_formula(content, gaussian, shop):
    aligned = [one.align(shop.items) for one in content]
    rows = ContentKernel.of(aligned).rows(aligned, len(shop.items))
    expected = [[[kernel(a, b, gaussian) for b in each[5:]] for a in each[:5]] for each in rows.astype(float)]
    np.testing.assert_allclose(alike(rows[:, :5], rows[:, 5:], gaussian), expected, atol=1e-5)


def test_a_new_score_by_hand():
    """Known a = (1), b = (-1), with very many events: share 1/2 each; new c = (1); linear kernel, smooth 1.

    K = [[1, -1], [-1, 1]], K + I = [[2, -1], [-1, 2]], inverse [[2, 1], [1, 2]] / 3; K_new = (1, -1); T = (1, -1) / 3.
    Scores 5 and 1: mean 3; 3 + (2, -2) . (1, -1) / 3 = 13 / 3.
    """
    rows = np.array([[[1.0], [-1.0], [1.0]]], np.float32)
    found = Completion.of(rows, np.array([1e9, 1e9, 0]), np.array([0, 1]), np.array([2]), [1.0], 1.0, 0.0)
    np.testing.assert_allclose(found.apply(np.array([[5.0, 1.0]])), [[13 / 3]], rtol=1e-5)
    np.testing.assert_allclose(found.parts(np.array([5.0, 1.0]), np.array([0])), [[4 / 3], [3.0]], rtol=1e-5)


def test_new_items_are_predicted_as_the_formulas_say(shop, content):
    ranker = HybridRanker(**SMALL, share=0.4, n_seeds=2, smooth=0.7, gaussian=0.3, weights_of={"mel": 0.2},
                          new_scale=0.5).fit(shop, content)
    rows, n, known = ranker.rows_.astype(float), shop.matrix.getnnz(axis=0), np.arange(7)
    between = np.array([[kernel(rows[0, i], rows[0, j], 0.3) + 0.2 * kernel(rows[1, i], rows[1, j], 0.3)
                         for j in range(8)] for i in known])
    size = np.trace(between[:, :7]) / 7
    transfer = np.linalg.inv(between[:, :7] / size + 0.7 * np.diag((n[known] + 5) / n[known])) @ between[:, 7] / size
    scores = ranker.score(shop.queries())
    mean = scores[:, known] @ (n[known] / (n[known] + 5)) / (n[known] / (n[known] + 5)).sum()
    expected = 0.5 * (mean + (scores[:, known] - mean[:, None]) @ transfer)
    np.testing.assert_allclose(scores[:, 7], expected, rtol=1e-4)


def test_known_items_have_the_votes_of_its_models(shop, content):
    ranker, queries = HybridRanker(**SMALL, share=0.3, n_seeds=2).fit(shop, content), shop.queries()
    als = [ContentALS(3, 1.0, 2.0, 1.0, seed=seed).fit(shop, content).score(queries) for seed in range(2)]
    linear = L3AE(5.0, 3.0, 1.0).fit(shop, content).score(queries)
    expected = 0.35 * als[0] / als[0].std() + 0.35 * als[1] / als[1].std() + 0.3 * linear / linear.std()
    np.testing.assert_allclose(ranker.score(queries)[:, :7], expected[:, :7], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(ranker.score(queries)[:, 8], expected[:, 8], rtol=1e-3, atol=1e-4)  # without features


def test_similar_users_have_their_share_of_the_votes(shop, content):
    two, queries = HybridRanker(**SMALL, share=0.3, n_seeds=2).fit(shop, content), shop.queries()
    three = HybridRanker(**SMALL, share=0.3, user_k=2, user_shrink=1.0, user_share=0.4, n_seeds=2).fit(shop, content)
    near = UserKNN(2, 1.0).fit(shop).score(queries)
    expected = 0.6 * two.score(queries) + 0.4 * near / near.std()
    np.testing.assert_allclose(three.score(queries)[:, :7], expected[:, :7], rtol=1e-3, atol=1e-4)
    assert UserKNN.name not in two.rankers_  # whose log would be in every saved run
    without, some, more = (HybridRanker(**SMALL, user_share=share) for share in (0.0, 0.4, 0.7))
    assert not some.fits_like(without)
    assert not without.fits_like(some)
    assert some.fits_like(more)


@pytest.mark.parametrize(("users", "parts"), [(0.0, set()), (0.4, {"user kNN"})])
def test_its_parts_by_features_add_up_to_the_score(shop, content, users, parts):
    ranker = HybridRanker(**SMALL, share=0.3, user_share=users, n_seeds=2).fit(shop, content)
    explained, = ranker.explain(["i0", "i3"], [shop.items])
    assert all(set(one.parts) == {"tfidf", "mel", "log", "L3AE"} | parts for one in explained)
    scores = ranker.score(Queries.of(["i0", "i3"], shop.items))[0]
    np.testing.assert_allclose([sum(one.parts.values()) for one in explained], scores, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose([sum(one.past.values()) for one in explained], scores, rtol=1e-4, atol=1e-5)
    assert explained[7].parts["L3AE"] == 0
    assert abs(explained[7].parts["mel"]) > 1e-4


@pytest.mark.parametrize(("change", "kernel"), [
    ({"share": 0.8}, False), ({"user_share": 0.6}, False), ({"new_scale": 0.9}, False), ({"smooth": 3.0}, True),
    ({"gaussian": 1.0}, True), ({"weights_of": {"mel": 0.1}}, True)])
def test_what_only_scoring_needs_is_not_fitted_again(shop, content, monkeypatch, change, kernel):
    ranker = HybridRanker(**SMALL, n_seeds=1, user_share=0.2).fit(shop, content)
    other = HybridRanker(**SMALL, n_seeds=1, **{"user_share": 0.2, **change})
    expected = other.clone().fit(shop, content).score(shop.queries())
    before = ranker.score(shop.queries())
    monkeypatch.setattr(ContentALS, "fit", None)
    if not kernel:
        monkeypatch.setattr(Completion, "of", None)
    assert other.fits_like(ranker)
    np.testing.assert_allclose(ranker.scoring(other).score(shop.queries()), expected, rtol=1e-5)
    np.testing.assert_array_equal(ranker.score(shop.queries()), before)
    assert np.abs(expected[:, 7] - before[:, 7]).max() > 1e-3


def test_without_features_it_serves_too(shop):
    ranker = HybridRanker(**SMALL, share=0.5).fit(shop)
    assert ranker.completion_ is None
    assert np.isfinite(ranker.score(shop.queries())).all()
    scores = ranker.score(shop.queries())
    np.testing.assert_array_equal(scores[:, 7], scores[:, 8])
    assert ranker.add_items([]) is ranker
    np.testing.assert_array_equal(ranker.score(shop.queries()), scores)


def test_a_weight_for_features_that_are_not_there_is_refused(shop, content):
    with pytest.raises(ValueError, match="weights_of names 'text'; it was fitted on tfidf, mel"):
        HybridRanker(**SMALL, n_seeds=1, weights_of={"text": 0.1}).fit(shop, content)


# ---- the dense models below it


def test_ease_with_user_weights_is_the_weighted_least_squares_by_brute_force():
    """8 users x 6 items; each column by itself, its own item left out."""
    taken = (np.random.default_rng(3).random((8, 6)) < 0.5).astype(float)
    taken[0], taken[5] = 1, 0  # one with everything, one with nothing
    shop = Interactions(taken, [f"u{n}" for n in range(8)], [f"i{n}" for n in range(6)])
    n = taken.sum(axis=1)
    weight = np.where(n > 0, np.maximum(n, 1) ** -0.5, 0)
    weight *= n.sum() / (weight * n).sum()
    expected = np.zeros((6, 6))
    for item in range(6):
        others = np.delete(np.arange(6), item)
        x = taken[:, others]
        expected[others, item] = np.linalg.solve(x.T @ (weight[:, None] * x) + 2.0 * np.eye(5),
                                                 x.T @ (weight * taken[:, item]))
    found = EASE(2.0, user_power=0.5).fit(shop)
    np.testing.assert_allclose(found.affinity_, expected[np.ix_(found.columns_, found.columns_)], atol=1e-5)
    assert np.trace(gram(shop, np.arange(6), 0.5)) == pytest.approx(taken.sum())


@pytest.mark.parametrize(("make", "matrices"), [(EASE, 4), (SideEASE, 4), (L3AE, 6)])
def test_a_dense_fit_holds_as_many_matrices_as_are_asked_for_beforehand(make, matrices):
    rng, n = np.random.default_rng(0), 500
    items = [f"i{number}" for number in range(n)]
    log = Interactions(rng.random((40, n)) < 0.1, [f"u{number}" for number in range(40)], items)
    sound = Features("sound", "audio", items, rng.standard_normal((n, 8)))
    tracemalloc.start()
    make(max_items=None).fit(log, [sound])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert matrices - 1 < most / (8 * n * n) < matrices + 0.3  # what else there is, is small


def test_a_matrix_that_does_not_fit_is_refused_with_its_memory_and_what_to_take_instead(monkeypatch, shop, content):
    check_memory(1000, there=2**30)
    with pytest.raises(ValueError, match="50,000 items needs 75 GiB of memory, there are 16: set max_items, or take"):
        check_memory(50_000, there=2**34)
    from mmrec_helpers.ranking import linear

    for ranker, matrices in ((EASE(max_items=None), 4), (SideEASE(max_items=None), 4), (L3AE(max_items=None), 6)):
        monkeypatch.setattr(linear, "physical_memory", lambda room=matrices * 8 * 7 * 7: room - 1)
        with pytest.raises(ValueError, match="ImplicitALS or ItemKNN"):
            ranker.fit(shop, content)
    EASE(max_items=6).fit(shop)
    monkeypatch.setattr(linear, "physical_memory", lambda: None)
    EASE(max_items=None).fit(shop)
