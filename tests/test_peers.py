"""Recommenders of other libraries: that ours agree with them, and that each is asked as ours are (`bench/peers.py`)."""

import importlib.util

import numpy as np
import pytest

from bench import peers, ranking
from bench.judging import seeded
from mmrec_helpers import datasets, splits
from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.evaluation import evaluate, in_words, paired
from mmrec_helpers.preprocessing import preprocess
from mmrec_helpers.ranking import EASE, ImplicitALS, ItemKNN

NEEDS = {"cornac": "cornac", "LightFM": "lightfm", "implicit": "implicit"}


def installed(name):
    return importlib.util.find_spec(NEEDS[name.split(":")[0]]) is not None


@pytest.fixture(scope="module")
def shop():
    return splits.default(preprocess(datasets.load("recordshop"), check_media=False)[0])


@pytest.fixture
def small():
    """Two groups of users with two groups of items; i8 is new and has the content of the second group."""
    rng = np.random.default_rng(0)
    matrix = np.kron(np.eye(2), np.ones((20, 4))) * (rng.random((40, 8)) < 0.7)
    matrix = np.column_stack([matrix, np.zeros(40)])
    content = np.repeat(np.eye(2), [4, 5], axis=0) + 0.05 * rng.standard_normal((9, 2))
    items = [f"i{number}" for number in range(9)]
    return (Interactions(matrix, [f"u{number}" for number in range(40)], items),
            [Features("words", "text", items, content)])


def first(name):
    if not installed(name):
        pytest.skip(f"{name} is in the dependency group bench")
    if name == "cornac: CTR":
        return peers.CornacCTR(texts=tuple(["guitar song"] * 4 + ["drum beat"] * 5), k=2, max_iter=5)
    if name == "implicit: item-item":
        return peers.ImplicitItems(kind="CosineRecommender", K=3)  # fewer than there are: whose neighbours matters
    return peers.PEERS[name][-1]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*peers.PEERS, "cornac: CTR"])
def test_each_peer_learns_two_groups_and_is_asked_as_ours_are(name, small):
    shop, features = small
    ranker = first(name).clone().fit(shop, features)
    scores = ranker.score(shop.queries())
    assert scores.shape == (40, 9)
    own = np.kron(np.eye(2), np.ones((20, 4))) > 0
    assert scores[:, :8][own].mean() > scores[:, :8][~own].mean()
    listed = ranker.recommend(shop.queries(), 9)
    offered = np.array([np.isin(shop.items, ids) for ids in listed.ids])
    assert not shop.matrix.multiply(offered).sum()
    stranger = ranker.score(Queries(shop.matrix[:1], users=np.array(["nobody"], object)))
    assert np.isfinite(stranger).all()
    if name == "LightFM":
        assert scores[20:, 8].mean() > scores[:20, 8].mean()  # a new item by its content


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*peers.PEERS, "cornac: CTR"])
def test_histories_without_users_are_answered_by_a_fold_in_or_by_popularity(name, small):
    shop, features = small
    ranker = first(name).clone().fit(shop, features)
    found = ranker.recommend([["i0"], ["i4"]], 8)
    folds_in = name in ("implicit: ALS", "implicit: item-item", "cornac: EASE")
    assert found.by_popularity.tolist() == [not folds_in] * 2
    if name in ("implicit: ALS", "cornac: EASE"):  # of the same group; item-item relates two of them alone
        assert set(found.ids[0][:3]) == {"i1", "i2", "i3"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["implicit: ALS", "implicit: BPR", "cornac: BPR", "LightFM"])
def test_another_seed_gives_other_scores_and_the_same_seed_the_same(name, small):
    shop, features = small
    one, again, other = (seeded(first(name), seed).fit(shop, features).score(shop.queries()) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def served(name, ranker, shop):
    """What the library itself would answer for everybody: (users, items), nan for an item it does not give."""
    queries, everybody = shop.queries(), np.arange(len(shop.users))
    if name.startswith("implicit"):
        more = {"recalculate_user": True} if name == "implicit: ALS" else {}
        ids, scores = ranker.model_.recommend(everybody, queries.history, N=len(shop.items),
                                              filter_already_liked_items=False, **more)
        found = np.full((len(everybody), len(shop.items)), np.nan)
        row, place = np.nonzero(ids >= 0)
        found[row, ids[row, place]] = scores[row, place]
        return found
    found = np.full((len(everybody), len(shop.items)), np.nan)
    learned = getattr(ranker, "columns_", np.arange(len(shop.items)))
    found[:, learned] = np.stack([np.asarray(ranker.model_.score(user)).ravel() for user in everybody])
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [name for name in (*peers.PEERS, "cornac: CTR") if name != "LightFM"])
def test_each_peer_scores_as_its_own_library_serves(name, small):
    shop, features = small
    ranker = first(name).clone().fit(shop, features)
    theirs = served(name, ranker, shop)
    given = ~np.isnan(theirs)
    assert given.mean() > 0.3
    np.testing.assert_allclose(ranker.score(shop.queries())[given], theirs[given], rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(not installed("LightFM"), reason="LightFM is in the dependency group bench")
def test_lightfm_scores_as_it_predicts_and_an_item_without_events_has_no_feature_of_its_own(small, monkeypatch):
    import lightfm

    kept = []

    class Kept(lightfm.LightFM):
        def fit(self, *args, item_features, **more):
            kept.append((self, item_features))
            return super().fit(*args, item_features=item_features, **more)

    monkeypatch.setattr(lightfm, "LightFM", Kept)
    shop, features = small
    ranker = first("LightFM").clone().fit(shop, features)
    (model, rows), = kept
    users, items = (one.ravel() for one in np.meshgrid(np.arange(40), np.arange(9), indexing="ij"))
    theirs = model.predict(users, items, item_features=rows).reshape(40, 9)
    without = theirs - model.get_user_representations()[0][:, None]  # the user's bias does not change the order
    np.testing.assert_allclose(ranker.score(shop.queries()), without, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(rows[:, :9].toarray(), np.diag([1.0] * 8 + [0.0]))
    assert np.abs(rows[8, 9:]).sum() > 0


def agree(ours, theirs, split):
    """No difference is shown between the lists on the shop's own test."""
    mine, other = (evaluate(one.fit(split.test.fit), split.test) for one in (ours, theirs))
    found = paired(mine, other)
    assert in_words(found) == "no difference shown" or abs(found.mean) < 0.002, found
    return mine, other


@pytest.mark.skipif(not installed("cornac"), reason="cornac is in the dependency group bench")
def test_ease_is_that_of_cornac(shop):
    """Theirs with negative weights too, without which it is not the closed form of its source."""
    mine, other = agree(EASE(100.0), peers.CornacEASE(lamb=100.0, posB=False), shop)
    assert (mine.lists == other.lists).mean() > 0.95  # ours weighs what was bought and played more than once


@pytest.mark.skipif(not installed("cornac"), reason="cornac is in the dependency group bench")
def test_ease_has_the_weights_of_cornac(shop):
    """B itself, of the items with an event: both have 0 on the diagonal."""
    ours, theirs = EASE(100.0).fit(shop.test.fit), peers.CornacEASE(lamb=100.0, posB=False).fit(shop.test.fit)
    np.testing.assert_array_equal(ours.columns_, theirs.columns_)
    assert 0 < len(ours.columns_) < len(ours.items_)
    np.testing.assert_allclose(ours.affinity_, theirs.model_.B, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_item_knn_has_the_cosines_of_implicit_but_for_an_item_with_itself(shop):
    """Of who took what, not how often; theirs counts the item itself as a neighbour, ours does not."""
    fit = shop.test.fit
    taken = Interactions((fit.matrix > 0).astype(np.float32), fit.users, fit.items)
    n = len(fit.items)
    theirs = peers.ImplicitItems(kind="CosineRecommender", K=n).fit(taken).model_.similarity.toarray()
    np.testing.assert_allclose(theirs.diagonal()[taken.matrix.getnnz(axis=0) > 0], 1, atol=1e-6)
    np.fill_diagonal(theirs, 0)
    np.testing.assert_allclose(ItemKNN(k=n, shrink=0.0).fit(taken).affinity_.toarray(), theirs, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_item_knn_is_that_of_implicit(shop):
    """Without shrinkage; theirs takes the sizes of interactions into the cosine, ours who took it."""
    agree(ItemKNN(k=1200, shrink=0.0), peers.ImplicitItems(kind="CosineRecommender", K=1200), shop)


@pytest.mark.filterwarnings("ignore")
def test_als_is_as_good_as_that_of_implicit_at_the_same_setting(shop):
    """Theirs has alpha x, ours 1 + alpha x as confidence, and it takes three steps of conjugate gradients."""
    theirs = peers.ImplicitALS(factors=32, regularization=60.0, alpha=20.0)
    agree(ImplicitALS(32, 60.0, 20.0, n_sweeps=15), theirs, shop)


def test_every_method_of_the_table_tries_as_many_settings_as_its_budget_at_most():
    items = ["a", "b", "c"]
    rows = [Features(name, name, items, np.random.default_rng(0).normal(size=(3, 2))) for name in ("text", "audio")]
    for name, one in ranking.methods(rows, items).items():
        assert 1 <= len(one.settings) <= (ranking.SLOW_BUDGET if one.slow else ranking.BUDGET), name
