"""Feature-level fusion and profiles: aligned by id, on one footing, reduced by PCA."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.decomposition import PCA

from mmrec_helpers import fusion, profiles
from mmrec_helpers.catalog import Catalog, Modality

IDS = ["a", "b", "c"]


def test_rows_are_aligned_by_id_not_by_luck():
    text = Modality("text", IDS, [[1.0], [2.0], [3.0]])
    image = Modality("image", IDS[::-1], [[3.0], [2.0], [1.0]])
    fused = fusion.fuse([text, image]).matrix
    np.testing.assert_allclose(fused[:, 0], fused[:, 1])


def test_a_wide_modality_does_not_drown_a_narrow_one():
    rng = np.random.default_rng(0)
    ids = [str(i) for i in range(500)]
    fused = fusion.fuse([Modality("wide", ids, 100 * rng.standard_normal((500, 300))),
                         Modality("narrow", ids, rng.standard_normal((500, 2)))]).matrix
    wide, narrow = (np.linalg.norm(block, axis=1).mean() for block in (fused[:, :300], fused[:, 300:]))
    assert wide == pytest.approx(narrow, rel=1e-3)


def test_an_absent_modality_is_average_and_the_item_stays_present():
    text = Modality("text", IDS, [[1.0], [np.nan], [3.0]])
    image = Modality("image", IDS, [[1.0], [2.0], [9.0]])
    fused = fusion.fuse([text, image])
    assert fused.present.all()
    assert fused.matrix[1, 0] == 0


def test_an_item_with_nothing_is_absent():
    assert not fusion.fuse([Modality("text", IDS, [[1.0], [np.nan], [3.0]])]).present[1]


def test_weights_scale_a_modality():
    text, image = Modality("text", IDS, [[1.0], [2.0], [3.0]]), Modality("image", IDS, [[3.0], [1.0], [2.0]])
    plain, heavy = fusion.fuse([text, image]).matrix, fusion.fuse([text, image], {"image": 3.0}).matrix
    np.testing.assert_allclose(heavy, plain * [1, 3])


def test_components_are_those_of_pca():
    matrix = np.random.default_rng(0).standard_normal((40, 6))
    expected = PCA(2, svd_solver="full").fit(matrix).transform(matrix)
    np.testing.assert_allclose(np.abs(fusion.reduce(matrix, 2)), np.abs(expected), atol=1e-8)


def test_nothing_to_fuse_says_so():
    with pytest.raises(ValueError, match="at least one modality"):
        fusion.fuse([])


def test_a_profile_is_the_mean_of_what_was_taken():
    content = Modality("text", IDS, [[1.0, 0.0], [0.0, 2.0], [np.nan, np.nan]])
    histories = sparse.csr_matrix((np.array([1, 1, 1, 0], np.float32), ([0, 0, 0, 1], [0, 1, 2, 0])), (2, 3))
    found = profiles.taste(histories, IDS, content)
    np.testing.assert_allclose(found, [[0.5, 1.0], [0, 0]])  # c has no text, v only disliked a


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


def test_a_modality_leaves_the_array_it_was_given_as_it_was():
    given = np.array([[1.0, 2.0], [np.nan, 5.0]], np.float32)
    made = Modality("text", ["a", "b"], given)
    np.testing.assert_array_equal(made.matrix, [[1, 2], [0, 0]])
    np.testing.assert_array_equal(given, [[1, 2], [np.nan, 5]])
