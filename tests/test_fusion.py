"""Feature-level fusion and profiles: aligned by id, on one footing, learnt by fit, reduced by PCA."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.decomposition import PCA

from mmrec_helpers import fusion, profiles
from mmrec_helpers.catalog import Catalog, Features
from mmrec_helpers.fusion import FeatureFusion

IDS = ["a", "b", "c"]


def fuse(features, **kwargs):
    return FeatureFusion(**kwargs).fit(features).transform(features)


def test_rows_are_aligned_by_id_not_by_luck():
    text = Features("tfidf", "text", IDS, [[1.0], [2.0], [3.0]])
    image = Features("cnn", "image", [*IDS[::-1], "other"], [[3.0], [2.0], [1.0], [2.0]])
    fused = fuse([text, image])
    assert fused.ids.tolist() == IDS
    np.testing.assert_allclose(fused.matrix[:, 0], fused.matrix[:, 1] * 3 / 4, rtol=1e-5)  # another mean distance


def test_a_wide_block_does_not_drown_a_narrow_one():
    rng = np.random.default_rng(0)
    ids = [str(i) for i in range(500)]
    fused = fuse([Features("wide", "text", ids, 100 * rng.standard_normal((500, 300))),
                  Features("narrow", "audio", ids, rng.standard_normal((500, 2)))]).matrix
    wide, narrow = (np.linalg.norm(block, axis=1).mean() for block in (fused[:, :300], fused[:, 300:]))
    assert wide == pytest.approx(narrow, rel=1e-3)


def test_an_absent_medium_is_average_and_the_item_stays_present():
    text = Features("tfidf", "text", IDS, [[1.0], [np.nan], [3.0]])
    image = Features("cnn", "image", IDS, [[1.0], [2.0], [9.0]])
    fused = fuse([text, image])
    assert fused.present.all()
    assert fused.matrix[1, 0] == 0


def test_an_item_with_nothing_is_absent():
    assert not fuse([Features("tfidf", "text", IDS, [[1.0], [np.nan], [3.0]])]).present[1]


def test_a_medium_that_no_item_has_adds_zeros():
    fused = fuse([Features("tfidf", "text", IDS, [[1.0], [2.0], [3.0]]),
                  Features("mel", "audio", IDS, np.full((3, 2), np.nan))])
    assert (fused.matrix[:, 1:] == 0).all()
    assert np.isfinite(fused.matrix).all()


def test_two_encoders_of_one_modality_stand_side_by_side_and_are_weighted_by_name():
    words, sentences = (Features(name, "text", IDS, rows) for name, rows in
                        (("tfidf", [[1.0], [2.0], [3.0]]), ("minilm", [[3.0], [1.0], [2.0]])))
    plain, heavy = fuse([words, sentences]), fuse([words, sentences], weights={"minilm": 3.0}, name="both")
    assert plain.matrix.shape == (3, 2)
    np.testing.assert_allclose(heavy.matrix, plain.matrix * [1, 3], rtol=1e-6)
    assert (heavy.name, heavy.modality) == ("both", "text")
    image = Features("cnn", "image", IDS, np.eye(3))
    assert fuse([words, image, sentences]).modality == "text+image"


def test_two_features_of_one_name_are_refused():
    text = Features("tfidf", "text", IDS, [[1.0], [2.0], [3.0]])
    with pytest.raises(ValueError, match="two features have one name: tfidf, tfidf"):
        FeatureFusion().fit([text, text])


def test_nothing_to_fuse_says_so():
    with pytest.raises(ValueError, match="at least one modality"):
        FeatureFusion().fit([])


def test_other_features_than_those_fitted_on_are_refused_by_name_and_width():
    text, image = (Features(name, name, IDS, np.arange(6.0).reshape(3, 2)) for name in ("text", "image"))
    fitted = FeatureFusion().fit([text, image])
    for others in ([image, text], [text], []):
        with pytest.raises(ValueError, match="fitted on text, image, asked with"):
            fitted.transform(others)
    with pytest.raises(ValueError, match="image: 3 dimensions, fitted on 2"):
        fitted.transform([text, Features("image", "image", IDS, np.ones((3, 3)))])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([None, 1, 3, 50]))
def test_a_new_item_moves_no_old_vector(seed, n_components):
    rng = np.random.default_rng(seed)
    ids, sizes = [f"i{n}" for n in range(9)], {"tfidf": 4, "minilm": 3, "mel": 2}
    rows = {name: np.where(rng.random((9, 1)) < 0.2, np.nan, rng.standard_normal((9, d))) for name, d in sizes.items()}
    old = [Features(name, "text", ids, matrix) for name, matrix in rows.items()]
    fitted = FeatureFusion(n_components=n_components).fit(old)
    before = fitted.transform(old)
    new = [Features(name, "text", ["far", *ids], np.vstack([1000 * rng.standard_normal((1, sizes[name])), matrix]))
           for name, matrix in rows.items()]
    after = fitted.transform(new)
    assert after.ids[0] == "far"
    assert after.present[0]
    np.testing.assert_allclose(after.matrix[1:], before.matrix, rtol=1e-4, atol=1e-5)
    assert after.present[1:].tolist() == before.present.tolist()


def test_fit_changes_neither_its_arguments_nor_the_features():
    text = Features("tfidf", "text", IDS, [[1.0, 5.0], [np.nan, 0.0], [3.0, 2.0]])
    before, weights = text.matrix.copy(), {"tfidf": 2.0}
    fusing = FeatureFusion(weights, n_components=1)
    assert fusing.fit([text]) is fusing
    fusing.transform([text])
    assert (fusing.weights, fusing.n_components, fusing.name) == (weights, 1, "fused")
    assert weights == {"tfidf": 2.0}
    np.testing.assert_array_equal(text.matrix, before)


def test_components_are_those_of_pca():
    matrix = np.random.default_rng(0).standard_normal((40, 6))
    features = [Features("x", "text", [str(i) for i in range(40)], matrix)]
    expected = PCA(2, svd_solver="full").fit_transform(fuse(features).matrix)
    np.testing.assert_allclose(np.abs(fuse(features, n_components=2).matrix), np.abs(expected), atol=1e-5)
    assert fuse(features, n_components=6).matrix.shape == (40, 6)  # no more than there are: as they are
    mean, components = fusion.principal_components(matrix, 2)
    np.testing.assert_allclose(np.abs((matrix - mean) @ components.T),
                               np.abs(PCA(2, svd_solver="full").fit_transform(matrix)), atol=1e-8)


def test_a_profile_is_the_mean_of_what_was_taken():
    content = Features("tfidf", "text", IDS[::-1], [[np.nan, np.nan], [0.0, 2.0], [1.0, 0.0]])
    histories = sparse.csr_matrix(np.array([[3, 1, 1], [0, 0, 1]], np.float32))
    found = profiles.taste(histories, IDS, content)
    np.testing.assert_allclose(found, [[0.5, 1.0], [0, 0]])  # c has no text, v took nothing else


def test_behaviour_counts_what_each_user_did():
    times = pd.to_datetime(["2025-01-01T10:00", "2025-01-03T20:00", "2025-01-05T20:00"], utc=True)
    events = pd.DataFrame({"user_id": ["u", "u", "v"], "item_id": ["a", "a", "b"], "event": ["view", "play", "play"],
                           "timestamp": times})
    table = profiles.behaviour(Catalog(pd.DataFrame(), events, None, "x"))
    assert table.loc["u", "days_active"] == pytest.approx(2 + 10 / 24)
    assert table.loc["u", "days_since_last"] == 2
    counted = table.loc["u", ["log_view", "log_play", "log_events", "log_items"]]
    assert np.expm1(counted).round().tolist() == [1, 1, 2, 1]
    assert table.loc["v", "share_evening"] == 1


def test_features_leave_the_array_they_were_given_as_it_was():
    given_ = np.array([[1.0, 2.0], [np.nan, 5.0]], np.float32)
    made = Features("tfidf", "text", ["a", "b"], given_)
    np.testing.assert_array_equal(made.matrix, [[1, 2], [0, 0]])
    assert made.present.tolist() == [True, False]
    np.testing.assert_array_equal(given_, [[1, 2], [np.nan, 5]])


def test_features_are_aligned_by_id_and_one_that_is_not_there_is_absent():
    made = Features("mel", "audio", ["a", "b"], [[1.0, 2.0], [3.0, np.inf]]).align(["z", "b", "a", "a"])
    assert made.present.tolist() == [False, False, True, True]
    np.testing.assert_array_equal(made.matrix, [[0, 0], [0, 0], [1, 2], [1, 2]])
    assert Features("mel", "audio", [], np.zeros((0, 2))).align(["a"]).matrix.tolist() == [[0, 0]]
    with pytest.raises(ValueError, match="mel: 1 ids for 2 rows"):
        Features("mel", "audio", ["a"], np.ones((2, 1)))
