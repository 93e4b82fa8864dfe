"""Rankers on numbers small enough to check by hand, then against scikit-learn and numpy, then saved and loaded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

from mmrec_helpers.catalog import Interactions, Modality
from mmrec_helpers.ranking import EASE, Blend, ContentKNN, ItemKNN, Popularity, SideEASE, load
from mmrec_helpers.ranking.linear import solve
from mmrec_helpers.ranking.reasons import explain

ITEMS = ["a", "b", "c", "d"]


def taken(rows):
    matrix = sparse.csr_matrix(np.array(rows, np.float32))
    return Interactions(matrix, [f"u{i}" for i in range(len(rows))], ITEMS[:matrix.shape[1]])


@pytest.fixture
def shop():
    rng = np.random.default_rng(0)
    matrix = sparse.csr_matrix((rng.random((60, 12)) < 0.3).astype(np.float32))
    return Interactions(matrix, [f"u{i}" for i in range(60)], [f"i{i}" for i in range(12)])


@pytest.fixture
def content(shop):
    rng = np.random.default_rng(1)
    matrix = rng.standard_normal((12, 5))
    matrix[3] = np.nan
    return [Modality("text", shop.items, matrix), Modality("audio", shop.items, rng.standard_normal((12, 3)))]


def every_ranker():
    return [Popularity(), ItemKNN(3), ContentKNN("text", 4), EASE(5.0), SideEASE(5.0, 2.0),
            Blend({"EASE": EASE(5.0), "text": ContentKNN("text")}, {"EASE": 0.6, "text": 0.4})]


def test_what_was_taken_or_seen_is_never_recommended():
    who = taken([[1, 1, 0, 0], [0, 1, 1, 0]])
    # b was taken, c was seen and not liked
    history = sparse.csr_matrix((np.array([1, 0], np.float32), ([0, 0], [1, 2])), (1, 4))
    ids, scores = Popularity().fit(who).recommend(history, k=4)
    assert ids.tolist() == [["a", "d", None, None]]
    assert np.isnan(scores[0, 2:]).all()


def test_a_low_rating_is_not_learnt_as_a_like():
    low = sparse.csr_matrix((np.array([1, 0], np.float32), ([0, 1], [0, 1])), (2, 2))
    assert Popularity().fit(Interactions(low, ["u", "v"], ["a", "b"])).counts_.tolist() == [1, 0]


def test_only_candidates_are_recommended():
    ranker = Popularity().fit(taken([[1, 1, 1, 1]]))
    ids, _ = ranker.recommend(sparse.csr_matrix((1, 4)), 4, candidates=np.array([False, True, False, True]))
    assert ids.tolist() == [["b", "d", None, None]]


def test_item_knn_is_the_cosine_without_shrinkage(shop):
    found = ItemKNN(k=100, shrink=0.0).fit(shop).affinity_
    cosine = cosine_similarity(shop.matrix.T)
    np.fill_diagonal(cosine, 0)
    np.testing.assert_allclose(found, cosine, atol=1e-6)


def test_item_knn_without_shrinkage_has_no_neighbour_for_an_item_nobody_took():
    ranker = ItemKNN(shrink=0.0).fit(taken([[1, 1, 0], [1, 1, 0]]))
    assert ranker.affinity_.round(3).tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0]]


def test_ease_is_the_constrained_ridge_regression(shop):
    """Column by column: regress each item on all the others with a ridge; EASE is the same weights."""
    x, l2 = shop.matrix.toarray().astype(float), 7.0
    found = EASE(l2).fit(shop).affinity_
    for item in range(3):
        others = np.delete(np.arange(x.shape[1]), item)
        ridge = np.linalg.solve(x[:, others].T @ x[:, others] + l2 * np.eye(len(others)), x[:, others].T @ x[:, item])
        np.testing.assert_allclose(found[others, item], ridge, atol=1e-5)


def test_side_information_of_no_weight_changes_nothing(shop, content):
    plain, side = EASE(5.0).fit(shop), SideEASE(5.0, 0.0).fit(shop, content)
    np.testing.assert_allclose(side.affinity_, plain.affinity_, atol=1e-5)


def test_side_information_brings_alike_items_together():
    who = taken([[1, 0, 1, 0], [0, 1, 0, 1]])
    look = Modality("image", ITEMS, [[1, 0], [1, 0.1], [0, 1], [0.1, 1]])
    plain, side = EASE(1.0).fit(who), SideEASE(1.0, 5.0).fit(who, [look])
    assert side.affinity_[0, 1] > plain.affinity_[0, 1]


def test_content_ranks_an_item_that_nobody_took():
    text = Modality("text", ITEMS, [[1, 0], [0, 1], [0.9, 0.1], [-1, 0]])
    ids, _ = ContentKNN().fit(taken([[1, 0, 0, 0]]), [text]).recommend(taken([[1, 0, 0, 0]]).matrix, 1)
    assert ids.tolist() == [["c"]]


def test_content_of_a_modality_that_is_not_there_says_so():
    with pytest.raises(ValueError, match="no modality 'audio'.*text"):
        ContentKNN("audio").fit(taken([[1, 0]]), [Modality("text", ["a", "b"], [[1.0], [2.0]])])


def test_a_blend_with_all_weight_on_one_ranks_as_that_one(shop, content):
    blend = Blend({"EASE": EASE(5.0), "text": ContentKNN("text")}, {"EASE": 1.0, "text": 0.0}).fit(shop, content)
    alone = EASE(5.0).fit(shop)
    assert (blend.recommend(shop.matrix, 5)[0] == alone.recommend(shop.matrix, 5)[0]).all()


@pytest.mark.parametrize("ranker", every_ranker(), ids=lambda one: one.name)
def test_a_saved_ranker_gives_the_same_lists(ranker, shop, content, tmp_path):
    ranker.fit(shop, content).save(tmp_path)
    again = load(tmp_path)
    assert again.name == ranker.name
    for mine, theirs in zip(ranker.recommend(shop.matrix, 5), again.recommend(shop.matrix, 5), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_reasons_name_the_past_item_and_the_modality():
    who = taken([[1, 1, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0]])
    text = Modality("text", ITEMS, [[1, 0], [0, 1], [1, 1], [-1, 0]])
    sound = Modality("audio", ITEMS, [[1, 0], [1, 0.01], [0, 1], [-1, 0]])
    ranker = EASE(1.0).fit(who)
    reason, = explain(ranker, who.history(["a"]), ["b"], [text, sound])
    assert reason.past == ["a"]
    assert reason.modality == "audio"


def test_affinities_of_the_history_add_up_to_the_score(shop, content):
    for ranker in every_ranker()[1:]:
        ranker.fit(shop, content)
        history = shop.matrix[0]
        total = ranker.affinity(history.indices, np.arange(12)).sum(0)
        np.testing.assert_allclose(total, ranker.scores(history)[0], rtol=1e-4, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(0, 2**31))
def test_lists_are_distinct_sorted_and_new(k, seed):
    rng = np.random.default_rng(seed)
    matrix = sparse.csr_matrix((rng.random((5, 9)) < 0.4).astype(np.float32))
    who = Interactions(matrix, list("uvwxy"), list("abcdefghi"))
    ids, scores = EASE(2.0).fit(who).recommend(matrix, k)
    for row, (listed, values) in enumerate(zip(ids, scores, strict=True)):
        left = [item for item in listed if item is not None]
        assert len(set(left)) == len(left) == min(k, 9 - matrix[row].nnz)
        assert not set(left) & set(who.items[matrix[row].indices])
        assert (np.diff(values[:len(left)]) <= 0).all()


def test_ease_never_predicts_an_item_from_itself():
    assert (solve(np.ones((3, 3)), 1.0).diagonal() == 0).all()
