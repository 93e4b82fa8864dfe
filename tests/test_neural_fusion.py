"""Networks that fuse modalities: gradients, masks, dropout of modalities, what is kept of them, hard inputs."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.ranking import CrossAttention, GatedFusion, TwoTower, load, save
from mmrec_helpers.ranking.fused import towers
from mmrec_helpers.ranking.fused.networks import alike
from mmrec_helpers.ranking.fused.positives import NEVER, Positives

KINDS = (TwoTower, GatedFusion, CrossAttention)
each_network = pytest.mark.parametrize("kind", KINDS)


def made(kind, **params):
    return kind(**{"dim": 4, "n_factors": 3, "epochs": 2, "batch": 64, "als_l2": 1.0, **params})


@pytest.fixture(scope="module", autouse=True)
def eager():
    """Without tracing, which takes longer than these few steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def shop():
    """40 users, 12 items in no order of their names, sizes and times differ; nobody took i5; u7 took nothing."""
    rng = np.random.default_rng(0)
    matrix = (rng.random((40, 12)) < 0.3) * rng.choice([1.0, 2.0, 0.5], (40, 12))
    matrix[:, 5] = matrix[7] = 0
    time = sparse.csr_matrix((matrix > 0) * rng.random((40, 12)))
    return Interactions(matrix, [f"u{i}" for i in range(40)], [f"i{i}" for i in (3, 1, 2, 0, 4, 5, 6, 11, 8, 9, 10, 7)],
                        time=time)


@pytest.fixture(scope="module")
def content(shop):
    """Text and sound, each in another order than the shop's; i3 has no text, i5 (that nobody took) has nothing."""
    rng = np.random.default_rng(1)
    text, sound, ids = rng.standard_normal((12, 5)), rng.standard_normal((12, 3)), sorted(shop.items)
    text[[ids.index("i3"), ids.index("i5")]] = sound[ids.index("i5")] = np.nan
    return [Features("tfidf", "text", ids, text), Features("mel", "audio", ids[::-1], sound[::-1])]


@pytest.fixture(scope="module")
def fitted(shop, content):
    return {kind: made(kind).fit(shop, content) for kind in KINDS}


def lists(recommended):
    return recommended.ids.tolist(), np.nan_to_num(recommended.scores, nan=-1).tolist()


# ---- the loss and what it is trained on


def test_the_loss_by_hand():
    """Two users: what they took has 1/2, then 1/4 of the probability; what could not be taken has none of it."""
    logits = np.array([[0.0, 0.0, NEVER], [0.0, np.log(2), 0.0]])
    target = np.array([[1.0, 0, 0], [0, 0, 1]])
    assert float(towers.softmax_loss(target, logits)) == pytest.approx((np.log(2) + np.log(4)) / 2)


def test_the_gradient_of_the_loss_agrees_with_finite_differences():
    import tensorflow as tf

    rng = np.random.default_rng(0)
    logits, target = rng.standard_normal((4, 6)), np.eye(6)[[0, 3, 3, 5]]
    logits[0, 2] = NEVER
    at = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(at)
        loss = towers.softmax_loss(target, at)
    steps = 1e-5 * np.eye(24).reshape(24, 4, 6)
    slope = [float(towers.softmax_loss(target, logits + step) - towers.softmax_loss(target, logits - step)) / 2e-5
             for step in steps]
    np.testing.assert_allclose(tape.gradient(loss, at).numpy().ravel(), slope, atol=1e-7)
    assert np.abs(slope).max() > 0.1


def test_an_item_that_nobody_took_by_then_is_in_no_softmax():
    """u took a at 1, b at 3; v took b at 2, c at 4: for u's a, b and c are not there yet; nobody ever took d."""
    taken = Interactions([[1, 1, 0, 0], [0, 1, 1, 0]], ["u", "v"], list("abcd"),
                         time=sparse.csr_matrix([[1.0, 3.0, 0, 0], [0, 2.0, 4.0, 0]]))
    columns, history, offset, target = next(iter(Positives(taken, 9, 9, seed=0)))
    rows = {(tuple(h), tuple(t)): tuple(o == NEVER) for h, o, t in zip(history, offset, target, strict=True)}
    assert columns.tolist() == [0, 1, 2, 3]
    assert rows == {((0, 1, 0, 0), (1, 0, 0, 0)): (False, True, True, True),
                    ((1, 0, 0, 0), (0, 1, 0, 0)): (True, False, True, True),
                    ((0, 0, 1, 0), (0, 1, 0, 0)): (False, False, True, True),
                    ((0, 1, 0, 0), (0, 0, 1, 0)): (False, True, False, True)}


def test_of_many_items_some_are_drawn_and_the_correction_is_the_chance_of_being_among_them():
    rng = np.random.default_rng(2)
    taken = Interactions(rng.random((60, 80)) < rng.random(80) / 8, range(60), range(80))
    drawn = Positives(taken, batch=8, max_items=10, seed=0)
    counts, batches = np.zeros(80), iter(drawn)
    for _ in range(3000):
        columns, history, offset, target = next(batches)
        assert target.sum(axis=1).tolist() == [1] * 8
        assert (offset[target > 0] > NEVER).all()
        counts[columns] += 1
    assert 10 < counts.sum() / 3000 < 80
    np.testing.assert_allclose(counts / 3000, np.exp(drawn.log_chance), atol=0.05)


def test_a_large_shop_trains_on_drawn_items(shop, content):
    ranker = made(TwoTower, max_items=4).fit(shop, content)
    assert ranker.item_vectors_.shape == (12, 4)
    assert ranker.losses_[-1] < 5


# ---- masks and dropout of modalities


@each_network
def test_a_modality_that_is_absent_changes_nothing_whatever_values_lie_there(kind):
    network, rng = made(kind).item_network([3, 2]), np.random.default_rng(0)
    present = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], np.float32)
    text, image = rng.standard_normal((4, 3)), rng.standard_normal((4, 2))
    clean = np.asarray(network([present, text, image]))
    for junk in (1e6, np.nan):
        spoilt = (np.where(present[:, m:m + 1] > 0, block, junk) for m, block in enumerate((text, image)))
        np.testing.assert_array_equal(np.asarray(network([present, *spoilt])), clean)
    assert (clean[3] == 0).all()
    assert np.abs(clean[:3]).max(axis=1).min() > 0
    assert np.abs(clean - np.asarray(network([np.ones((4, 2)), text, image]))).max(axis=1)[1:].min() > 1e-3


@pytest.mark.parametrize("kind", [GatedFusion, CrossAttention])
def test_what_a_network_learnt_of_a_modality_means_nothing_to_an_item_without_it(kind):
    network, rng = made(kind).item_network([3, 2]), np.random.default_rng(0)
    given = [np.array([[1.0, 0], [1, 1]]), rng.standard_normal((2, 3)), rng.standard_normal((2, 2))]
    before = np.asarray(network(given))
    image, = [layer for layer in network.layers if layer.weights and layer.weights[0].shape[0] == 2]
    image.set_weights([3 * rng.standard_normal(weight.shape) for weight in image.get_weights()])
    moved = np.abs(np.asarray(network(given)) - before).max(axis=1)
    assert moved[0] < 1e-6
    assert moved[1] > 0.1


@each_network
def test_modalities_are_dropped_whole_and_in_training_only(kind):
    network, rng = made(kind, dropout=0.5).item_network([3, 2]), np.random.default_rng(0)
    n = 200
    text, image = np.tile(rng.standard_normal(3), (n, 1)), np.tile(rng.standard_normal(2), (n, 1))
    whole = np.asarray(network([np.ones((n, 2)), text, image]))
    np.testing.assert_allclose(whole, whole[:1].repeat(n, axis=0), rtol=1e-5)
    trained = np.asarray(network([np.ones((n, 2)), text, image], training=True))
    cases = np.asarray(network([np.array([[1, 1], [1, 0], [0, 1], [0, 0]]), text[:4], image[:4]]))
    nearest = np.abs(trained[:, None] - cases).max(axis=2)
    assert nearest.min(axis=1).max() < 1e-4
    assert np.bincount(nearest.argmin(axis=1), minlength=4).min() > 25


@each_network
def test_without_dropout_training_sees_what_serving_sees(kind):
    network, rng = made(kind, dropout=0.0).item_network([3, 2]), np.random.default_rng(0)
    given = [np.ones((5, 2)), rng.standard_normal((5, 3)), rng.standard_normal((5, 2))]
    np.testing.assert_allclose(np.asarray(network(given, training=True)), np.asarray(network(given)), rtol=1e-5)


def test_weight_decay_pulls_the_networks_weights_to_0_and_not_what_the_mean_of_the_past_becomes(shop, content):
    ranker = made(TwoTower, l2=1000.0, rate=1e-3, epochs=4).fit(shop, content)
    assert np.abs(ranker.item_vectors_).max() < 0.05
    np.testing.assert_allclose(ranker.kernel_, np.eye(4), atol=0.02)


# ---- what is kept is numpy and says what the network says


@each_network
def test_numpy_serves_what_keras_trained(kind, shop):
    import keras

    keras.utils.set_random_seed(0)
    ranker = made(kind)
    vectors = np.random.default_rng(0).standard_normal((12, 8 if kind is GatedFusion else 4)).astype(np.float32)
    users = ranker.user_network(vectors.shape[1])
    users.set_weights([weight + 0.3 * np.random.default_rng(1).standard_normal(weight.shape)
                       for weight in users.get_weights()])
    ranker.modalities_ = np.array(["a", "b"], object)
    ranker._keep(vectors, users)
    np.testing.assert_allclose(ranker.user_vectors(shop.matrix), np.asarray(users([shop.matrix.toarray(), vectors])),
                               rtol=1e-4, atol=1e-5)


@each_network
def test_what_was_learnt_is_finite_single_precision(kind, fitted):
    arrays = {name: value for name, value in fitted[kind].state().items() if value.dtype.kind == "f"}
    assert len(arrays) >= 4
    assert all(value.dtype == np.float32 and np.isfinite(value).all() for value in arrays.values())
    assert fitted[kind].modalities_.tolist() == ["tfidf", "mel", "log"]


@each_network
def test_strangers_are_served_by_their_history_and_the_empty_one_by_popularity(kind, shop, fitted):
    ranker = fitted[kind]
    stranger = Queries(shop.matrix[3])
    np.testing.assert_allclose(ranker.score(stranger), ranker.score(shop.queries())[[3]], rtol=1e-4, atol=1e-6)
    found = ranker.recommend([[], ["i0"], ["i5"]], 3)
    assert found.by_popularity[:2].tolist() == [True, False]
    assert np.isfinite(ranker.score(Queries.of([[], ["i5"]], shop.items))).all()


@each_network
def test_what_past_items_and_modalities_added_adds_up_to_the_score(kind, shop, fitted):
    ranker, queries = fitted[kind], shop.queries(["u0", "u3"])
    for row, explained in enumerate(ranker.explain(queries, [shop.items, shop.items])):
        past, parts = ([sum(getattr(one, which).values()) for one in explained] for which in ("past", "parts"))
        np.testing.assert_allclose(past, ranker.score(queries)[row], rtol=1e-4, atol=1e-5)
        if kind is GatedFusion:
            assert all(list(one.parts) == ["tfidf", "mel", "log"] for one in explained)
            np.testing.assert_allclose(parts, ranker.score(queries)[row], rtol=1e-4, atol=1e-5)


def test_the_weights_of_modalities_are_a_users_own_and_of_mean_1(shop, fitted):
    tastes = fitted[GatedFusion].tastes(shop.matrix)
    assert tastes.shape == (40, 3)
    np.testing.assert_allclose(tastes.mean(axis=1), 1, rtol=1e-5)
    assert (tastes > 0).all()
    assert tastes.std(axis=0).min() > 0


def test_how_alike_a_past_is():
    """Vectors of length 1, each taken once: the mean cosine of all pairs; one item, or none with it, says nothing."""
    vectors = np.random.default_rng(0).standard_normal((3, 2, 5)) + [1, 0, 0, 0, 0]
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    vectors[2, 1] = 0  # the third item does not have the second modality
    first = np.mean([vectors[a, 0] @ vectors[b, 0] for a, b in ((0, 1), (0, 2), (1, 2))])
    past = np.array([[1.0, 1, 1], [0, 0, 1], [0, 0, 0]])
    found = alike(np.einsum("bn,nmd->bmd", past, vectors), past, past, (vectors ** 2).sum(axis=2), np)
    np.testing.assert_allclose(found, [[first, vectors[0, 1] @ vectors[1, 1]], [0, 0], [0, 0]], atol=1e-6)


@each_network
def test_a_saved_network_gives_the_same_lists_without_tensorflow(kind, shop, fitted, tmp_path):
    save(fitted[kind], tmp_path / "r")
    again = load(tmp_path / "r")
    assert lists(again.recommend(shop.queries(), 5)) == lists(fitted[kind].recommend(shop.queries(), 5))
    assert again.explain(["i0", "i1"], [["i2"]]) == fitted[kind].explain(["i0", "i1"], [["i2"]])
    if kind is GatedFusion:
        code = ("import sys; from pathlib import Path; from mmrec_helpers.ranking import load; "
                f"load(Path({str(tmp_path / 'r')!r})).recommend(['i0'], 3); "
                "print({'keras', 'tensorflow'} & set(sys.modules))")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "set()"


@each_network
def test_a_state_that_cannot_be_its_own_is_refused(kind, fitted):
    ranker, state = fitted[kind], fitted[kind].state()
    for name, value in state.items():
        spoilt = value.copy()
        spoilt.flat[0] = np.nan if value.dtype.kind == "f" else spoilt.flat[0]
        for wrong in (value[:-1], value[None], spoilt if value.dtype.kind == "f" else np.arange(len(value))):
            with pytest.raises(ValueError):
                kind.from_state(ranker.get_params(), {**state, name: wrong})
    with pytest.raises(ValueError):
        kind.from_state(ranker.get_params(), {**state, "item_vectors_": state["item_vectors_"][:, 1:]})


# ---- the same again


@each_network
def test_a_fit_repeats_with_its_seed_whatever_the_items_are_called(kind, shop, content, fitted):
    names = {item: f"x{item[::-1]}" for item in shop.items}
    renamed = Interactions(shop.matrix, shop.users, [names[item] for item in shop.items], time=shop.time)
    same = [Features(one.name, one.modality, [names[item] for item in one.ids[::-1]], one.matrix[::-1],
                     one.present[::-1]) for one in content]
    again = made(kind).fit(renamed, same)
    np.testing.assert_allclose(again.score(renamed.queries()), fitted[kind].score(shop.queries()), atol=1e-4)
    other = made(kind, seed=1).fit(shop, content)
    assert np.abs(other.score(shop.queries()) - fitted[kind].score(shop.queries())).max() > 0.01


@each_network
def test_items_in_another_order_have_the_same_vectors(kind, shop, content):
    """Where nothing is drawn for an item: without dropout and factors, all positives in one batch."""
    order = np.random.default_rng(0).permutation(12)
    turned = Interactions(shop.matrix[:, order], shop.users, shop.items[order], time=shop.time[:, order])
    one, other = (made(kind, n_factors=0, dropout=0.0, batch=10**6, epochs=5, rate=1e-3).fit(given, content)
                  for given in (shop, turned))
    np.testing.assert_allclose(other.item_vectors_, one.item_vectors_[order], atol=1e-3)
    assert np.abs(one.item_vectors_).max() > 0.1


# ---- hard inputs


@each_network
def test_any_number_of_modalities_of_any_name(kind, shop, content):
    clips = Features("clips", "video", shop.items, np.random.default_rng(3).standard_normal((12, 4)))
    assert made(kind).fit(shop, [*content, clips]).modalities_.tolist() == ["tfidf", "mel", "clips", "log"]
    one = made(kind, n_factors=0).fit(shop, content[1:])
    assert one.modalities_.tolist() == ["mel"]
    assert np.isfinite(one.score(shop.queries())).all()


@each_network
def test_an_item_without_any_modality_has_the_vector_0(kind, shop, fitted):
    vectors = fitted[kind].item_vectors_
    assert (vectors[shop.items == "i5"] == 0).all()
    assert np.abs(vectors[shop.items != "i5"]).max(axis=1).min() > 0


@each_network
def test_of_new_items_a_user_is_offered_the_one_like_those_taken(kind):
    """Even users take items whose text points one way, odd users those of the other; i10 and i11 are new."""
    rng, side = np.random.default_rng(0), np.arange(12) % 2
    matrix = (rng.random((40, 12)) < 0.6) * (side == np.arange(40)[:, None] % 2)
    matrix[:, 10:] = 0
    shop = Interactions(matrix, range(40), [f"i{i}" for i in range(12)])
    text, noise = np.column_stack([side, 1 - side]) + 0.1 * rng.standard_normal((12, 2)), rng.standard_normal((12, 3))
    features = [Features("minilm", "text", shop.items, text), Features("noise", "audio", shop.items, noise)]
    ranker = made(kind, n_factors=0, epochs=10, batch=10**6, rate=0.03, l2=0.1).fit(shop, features)
    found = ranker.recommend([["i0", "i2"], ["i1", "i3"]], 1, only=["i10", "i11"])
    assert found.ids.tolist() == [["i10"], ["i11"]]


@each_network
def test_a_new_item_with_content_has_a_vector(kind, shop, content):
    given = [Features(one.name, one.modality, one.ids, one.matrix, np.ones(12, bool)) for one in content]
    ranker = made(kind).fit(shop, given)
    assert ranker.capabilities.new_items
    assert np.abs(ranker.item_vectors_[shop.items == "i5"]).max() > 0


@pytest.mark.parametrize("features", [[], [Features("mel", "audio", ["other"], [[1.0]])],
                                      [Features("mel", "audio", ["i1"], [[np.nan]])]])
def test_without_any_modality_it_says_what_to_do(features, shop):
    with pytest.raises(ValueError, match=r"no item has any of the features.*pipeline\.extract_features.*ImplicitALS"):
        TwoTower().fit(shop, features)


@each_network
def test_features_that_are_all_zero_do_no_harm(kind, shop):
    flat = Features("flat", "text", shop.items, np.zeros((12, 3)))
    ranker = made(kind).fit(shop, [flat])
    assert np.isfinite(ranker.score(shop.queries())).all()


@each_network
def test_a_shop_of_one_item_and_one_without_any_event_have_lists(kind):
    text = [Features("tfidf", "text", ["a"], [[1.0, 2.0]])]
    one = Interactions([[1.0]], ["u"], ["a"])
    ranker = made(kind).fit(one, text)
    assert ranker.recommend([], 3).ids.tolist() == [["a"]]
    assert ranker.recommend(one.queries(), 3).ids.tolist() == [[None]]
    nothing = Interactions(np.zeros((1, 1)), ["u"], ["a"])
    assert made(kind).fit(nothing, text).recommend(nothing.queries(), 3).ids.tolist() == [["a"]]
