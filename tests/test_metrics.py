"""Metrics: on paper, within bounds, as plain Python has them, and as ranx and scikit-learn do."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.metrics import f1_score, ndcg_score, precision_score, recall_score, roc_auc_score

from mmrec_helpers import metrics
from mmrec_helpers.catalog import Interactions, Queries, Stage, UnknownId
from mmrec_helpers.evaluation.order import above, pool
from mmrec_helpers.metrics import METRICS, Context, measure

ACCURACY = [name for name, one in METRICS.items() if one.formula.__module__.endswith("accuracy")]
OF_LISTS = [name for name in ACCURACY if not METRICS[name].needs]


def three():
    """Two of five found; nothing of two; a full list of eight."""
    lists = ["abcd", "abcd", "abcd"]
    return Context.of(lists, ["acxyz", "xy", "abcdwxyz"], "abcdwxyz")


def test_each_metric_by_hand():
    c = three()
    assert metrics.recall(c).tolist() == [2 / 5, 0, 4 / 8]
    assert metrics.precision(c).tolist() == [2 / 4, 0, 1]
    assert metrics.f1(c) == pytest.approx([2 * 0.5 * 0.4 / 0.9, 0, 2 * 1 * 0.5 / 1.5])
    assert metrics.hit_rate(c).tolist() == [1, 0, 1]
    assert metrics.mrr(c).tolist() == [1, 0, 1]
    assert metrics.average_precision(c) == pytest.approx([(1 + 2 / 3) / 5, 0, 4 / 8])
    ideal = 1 + 1 / np.log2(3) + 1 / 2 + 1 / np.log2(5)
    assert metrics.ndcg(c) == pytest.approx([1.5 / ideal, 0, 1])


def test_grades_count_in_the_graded_ndcg_alone():
    c = Context.of([["a", "b", "c"]], [{"c": 3.0, "a": 1.0, "x": 2.0}])
    best = 3 + 2 / np.log2(3) + 1 / 2
    assert metrics.graded_ndcg(c) == pytest.approx([(1 + 3 / 2) / best])
    assert metrics.ndcg(c) == pytest.approx(metrics.ndcg(Context.of([["a", "b", "c"]], [{"c", "a", "x"}])))


def test_accuracy_is_near_1_for_an_empty_list_too():
    c = Context.of([["a", "b"], [None, None]], ["ax", "ax"], "abx", pool=np.array([100, 100]))
    assert metrics.accuracy(c).tolist() == [0.98, 0.98]  # one wrongly listed and one missed; two missed


@pytest.mark.parametrize("name", ACCURACY)
def test_a_user_with_nothing_relevant_is_not_judged(name):
    c = Context.of(["abc"], [[]], "abc", pool=np.array([3]), above=np.array([]))
    assert np.isnan(METRICS[name].formula(c)).all()


# ---- as plain Python has them


def plain(listed, relevant, k):
    """The definitions, for one user, item by item."""
    hits = [one in relevant for one in listed]
    precision, recall = sum(hits) / k, sum(hits) / len(relevant)
    dcg = sum(1 / math.log2(rank + 2) for rank, hit in enumerate(hits) if hit)
    graded = sum(relevant.get(one, 0) / math.log2(rank + 2) for rank, one in enumerate(listed))
    best = sorted(relevant.values(), reverse=True)[:k]
    ranks = [rank + 1 for rank, hit in enumerate(hits) if hit]
    return {"precision": precision, "recall": recall, "hit_rate": float(any(hits)),
            "f1": 2 * precision * recall / (precision + recall) if any(hits) else 0.0,
            "ndcg": dcg / sum(1 / math.log2(rank + 2) for rank in range(min(k, len(relevant)))),
            "graded_ndcg": graded / sum(grade / math.log2(rank + 2) for rank, grade in enumerate(best)),
            "mrr": 1 / ranks[0] if ranks else 0.0,
            "average_precision": sum((number + 1) / rank for number, rank in enumerate(ranks)) / len(relevant)}


@st.composite
def asked(draw):
    """Lists of the same length, some with empty places at the end, and graded targets, of some users none."""
    n, k, items = draw(st.integers(1, 5)), draw(st.integers(1, 8)), [f"i{n}" for n in range(12)]
    lists, relevant = [], []
    for _ in range(n):
        full = draw(st.permutations(items))[:draw(st.integers(0, k))]
        lists.append([*full, *[None] * (k - len(full))])
        relevant.append(draw(st.dictionaries(st.sampled_from(items), st.integers(1, 4), max_size=10)))
    return lists, relevant, items


@given(asked())
def test_every_metric_of_lists_is_its_definition(case):
    lists, relevant, items = case
    users, _ = measure(Context.of(lists, relevant, items), OF_LISTS)
    assert set(users) == set(OF_LISTS)
    for row, (listed, wanted) in enumerate(zip(lists, relevant, strict=True)):
        expected = plain(listed, wanted, len(listed)) if wanted else dict.fromkeys(users, np.nan)
        for name, values in users.items():
            assert values[row] == pytest.approx(expected[name], abs=1e-12, nan_ok=True), name


@given(asked())
def test_every_metric_lies_between_0_and_1_and_is_0_without_a_hit(case):
    c = Context.of(*case)
    judged = c.n_relevant > 0
    for name in OF_LISTS:
        values = METRICS[name].formula(c)
        assert ((values[judged] >= 0) & (values[judged] <= 1 + 1e-12)).all()
        assert ((values[judged] == 0) == (c.n_hits[judged] == 0)).all()


@given(st.integers(1, 15), st.integers(1, 30))
def test_the_best_list_possible_has_ndcg_1_and_only_that(k, relevant):
    items = [f"i{n:02}" for n in range(50)]
    best = (items[:relevant] + items[40:])[:k]
    assert metrics.ndcg(Context.of([best], [items[:relevant]], items)) == pytest.approx([1])
    if relevant < k:
        assert metrics.ndcg(Context.of([best[-1:] + best[:-1]], [items[:relevant]], items))[0] < 1


# ---- as others have them


def drawn(seed, n=40, n_items=60, k=10):
    """Random lists and graded targets; some users have none, some lists run short."""
    rng = np.random.default_rng(seed)
    columns = np.array([rng.permutation(n_items)[:k] for _ in range(n)])
    for row in range(0, n, 5):
        columns[row, rng.integers(1, k):] = -1
    grades = np.where(rng.random((n, n_items)) < 0.15, rng.integers(1, 4, (n, n_items)), 0)
    grades[::7] = 0
    return Context(columns, sparse.csr_matrix(grades.astype(float)))


NAMES = {"ndcg": "graded_ndcg", "precision": "precision", "recall": "recall", "f1": "f1", "hit_rate": "hit_rate",
         "mrr": "mrr", "map": "average_precision"}
"""What ranx calls it, and what we do."""


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_ranx_has_the_same_figures(seed):
    import ranx  # compiles: only where it is needed

    c = drawn(seed)
    rows = np.flatnonzero(c.n_relevant)
    truth = {f"u{row:02}": {f"i{one}": int(grade) for one, grade in zip(
        c.targets[row].indices, c.targets[row].data, strict=True)} for row in rows}
    run = {f"u{row:02}": {f"i{one}": float(c.k - place) for place, one in enumerate(c.columns[row]) if one >= 0}
           for row in rows}
    theirs = ranx.evaluate(ranx.Qrels(truth), ranx.Run(run), [f"{name}@{c.k}" for name in NAMES], return_mean=False)
    for name, ours in NAMES.items():
        np.testing.assert_allclose(METRICS[ours].formula(c)[rows], theirs[f"{name}@{c.k}"], atol=1e-9, err_msg=ours)


@pytest.mark.parametrize("k", [1, 5, 20])
def test_scikit_learn_has_the_same_figures(k):
    rng = np.random.default_rng(k)
    truth, scores = rng.random((30, 50)) < 0.2, rng.random((30, 50))
    truth[:, 0] = True
    best = np.argsort(-scores, axis=1)[:, :k]
    shown = np.zeros_like(truth)
    np.put_along_axis(shown, best, True, axis=1)
    c = Context(best, sparse.csr_matrix(truth.astype(float)))
    for user in range(30):
        assert metrics.ndcg(c)[user] == pytest.approx(ndcg_score(truth[[user]], scores[[user]], k=k), abs=1e-9)
        for name, theirs in (("precision", precision_score), ("recall", recall_score), ("f1", f1_score)):
            assert METRICS[name].formula(c)[user] == pytest.approx(
                theirs(truth[user], shown[user], zero_division=0), abs=1e-9)


def asked_stage(seed, n=6, n_items=15):
    """Users who have seen some items and then took others; some items are no candidates; one user has seen all else."""
    rng = np.random.default_rng(seed)
    kinds = rng.choice(3, (n, n_items), p=[0.5, 0.3, 0.2])  # neither, seen, taken in the test
    kinds[0, kinds[0] == 0] = 1
    kinds[:, 0] = 2
    candidates = np.arange(n_items) < n_items - 2
    kinds[:, ~candidates] = np.minimum(kinds[:, ~candidates], 1)
    seen, taken = (sparse.csr_matrix((kinds == kind).astype(np.float32)) for kind in (1, 2))
    users, items = (np.array([f"{letter}{number}" for number in range(size)], object)
                    for letter, size in (("u", n), ("i", n_items)))
    return Stage(Interactions(seen, users, items), Queries(seen, users=users), taken, candidates)


def auc_of(stage, scores):
    rows = {user: row for row, user in enumerate(stage.queries.users)}
    found = above(lambda queries: scores[[rows[user] for user in queries.users]], stage)
    return metrics.auc(Context(np.zeros((len(rows), 1), int), stage.targets, pool=pool(stage), above=found)), found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1000), st.booleans())
def test_auc_is_that_of_scikit_learn_with_ties_too(seed, tied):
    stage = asked_stage(seed)
    scores = np.random.default_rng(seed).random(stage.targets.shape).round(1 if tied else 9)
    values, judged = auc_of(stage, scores)[0], 0
    for row, value in enumerate(values):
        left = stage.candidates & ~stage.queries.seen[row].toarray().ravel()
        wanted = stage.targets[row].toarray().ravel()[left] > 0
        if wanted.all():
            assert np.isnan(value)
        else:
            assert value == pytest.approx(roc_auc_score(wanted, scores[row][left]), abs=1e-9)
            judged += 1
    assert judged >= 4
    assert np.isnan(values[0])  # nothing else is left for the first user


def test_the_order_of_all_candidates_is_found_in_chunks(monkeypatch):
    stage, scores = asked_stage(0), np.random.default_rng(0).random((6, 15))
    whole = auc_of(stage, scores)[1]
    assert len(set(whole)) > 3
    monkeypatch.setattr("mmrec_helpers.ranking.top_k.CELLS", 1)
    np.testing.assert_array_equal(whole, auc_of(stage, scores)[1])


@pytest.mark.parametrize("none", [np.nan, -np.inf])
def test_a_score_that_is_no_number_is_below_all_others(none):
    stage, scores = asked_stage(0), np.random.default_rng(0).random((6, 15))
    scores[stage.targets.nonzero()] = none
    assert (auc_of(stage, scores)[0][1:] == 0).all()
    scores = np.full((6, 15), none)
    assert (auc_of(stage, scores)[0][1:] == 0.5).all()  # ties with one another
    scores[stage.targets.nonzero()] = -1e30
    assert (auc_of(stage, scores)[0][1:] == 1).all()


@pytest.mark.parametrize("kind", [np.int64, np.int8, bool, np.float16])
def test_scores_may_be_numbers_of_any_kind(kind):
    stage, scores = asked_stage(0), np.random.default_rng(0).integers(0, 2, (6, 15))
    np.testing.assert_array_equal(auc_of(stage, scores.astype(kind))[0], auc_of(stage, scores.astype(float))[0])


# ---- beside being right


def test_coverage_counts_candidates_once_and_no_empty_places_or_others():
    offered = np.array([True, True, True, True, False])
    c = Context.of([["a", "b", None], ["b", "x", None]], ["a", "a"], "abcdx", candidates=offered)
    assert metrics.coverage(c) == 0.5
    assert metrics.coverage(Context.of([[None], [None]], ["a", "a"], "a", candidates=np.ones(1, bool))) == 0
    assert np.isnan(metrics.coverage(Context.of([["a"]], ["a"], "a", candidates=np.zeros(1, bool))))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=30))
def test_gini_is_half_the_mean_difference_of_all_pairs_by_the_mean(counts):
    pairs = [abs(a - b) for a, b in itertools.product(counts, counts)]
    expected = np.mean(pairs) / (2 * np.mean(counts)) if sum(counts) else 0
    assert metrics.inequality(np.array(counts)) == pytest.approx(expected)


def test_novelty_is_the_surprise_of_the_listed_items():
    c = Context.of([["a", "b", None], [None] * 3], ["a", "a"], "ab", popularity=np.array([0, 3]), n_users=7)
    np.testing.assert_allclose(metrics.novelty(c), [(3 + 1) / 2, np.nan])


def test_popularity_lift_compares_a_list_with_the_past_of_its_user():
    past = sparse.csr_matrix(np.array([[0, 0, 2.0], [0, 0, 0]]))
    c = Context.of([["a", "b"], ["a", "b"]], ["a", "a"], "abc", popularity=np.array([30, 10, 10]), history=past)
    np.testing.assert_allclose(metrics.popularity_lift(c), [1.0, np.nan])


def test_diversity_is_the_mean_distance_of_the_pairs_in_each_modality():
    rng, items = np.random.default_rng(0), "fedcba"
    unit = rng.standard_normal((6, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    unit[2] = 0  # d has no such medium: cosine 0 to all
    lists = [["a", "d", "f", "b"], ["c", "e", None, None], ["a", None, None, None], [None] * 4]
    row = {item: unit[number] for number, item in enumerate(items)}
    pairs = [1 - row[one] @ row[other] for one, other in itertools.combinations(lists[0], 2)]
    c = Context.of(lists, ["a"] * 4, items, units={"image": unit, "text": unit * [[1.0]]})
    found = metrics.diversity(c)
    np.testing.assert_allclose(found["image"], [np.mean(pairs), 1 - row["c"] @ row["e"], np.nan, np.nan])
    assert set(measure(c, ["diversity"])[0]) == {"diversity (image)", "diversity (text)"}


def test_calibration_is_the_divergence_from_the_history_and_is_0_where_they_agree():
    past = np.array([[0.75, 0.25, 0], [1, 0, 0], [0, 0, 0]])
    listed = np.array([[0.5, 0, 0.5], [0, 0.5, 0.5], [1, 0, 0]])
    first = 0.75 * np.log(0.75 / (0.99 * 0.5 + 0.0075)) + 0.25 * np.log(0.25 / 0.0025)
    np.testing.assert_allclose(metrics.calibration(past, listed), [first, np.log(100), np.nan])
    np.testing.assert_allclose(metrics.calibration(past[:2], past[:2]), 0, atol=1e-12)


def test_miscalibration_takes_shares_of_the_categories_of_history_and_list():
    labels = np.array(["jazz", "jazz", "folk", None], object)
    past = sparse.csr_matrix(np.array([[1, 3.0, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]))
    c = Context.of([["c", "d"], ["a", "b"], ["a", "b"]], ["a", "a", "a"], "abcd", history=past, labels=labels)
    expected = metrics.calibration(np.array([[2 / 3, 1 / 3], [1, 0]]), np.array([[0, 1.0], [1, 0]]))
    np.testing.assert_allclose(metrics.miscalibration(c), [*expected, np.nan], atol=1e-12)


def test_many_users_are_compared_with_their_histories_in_chunks(monkeypatch):
    rng, labels = np.random.default_rng(0), np.array(list("xyzxyzxyzx") + [None] * 2, object)
    past = sparse.csr_matrix((rng.random((30, 12)) < 0.3).astype(float))
    c = Context(np.array([rng.permutation(12)[:4] for _ in range(30)]), past, history=past, labels=labels)
    whole = metrics.miscalibration(c)
    monkeypatch.setattr("mmrec_helpers.metrics.beyond.CELLS", 7)
    np.testing.assert_array_equal(metrics.miscalibration(c), whole)


# ---- ratings


def test_errors_of_ratings_by_hand_and_what_does_not_match_is_refused():
    assert metrics.rmse([4, 3], [5, 3]) == pytest.approx(math.sqrt(0.5))
    assert metrics.mae([4, 1], [5, 3]) == 1.5
    assert np.isnan(metrics.rmse([], []))
    with pytest.raises(ValueError, match="predictions"):
        metrics.mae([1], [1, 2])


# ---- odd input


def test_stored_zeros_unsorted_columns_and_bool_are_as_good_as_clean_targets():
    clean = Context.of([["a", "b"]], [{"a": 1, "c": 1}], "abc")
    zero = sparse.csr_matrix(([1.0, 0.0, 1.0], ([0, 0, 0], [2, 1, 0])), (1, 3))
    for targets in (zero, clean.targets[:, ::-1][:, ::-1], clean.targets.astype(bool)):
        assert measure(Context(clean.columns, targets), OF_LISTS) == measure(clean, OF_LISTS)


def test_an_empty_list_and_no_users_have_figures_and_other_lengths_are_refused():
    assert metrics.ndcg(Context.of([[]], [{"a"}])).tolist() == [0]
    assert measure(Context(np.zeros((0, 3), int), sparse.csr_matrix((0, 4))), OF_LISTS)[0]["mrr"].shape == (0,)
    with pytest.raises(ValueError, match="2 lists for 1 users"):
        Context.of([["a"], ["b"]], [{"a"}])


# ---- the registry


def test_a_metric_that_is_not_there_or_cannot_be_measured_is_named():
    with pytest.raises(KeyError, match="no metric 'accurcy'; there are ndcg"):
        measure(three(), ["accurcy"])
    with pytest.raises(ValueError, match="novelty needs popularity"):
        measure(three(), ["novelty"])


def test_what_is_possible_depends_on_what_is_known():
    assert metrics.possible(three()) == OF_LISTS
    more = Context.of(["a"], ["a"], "a", popularity=np.ones(1), n_users=1, candidates=np.ones(1, bool))
    assert {"novelty", "coverage", "gini"} <= set(metrics.possible(more))


def test_an_unknown_item_in_an_example_is_named():
    with pytest.raises(UnknownId, match="item 'z' is not known"):
        Context.of([["z"]], [{"a"}], "ab")


def test_titles_name_the_modality():
    assert [metrics.title(one) for one in ("ndcg", "f1", "diversity (text)", "own")] == [
        "NDCG", "F1", "diversity (text)", "own"]
