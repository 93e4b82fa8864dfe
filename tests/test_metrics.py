"""One list, one number: on paper, within bounds, and as scikit-learn has it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, ndcg_score, precision_score, recall_score

from mmrec_helpers.catalog import UnknownId
from mmrec_helpers.metrics import METRICS, calibration, coverage, diversity, f1, hit_rate, ndcg, precision, recall

HITS = np.array([[True, False, True, False], [False, False, False, False], [True, True, True, True]])
RELEVANT = np.array([5, 2, 8])


def test_each_metric_by_hand():
    assert recall(HITS, RELEVANT).tolist() == [2 / 5, 0, 4 / 8]
    assert precision(HITS, RELEVANT).tolist() == [2 / 4, 0, 1]
    assert f1(HITS, RELEVANT) == pytest.approx([2 * 0.5 * 0.4 / 0.9, 0, 2 * 1 * 0.5 / 1.5])
    assert hit_rate(HITS, RELEVANT).tolist() == [1, 0, 1]
    ideal = 1 + 1 / np.log2(3) + 1 / 2 + 1 / np.log2(5)
    assert ndcg(HITS, RELEVANT) == pytest.approx([1.5 / ideal, 0, 1])


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_user_with_nothing_relevant_is_not_judged(metric):
    assert np.isnan(metric(np.zeros((1, 3), bool), np.array([0]))).all()


def test_coverage_counts_candidates_once_and_no_empty_places_or_strangers():
    lists = np.array([["a", "b", None], ["b", "stranger", None]], dtype=object)
    assert coverage(lists, np.array(["a", "b", "c", "d"], dtype=object)) == 0.5
    assert coverage(np.full((2, 3), None), np.array(["a"], dtype=object)) == 0
    assert np.isnan(coverage(lists, np.array([], dtype=object)))


def test_diversity_is_the_mean_distance_of_the_pairs():
    rng, items = np.random.default_rng(0), np.array(list("fedcba"), object)
    unit = rng.standard_normal((6, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    unit[2] = 0  # d has no features: cosine 0 to all
    lists = np.array([["a", "d", "f", "b"], ["c", "e", None, None], ["a", None, None, None], [None] * 4], object)
    row = {item: unit[number] for number, item in enumerate(items)}
    pairs = [1 - row[one] @ row[other] for n, one in enumerate(lists[0]) for other in lists[0, n + 1:]]
    np.testing.assert_allclose(diversity(lists, items, unit), [np.mean(pairs), 1 - row["c"] @ row["e"], np.nan, np.nan])
    assert diversity(lists[:, :0], items, unit).shape == (4,)
    with pytest.raises(UnknownId, match="item 'z' is not known"):
        diversity(np.array([["z", "a"]], object), items, unit)


def test_calibration_is_the_divergence_from_the_history_and_is_0_where_they_agree():
    past = np.array([[0.75, 0.25, 0], [1, 0, 0], [0, 0, 0]])
    listed = np.array([[0.5, 0, 0.5], [0, 0.5, 0.5], [1, 0, 0]])
    first = 0.75 * np.log(0.75 / (0.99 * 0.5 + 0.0075)) + 0.25 * np.log(0.25 / 0.0025)
    np.testing.assert_allclose(calibration(past, listed), [first, np.log(100), np.nan])
    np.testing.assert_allclose(calibration(past[:2], past[:2]), 0, atol=1e-12)


@st.composite
def judged(draw):
    """hits (n, k) and relevant counts that can be: at least as many as the hits."""
    n, k = draw(st.integers(1, 6)), draw(st.integers(1, 12))
    hits = np.array(draw(st.lists(st.lists(st.booleans(), min_size=k, max_size=k), min_size=n, max_size=n)))
    more = np.array(draw(st.lists(st.integers(0, 20), min_size=n, max_size=n)))
    return hits, np.maximum(hits.sum(1) + more, 1)


@given(judged())
def test_every_metric_lies_between_0_and_1_and_is_0_without_a_hit(case):
    hits, relevant = case
    for metric in METRICS.values():
        values = metric(hits, relevant)
        assert values.shape == relevant.shape
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()
        assert ((values == 0) == ~hits.any(1)).all()


@given(st.integers(1, 15), st.integers(1, 30))
def test_the_best_list_possible_has_ndcg_1_and_only_that(k, relevant):
    best = np.arange(k)[None] < relevant
    assert ndcg(best, np.array([relevant])) == pytest.approx([1])
    if relevant < k:
        later = np.roll(best, 1, axis=1)
        assert ndcg(later, np.array([relevant]))[0] < 1


@given(judged())
def test_a_hit_moved_up_never_lowers_ndcg_and_leaves_the_others_alone(case):
    hits, relevant = case
    up = -np.sort(-hits.astype(int), axis=1) > 0
    assert (ndcg(up, relevant) >= ndcg(hits, relevant) - 1e-12).all()
    for metric in (recall, precision, f1, hit_rate):
        assert (metric(up, relevant) == metric(hits, relevant)).all()


@pytest.mark.parametrize("k", [1, 5, 20])
def test_scikit_learn_has_the_same_figures(k):
    rng = np.random.default_rng(k)
    truth, scores = rng.random((30, 50)) < 0.2, rng.random((30, 50))
    truth[:, 0] = True
    best = np.argsort(-scores, axis=1)[:, :k]
    hits, relevant = np.take_along_axis(truth, best, axis=1), truth.sum(1)
    shown = np.zeros_like(truth)
    np.put_along_axis(shown, best, True, axis=1)
    for user in range(30):
        one = (hits[[user]], relevant[[user]])
        assert ndcg(*one)[0] == pytest.approx(ndcg_score(truth[[user]], scores[[user]], k=k))
        for ours, theirs in ((precision, precision_score), (recall, recall_score), (f1, f1_score)):
            assert ours(*one)[0] == pytest.approx(theirs(truth[user], shown[user], zero_division=0))
