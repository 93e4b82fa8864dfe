"""One contract: what every ranker does on any small shop, by hypothesis; an entry in `tests/rankers.py` is enough.

Examples are few, to be fast; try more, and other seeds, with a new ranker: `--hypothesis-seed=N`.
"""

from copy import deepcopy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking import (
    VBPR,
    ContentALS,
    ContentKNN,
    CrossAttention,
    GatedFusion,
    HybridRanker,
    TwoTower,
    load,
    save,
    saving,
)
from tests.rankers import NETWORKS, RANKERS

EVERY = {**RANKERS, **NETWORKS}
CLOSE = {"rtol": 1e-3, "atol": 1e-4}
NEED_FEATURES = (TwoTower, GatedFusion, CrossAttention, VBPR)


@pytest.fixture(scope="module", autouse=True)
def eager():
    """Without tracing, which takes longer than these few steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@st.composite
def shops(draw):
    """Interactions and features. Users and items without events, items seen only, times or none, items without any
    modality, rows of features that are equal or zero, in another order than the items and with ids of other shops."""
    n, m, rng = draw(st.integers(0, 10)), draw(st.integers(1, 8)), np.random.default_rng(draw(st.integers(0, 10**6)))
    matrix = (rng.random((n, m)) < draw(st.sampled_from([0.0, 0.2, 0.5, 1.0]))).astype(np.float32)
    if draw(st.booleans()):
        matrix *= rng.choice([0.5, 1.0, 3.0], (n, m)).astype(np.float32)
    matrix[rng.random(n) < 0.2] = 0
    matrix[:, rng.random(m) < 0.2] = 0
    seen = (matrix > 0) | (rng.random((n, m)) < draw(st.sampled_from([0.0, 0.2])))
    time = sparse.csr_matrix(seen * rng.integers(1, 20, (n, m)).astype(float)) if draw(st.booleans()) else None
    items = [f"i{number}" for number in rng.permutation(m)]
    shop = Interactions(matrix, [f"u{number}" for number in range(n)], items, sparse.csr_matrix(seen), time)
    equal, missing = draw(st.booleans()), draw(st.sampled_from([0.0, 0.3, 1.0]))
    without = rng.random(m) < 0.2
    return shop, [_features(rng, name, items, width, equal, missing, without)
                  for name, width in (("tfidf", 5), ("mel", 2))]


def _features(rng, name, items, width, equal, missing, without):
    ids = np.array([*items, "other", "another"], object)
    matrix = rng.integers(-1, 2, (len(ids), width)) if equal else rng.standard_normal((len(ids), width))
    present = (rng.random(len(ids)) >= missing) & ~np.r_[without, False, False]
    order = rng.permutation(len(ids))
    return Features(name, "text" if name == "tfidf" else "audio", ids[order], matrix[order], present[order])


CHECKS = []


def fitted(ranker, shop, features):
    """None where it needs features and refuses, since no item has any."""
    if not isinstance(ranker, NEED_FEATURES) or any(one.align(shop.items).present.any() for one in features):
        return ranker.fit(shop, features)
    with pytest.raises(ValueError, match="no item has any of the features"):
        ranker.fit(shop, features)
    return None


def every_ranker(check, names=tuple(RANKERS), examples=20):
    """The check on random shops, for each ranker that fits in milliseconds: a test with a case for each."""
    def test(name):
        @settings(max_examples=examples, deadline=None)
        @given(shops())
        def on_random_shops(case):
            if ranker := fitted(RANKERS[name](), *case):
                check(ranker, *case)

        on_random_shops()

    if names == tuple(RANKERS):
        CHECKS.append(check)
    test.__name__, test.__doc__ = check.__name__, check.__doc__
    return pytest.mark.parametrize("name", names)(test)


def some_rankers(*names):
    return lambda check: every_ranker(check, names)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_passes_all_that_every_other_ranker_does(name):
    """On fewer shops, and one fit for all the checks."""
    @settings(max_examples=8, deadline=None)
    @given(shops())
    def on_random_shops(case):
        ranker = fitted(NETWORKS[name](), *case)
        for check in CHECKS if ranker else ():
            check(ranker, *case)

    on_random_shops()
    assert len(CHECKS) > 5


def scores(ranker, shop):
    found = ranker.score(shop.queries())
    assert found.shape == (len(shop.users), len(ranker.items_))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    return found


def test_every_class_that_can_be_saved_is_under_the_contract():
    assert {type(make()).__name__ for make in EVERY.values()} == set(saving.KINDS)


# ---- scores and lists


@every_ranker
def test_a_list_has_the_best_of_what_was_not_seen(ranker, shop, features):
    expected, n, m = scores(ranker, shop), *shop.matrix.shape
    for k in (1, 3, m + 2):
        found = ranker.recommend(shop.queries(), k)
        assert found.ids.shape == found.scores.shape == (n, min(k, m))
        assert found.users.tolist() == shop.users.tolist()
        for row, (ids, values) in enumerate(zip(found.ids, found.scores, strict=True)):
            left = np.setdiff1d(np.arange(m), shop.seen[row].indices)
            by = ranker.popularity_ if found.by_popularity[row] else expected[row]
            best = left[np.argsort(-by[left], kind="stable")][:k]
            assert ids.tolist() == [*shop.items[best], *[None] * (min(k, m) - len(best))]
            np.testing.assert_array_equal(values[:len(best)], by[best])
            assert np.isnan(values[len(best):]).all()


@every_ranker
def test_of_whom_nothing_is_known_gets_what_most_people_took(ranker, shop, features):
    counts = shop.matrix.getnnz(axis=0)
    most = shop.items[np.argsort(-counts, kind="stable")].tolist()
    known = [[item] for item in shop.items]
    found = ranker.recommend([[], *known], len(most))
    assert np.isfinite(ranker.score(Queries.of([[], *known], shop.items))).all()
    assert found.ids[0].tolist() == most
    assert found.by_popularity[0]
    for row, item in enumerate(shop.items, 1):
        if found.by_popularity[row]:  # this history says nothing to it
            assert [one for one in found.ids[row] if one is not None] == [one for one in most if one != item]
    assert ranker.recommend(shop.queries(), 1).by_popularity[shop.matrix.getnnz(axis=1) == 0].all()


@every_ranker
def test_a_stranger_with_the_same_history_has_the_same_scores(ranker, shop, features):
    """Ids in a list are in the order of time, for a ranker that looks at it. Of votes by ranks, the scores that are
    voted with: rounding decides ties."""
    np.testing.assert_array_equal(ranker.score(Queries(shop.matrix, time=shop.time)), scores(ranker, shop))
    when = np.zeros(shop.matrix.shape) if shop.time is None else shop.time.toarray()
    histories = [shop.items[row.indices[np.argsort(when[number, row.indices], kind="stable")]].tolist()
                 for number, row in enumerate(shop.matrix)]
    once = Interactions(shop.matrix > 0, shop.users, shop.items, shop.seen, shop.time)
    for one in ranker.rankers_.values() if getattr(ranker, "how", "") == "ranks" else [ranker]:
        if histories:
            np.testing.assert_allclose(one.score(Queries.of(histories, shop.items)), scores(one, once), **CLOSE)


@every_ranker
def test_what_past_items_add_adds_up_to_the_score(ranker, shop, features):
    queries = shop.queries()
    explained = ranker.explain(queries, [shop.items] * len(queries))
    for row, expected in enumerate(scores(ranker, shop)):
        past = shop.items[queries.history[row].indices]
        assert [one.item for one in explained[row]] == shop.items.tolist()
        if not ranker.capabilities.explains or not len(past):
            assert not any(one.past or one.parts for one in explained[row])
            continue
        assert all(set(one.past) == set(past) for one in explained[row])
        assert all(list(one.past.values()) == sorted(one.past.values(), reverse=True) for one in explained[row])
        np.testing.assert_allclose([sum(one.past.values()) for one in explained[row]], expected, **CLOSE)
        if explained[row][0].parts:
            np.testing.assert_allclose([sum(one.parts.values()) for one in explained[row]], expected, **CLOSE)


# ---- fit


def plain(ranker):
    """Its arguments as plain data: rankers inside it too."""
    return deepcopy(saving._described(ranker))


@every_ranker
def test_a_clone_learns_the_same_and_fit_changes_neither_arguments_nor_data(ranker, shop, features):
    """So a fit repeats with its seed."""
    clone, params = ranker.clone(), plain(ranker)
    before = deepcopy((vars(shop), [vars(one) for one in features]))
    assert set(vars(clone)) == set(clone.get_params())
    assert all(vars(clone)[name] is value for name, value in clone.get_params().items())
    assert clone.fit(shop, features) is clone
    same(clone.score(shop.queries()), scores(ranker, shop))
    clone.recommend(shop.queries(), 2)
    clone.explain(shop.queries(), [shop.items] * len(shop.users))
    same((vars(shop), [vars(one) for one in features]), before)
    assert plain(clone) == plain(ranker) == params
    assert not any(hasattr(one, "items_") for one in clone.get_params().get("rankers", {}).values())


def same(one, other):
    """Equal to the last bit, in containers, arrays and sparse matrices."""
    if isinstance(one, (list, tuple)):
        for left, right in zip(one, other, strict=True):
            same(left, right)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        same(list(one.values()), list(other.values()))
    elif sparse.issparse(one):
        same([one.data, one.indices, one.indptr, one.shape], [other.data, other.indices, other.indptr, other.shape])
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    else:
        assert one == other


@every_ranker
def test_items_of_other_names_have_the_same_scores(ranker, shop, features):
    """Names whose order is turned around, and features in the order of the new names."""
    names = {one: f"z{99 - number}" for number, one in enumerate(sorted([*shop.items, "other", "another"]))}
    other = Interactions(shop.matrix, shop.users, [names[one] for one in shop.items], shop.seen, shop.time)
    renamed = []
    for one in features:
        ids = np.array([names[item] for item in one.ids], object)
        order = np.argsort(ids)
        renamed.append(Features(one.name, one.modality, ids[order], one.matrix[order], one.present[order]))
    again = ranker.clone().fit(other, renamed)
    np.testing.assert_array_equal(scores(again, other), scores(ranker, shop))
    listed = ranker.recommend(shop.queries(), 3).ids.tolist()
    assert again.recommend(other.queries(), 3).ids.tolist() == [[names.get(one) for one in row] for row in listed]


@some_rankers(*(name for name in RANKERS if name not in ("user kNN", "hybrid with users", "BPR", "VBPR",
                                                       "blend by ranks")))
def test_users_in_another_order_have_the_same_scores(ranker, shop, features):
    """Not where batches are drawn from the users in order (BPR, networks), nor by ranks (rounding decides ties), nor by
    user kNN (alone or in the hybrid), which keeps the first of equally similar users."""
    order = np.arange(len(shop.users))[::-1]
    turned = Interactions(shop.matrix[order], shop.users[order], shop.items, shop.seen[order],
                          None if shop.time is None else shop.time[order])
    other = ranker.clone().fit(turned, features)
    np.testing.assert_allclose(scores(other, turned), scores(ranker, shop)[order], **CLOSE)


@some_rankers("popularity", "EASE", "SideEASE", "L3AE")
def test_items_in_another_order_have_the_same_scores(ranker, shop, features):
    """Not where vectors start from a draw for each column, nor where one of equally close neighbours is kept."""
    order = np.arange(len(shop.items))[::-1]
    turned = Interactions(shop.matrix[:, order], shop.users, shop.items[order], shop.seen[:, order],
                          None if shop.time is None else shop.time[:, order])
    other = ranker.clone().fit(turned, features)
    np.testing.assert_allclose(scores(other, turned), scores(ranker, shop)[:, order], **CLOSE)


# ---- kept


@every_ranker
def test_its_state_is_all_that_it_learnt(ranker, shop, features):
    again = type(ranker).from_state(ranker.clone().get_params(), ranker.state())
    same(again.score(shop.queries()), scores(ranker, shop))
    same(again.recommend(shop.queries(), 3).ids, ranker.recommend(shop.queries(), 3).ids)
    asked = [shop.items] * len(shop.users)
    assert again.explain(shop.queries(), asked) == ranker.explain(shop.queries(), asked)


@pytest.mark.parametrize("name", EVERY)
def test_a_saved_ranker_is_loaded_as_it_was(name, tmp_path):
    rng = np.random.default_rng(0)
    shop = Interactions(rng.random((20, 8)) < 0.3, [f"u{n}" for n in range(20)], [f"i{n}" for n in range(8)])
    features = [Features("tfidf", "text", shop.items[1:], rng.standard_normal((7, 5))),
                Features("mel", "audio", shop.items[::-1], rng.standard_normal((8, 2)))]
    ranker = EVERY[name]().fit(shop, features)
    save(ranker, tmp_path / "r")
    again = load(tmp_path / "r")
    assert (type(again), again.name, again.capabilities) == (type(ranker), ranker.name, ranker.capabilities)
    assert plain(again) == plain(ranker)
    same(again.state(), ranker.state())
    same(again.score(shop.queries()), scores(ranker, shop))
    assert again.explain(["i0", "i1"], [["i2", "i3"]]) == ranker.explain(["i0", "i1"], [["i2", "i3"]])


# ---- new items


def copies(features, shop):
    """Every second of the shop's items once more under a new name, and all old names with other features."""
    new = [one.align(shop.items[::2]) for one in features]
    return [Features(one.name, one.modality, [*(f"new {item}" for item in one.ids), *shop.items],
                     np.concatenate([one.matrix, np.ones((len(shop.items), one.matrix.shape[1]))]),
                     np.r_[one.present, np.ones(len(shop.items), bool)]) for one in new]


def wider(shop):
    """What was taken, over the items and the new ones."""
    more = sparse.csr_matrix((len(shop.users), len(shop.items[::2])))
    return Queries(sparse.hstack([shop.matrix, more], format="csr"))


def new_item_checks(check):
    """The check on random shops."""
    def test():
        settings(max_examples=50, deadline=None)(given(shops())(lambda case: check(*case)))()

    test.__name__, test.__doc__ = check.__name__, check.__doc__
    return test


@new_item_checks
def test_a_new_item_has_the_similarity_of_its_features_and_moves_no_old_score(shop, features):
    """The centre stays that of the fit. Where k is small, a new item may take the place of an old neighbour."""
    ranker = ContentKNN("tfidf", 100).fit(shop, features)
    before, unit, m = scores(ranker, shop), ranker.unit_.copy(), len(shop.items)
    assert ranker.add_items(copies(features[:1], shop)[0]) is ranker
    found = ranker.score(wider(shop))
    same(ranker.unit_[:m], unit)
    same(ranker.unit_[m:], unit[::2])  # as the items of which they are copies
    np.testing.assert_allclose(found[:, :m], before, **CLOSE)
    np.testing.assert_allclose(found[:, m:], shop.matrix @ (unit @ unit[::2].T), **CLOSE)


@new_item_checks
def test_a_new_item_has_the_vector_that_its_content_says_and_moves_no_old_score(shop, features):
    """That of an old item with the same content and without an event."""
    ranker = ContentALS(3, 1.0, 2.0, 1.0, n_sweeps=3).fit(shop, features)
    before, vectors, m = scores(ranker, shop), ranker.item_vectors_.copy(), len(shop.items)
    assert ranker.add_items(copies(features, shop)) is ranker
    found, never = ranker.score(wider(shop)), (shop.matrix.getnnz(axis=0) == 0)[::2]
    same(ranker.item_vectors_[:m], vectors)
    expected = ranker.average_ + ranker.expected_[:, :m:2].sum(axis=0)
    np.testing.assert_allclose(ranker.item_vectors_[m:], expected, **CLOSE)
    np.testing.assert_allclose(found[:, :m], before, **CLOSE)
    np.testing.assert_allclose(found[:, m:][:, never], before[:, ::2][:, never], **CLOSE)


@new_item_checks
def test_a_new_item_of_the_hybrid_has_the_score_of_its_twin_without_events_and_moves_no_old_score(shop, features):
    """New items have the score of an old item with the same content and without an event."""
    for users in (0.0, 0.5):
        ranker = HybridRanker(3, 1.0, 2.0, 1.0, 5.0, 3.0, 1.0, 0.4, 3, 1.0, users, n_seeds=1).fit(shop, features)
        before, m = scores(ranker, shop), len(shop.items)
        assert ranker.add_items(copies(features, shop)) is ranker
        found = ranker.score(wider(shop))
        assert np.isfinite(found).all()
        same(HybridRanker.from_state(ranker.get_params(), ranker.state()).score(wider(shop)), found)
        np.testing.assert_allclose(found[:, :m], before, **CLOSE)
        if ranker.completion_ is not None:
            never = np.isin(np.arange(m), ranker.completion_.new)[::2]
            np.testing.assert_allclose(found[:, m:][:, never], before[:, ::2][:, never], **CLOSE)
