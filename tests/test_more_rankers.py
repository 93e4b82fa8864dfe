"""More rankers of chapter 08: by hand, against brute force, and where each of them ends."""

import itertools

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import minimize

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking import BPR, VBPR, Popularity, SASRec, UserKNN, bpr, load, save, sequence, top_k
from mmrec_helpers.ranking.popularity import DAY


@pytest.fixture
def small():
    """8 users, 6 items, sizes and times differ; i5 was taken by nobody, u7 took nothing; i4 was seen by all."""
    rng = np.random.default_rng(0)
    matrix = (rng.random((8, 6)) < 0.6) * rng.choice([1.0, 2.0], (8, 6))
    matrix[:, 5] = matrix[7] = 0
    seen = matrix > 0
    seen[:, 4] = True
    return Interactions(matrix, [f"u{i}" for i in range(8)], [f"i{i}" for i in range(6)], sparse.csr_matrix(seen),
                        sparse.csr_matrix(seen * rng.integers(1, 100, (8, 6)) * DAY))


def same_when_saved(ranker, queries, folder):
    """The ranker as it was saved and loaded, after its scores are found to be the same."""
    save(ranker, folder)
    again = load(folder)
    assert (again.name, again.get_params()) == (ranker.name, ranker.get_params())
    np.testing.assert_array_equal(again.score(queries), ranker.score(queries))
    return again


# ---- popularity


def test_recent_popularity_by_hand():
    """The last event is on day 10. a: ages 0 and 2; b: 1; c: 10, and a low rating on day 10 that does not count."""
    time = np.array([[10, 0, 10], [8, 9, 0], [0, 0, 0.0]]) * DAY
    log = Interactions([[1, 0, 0], [3, 1, 0], [0, 0, 1]], ["u", "v", "w"], list("abc"), time > 0, sparse.csr_matrix(
        (time.ravel()[[0, 2, 3, 4]].tolist() + [0.0], ([0, 0, 1, 1, 2], [0, 2, 0, 1, 2]))))
    found = Popularity("recent", half_life=2.0).fit(log).score(log.queries())
    np.testing.assert_allclose(found, [[1 + 0.5, 0.5 ** 0.5, 0.5 ** 5]] * 3, rtol=1e-6)


def test_trend_by_hand_and_one_new_event_does_not_win():
    """Old: 8 events long ago; rising: 8, of which 6 today; lucky: one, today."""
    when = np.zeros((15, 3))
    when[:8, 0] = 1
    when[:2, 1], when[2:8, 1] = 1, 1e6
    when[14, 2] = 1e6
    log = Interactions(when > 0, range(15), ["old", "rising", "lucky"], time=sparse.csr_matrix(when * DAY))
    mean = 7 / 17
    for shrink, first in ((10.0, "rising"), (30.0, "rising"), (0.0, "lucky")):
        ranker = Popularity("trend", half_life=7.0, shrink=shrink).fit(log)
        expected = [shrink * mean / (8 + shrink), (6 + shrink * mean) / (8 + shrink),
                    (1 + shrink * mean) / (1 + shrink)]
        np.testing.assert_allclose(ranker.score(log.queries(range(1)))[0], expected, rtol=1e-6)
        assert ranker.recommend(Queries(sparse.csr_matrix((1, 3)), np.zeros((1, 3)))).by_popularity.all()
        assert log.items[ranker.score(log.queries()).argmax(axis=1)].tolist() == [first] * 15


def test_a_very_long_half_life_is_all_time_and_the_list_for_somebody_unknown_stays_the_count(small):
    always, recent = Popularity().fit(small), Popularity("recent", half_life=1e9).fit(small)
    np.testing.assert_allclose(recent.score(small.queries()), always.score(small.queries()), rtol=1e-5)
    assert "scores_" not in always.state()
    short = Popularity("recent", half_life=0.5).fit(small)
    assert short.recommend([[]], 6).scores.tolist() == always.recommend([[]], 6).scores.tolist()
    assert short.recommend(["i5"], 6).ids.tolist() != always.recommend(["i5"], 6).ids.tolist()


@pytest.mark.parametrize("how", ["recent", "trend"])
def test_popularity_that_looks_at_time(how, small, tmp_path):
    ranker = Popularity(how, half_life=20.0, shrink=2.0).fit(small)
    again = same_when_saved(ranker, small.queries(), tmp_path / "r")
    assert again.name == f"popularity ({how})"
    assert again.clone().fits_like(ranker)
    assert ranker.score(small.queries())[0, 5] == 0
    for state in ({**ranker.state(), "scores_": np.full(6, np.nan)}, {**ranker.state(), "scores_": np.ones(5)}):
        with pytest.raises(ValueError, match="scores_ .* does not fit"):
            Popularity.from_state(ranker.get_params(), state)
    with pytest.raises(ValueError, match=rf"popularity \({how}\) needs the time of each event: give Interactions"):
        ranker.clone().fit(Interactions(small.matrix, small.users, small.items))
    nothing = Interactions(sparse.csr_matrix((1, 2)), ["u"], ["a", "b"], time=sparse.csr_matrix((1, 2)))
    assert Popularity(how).fit(nothing).score(nothing.queries()).tolist() == [[0, 0]]


def test_other_ways_and_half_lives_are_refused(small):
    with pytest.raises(ValueError, match="how is 'now'; there are all time, recent, trend"):
        Popularity("now").fit(small)
    for how in ("recent", "trend"):
        with pytest.raises(ValueError, match="half_life is 0; give days, more than 0"):
            Popularity(how, half_life=0).fit(small)


# ---- users as neighbours


def test_user_knn_by_hand():
    """Asked: {a, b}. u {a, b, c}: 2 / (sqrt(6) + 1); v {a, d}: 1 / (2 + 1); w {a, b} has nothing beyond it."""
    log = Interactions([[1, 1, 1, 0], [2, 0, 0, 1], [1, 1, 0, 0]], ["u", "v", "w"], list("abcd"))
    ranker, asked = UserKNN(k=2, shrink=1.0).fit(log), Queries.of(["b", "a"], list("abcd"))
    one, two = 2 / (6 ** 0.5 + 1), 1 / 3
    np.testing.assert_allclose(ranker.neighbours(asked.history).toarray(), [[one, two, 0]], rtol=1e-6)
    np.testing.assert_allclose(ranker.score(asked), [[one + two, one, one, two]], rtol=1e-6)
    np.testing.assert_allclose(UserKNN(k=1, shrink=1.0).fit(log).score(asked), [[one, one, one, 0]], rtol=1e-6)
    (c, d), = ranker.explain(asked, [["c", "d"]])
    assert c.past == pytest.approx({"a": one / 2, "b": one / 2})
    assert d.past == pytest.approx({"a": two, "b": 0})


@pytest.mark.parametrize("k", [1, 3, 50])
@pytest.mark.parametrize("shrink", [0.0, 2.0])
def test_user_knn_agrees_with_brute_force(k, shrink, small):
    taken = small.matrix.toarray() > 0
    scores = np.zeros((8, 6))
    for u in range(7):
        alike = {v: (taken[u] & taken[v]).sum() / (np.sqrt(taken[u].sum() * taken[v].sum()) + shrink)
                 for v in range(7) if (taken[v] & ~taken[u]).any() and (taken[v] & taken[u]).any()}
        assert u not in alike
        for v in sorted(alike, key=lambda v: -alike[v])[:k]:
            scores[u] += alike[v] * taken[v]
    assert scores.any()
    np.testing.assert_allclose(UserKNN(k, shrink).fit(small).score(small.queries()), scores, rtol=1e-5)


def test_user_knn_in_chunks_of_one_user_and_with_nobody(small, monkeypatch):
    ranker = UserKNN(3).fit(small)
    whole = ranker.score(small.queries())
    monkeypatch.setattr(top_k, "CELLS", 1)
    np.testing.assert_array_equal(ranker.score(small.queries()), whole)
    nobody = UserKNN().fit(Interactions(sparse.csr_matrix((2, 6)), ["u", "v"], small.items))
    assert nobody.recommend(["i0"], 2).by_popularity.all()
    again = UserKNN.from_state(nobody.get_params(), nobody.state())
    assert again.taken_.shape == (0, 6)


def test_the_users_of_a_saved_user_knn_are_those_that_its_rows_name(small):
    ranker = UserKNN().fit(small)
    state, params = ranker.state(), ranker.get_params()
    assert UserKNN.from_state(params, state).taken_.shape == ((small.matrix.getnnz(axis=1) > 0).sum(), 6)
    fewer = {**state, "taken_.indptr": state["taken_.indptr"][:-1]}
    more = {**state, "taken_.data": np.ones(99, np.float32), "taken_.indices": np.zeros(99, np.int32)}
    for broken in (fewer, more):
        with pytest.raises(ValueError, match="taken_: .* entries, its rows have"):
            UserKNN.from_state(params, broken)


# ---- pairs


def finite_differences(loss, weights, step=1e-6):
    """The slope of loss() by each number of each of these arrays, moved up and down by a small step."""
    found = {}
    for name, array in weights.items():
        found[name] = np.zeros_like(array)
        for place in np.ndindex(array.shape):
            kept, sides = array[place], []
            for moved in (kept + step, kept - step):
                array[place] = moved
                sides.append(loss())
            array[place] = kept
            found[name][place] = (sides[0] - sides[1]) / (2 * step)
    return found


def pair_loss(rows, users, some):
    """The mean over triples of -log sigmoid(x_ui - x_uj), one triple at a time."""
    total = 0.0
    for u, i, j in some:
        apart = users[u] @ (rows[i, :-1] - rows[j, :-1]) + rows[i, -1] - rows[j, -1]
        total += np.log1p(np.exp(-apart))
    return total / len(some)


def test_the_gradient_of_bpr_is_that_of_finite_differences(small):
    rng = np.random.default_rng(3)
    none = np.zeros((6, 0))
    ranker, some = BPR(n_factors=3, l2=0.7), bpr.triples(small.matrix, np.arange(6), rng)[:9]
    some = np.concatenate([some, some[:2]])  # the same user and item twice in a batch
    weights = {name: rng.standard_normal(array.shape) for name, array in ranker._start((8, 6), rng, none).items()}

    def loss():
        squares = sum((array ** 2).sum() for array in weights.values())
        rows = np.column_stack([weights["items"], weights["bias"]])
        return pair_loss(rows, weights["users"], some) + 0.7 / 2 / 50 * squares

    found, expected = ranker._gradients(weights, some, 50, none), finite_differences(loss, weights)
    assert set(found) == {"users", "items", "bias"}
    for name, slope in expected.items():
        np.testing.assert_allclose(found[name], slope, atol=1e-8)
        assert np.abs(slope).max() > 0.01


def test_each_positive_is_drawn_once_an_epoch_against_what_the_user_has_not_taken(small):
    others, counts = np.array([0, 1, 2, 5]), np.zeros((8, 6))
    for seed in range(400):
        drawn = bpr.triples(small.matrix, others, np.random.default_rng(seed))
        kept = set(map(tuple, drawn[:, :2]))
        assert len(kept) == len(drawn)
        np.add.at(counts, (drawn[:, 0], drawn[:, 2]), 1)
    taken = small.matrix.toarray() > 0
    full = taken[:, others].all(axis=1)
    assert kept == {(u, i) for u, i in zip(*np.nonzero(taken), strict=True) if not full[u]}
    assert (counts[taken] == 0).all()
    assert (counts[:, [3, 4]] == 0).all()
    free = ~taken[:, others] & ~full[:, None] & taken.any(axis=1)[:, None]
    share = taken.sum(axis=1) * 400 / np.maximum(free.sum(axis=1), 1)
    np.testing.assert_allclose(counts[:, others][free], np.broadcast_to(share[:, None], free.shape)[free], rtol=0.25)


def test_the_vector_of_a_stranger_minimises_the_loss_of_their_history(small):
    ranker, asked = BPR(3, l2=0.3, epochs=20, rate=0.1).fit(small), small.queries([f"u{i}" for i in range(7)])
    items, taken = ranker.item_vectors_.astype(float), asked.history.toarray() > 0
    found = ranker.user_vectors(asked.history)
    assert (found[:, -1] == 1).all()
    for user in range(7):
        pairs = [(i, j) for i in np.flatnonzero(taken[user]) for j in np.flatnonzero(~taken[user])]

        def loss(u, pairs=pairs, user=user):
            each = [(0, i, j) for i, j in pairs]
            return taken[user].sum() * pair_loss(items, u[None], each) + 0.3 / 2 * (u ** 2).sum()
        best = minimize(loss, np.zeros(3), tol=1e-10)
        np.testing.assert_allclose(found[user, :-1], best.x, atol=2e-3)
        assert np.abs(best.x).max() > 0.05


def test_bpr_repeats_with_its_seed_and_ranks_what_was_taken_first(small):
    one, same, other = (BPR(4, l2=0.01, epochs=80, batch=8, rate=0.05, seed=seed).fit(small) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.item_vectors_, same.item_vectors_)
    assert not np.allclose(one.item_vectors_, other.item_vectors_)
    scores, taken = one.score(small.queries())[:7], small.matrix.toarray()[:7] > 0
    for row, mine in zip(scores, taken, strict=True):
        assert row[mine].min() > row[~mine].max()
    assert (one.score(small.queries())[7] == 0).all()


def test_of_many_items_a_history_is_compared_with_some_always_the_same(small, monkeypatch):
    ranker = BPR(3, l2=0.3, epochs=5).fit(small)
    whole = ranker.score(small.queries())
    monkeypatch.setattr(bpr, "N_OTHERS", 4)
    some = ranker.score(small.queries())
    assert not np.allclose(some, whole)
    np.testing.assert_allclose(ranker.score(small.queries()[2:4]), some[2:4], rtol=1e-5)


def test_bpr_where_nobody_took_anything_or_everybody_took_all():
    for matrix in (np.zeros((2, 3)), np.ones((2, 3))):
        log = Interactions(matrix, ["u", "v"], ["a", "b", "c"])
        ranker = BPR(2, epochs=2).fit(log)
        assert np.isfinite(ranker.score(Queries.of(["a"], log.items))).all()
        assert ranker.recommend(["a"], 3).by_popularity.tolist() == [not matrix.any()]


# ---- pairs and content


@pytest.fixture
def content(small):
    """Text and sound, each in another order than the items; i2 has no sound, i0 nothing at all."""
    rng, ids = np.random.default_rng(1), small.items
    text, sound = rng.standard_normal((6, 3)), rng.standard_normal((6, 2))
    text[0] = sound[0] = sound[2] = np.nan
    return [Features("tfidf", "text", ids[::-1], text[::-1]), Features("mel", "audio", ids, sound)]


def test_the_gradient_of_vbpr_is_that_of_finite_differences(small):
    rng = np.random.default_rng(3)
    ranker, some = VBPR(n_factors=2, l2=0.7, l2_content=3.0), bpr.triples(small.matrix, np.arange(6), rng)
    ranker.popularity_, rows = np.arange(6.0), rng.standard_normal((6, 4))
    weights = {name: rng.standard_normal(part.shape) for name, part in ranker._start((8, 6), rng, rows).items()}

    def loss():
        e, beta = weights["content"][:, :2], weights["content"][:, 2:]
        items = np.column_stack([weights["items"], rows @ e, weights["bias"] + rows @ beta])
        l2 = {name: 3.0 if name == "content" else 0.7 for name in weights}
        squares = sum(l2[name] * (part ** 2).sum() for name, part in weights.items())
        return pair_loss(items, weights["users"], some) + squares / 2 / 50

    found, expected = ranker._gradients(weights, some, 50, rows), finite_differences(loss, weights)
    assert set(found) == set(expected) == {"users", "items", "bias", "content"}
    for name, slope in expected.items():
        np.testing.assert_allclose(found[name], slope, atol=1e-8)
        assert np.abs(slope).max() > 0.01


def test_an_item_that_nobody_took_is_ranked_by_its_content_alone(small, content):
    ranker = VBPR(2, epochs=30).fit(small, content)
    assert (ranker.item_vectors_[5, :2] == 0).all()
    assert (ranker.item_vectors_[5, 2:] != 0).all()
    assert (ranker.item_vectors_[0, 2:4] == 0).all()  # it has no features
    assert (ranker.item_vectors_[0, :2] != 0).all()
    twin = [Features(one.name, one.modality, [*one.ids, "new"], np.concatenate([
        np.where(one.present[:, None], one.matrix, np.nan), one.align(["i5"]).matrix])) for one in content]
    wider = Interactions(sparse.hstack([small.matrix, sparse.csr_matrix((8, 1))]), small.users, [*small.items, "new"])
    vectors = VBPR(2, epochs=30).fit(wider, twin).item_vectors_
    np.testing.assert_array_equal(vectors[5], vectors[6])


def test_a_new_item_goes_to_those_who_took_items_like_it():
    """Three kinds of four items, one kind to a user; i0 was taken by nobody and has the content of the first kind."""
    rng, ids = np.random.default_rng(0), [f"i{number}" for number in range(12)]
    kinds = np.repeat(np.eye(3), 4, axis=0)
    likes = (rng.random((60, 12)) < 0.7) * (np.repeat(np.eye(3), 20, axis=0) @ kinds.T)
    likes[:, 0] = 0
    features = [Features(name, name, ids, kinds + 0.1 * rng.standard_normal((12, 3))) for name in ("text", "audio")]
    ranker = VBPR(4, l2_content=1.0, epochs=50, batch=64).fit(Interactions(likes, range(60), ids), features)
    assert ranker.recommend(["i1", "i2", "i3"], 1).ids.tolist() == [["i0"]]
    assert "i0" not in ranker.recommend(["i4", "i5"], 2).ids
    assert ranker.recommend(["i0"], 3).ids[0].tolist() in [list(p) for p in itertools.permutations(ids[1:4])]


def test_vbpr_needs_features_and_a_history_without_any_of_them_says_nothing(small, content):
    for none in ([], [Features("gone", "text", small.items, np.full((6, 2), np.nan))]):
        with pytest.raises(ValueError, match="no item has any of the features .* extract them from this catalogue"):
            VBPR().fit(small, none)
    without = [Features("tfidf", "text", small.items[:5], np.random.default_rng(0).standard_normal((5, 3)))]
    found = VBPR(2, epochs=3).fit(small, without).recommend([["i5"], ["i0"]], 3)
    assert found.by_popularity.tolist() == [True, False]


# ---- sequences


@pytest.fixture(scope="module")
def eager():
    """Without tracing, which takes longer than these few steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def network():
    """Weights of a network for 9 items, 5 places, 4 dimensions; what it is asked with."""
    rng, ranker = np.random.default_rng(0), SASRec(dim=4, length=5)
    ranker.items_ = np.arange(9)
    weights = {name: rng.standard_normal(part.shape) for name, part in ranker._start().items()}
    return weights, np.array([[0, 0, 3, 9, 1], [4, 2, 8, 5, 6], [0, 0, 0, 0, 7], [0, 0, 0, 0, 0]])


@pytest.mark.parametrize("order", [True, False])
def test_what_is_trained_in_keras_is_what_is_served_in_numpy(order, network):
    from keras import ops

    weights, past = network
    tensors = {name: ops.convert_to_tensor(part.astype(np.float32)) for name, part in weights.items()}
    there = past > 0
    served = sequence.encoded(past, weights, np, order)
    np.testing.assert_allclose(np.asarray(sequence.encoded(past, tensors, ops, order))[there], served[there], atol=1e-4)
    assert np.isfinite(served).all()


@pytest.mark.parametrize("order", [True, False])
def test_attention_place_by_place(order, network):
    """The formula of the docstring, with a loop over the places and no mask."""
    weights, past = network
    found = sequence.encoded(past, weights, np, order)

    def soft(x):
        return np.exp(x) / np.exp(x).sum()

    def norm(x):
        return (x - x.mean()) / np.sqrt(x.var() + 1e-6)

    for row, t in zip(*np.nonzero(past), strict=True):
        places = [j for j in range(t + 1) if past[row, j]]
        e = weights["vectors"][past[row, places] - 1]
        r = np.array([weights["recency"][t - j] if order else 0 for j in places])
        m = soft(r) @ e
        h = m + soft(norm(m) @ weights["query"] @ (e @ weights["key"]).T / 2 + r) @ e @ weights["value"]
        inner = np.maximum(norm(h) @ weights["inner"] + weights["inner_bias"], 0)
        expected = norm(h + inner @ weights["outer"] + weights["outer_bias"])
        np.testing.assert_allclose(found[row, t], expected, atol=1e-5)


@pytest.mark.parametrize("order", [True, False])
def test_no_place_sees_the_future_and_without_the_mask_it_does(order, network, monkeypatch):
    weights, past = network
    later = past[1:2].copy()
    later[0, 3] = 9

    def moved():
        one, other = (sequence.encoded(each, weights, np, order)[0] for each in (past[1:2], later))
        return np.abs(one - other).max(axis=1)

    assert (moved()[:3] == 0).all()
    assert moved()[3:].min() > 1e-3
    monkeypatch.setattr(sequence, "before", lambda length: np.ones((length, length), bool))
    assert moved()[:3].min() > 1e-3


def test_without_order_a_history_is_a_set_and_with_order_it_is_not(network):
    weights, past = network
    turned = past[1:2, ::-1]
    for order, same in ((False, True), (True, False)):
        one, other = (sequence.encoded(each, weights, np, order)[:, -1] for each in (past[1:2], turned))
        assert np.allclose(one, other) == same
    still = {**weights, "recency": np.zeros(5)}  # where training begins: they differ in r alone
    np.testing.assert_array_equal(sequence.encoded(past, still, np), sequence.encoded(past, weights, np, order=False))


def test_a_large_weight_of_the_latest_makes_it_what_asks(network):
    weights, past = network
    latest = {**weights, "recency": np.array([50.0, 0, 0, 0, 0])}
    alone = np.where(np.arange(5) == 4, past, 0)
    np.testing.assert_allclose(sequence.encoded(past, latest, np)[:3, -1],
                               sequence.encoded(alone, latest, np)[:3, -1], atol=1e-6)


def test_the_latest_items_by_time_or_as_they_were_given():
    history = sparse.csr_matrix((np.ones(5), ([0, 0, 0, 0, 2], [0, 1, 2, 3, 1])), (3, 4))
    time = sparse.csr_matrix([[5.0, 9.0, 1.0, 7.0], [0, 0, 0, 0], [0, 2.0, 0, 8.0]])
    known = np.array([True, True, True, False])
    assert sequence.recent(history, time, 3).tolist() == [[1, 4, 2], [0, 0, 0], [0, 0, 2]]
    assert sequence.recent(history, time, 3, known).tolist() == [[3, 1, 2], [0, 0, 0], [0, 0, 2]]
    given = Queries.of(["c", "a", "d"], list("abcd"))
    assert sequence.recent(given.history, None, 5).tolist() == [[0, 0, 3, 1, 4]]
    assert sequence.recent(given.history, None, 2).tolist() == [[1, 4]]


@pytest.mark.parametrize("most", [4096, 5])
def test_the_loss_is_the_softmax_of_all_items_or_its_estimate_from_some(most, network, monkeypatch):
    monkeypatch.setattr(sequence, "MAX_ITEMS", most)
    weights, _ = network
    past = np.array([[0, 3, 9, 1, 2, 5], [0, 0, 0, 0, 7, 4]])
    (some, at, after, drawn), _ = next(sequence.batches(past, 2, 9, seed=0))
    layer = sequence.next_item({name: part.astype(np.float32) for name, part in weights.items()}, True, 0.5, 0)
    found = np.asarray(layer([some, at, after, drawn]))
    h = sequence.encoded(some, weights, np).reshape(-1, 4)[at]
    logits = h @ weights["vectors"].T + weights["biases"]
    pairs = sorted(zip((some.ravel()[at]).tolist(), (after + 1).tolist(), strict=True))
    assert pairs == [(1, 2), (2, 5), (3, 9), (7, 4), (9, 1)]
    for row, (loss, item) in enumerate(zip(found, after, strict=True)):
        others = [j for j in drawn if j != item]
        total = np.exp(logits[row, item]) + 9 / len(drawn) * np.exp(logits[row, others]).sum()
        assert loss == pytest.approx(np.log(total) - logits[row, item], rel=1e-4)
    assert len(drawn) == min(most, 9)


def test_order_is_learned_where_the_latest_item_decides():
    """Everybody took three of six items, in an order of their own; then item 6 if an even one came last, else 7."""
    rng = np.random.default_rng(0)
    taken = rng.permuted(np.tile(np.arange(6), (300, 1)), axis=1)[:, :3]
    time = np.zeros((300, 8))
    np.put_along_axis(time, taken, [[1, 2, 3]], axis=1)
    truth = 6 + taken[:, 2] % 2
    asked = Queries(sparse.csr_matrix(time > 0), time=sparse.csr_matrix(time))
    time[np.arange(300), truth] = 4
    log = Interactions(time > 0, range(300), range(8), time=sparse.csr_matrix(time))
    right = {}
    for order in (True, False):
        ranker = SASRec(8, 4, dropout=0.0, l2=0.0, epochs=60, batch=64, rate=0.03, order=order).fit(log)
        scores = ranker.score(asked)
        right[order] = (np.where(scores[:, 7] > scores[:, 6], 7, 6) == truth).mean()
        assert ranker.losses_[-1] < ranker.losses_[0]
    assert right[True] > 0.85
    assert right[False] < 0.8


def test_sasrec_repeats_with_its_seed_and_looks_at_as_many_items_as_it_was_saved_with(eager, small, tmp_path):
    one, same, other = (SASRec(4, 3, epochs=2, seed=seed).fit(small) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.vectors_, same.vectors_)
    assert not np.allclose(one.vectors_, other.vectors_)
    same_when_saved(one, small.queries(), tmp_path / "r")
    with pytest.raises(ValueError, match="recency_ of 2 items for a length of 3"):
        SASRec.from_state(one.get_params(), {**one.state(), "recency_": one.recency_[:2]})
    nobody = Interactions(sparse.csr_matrix((1, 6)), ["u"], small.items)
    assert SASRec(4, 3).fit(nobody).recommend(["i0"], 2).by_popularity.all()
