"""Online evaluation: experiments against scipy and by simulation, interleaving, bandits, off-policy by enumeration."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mmrec_helpers.catalog import CatalogError, Interactions
from mmrec_helpers.datasets.recordshop.world import make_world
from mmrec_helpers.evaluation.online import bandits, experiment, interleave, loop, off_policy
from mmrec_helpers.evaluation.online.impressions import checked, impressions, per_user
from mmrec_helpers.evaluation.online.listeners import Listeners
from mmrec_helpers.ranking import Popularity

# ---- experiments


@pytest.mark.parametrize("sizes", [(5, 9), (40, 40), (3, 200)])
def test_welch_is_scipys(sizes):
    rng = np.random.default_rng(sum(sizes))
    control, treatment = rng.normal(0, 1, sizes[0]), rng.normal(0.5, 3, sizes[1])
    expected = stats.ttest_ind(treatment, control, equal_var=False).confidence_interval()
    found = experiment.welch(control, treatment)
    np.testing.assert_allclose(found[:3], [treatment.mean() - control.mean(), *expected], rtol=1e-10)


def test_two_constants_have_an_interval_without_width():
    assert experiment.welch(np.ones(3), np.zeros(4)) == (-1.0, -1.0, -1.0, "lower")


def test_a_ratio_of_one_denominator_each_is_a_mean():
    rng = np.random.default_rng(0)
    control, treatment = rng.random((2, 50))
    found = experiment.ratio(*(np.column_stack([one, np.ones(50)]) for one in (control, treatment)))
    half = stats.norm.ppf(0.975) * np.sqrt((control.var(ddof=1) + treatment.var(ddof=1)) / 50)
    np.testing.assert_allclose(found[:3], treatment.mean() - control.mean() + np.array([0, -half, half]))


def test_the_variance_of_a_ratio_is_that_of_the_delta_method():
    rng = np.random.default_rng(10)
    each = [np.column_stack([2 * shown + rng.normal(0, 1, 30), shown]) for shown in rng.poisson(9, (2, 30)) + 1.0]
    variance = 0.0
    for (y, x), r in ((one.T, one[:, 0].sum() / one[:, 1].sum()) for one in each):
        variance += (y.var(ddof=1) - 2 * r * np.cov(x, y)[0, 1] + r ** 2 * x.var(ddof=1)) / (30 * x.mean() ** 2)
    found = experiment.ratio(*each)
    assert (found.high - found.low) / 2 == pytest.approx(stats.norm.ppf(0.975) * np.sqrt(variance))


def test_intervals_of_a_ratio_cover_and_those_that_take_impressions_for_independent_do_not():
    """Users differ in taste, and their impressions are many: 400 A/A tests."""
    rng, covered, naive = np.random.default_rng(1), 0, 0
    for _ in range(400):
        shown = rng.poisson(20, (2, 150)) + 1
        taken = rng.binomial(shown, rng.beta(1, 9, (2, 150)))
        low, high = experiment.ratio(*(np.column_stack(one) for one in zip(taken, shown, strict=True)))[1:3]
        covered += low <= 0 <= high
        share, n = taken.sum(axis=1) / shown.sum(axis=1), shown.sum(axis=1)
        naive += abs(share[1] - share[0]) <= 1.96 * np.sqrt((share * (1 - share) / n).sum())
    assert 0.92 <= covered / 400 <= 0.98
    assert naive / 400 < 0.8


def test_cuped_keeps_the_mean_and_leaves_what_the_past_does_not_explain():
    rng = np.random.default_rng(2)
    before = rng.normal(5, 2, 500)
    values = 0.7 * before + rng.normal(0, 1, 500)
    adjusted = experiment.cuped(values, before)
    assert adjusted.mean() == pytest.approx(values.mean())
    r = np.corrcoef(values, before)[0, 1]
    assert adjusted.var() / values.var() == pytest.approx(1 - r ** 2)
    np.testing.assert_array_equal(experiment.cuped(values, np.ones(500)), values)


def test_the_users_needed_do_see_the_effect_with_the_power_asked():
    n, rng = experiment.users_needed(0.5, 1.0), np.random.default_rng(3)
    seen = [experiment.welch(rng.normal(0, 1, n), rng.normal(0.5, 1, n)).words == "higher" for _ in range(500)]
    assert 0.75 <= np.mean(seen) <= 0.87
    assert experiment.effect_seen(n, 1.0) == pytest.approx(0.5, rel=0.01)
    with pytest.raises(ValueError, match="the smallest one that would matter"):
        experiment.users_needed(0.0, 1.0)


def test_a_sample_ratio_by_hand():
    assert experiment.sample_ratio([60, 40]) == pytest.approx(stats.chi2.sf(4, 1))
    assert experiment.sample_ratio([90, 10], [0.9, 0.1]) == pytest.approx(1)


def test_looking_all_the_time_breaks_a_fixed_interval_and_not_an_always_valid_one():
    rng, runs, n = np.random.default_rng(4), 400, 1000
    fixed, always = 0, 0
    for _ in range(runs):
        each = experiment.effects(rng.normal(1, 1, n), rng.random(n) < 0.5)
        m = np.arange(1, n + 1)
        mean = np.cumsum(each) / m
        half = 1.96 * np.sqrt(np.maximum(np.cumsum(each ** 2) / m - mean ** 2, 0) / m)
        low, high = experiment.always_valid(each, planned=n)
        fixed += (abs(mean) > half)[50:].any()
        always += ((low > 0) | (high < 0))[50:].any()
    assert fixed / runs > 0.2
    assert always / runs <= 0.06


def test_an_always_valid_interval_shrinks_and_finds_a_large_effect_early():
    each = np.random.default_rng(5).normal(0.5, 1, 2000)
    low, high = experiment.always_valid(each, planned=500)
    assert np.isnan(low[0])
    assert high[-1] - low[-1] < high[100] - low[100]
    assert np.flatnonzero(low > 0)[0] < 500


# ---- interleaving

lists_of = st.lists(st.permutations(range(8)), min_size=1, max_size=4)


@given(lists_of, lists_of, st.integers(1, 10), st.integers(0, 99))
def test_a_team_draft_is_one_list_of_both(a, b, k, seed):
    n = min(len(a), len(b))
    a, b = np.array(a[:n])[:, :6], np.array(b[:n])[:, :6]
    lists, team = interleave.team_draft(a, b, k, np.random.default_rng(seed))
    for mine, theirs, listed, whose in zip(a, b, lists, team, strict=True):
        there = listed[listed >= 0]
        assert len(set(there)) == len(there) == min(k, len({*mine, *theirs}))
        assert set(listed[whose == 0]) <= {*mine}
        assert set(listed[whose == 1]) <= {*theirs}
        for ranked, captain in ((mine, 0), (theirs, 1)):  # each team is in its ranker's order
            places = [list(ranked).index(one) for one in listed[whose == captain]]
            assert places == sorted(places)
        if k <= 6:
            assert abs((whose == 0).sum() - (whose == 1).sum()) <= 1


def test_each_ranker_begins_half_of_the_lists_and_equal_rankers_win_as_often():
    rng = np.random.default_rng(0)
    same = np.tile(np.arange(10), (4000, 1))
    lists, team = interleave.team_draft(same, same, 4, rng)
    assert 0.47 < (team[:, 0] == 0).mean() < 0.53
    taken = rng.random(lists.shape) < 0.3
    assert interleave.preference(taken, team).words == "no difference shown"


def test_a_users_requests_count_as_their_mean():
    team, taken = np.array([[0, 1]] * 4), np.array([[False, True]] * 3 + [[True, False]])
    assert interleave.preference(taken, team, np.array(["u", "u", "u", "v"])).mean == 0
    assert interleave.preference(taken, team).mean == 0.5


# ---- off-policy

REWARD = np.array([[0.2, 0.9, 0.5], [0.7, 0.1, 0.4]])
OLD, NEW = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3]]), np.array([[0.1, 0.8, 0.1], [0.6, 0.2, 0.2]])
CONTEXT = np.array([0.3, 0.7])


def expectation(estimate):
    """Of an estimate from one row, over contexts, actions and rewards of 0 and 1, exactly."""
    total = 0.0
    for x, a, r in itertools.product(range(2), range(3), range(2)):
        chance = CONTEXT[x] * OLD[x, a] * (REWARD[x, a] if r else 1 - REWARD[x, a])
        total += chance * estimate(x, a, float(r))
    return total


TRUTH = float((CONTEXT[:, None] * NEW * REWARD).sum())


def test_ips_is_unbiased_and_clipping_lowers_it():
    def estimate(x, a, r, most=np.inf):
        return off_policy.ips(np.array([r]), OLD[x, [a]], NEW[x, [a]], most).mean

    assert expectation(estimate) == pytest.approx(TRUTH)
    assert expectation(lambda x, a, r: estimate(x, a, r, most=2.0)) < TRUTH - 0.05


@pytest.mark.parametrize(("model", "propensities"), [(REWARD, OLD), (0 * REWARD + 0.3, OLD), (REWARD, OLD[::-1])],
                         ids=["both right", "a wrong model", "wrong propensities"])
def test_doubly_robust_is_unbiased_where_model_or_propensities_are_right(model, propensities):
    found = expectation(lambda x, a, r: off_policy.doubly_robust(
        np.array([r]), propensities[x, [a]], NEW[x, [a]], model[x, [a]], (NEW * model).sum(axis=1)[[x]]).mean)
    assert found == pytest.approx(TRUTH)


def test_snips_and_the_direct_method_by_hand():
    reward, logged, target = np.array([1.0, 0, 1, 1]), np.array([0.5, 0.5, 0.25, 0.25]), np.array([0.25, 0.5, 0.5, 0])
    w = np.array([0.5, 1, 2, 0])
    found = off_policy.snips(reward, logged, target)
    assert found.mean == pytest.approx(2.5 / 3.5)  # sum w r / sum w
    errors = w * (reward - found.mean) / w.mean()
    assert found.high - found.mean == pytest.approx(1.96 * errors.std(ddof=1) / 2, rel=1e-4)
    assert off_policy.snips(np.ones(4), logged, target).mean == 1  # never outside the rewards' range; IPS is 0.875
    assert off_policy.ips(np.ones(4), logged, target).mean == 0.875
    model = np.array([[0.2, 0.5, 0.1], [0.9, 0.3, 0.4]])
    expected = (NEW * model).sum(axis=1)  # 0.1 .2 + 0.8 .5 + 0.1 .1 = .43; 0.6 .9 + 0.2 .3 + 0.2 .4 = .68
    assert off_policy.direct(expected[[0, 1, 1]]).mean == pytest.approx((0.43 + 0.68 + 0.68) / 3)


def test_the_intervals_cover_the_truth_where_the_old_policy_covers_the_new_one():
    rng, n, covered = np.random.default_rng(6), 600, np.zeros(3)
    expected = (NEW * REWARD[:, [1, 2, 0]]).sum(axis=1)  # of a wrong model
    for _ in range(300):
        x = (rng.random(n) < CONTEXT[1]).astype(int)
        a = (rng.random(n)[:, None] > np.cumsum(OLD[x], axis=1)).sum(axis=1)
        r = (rng.random(n) < REWARD[x, a]).astype(float)
        found = (off_policy.ips(r, OLD[x, a], NEW[x, a]), off_policy.snips(r, OLD[x, a], NEW[x, a]),
                 off_policy.doubly_robust(r, OLD[x, a], NEW[x, a], REWARD[:, [1, 2, 0]][x, a], expected[x]))
        covered += [one.low <= TRUTH <= one.high for one in found]
    assert ((covered / 300 >= 0.91) & (covered / 300 <= 0.985)).all(), covered / 300


def test_what_makes_an_estimate_doubtful_is_said():
    rng = np.random.default_rng(7)
    logged = np.full(5000, 0.5)
    assert off_policy.warnings(logged, np.where(rng.random(5000) < 0.5, 1.0, 0.0)) == []
    few = np.where(np.arange(5000) < 3, 1.0, 0.0)
    assert any("an effective sample of 3 of 5000" in one for one in off_policy.warnings(logged, few))
    assert any("weights have mean 0.20" in one for one in off_policy.warnings(logged, np.full(5000, 0.1)))
    with pytest.raises(ValueError, match=r"row 1: propensity 0; log the chance"):
        off_policy.ips(np.ones(2), np.array([0.5, 0.0]), np.ones(2))


# ---- bandits


def test_linucb_is_the_ridge_regression_of_each_user():
    rng = np.random.default_rng(8)
    vectors, start = rng.standard_normal((12, 4)), rng.standard_normal(4)
    policy = bandits.LinUCB(vectors, n_users=3, alpha=0.7, l2=2.0, start=start)
    shown, rewards = rng.permuted(np.tile(np.arange(12), (3, 1)), axis=1)[:, :5], rng.random((3, 5))
    for arms, got in zip(shown.T, rewards.T, strict=True):
        policy.learn(np.arange(3), arms, got)
    for user in range(3):
        v = vectors[shown[user]]
        inverse = np.linalg.inv(2 * np.eye(4) + v.T @ v)
        theta = inverse @ (2 * start + v.T @ rewards[user])
        expected = vectors @ theta + 0.7 * np.sqrt(np.einsum("nd,de,ne->n", vectors, inverse, vectors))
        np.testing.assert_allclose(policy.upper(np.array([user]))[0], expected)
        assert policy.choose(np.array([user]))[0] == expected.argmax()
    with pytest.raises(ValueError, match="a user is there twice"):
        policy.learn(np.array([1, 1]), np.array([0, 1]), np.ones(2))


def test_epsilon_greedy_says_the_chance_with_which_it_chose():
    policy = bandits.EpsilonGreedy(4, epsilon=0.4, seed=1)
    policy.learn(np.zeros(1, int), np.array([2]), np.ones(1))
    arms, chance = policy.choose(np.zeros(20_000, int))
    for arm in range(4):
        assert (arms == arm).mean() == pytest.approx(0.1 + 0.6 * (arm == 2), abs=0.01)
        assert set(chance[arms == arm].round(9)) == {round(0.1 + 0.6 * (arm == 2), 9)}


@pytest.mark.parametrize("make", [bandits.EpsilonGreedy, bandits.Thompson])
def test_a_bandit_loses_less_and_less(make):
    rng, rewards = np.random.default_rng(9), np.array([0.1, 0.3, 0.5, 0.2])
    policy, lost = make(4), []
    for _ in range(300):
        users = np.arange(10)
        arms, _ = policy.choose(users)
        policy.learn(users, arms, (rng.random(10) < rewards[arms]).astype(float))
        lost.append(0.5 - rewards[arms])
    total = bandits.regret(np.full((300, 10), 0.5), 0.5 - np.array(lost))
    assert total[299] - total[199] < (total[99] - 0) / 2


# ---- impressions


def test_the_table_of_impressions_is_read_as_it_was_written(tmp_path):
    lists = np.array([["a", "b"], ["c", None]], object)
    table = impressions(np.array(["u", "v"]), lists, np.array([[0, 1], [1, 0]]), 0.5, np.array(["A", ""]), first=7)
    assert table["request"].tolist() == [7, 7, 8]
    assert table["variant"].tolist() == ["A", "A", ""]
    table.to_csv(tmp_path / "log.csv", index=False)
    pd.testing.assert_frame_equal(checked(pd.read_csv(tmp_path / "log.csv")), table)
    assert per_user(table).loc["u"].tolist() == ["A", 2, 1.0, 1]


@pytest.mark.parametrize(("column", "row", "value", "message"), [
    ("propensity", 1, 1.5, "row 2: propensity 1.5; it is a chance above 0"),
    ("rank", 0, 0, "row 1: rank 0; ranks begin at 1"), ("reward", 2, np.nan, "row 3: reward nan; it is a number"),
    ("rank", 1, 1, "row 2: rank 1 is there twice"), ("item", 1, "a", "row 2: item 'a' is there twice"),
    ("rank", 0, "first", "request and rank are whole numbers")])
def test_a_wrong_row_is_named_with_what_to_do(column, row, value, message):
    lists = np.array([["a", "b"], ["c", None]], object)
    table = impressions(np.array(["u", "v"]), lists, np.zeros((2, 2))).astype(object)
    table.loc[row, column] = value
    with pytest.raises(CatalogError, match=message):
        checked(table)
    with pytest.raises(CatalogError, match="no column 'propensity'"):
        checked(table.drop(columns="propensity"))


def test_a_user_in_two_variants_is_refused():
    table = impressions(np.array(["u", "u"]), np.array([["a"], ["b"]]), np.zeros((2, 1)), variant=np.array(["A", "B"]))
    with pytest.raises(ValueError, match="user 'u' met more than one variant"):
        per_user(table)


# ---- the simulator


@pytest.fixture(scope="module")
def world():
    return make_world(60, 40, seed=2)


def test_the_utility_of_a_list_is_the_worlds(world):
    users, lists = np.arange(40), np.random.default_rng(0).permuted(np.tile(np.arange(60), (40, 1)), axis=1)[:, :7]
    for day, late in ((0.0, False), (np.inf, True)):
        expected = np.take_along_axis(world.utility(late=late), lists, axis=1)
        np.testing.assert_allclose(Listeners(world).utility(users, lists, day), expected, rtol=1e-4, atol=1e-5)
    assert np.isfinite(world.drift_day).any()


def test_a_lower_place_an_empty_one_and_what_was_shown_before(world):
    listeners, lists = Listeners(world, position=1.0, fatigue=0.5), np.array([[3, 3, -1]])
    user = np.array([4])
    first, second, empty = listeners.chance(user, lists)[0]
    assert second == pytest.approx(first / 2)
    assert empty == 0
    assert listeners.chance(user, lists, shown=np.array([[2, 0, 0]]))[0, 0] == pytest.approx(first / 4)
    many = np.repeat(user, 20_000)
    taken = listeners.respond(many, np.repeat(lists, 20_000, axis=0), np.random.default_rng(1))
    np.testing.assert_allclose(taken.mean(axis=0), [first, second, 0], atol=0.01)


def test_weeks_are_the_same_for_a_seed_and_exploring_shows_more_records(world):
    log = Interactions(np.random.default_rng(3).random((40, 60)) < 0.05, world.user_ids, world.item_ids)
    one, again, explored = (loop.weeks(Listeners(world), log, Popularity(), 4, 5, share, seed=1)
                            for share in (0.0, 0.0, 0.4))
    assert one == again
    assert all(more.coverage > few.coverage and more.gini < few.gini
               for few, more in zip(one, explored, strict=True))


def test_weeks_before_a_drift_are_answered_by_the_taste_of_that_day(world):
    asked = []

    class Watched(Listeners):
        def respond(self, users, lists, rng, day=np.inf, shown=None):
            asked.append(day)
            return super().respond(users, lists, rng, day, shown)

    log = Interactions(np.random.default_rng(3).random((40, 60)) < 0.05, world.user_ids, world.item_ids)
    loop.weeks(Watched(world), log, Popularity(), 3, 5, first_day=10)
    assert asked == [10, 17, 24]
    drifted = np.isfinite(world.drift_day)
    lists = np.tile(np.arange(5), (40, 1))
    before, after = (Listeners(world).liking(np.arange(40), lists, day) for day in (0, np.inf))
    assert drifted.any()
    assert ((before != after).any(axis=1) == drifted).all()


def test_a_listener_without_a_log_does_not_make_others_answer_with_a_neighbours_taste(world):
    asked = []

    class Watched(Listeners):
        def respond(self, users, lists, *more, **others):
            asked.append(users)
            return super().respond(users, lists, *more, **others)

    log = Interactions(np.random.default_rng(3).random((39, 60)) < 0.05, np.delete(world.user_ids, 7), world.item_ids)
    loop.weeks(Watched(world), log, Popularity(), 1, 5)
    assert asked[0].tolist() == [place for place in range(40) if place != 7]


def test_experiments_are_tea_tastings():
    import tea_tasting  # slow to import

    rng = np.random.default_rng(3)
    table = pd.DataFrame({"variant": rng.integers(0, 2, 300), "x": rng.poisson(20, 300) + 1.0,
                          "before": rng.poisson(3, 300) + 0.0})
    table["y"] = rng.poisson(1 + table["before"]) + 0.3 * table["variant"]
    theirs = tea_tasting.Experiment({
        "mean": tea_tasting.Mean("y", use_t=True, equal_var=False),
        "ratio": tea_tasting.RatioOfMeans("y", "x", use_t=False, equal_var=False),
        "cuped": tea_tasting.Mean("y", covariate="before", use_t=True, equal_var=False)}).analyze(table)
    control, treatment = (table[table["variant"] == one] for one in (0, 1))
    less = experiment.cuped(table["y"].to_numpy(), table["before"].to_numpy())
    ours = {"mean": experiment.welch(control["y"].to_numpy(), treatment["y"].to_numpy()),
            "ratio": experiment.ratio(control[["y", "x"]].to_numpy(), treatment[["y", "x"]].to_numpy()),
            "cuped": experiment.welch(less[table["variant"] == 0], less[table["variant"] == 1])}
    for name, found in ours.items():
        wanted = theirs[name].effect_size, theirs[name].effect_size_ci_lower, theirs[name].effect_size_ci_upper
        np.testing.assert_allclose(found[:3], wanted, atol=1e-6)
