"""The article's listing (section 5.2): each of its faults bites in a snippet of our own; ours does not have it.

The snippets show the same mistakes in words of our own; the article's text is not here.
"""

import inspect

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer

from mmrec_helpers import pipeline
from mmrec_helpers.catalog import Catalog, Features, Interactions
from mmrec_helpers.features.store import FeatureStore
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.ranking import EASE, Popularity

NAMES = ("preprocess_data", "extract_text_features", "extract_image_features", "extract_audio_features",
         "build_user_profile", "generate_recommendations", "main")


@pytest.fixture
def shop(tmp_path):
    """Six records, four listeners, text only; one description is missing."""
    texts = ["rain on the harbour wall tonight", "a slow train through the harbour", None, "bright city lights tonight",
             "the city never sleeps tonight", "slow rain on a slow train"]
    items = pd.DataFrame({"item_id": list("abcdef"), "title": [f"record {one}" for one in "abcdef"],
                          "description": texts}, dtype=object)
    rows = [("u1", "a"), ("u1", "b"), ("u1", "d"), ("u2", "a"), ("u2", "b"), ("u2", "f"), ("u3", "d"), ("u3", "e"),
            ("u3", "c"), ("u4", "e"), ("u4", "d"), ("u4", "a")]
    events = pd.DataFrame([(user, item, "play", f"2025-01-{day + 1:02d}T12:00:00Z") for day, (user, item) in
                           enumerate(rows)], columns=["user_id", "item_id", "event", "timestamp"], dtype=object)
    return Catalog(items, events, tmp_path, "six records")


@pytest.fixture
def known(shop):
    users, items = sorted(set(shop.events["user_id"])), list("abcdef")
    row = [users.index(user) for user in shop.events["user_id"]]
    column = [items.index(item) for item in shop.events["item_id"]]
    matrix = sparse.csr_matrix((np.ones(len(row), np.float32), (row, column)), (4, 6))
    return Interactions(matrix, users, items)


@pytest.fixture
def store(tmp_path):
    return FeatureStore(tmp_path / "features")


def test_the_seven_names_are_there_and_short():
    for name in NAMES:
        body = inspect.getsource(getattr(pipeline, name)).split('"""')[-1].strip().splitlines()
        assert len(body) <= 20, name


def test_fault_1_a_vectoriser_that_was_never_fitted(shop, store):
    with pytest.raises(NotFittedError):
        TfidfVectorizer().transform(["rain on the harbour wall"])
    assert pipeline.extract_text_features(shop, store).matrix.shape[0] == 6


def test_fault_2_zeros_written_into_text(shop):
    broken = shop.items["description"].fillna(0)
    with pytest.raises(AttributeError, match="'int' object has no attribute 'lower'"):
        TfidfVectorizer().fit(broken)
    cleaned, _ = pipeline.preprocess_data(shop)
    assert cleaned.items["description"].isna().sum() == 1
    assert not (cleaned.items["description"] == 0).any()


def test_fault_3_a_whole_column_as_one_document(shop, store):
    one = TfidfVectorizer().fit_transform([" ".join(shop.items["description"].dropna())])
    assert one.shape[0] == 1  # six records, one vector
    text = pipeline.extract_text_features(shop, store)
    assert len(text.matrix) == len(shop.items)
    assert text.present.tolist() == [True, True, False, True, True, True]


def test_fault_4_a_path_is_not_a_picture(tmp_path):
    import cv2

    from mmrec_helpers.media import read_image

    path = tmp_path / "cover.jpg"
    cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
    with pytest.raises(ValueError, match="could not convert string to float"):
        np.asarray([str(path)]).astype(np.float32)
    assert read_image(path).shape == (20, 30, 3)


def test_fault_5_sparse_beside_dense():
    text = sparse.random(3, 4, 0.5, format="csr")
    with pytest.raises(ValueError, match="dimension"):
        np.concatenate([text, np.ones((3, 2))], axis=1)
    both = [Features("tfidf", "text", list("abc"), text.toarray()),
            Features("cnn", "image", list("abc"), np.ones((3, 2)))]
    assert FeatureFusion().fit(both).transform(both).matrix.shape == (3, 6)


def test_fault_6_a_row_of_items_is_not_a_user(shop, known, store):
    items = np.ones((len(shop.items), 3))
    profile = items.mean(axis=0)  # one vector, whoever asks
    assert profile.shape == (3,)
    cleaned, _ = pipeline.preprocess_data(shop)
    built = pipeline.build_user_profile(cleaned, known, [pipeline.extract_text_features(cleaned, store)])
    assert built.ids.tolist() == ["u1", "u2", "u3", "u4"]
    assert not np.allclose(built.matrix[0], built.matrix[2])


def test_fault_7_a_reversed_argsort_of_a_table_turns_rows_round():
    scores = np.array([[0.1, 0.9, 0.5], [0.8, 0.2, 0.3]])
    wrong = np.argsort(scores)[::-1]  # the second user's ascending list comes first
    assert wrong[0].tolist() == [1, 2, 0]
    ranker = Popularity().fit(Interactions(sparse.csr_matrix([[1, 0, 1], [1, 0, 0]]), ["u", "v"], list("abc")))
    assert ranker.recommend([[], []], 3).ids.tolist() == [["a", "c", "b"]] * 2


def test_fault_8_what_was_bought_is_recommended_again(known):
    scores = EASE(1.0).fit(known).score(known.queries()) + known.matrix.toarray()
    best = known.items[scores.argmax(axis=1)]
    bought = [set(known.items[row.indices]) for row in known.matrix]
    assert any(one in mine for one, mine in zip(best, bought, strict=True))
    listed = pipeline.generate_recommendations(EASE(1.0).fit(known), known, k=6)
    for user, mine in zip(known.users, bought, strict=True):
        assert not set(listed.loc[listed["user_id"] == user, "item_id"]) & mine


def test_fault_9_nothing_is_evaluated(shop, store, monkeypatch):
    monkeypatch.setattr(pipeline.datasets, "load", lambda data: shop)
    result = pipeline.main("six records", k=3, store=store)
    text = result.extracted["text"].features
    assert {one.name for one in result.scores} >= {"popularity", "EASE", "ALS", f"content kNN ({text.name})", "hybrid"}
    assert all(np.isfinite(one.metrics["ndcg"]).all() for one in result.scores)
    assert set(result.extracted) == {"text"}  # no covers, no previews: it goes on without them


def test_what_is_reported_has_not_seen_the_test_and_what_serves_is_the_best_on_valid(shop, store, monkeypatch):
    monkeypatch.setattr(pipeline.datasets, "load", lambda data: shop)
    result = pipeline.main("six records", k=3, store=store)
    learnt = result.split.test.fit.matrix.getnnz(axis=0)
    for name, tuned in result.tuned.items():
        assert tuned.ranker.popularity_.tolist() == learnt.tolist(), name
    valid = {name: max(tuned.scores) for name, tuned in result.tuned.items() if tuned.scores}
    assert valid[result.best] == max(valid.values())
    assert result.ranker.get_params().keys() == result.tuned[result.best].params.keys()
    assert result.ranker.popularity_.tolist() == result.split.everything.matrix.getnnz(axis=0).tolist()
    seen = set(zip(shop.events["user_id"], shop.events["item_id"], strict=True))
    listed = set(zip(result.recommendations["user_id"], result.recommendations["item_id"], strict=True))
    assert listed
    assert not listed & seen


def test_a_log_that_leaves_nobody_to_judge_stops_before_any_extraction(shop, store, monkeypatch):
    alone = Catalog(shop.items, shop.events.head(1), shop.root, shop.name)
    monkeypatch.setattr(pipeline.datasets, "load", lambda data: alone)
    monkeypatch.setattr(pipeline, "extract_features", lambda *_: pytest.fail("extracted first"))
    with pytest.raises(pipeline.RunStopped, match="nobody has both") as stopped:
        pipeline.main("six records", store=store)
    assert stopped.value.cleaned.counts() is not None
