"""Profiles: what a user did, decayed and cut in time, in the items' feature space; and what counts for a user."""

import numpy as np
import pandas as pd
import pytest

from mmrec_helpers import profiles
from mmrec_helpers.catalog import Features

NOW = pd.Timestamp("2025-03-01", tz="UTC")
CONTENT = Features("x", "text", ["a", "b", "c"], [[1.0, 0, 2], [0, 3.0, 0], [np.nan] * 3])
WEIGHTS = {"view": 0.5, "like": 2.0}


def log(*rows):
    """Events as (user, item, event, days before NOW)."""
    table = pd.DataFrame(rows, columns=["user_id", "item_id", "event", "age"])
    return table.assign(timestamp=NOW - pd.to_timedelta(table["age"], unit="D"))


def test_weights_and_half_life_by_hand():
    found = profiles.taste_over_time(log(("u", "a", "view", 10), ("u", "b", "like", 20)), CONTENT, WEIGHTS, 10, NOW)
    a, b = 0.5 / 2, 2 / 4
    assert np.allclose(found.matrix, (a * CONTENT.matrix[0] + b * CONTENT.matrix[1]) / (a + b))


def test_agrees_with_a_loop_over_events():
    rng = np.random.default_rng(0)
    rows = [(f"u{rng.integers(4)}", "abcz"[rng.integers(4)], ("view", "like", "other")[rng.integers(3)],
             rng.uniform(-30, 90)) for _ in range(80)]
    found = profiles.taste_over_time(log(*rows), CONTENT, WEIGHTS, 15, NOW)
    for user, row in zip(found.ids, found.matrix, strict=True):
        used = [(WEIGHTS[event] * 0.5 ** (age / 15), CONTENT.matrix["ab".index(item)])
                for who, item, event, age in rows if who == user and item in "ab" and event in WEIGHTS and age > 0]
        assert np.allclose(row, sum(w * x for w, x in used) / sum(w for w, _ in used), atol=1e-5)


def test_what_happens_at_the_cut_or_after_changes_nothing():
    before = log(("u", "a", "like", 5), ("v", "b", "like", 5))
    later = log(("u", "b", "like", 0), ("u", "b", "like", -5))
    one, two = (profiles.taste_over_time(e, CONTENT, WEIGHTS, 10, NOW) for e in (before, pd.concat([before, later])))
    assert (one.matrix == two.matrix).all()


def test_an_absent_item_is_left_out_of_the_mean():
    found = profiles.taste_over_time(log(("u", "a", "like", 1), ("u", "c", "like", 1)), CONTENT, WEIGHTS, 10, NOW)
    assert np.allclose(found.matrix, CONTENT.matrix[0])


def test_a_user_with_nothing_left_is_not_present():
    found = profiles.taste_over_time(log(("u", "c", "like", 1), ("v", "a", "like", -1)), CONTENT, WEIGHTS, 10, NOW)
    assert not found.present.any()
    assert not found.matrix.any()


def test_a_very_old_event_still_counts_where_it_is_all_there_is():
    found = profiles.taste_over_time(log(("u", "a", "like", 4000)), CONTENT, WEIGHTS, 1, NOW)
    assert np.allclose(found.matrix, CONTENT.matrix[0])


def test_content_without_any_row_says_nothing_of_anybody():
    empty = Features("x", "text", [], np.zeros((0, 3)))
    found = profiles.taste_over_time(log(("u", "a", "like", 1)), empty, WEIGHTS, 10, NOW)
    assert found.matrix.tolist() == [[0, 0, 0]]
    assert not found.present.any()


def test_no_decay_is_the_plain_mean():
    events = log(("u", "a", "like", 1), ("u", "b", "like", 300))
    found = profiles.taste_over_time(events, CONTENT, WEIGHTS, np.inf, NOW)
    assert np.allclose(found.matrix, CONTENT.matrix[:2].mean(axis=0))


@pytest.mark.parametrize(("weights", "half_life"), [(WEIGHTS, 0), (WEIGHTS, -1), ({"like": -1}, 1), (WEIGHTS, np.nan)])
def test_what_makes_no_sense_is_refused(weights, half_life):
    with pytest.raises(ValueError, match="half_life"):
        profiles.taste_over_time(log(("u", "a", "like", 1)), CONTENT, weights, half_life, NOW)


def test_a_search_counts_like_an_item_of_that_text_and_an_unknown_word_is_absent():
    events = log(("u", None, "search", 1), ("v", None, "search", 1)).assign(query=["sea", "qwrt"])
    asked = Features("x", "text", ["sea", "qwrt"], [[0, 1.0, 0], [0, 0, 0]])
    found = profiles.taste_over_time(*profiles.with_searches(events, CONTENT, asked), {"search": 1}, 10, NOW)
    assert found.matrix.tolist() == [[0, 1, 0], [0, 0, 0]]
    assert found.present.tolist() == [True, False]


def test_queries_of_another_width_or_named_like_an_item_are_refused():
    events = log(("u", "a", "like", 1)).assign(query=None)
    with pytest.raises(ValueError, match="2 dimensions"):
        profiles.with_searches(events, CONTENT, Features("x", "text", ["sea"], [[1.0, 0]]))
    with pytest.raises(ValueError, match="'a' is both"):
        profiles.with_searches(events, CONTENT, Features("x", "text", ["a"], [[1.0, 0, 0]]))


def test_weights_of_modalities_find_what_was_planted():
    rng = np.random.default_rng(1)
    planted = np.abs(rng.normal(size=(60, 3))) + 0.05
    planted /= np.linalg.norm(planted, axis=1, keepdims=True)
    scores = {name: planted[:, [m]] * rng.normal(size=(60, 400)) * strength
              for m, (name, strength) in enumerate((("text", 1), ("image", 30), ("audio", 0.1)))}
    found = profiles.modality_weights(scores)
    assert found.shape == (60, 3)
    assert np.allclose(np.linalg.norm(found, axis=1), 1)
    assert np.corrcoef(found.ravel(), planted.ravel())[0, 1] > 0.9


def test_a_constant_score_says_nothing_and_nothing_known_is_equal():
    scores = {"text": np.array([[5.0, 5, 5], [0, 1, 2]]), "image": np.array([[7.0, 7, 7], [0, 0, 0]])}
    assert np.allclose(profiles.modality_weights(scores), [[0.5 ** 0.5] * 2, [1, 0]])


def test_weights_without_any_modality_are_refused():
    with pytest.raises(ValueError, match="at least one"):
        profiles.modality_weights({})
