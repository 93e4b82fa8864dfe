"""Tests of differences against scipy, corrections by hand, and what chance is made of by simulation."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mmrec_helpers.evaluation.significance import chance, difference_seen, holm, permutation, t_test


def test_a_permutation_test_of_few_users_is_the_count_of_all_signs():
    differences = np.array([0.3, -0.1, 0.4, 0.2, -0.05, 0.6])
    means = [abs(np.dot(signs, differences)) for signs in itertools.product((-1, 1), repeat=6)]
    exact = np.mean([one >= abs(differences.sum()) - 1e-12 for one in means])
    assert permutation(differences, n=40_000) == pytest.approx(exact, abs=0.01)


def test_a_permutation_test_of_many_is_scipys():
    differences = np.append(np.random.default_rng(0).normal(0.05, 0.5, 200), np.nan)
    theirs = stats.permutation_test((differences[:-1],), np.mean, permutation_type="samples", n_resamples=9_999,
                                    rng=np.random.default_rng(1)).pvalue
    assert permutation(differences) == pytest.approx(theirs, abs=0.02)
    assert permutation(differences) == pytest.approx(stats.ttest_1samp(differences[:-1], 0).pvalue, abs=0.02)


def test_where_neither_is_better_p_is_below_the_level_as_often_as_the_level_says():
    rng = np.random.default_rng(2)
    p = np.array([permutation(rng.normal(0, 1, 40), n=400, seed=run) for run in range(600)])
    assert 0.03 <= (p <= 0.05).mean() <= 0.07


@given(st.lists(st.floats(-1, 1).map(lambda value: round(value, 3)), min_size=2, max_size=30))
def test_a_t_test_is_scipys(differences):
    if len(set(differences)) > 1:
        theirs = stats.ttest_1samp(differences, 0).pvalue
        assert t_test(np.append(differences, np.nan)) == pytest.approx(theirs, abs=1e-9)
    else:
        assert t_test(np.array(differences)) == (differences[0] == 0)


def test_nobody_judged_is_an_error():
    for test in (permutation, t_test):
        with pytest.raises(ValueError, match="evaluate both rankers on one split"):
            test(np.array([np.nan]))
    with pytest.raises(ValueError, match="at least two"):
        t_test(np.array([0.3]))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_by_its_definition(p):
    adjusted, order = holm(p), np.argsort(p, kind="stable")
    expected, largest = {}, 0.0
    for place, one in enumerate(order):
        largest = max(largest, min(1.0, p[one] * (len(p) - place)))
        expected[one] = largest
    np.testing.assert_allclose(adjusted, [expected[n] for n in range(len(p))])
    assert (adjusted >= p).all()


def test_a_difference_of_the_size_that_would_be_seen_is_seen_with_that_power():
    rng = np.random.default_rng(3)
    size = difference_seen(rng.normal(0, 1, 5000)) * np.sqrt(5000 / 100)
    seen = [stats.ttest_1samp(rng.normal(size, 1, 100), 0).pvalue < 0.05 for _ in range(600)]
    assert 0.75 <= np.mean(seen) <= 0.85


def test_chance_of_users_and_of_seeds_are_found_apart():
    rng, found = np.random.default_rng(4), []
    for _ in range(300):
        values = rng.normal(0, 0.5, 80) + rng.normal(0, 0.1, (6, 1)) + rng.normal(0, 0.3, (6, 80))
        found.append([*(one ** 2 for one in chance(values)), values.mean()])
    users, seeds, both, _ = np.mean(found, axis=0)
    assert users == pytest.approx(0.25 / 80, rel=0.04)
    assert seeds == pytest.approx(0.01 / 6, rel=0.15)
    assert both == pytest.approx(np.var([one[3] for one in found]), rel=0.25)
    with pytest.raises(ValueError, match="1 seeds and 3 users"):
        chance(np.ones((1, 3)))
