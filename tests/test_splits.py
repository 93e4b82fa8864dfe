"""Divided data: what is asked later is not known before, in every split, on paper, at random and on MovieLens."""

import dataclasses
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import sparse

from mmrec_helpers import splits
from mmrec_helpers.catalog import Catalog, CatalogError, Features, Interactions, Queries
from mmrec_helpers.splits import assemble
from mmrec_helpers.splits.leaks import check_no_leak

START = pd.Timestamp("2025-01-01", tz="UTC")


def catalog(*rows, items=None, **columns):
    """A preprocessed catalogue of rows (user, item, event, day, value); columns: of the items."""
    events = pd.DataFrame([(*row, None)[:5] for row in rows],
                          columns=["user_id", "item_id", "event", "timestamp", "value"])
    events["timestamp"] = START + pd.to_timedelta(events["timestamp"].astype(int), unit="D")
    events["value"] = events["value"].astype(float)
    items = sorted(events["item_id"].dropna().unique()) if items is None else list(items)
    return Catalog(pd.DataFrame({"item_id": items, "title": items, **columns}), events, Path(), "tiny")


def pairs(users, items, matrix):
    """{(user, item)} of what is stored."""
    coo = matrix.tocoo()
    return {(users[r], items[c]) for r, c in zip(coo.row, coo.col, strict=True)}


def learnt(stage):
    return pairs(stage.fit.users, stage.fit.items, stage.fit.matrix)


def learnt_from(stage):
    """What is learnt, low ratings too."""
    return pairs(stage.fit.users, stage.fit.items, stage.fit.seen)


def known(stage):
    return pairs(stage.queries.users, stage.fit.items, stage.queries.history)


def masked(stage):
    return pairs(stage.queries.users, stage.fit.items, stage.queries.seen)


def asked(stage):
    return pairs(stage.queries.users, stage.fit.items, stage.targets)


def offered(stage):
    return set(stage.fit.items[stage.candidates])


def both(split):
    return {"valid": split.valid, "test": split.test}


def plays(user, items, first_day):
    return [(user, item, "play", first_day + n) for n, item in enumerate(items)]


def rated(*rows):
    return catalog(*[(user, item, "rate", day, value) for user, item, day, value in rows])


# ---- by hand


def test_one_cut_in_time_asks_for_the_last_events_of_the_shop():
    shop = catalog(*plays("u", "abcd", 0), *plays("v", "abcd", 4), ("u", "e", "play", 8), ("v", "e", "play", 9),
                   ("w", "e", "view", 2))
    split = splits.global_time(shop, valid=0.25, test=0.25)  # cuts at event 5 and event 8 of ten
    assert split.protocol["starts"] == {"valid": "2025-01-06T00:00:00+00:00", "test": "2025-01-09T00:00:00+00:00"}
    assert learnt(split.valid) == {("u", "a"), ("u", "b"), ("u", "c"), ("u", "d"), ("v", "a")}
    assert asked(split.valid) == {("v", "b"), ("v", "c"), ("v", "d")}
    assert learnt(split.test) == learnt(split.valid) | asked(split.valid)
    assert known(split.valid) == {("v", "a")}  # of those asked alone
    assert asked(split.test) == {("u", "e"), ("v", "e")}


def test_an_event_at_the_very_time_of_the_cut_is_after_it():
    shop = catalog(*plays("u", "abcdefgh", 0), *plays("v", "hgf", 5), *[("v", item, "play", 8) for item in "abc"])
    split = splits.global_time(shop, valid=0.2, test=0.1)
    assert split.protocol["starts"]["test"] == (START + pd.Timedelta("8D")).isoformat()
    assert asked(split.test) == {("v", "a"), ("v", "b"), ("v", "c")}
    assert not learnt(split.test) & asked(split.test)


def test_columns_are_every_item_of_the_catalogue_in_its_order_with_or_without_events():
    shop = catalog(*plays("u", "abcdefghij", 0), *plays("v", "jihgfedcba", 0), items="zjihgfedcbay")
    for make in splits.SPLITS.values():
        if make is splits.cold_users:
            shop = catalog(*[row for n in range(6) for row in plays(f"u{n}", "abcdef", n)], items="zfedcbay")
        split = make(shop)
        items = shop.items["item_id"].tolist()
        for part in (split.valid.fit, split.test.fit, split.everything):
            assert list(part.items) == items
        for stage in both(split).values():
            assert stage.candidates.shape == (len(items),)
            assert stage.targets.shape[1] == stage.queries.history.shape[1] == len(items)


def test_candidates_are_what_was_released_before_the_stage_begins():
    """By its release, else by its first event, else it was always there."""
    rows = [*plays("u", "abcdefgh", 0), *plays("v", "hgfedcba", 2), ("w", "n", "view", 30), ("u", "n", "play", 31),
            ("v", "n", "play", 31), ("u", "r", "play", 31), ("v", "r", "play", 32)]
    undated = splits.global_time(catalog(*rows, items="abcdefghnrs"), valid=0.2, test=0.2)
    assert offered(undated.test) == set("abcdefghns")  # n was viewed; s has no event: always there
    released = {"r": START, "s": START + pd.Timedelta("90D"), "a": START + pd.Timedelta("90D")}
    dated = splits.global_time(catalog(*rows, items="abcdefghnrs", released_at=[
        released.get(item, pd.NaT) for item in "abcdefghnrs"]), valid=0.2, test=0.2)
    assert offered(dated.test) == set("bcdefghnr")
    assert asked(undated.test) == {("u", "n"), ("v", "n")}
    assert asked(dated.test) == asked(undated.test) | {("u", "r"), ("v", "r")}
    assert offered(splits.user_time(catalog(*rows, items="abcdefghnrs")).test) == set("abcdefghnrs")


def test_no_item_is_left_out_for_having_few_events():
    shop = catalog(*plays("u", "abcdefgh", 0), *plays("v", "abcdefgx", 0))
    split = splits.user_time(shop)
    assert ("v", "x") in asked(split.test)
    assert all(stage.candidates.all() for stage in both(split).values())


def test_each_users_last_events_are_asked_and_everyone_keeps_a_past():
    shop = catalog(*plays("u", "abcdefghij", 0), *plays("v", "jihgf", 100))
    split = splits.user_time(shop)
    assert asked(split.valid) == {("u", "i"), ("v", "g")}
    assert asked(split.test) == {("u", "j"), ("v", "f")}
    assert known(split.valid) == learnt(split.valid)
    assert known(split.test) == learnt(split.test) == learnt(split.valid) | asked(split.valid)
    assert pairs(split.everything.users, split.everything.items, split.everything.matrix) == (
        learnt(split.test) | asked(split.test))


def test_a_user_with_two_events_is_only_learnt_from():
    shop = catalog(*plays("u", "abcd", 0), *plays("v", "ab", 0))
    split = splits.user_time(shop)
    assert {("v", "a"), ("v", "b")} <= learnt(split.valid)
    assert list(split.valid.queries.users) == list(split.test.queries.users) == ["u"]


def test_views_and_searches_are_neither_learnt_nor_asked():
    shop = catalog(*plays("u", "abcde", 0), ("u", "f", "view", 1), ("u", None, "search", 2), ("v", "a", "view", 3))
    split = splits.user_time(shop)
    assert list(split.everything.users) == ["u"]
    assert split.everything.seen[:, list(split.everything.items).index("f")].nnz == 0


def test_what_was_taken_before_is_not_asked_again():
    shop = catalog(*plays("u", "abcde", 0), *plays("v", "abcde", 5), ("u", "a", "purchase", 20),
                   ("u", "b", "play", 21), ("v", "a", "play", 22))
    for make in (splits.global_time, splits.user_time):
        split = make(shop)
        assert not (asked(split.valid) | asked(split.test)) & {("u", "a"), ("u", "b"), ("v", "a")}


def test_a_low_rating_is_seen_once_it_was_given_and_never_learnt_as_a_like():
    films = rated(("u", "a", 0, 5), ("u", "b", 1, 4), ("u", "x", 2, 3.5), ("u", "c", 3, 4.5), ("u", "y", 4, 1),
                  ("u", "d", 5, 5), ("u", "z", 6, 0.5),
                  *[("v", item, 9 + n, 5) for n, item in enumerate("xyzcdab")])
    split = splits.user_time(films)
    x, y, z = (("u", item) for item in "xyz")
    for stage in both(split).values():
        assert x in learnt_from(stage) & masked(stage)
        assert not {x, y, z} & (learnt(stage) | known(stage) | asked(stage))
        assert z not in masked(stage) | learnt_from(stage)
    assert ("u", "b") in learnt(split.valid)  # a rating of just 4
    assert y not in masked(split.valid) | learnt_from(split.valid)
    assert y in masked(split.test)


def test_a_film_rated_low_and_later_high_is_masked_so_it_is_not_asked():
    films = rated(("u", "a", 0, 5), ("u", "b", 1, 2), ("u", "c", 2, 5), ("u", "d", 3, 5), ("u", "e", 4, 5),
                  ("u", "b", 5, 5), *[("v", item, n, 5) for n, item in enumerate("abcde")])
    split = splits.user_time(films, valid=0.2, test=0.4)
    assert ("u", "b") in masked(split.test) - known(split.test)
    assert {item for user, item in asked(split.test) if user == "u"} == {"e"}


def test_a_film_rated_low_and_then_high_in_time_counts_as_liked():
    films = rated(("u", "b", 0, 2), ("u", "b", 1, 5), ("u", "c", 1, 5), ("u", "c", 2, 1),
                  *[(user, item, n, 5) for user in "uv" for n, item in enumerate("defghi", start=3)])
    assert {("u", "b"), ("u", "c")} <= learnt(splits.user_time(films).valid)


def test_the_time_of_what_was_seen_is_that_of_its_first_event():
    films = rated(("u", "b", 1, 2), ("u", "b", 2, 5), *[(user, item, n, 5) for user in "uv"
                                                        for n, item in enumerate("defghi", start=3)])
    split = splits.user_time(films)
    for time, row in ((split.test.fit.time, list(split.test.fit.users).index("u")),
                      (split.test.queries.time, list(split.test.queries.users).index("u"))):
        column = list(split.test.fit.items).index("b")
        assert pd.Timestamp(time[row, column], unit="s", tz="UTC") == START + pd.Timedelta("1D")


def weighted(shop, *weights):
    return dataclasses.replace(shop, events=shop.events.assign(weight=list(weights)))


def test_the_weight_of_the_first_positive_event_is_the_confidence_in_the_matrix():
    shop = weighted(catalog(*plays("u", "abcdef", 0), ("u", "a", "cart", 0), ("u", "b", "cart", 9)),
                    1.0, 2.0, 1.0, 1.0, 4.0, 1.0, 3.0, 9.0)  # a: the larger of one time; b: the first, not the last
    split = splits.user_time(shop)
    assert split.everything.matrix.toarray().tolist() == [[3, 2, 1, 1, 4, 1]]
    assert split.test.fit.matrix.toarray().tolist() == [[3, 2, 1, 1, 4, 0]]
    assert split.test.queries.history.toarray().tolist() == [[3, 2, 1, 1, 4, 0]]
    assert split.valid.targets.toarray().tolist() == [[0, 0, 0, 0, 1, 0]]  # asked for or not: no confidence
    assert split.everything.seen.dtype == bool


def test_a_weight_that_is_no_positive_number_is_refused_and_a_text_column_of_that_name_is_the_logs_own():
    shop = catalog(*plays("u", "abcd", 0))
    with pytest.raises(ValueError, match="not positive or not finite"):
        splits.user_time(weighted(shop, 1.0, -1.0, np.nan, 1.0))
    split = splits.user_time(weighted(shop, "180 g", "x", None, "3"))
    assert split.everything.matrix.toarray().tolist() == [[1, 1, 1, 1]]


def test_equal_times_are_ordered_by_the_seed_and_not_by_the_rows_or_the_ids():
    rows = [(user, item, "play", 0) for user in "uvw" for item in "abcdefghij"]
    tests = [asked(splits.user_time(catalog(*some), valid=0.2, test=0.2, seed=seed).test)
             for seed, some in ((0, rows), (0, rows[::-1]), (1, rows))]
    assert tests[0] == tests[1] != tests[2]
    orders = splits.first_feedback(catalog(*rows)).groupby("user")["item"].sum()
    assert len({"abcdefghij", *orders}) == 4  # a draw for each user: no item is last for everybody


def test_cold_items_are_the_only_candidates_and_nobody_learns_from_them():
    shop = catalog(*[(user, f"i{n}", "play", n) for user in "uvwxyz" for n in range(10)])
    split = splits.cold_items(shop)
    assert len(offered(split.valid)) == len(offered(split.test)) == 1
    assert not offered(split.valid) & offered(split.test)
    assert split.test.fit.seen[:, split.test.candidates].nnz == 0
    assert asked(split.test) == {(user, *offered(split.test)) for user in "uvwxyz"}


def test_of_cold_users_the_first_three_events_are_known_and_the_rest_asked():
    shop = catalog(*[row for n in range(10) for row in plays(f"u{n}", "abcdef", n)])
    split = splits.cold_users(shop)
    user, = split.test.queries.users
    assert known(split.test) == {(user, item) for item in "abc"}
    assert asked(split.test) == {(user, item) for item in "def"}
    assert user not in {who for stage in both(split).values() for who, _ in learnt_from(stage)}
    assert user != split.valid.queries.users[0]


def test_the_long_tail_asks_for_rare_items_alone_and_keeps_who_took_one():
    shop = catalog(*[row for n in range(6) for row in plays(f"u{n}", "abcdefgh", 0)], *plays("w", "hgfedcba", 0),
                   *plays("x", "hgfedcab", 0), *plays("v", "abcdyz", 0), ("u0", "z", "play", 20))
    whole = splits.user_time(shop)
    tail = splits.long_tail(whole, below=2)
    assert len(whole.test.queries) == 9
    assert asked(tail.test) == {(user, item) for user, item in asked(whole.test) if item == "z"}
    assert list(tail.test.queries.users) == ["u0", "v"]
    assert known(tail.test) == {(user, item) for user, item in known(whole.test) if user in ("u0", "v")}
    few = whole.test.fit.matrix.getnnz(axis=0) < 2
    assert offered(tail.test) == set(whole.test.fit.items[few]) == {"y", "z"}
    assert learnt(tail.test) == learnt(whole.test)
    assert "fewer than 2" in tail.protocol["candidates"]
    with pytest.raises(ValueError, match="nobody has both"):
        splits.long_tail(whole, below=0)


def test_ratings_are_split_by_user_and_a_shop_by_time():
    films = rated(*[("u", item, n, 5) for n, item in enumerate("abcd")])
    assert splits.default(films).protocol["split"] == "user_time"
    shop = catalog(*plays("u", "abcdefghij", 0), *plays("v", "jihgfedcba", 0), ("u", "a", "rate", 30, 5.0))
    assert splits.default(shop).protocol["split"] == "global_time"


def test_a_catalogue_that_was_not_preprocessed_says_what_to_do():
    raw = catalog(*plays("u", "abc", 0))
    raw.events["timestamp"] = raw.events["timestamp"].astype(str)
    with pytest.raises(CatalogError, match="preprocess"):
        splits.global_time(raw)


@pytest.mark.parametrize("make", [make for name, make in splits.SPLITS.items() if name != "session"])
def test_nothing_positive_and_nobody_to_ask_are_said(make):
    with pytest.raises(CatalogError, match="no positive event"):
        make(catalog(("u", "a", "view", 1)))
    with pytest.raises(ValueError, match=r"nobody has both|too few"):
        make(catalog(*[(f"u{n}", item, "play", n) for n, item in enumerate("abcdef")]))
    with pytest.raises(ValueError, match="shares"):
        make(catalog(*plays("u", "abcde", 0)), **{"share" if "cold" in make.__name__ else "test": 1.0})


def test_a_session_ends_after_a_gap_and_the_last_ones_are_asked():
    hours = [("a", 0), ("b", 1), ("c", 30), ("d", 31), ("e", 60), ("f", 61), ("g", 62)]
    events = pd.DataFrame([("u", item, "play", None, hour) for item, hour in hours] + [("v", "a", "play", None, 5)],
                          columns=["user_id", "item_id", "event", "value", "hour"])
    events["timestamp"] = START + pd.to_timedelta(events.pop("hour"), unit="h")
    items = pd.DataFrame({"item_id": list("abcdefg"), "title": list("abcdefg")})
    split = splits.session(Catalog(items, events.astype({"value": float}), Path(), "s"), gap="8h")
    assert asked(split.valid) == {("u", "c"), ("u", "d")}
    assert asked(split.test) == {("u", "e"), ("u", "f"), ("u", "g")}
    assert learnt(split.valid) == {("u", "a"), ("u", "b"), ("v", "a")}


def test_a_view_goes_on_with_a_session_and_a_session_without_a_positive_event_is_not_asked():
    rows = [("a", "play", 0), ("b", "view", 7), ("c", "play", 14), ("d", "play", 40), ("e", "play", 80),
            ("f", "view", 120)]
    events = pd.DataFrame([("u", *row) for row in rows], columns=["user_id", "item_id", "event", "hour"])
    events["timestamp"] = START + pd.to_timedelta(events.pop("hour"), unit="h")
    items = pd.DataFrame({"item_id": list("abcdef"), "title": list("abcdef")})
    split = splits.session(Catalog(items, events, Path(), "s"), gap="8h")
    assert (learnt(split.valid), asked(split.valid), asked(split.test)) == (
        {("u", "a"), ("u", "c")}, {("u", "d")}, {("u", "e")})


def test_a_gap_of_no_length_is_refused():
    with pytest.raises(ValueError, match="a gap of '0h'"):
        splits.session(splits.example(), gap="0h")


def test_an_event_of_an_item_that_is_not_in_the_catalogue_is_left_out():
    shop = catalog(*plays("u", "abcdefghiX", 0), *plays("v", "ihgfXedcba", 0), items="abcdefghi")
    for make in (splits.global_time, splits.user_time):
        assert list(make(shop).everything.items) == list("abcdefghi")


# ---- at random

rows = st.lists(st.one_of(
    st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcdefg"),
              st.sampled_from(["like", "cart", "purchase", "play", "view"]), st.integers(0, 9)),
    st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcdefg"), st.just("rate"), st.integers(0, 9),
              st.sampled_from([1.0, 3.5, 4.0, 5.0, None]))), min_size=8, max_size=70)
kinds = st.sampled_from(sorted(splits.SPLITS))
quick = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


def make_or_assume(kind, shop, **kwargs):
    try:
        return splits.SPLITS[kind](shop, **kwargs)
    except ValueError as error:
        assume("no positive" not in str(error) and "too few" not in str(error) and "nobody has" not in str(error))
        raise


def days(shop, user, item, low):
    """When the user took the item (or rated it low), by plain reading."""
    events = shop.events
    mine = events[(events["user_id"] == user) & (events["item_id"] == item)]
    rate = mine["event"] == "rate"
    wanted = (rate & (mine["value"] < 4)) if low else (
        mine["event"].isin(["like", "cart", "purchase", "play"]) | (rate & (mine["value"] >= 4)))
    return sorted(mine.loc[wanted, "timestamp"])


@quick
@given(rows, kinds)
def test_nothing_of_the_future_is_known_and_nobody_is_asked_what_they_saw(rows, kind):
    shop = catalog(*rows)
    split = make_or_assume(kind, shop)
    for name, stage in both(split).items():
        first_asked = {}
        assert not asked(stage) & (masked(stage) | learnt_from(stage))
        assert known(stage) <= masked(stage)
        for user, item in asked(stage):
            day = days(shop, user, item, low=False)[0]
            first_asked[user] = min(day, first_asked.get(user, day))
        for seen, liked in ((masked(stage), known(stage)), (learnt_from(stage), learnt(stage))):
            for user, item in seen:
                happened = days(shop, user, item, low=(user, item) not in liked)
                assert happened
                if kind == "global_time":
                    assert happened[0] < pd.Timestamp(split.protocol["starts"][name])
                if kind in ("user_time", "cold_users") and user in first_asked:
                    assert happened[0] <= first_asked[user]


@quick
@given(rows, kinds)
def test_cold_stays_cold(rows, kind):
    split = make_or_assume(kind, catalog(*rows))
    for stage in both(split).values():
        if kind == "cold_items":
            cold = stage.candidates
            assert stage.fit.seen[:, cold].nnz == stage.queries.seen[:, cold].nnz == 0
        if kind == "cold_users":
            assert not set(stage.queries.users) & {user for user, _ in learnt_from(stage)}
            assert (stage.queries.history.getnnz(axis=1) == 3).all()


@quick
@given(rows, kinds, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, kind, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, two = (make_or_assume(kind, catalog(*each)) for each in (rows, shuffled))
    assert dict(one.protocol) == dict(two.protocol)
    for a, b in zip(both(one).values(), both(two).values(), strict=True):
        for part in (learnt, learnt_from, known, masked, asked, offered):
            assert part(a) == part(b)


@quick
@given(rows, kinds)
def test_only_who_has_a_past_and_a_target_is_asked_and_targets_are_offered(rows, kind):
    shop = catalog(*rows, items="gfedcba")
    split = make_or_assume(kind, shop)
    for stage in both(split).values():
        assert (stage.queries.history.getnnz(axis=1) > 0).all()
        assert (stage.targets.getnnz(axis=1) > 0).all()
        assert {item for _, item in asked(stage)} <= offered(stage)
        assert len(stage.queries) == stage.targets.shape[0] == len(stage.queries.users)
        assert list(stage.fit.items) == list("gfedcba")
        assert list(stage.fit.users) == list(split.everything.users) == sorted(stage.fit.users)
        assert stage.fit.matrix.dtype == np.float32
        assert (stage.fit.matrix.data == 1).all()


# ---- planted leaks


def planted(stage, place, user, item, low=False):
    """The stage with one more cell in `fit` or `queries`: a like, or a low rating."""
    part = getattr(stage, place)
    liked = "matrix" if place == "fit" else "history"
    more = sparse.csr_matrix(([1.0], ([list(part.users).index(user)], [list(stage.fit.items).index(item)])),
                             part.seen.shape)
    fields = {liked: getattr(part, liked) + (0 if low else 1) * more, "seen": part.seen + more.astype(bool)}
    fields[liked].eliminate_zeros()
    new = (Interactions(fields["matrix"], part.users, part.items, fields["seen"]) if place == "fit" else
           Queries(fields["history"], fields["seen"], part.users))
    return dataclasses.replace(stage, **{place: new})


def guard(shop, split, name, stage):
    check_no_leak(dataclasses.replace(split, **{name: stage}), splits.first_feedback(shop))


def crowd():
    rng = np.random.default_rng(0)
    return catalog(*[(f"u{u}", f"i{i}", "play", int(day)) for u in range(12)
                     for day, i in enumerate(rng.permutation(12))])


@pytest.mark.parametrize("place", ["fit", "queries"])
@pytest.mark.parametrize("name", ["valid", "test"])
@pytest.mark.parametrize("kind", splits.SPLITS)
def test_a_planted_target_is_caught_with_its_place_user_and_item(kind, name, place):
    shop = crowd()
    split = splits.SPLITS[kind](shop)
    stage = both(split)[name]
    guard(shop, split, name, stage)
    user, item = sorted(asked(stage))[0]
    with pytest.raises(ValueError, match=f"leak in {name}.{place}: user '{user}', item '{item}' is a target of {name}"):
        guard(shop, split, name, planted(stage, place, user, item))


@pytest.mark.parametrize("kind", splits.SPLITS)
def test_a_target_planted_as_a_low_rating_is_caught(kind):
    shop = crowd()
    split = splits.SPLITS[kind](shop)
    user, item = sorted(asked(split.test))[0]
    with pytest.raises(ValueError, match=f"test.queries: user '{user}', item '{item}' is a target of test"):
        guard(shop, split, "test", planted(split.test, "queries", user, item, low=True))


@pytest.mark.parametrize("kind", ["global_time", "user_time", "cold_items"])
def test_a_target_of_the_test_is_caught_in_what_valid_may_know(kind):
    shop = crowd()
    split = splits.SPLITS[kind](shop)
    user, item = next(one for one in sorted(asked(split.test)) if one[0] in split.valid.queries.users)
    for place in ("fit", "queries"):
        with pytest.raises(ValueError, match=f"leak in valid.{place}: user '{user}', item '{item}'"):
            guard(shop, split, "valid", planted(split.valid, place, user, item))


@pytest.mark.parametrize("kind", ["global_time", "user_time", "session"])
def test_a_low_rating_from_the_future_is_caught(kind):
    films = rated(*[(user, item, n, 5) for user in "uv" for n, item in enumerate("abcdefghij")],
                  *[("w", item, n, 5) for n, item in enumerate("jihgfedc")], ("w", "a", 40, 2))
    split = splits.SPLITS[kind](films)
    assert ("w", "a") not in masked(split.test)
    with pytest.raises(ValueError, match=r"leak in test.fit: user 'w', item 'a' happened after"):
        guard(films, split, "test", planted(split.test, "fit", "w", "a", low=True))


def test_a_cold_item_is_caught_where_its_user_is_not_asked_for_it():
    films = rated(*[(user, f"i{n}", n, 5) for user in "uv" for n in range(10)],
                  *[("w", f"i{n}", n, 1 + 4 * (n % 2)) for n in range(10)], *[("x", f"i{n}", n, 1) for n in range(10)])
    split = splits.cold_items(films)
    cold, warm = (split.test.fit.items[mask][0] for mask in (split.test.candidates, ~split.test.candidates))
    assert ("x", warm) in learnt_from(split.test)
    assert ("x", cold) not in learnt_from(split.test) | learnt_from(split.valid)
    with pytest.raises(ValueError, match=f"leak in test.fit: user 'x', item '{cold}' is a cold item of test"):
        guard(films, split, "test", planted(split.test, "fit", "x", cold, low=True))


def test_a_cold_user_is_caught_with_what_is_known_of_them():
    shop = crowd()
    split = splits.cold_users(shop)
    user, item = sorted(known(split.test))[0]
    with pytest.raises(ValueError, match=f"test.fit: user '{user}', item '{item}' belongs to a cold user of test"):
        guard(shop, split, "test", planted(split.test, "fit", user, item))


def test_a_cell_that_no_event_gives_is_caught():
    few = catalog(*plays("u", "abcdef", 0), *plays("v", "abcde", 0))
    split = splits.user_time(few)
    with pytest.raises(ValueError, match="user 'v', item 'f' comes from no event"):
        guard(few, split, "test", planted(split.test, "fit", "v", "f", low=True))


@pytest.mark.parametrize("kind", splits.SPLITS)
def test_a_split_that_leaks_is_never_given_out(kind, monkeypatch):
    """The guard runs where the split is made: here a stage learns from what is asked of it."""
    real = assemble.asked

    def careless(stage):
        return real(dataclasses.replace(stage, fit=Interactions(
            stage.fit.matrix + stage.targets, stage.fit.users, stage.fit.items)))

    monkeypatch.setattr(assemble, "asked", careless)
    with pytest.raises(ValueError, match=r"leak in valid\.fit"):
        splits.SPLITS[kind](crowd())


# ---- MovieLens

movielens = pytest.mark.skipif(not os.environ.get("MMREC_MOVIELENS"),
                               reason="MMREC_MOVIELENS does not say where MovieLens (ml-latest-small) lies")


def read_movielens():
    ratings = pd.read_csv(Path(os.environ["MMREC_MOVIELENS"]) / "ratings.csv", dtype={"userId": str, "movieId": str})
    events = pd.DataFrame({"user_id": ratings["userId"], "item_id": ratings["movieId"], "event": "rate",
                           "timestamp": pd.to_datetime(ratings["timestamp"], unit="s", utc=True),
                           "value": ratings["rating"].astype(float)})
    films = events["item_id"].unique()
    return Catalog(pd.DataFrame({"item_id": films, "title": films}), events, Path(), "movielens")


@movielens
def test_most_of_movielens_is_active_for_a_day_or_less_so_it_is_split_by_user():
    films = read_movielens()
    times = films.events.groupby("user_id")["timestamp"].agg(["min", "max"])
    assert round((times["max"] - times["min"] <= pd.Timedelta("1D")).mean(), 2) == 0.59
    assert splits.default(films).protocol["split"] == "user_time"
    assert [len(make(films).test.queries) for make in (splits.global_time, splits.user_time)] == [28, 608]


@movielens
@pytest.mark.parametrize("kind", splits.SPLITS)
def test_movielens_leaks_nowhere(kind):
    films = read_movielens()
    split = splits.SPLITS[kind](films)
    assert split.test.fit.seen.nnz - split.test.fit.matrix.nnz > 20_000
    user, item = sorted(asked(split.test))[0]
    with pytest.raises(ValueError, match=f"user '{user}', item '{item}'"):
        guard(films, split, "test", planted(split.test, "fit", user, item))


# ---- what features may leak


def test_features_that_were_fitted_on_a_cold_item_are_caught():
    split = splits.cold_items(splits.example("abcdefgh"), share=0.5)
    cold = split.test.fit.items[split.test.candidates | split.valid.candidates]
    warm = np.setdiff1d(split.test.fit.items.astype(str), cold.astype(str))
    splits.check_features_fit(warm, split)
    for stage in ("valid", "test"):
        one = getattr(split, stage).fit.items[getattr(split, stage).candidates][0]
        with pytest.raises(ValueError, match=rf"fitted on '{one}' .*, which {stage} asks for"):
            splits.check_features_fit([*warm, one], split)
    splits.check_features_fit(cold, splits.user_time(splits.example()))  # it hides no items


def test_a_new_item_that_is_one_of_the_training_set_again_is_caught():
    stage = splits.cold_items(splits.example("abcdefgh"), share=0.5).test
    rows = np.random.default_rng(0).normal(size=(10, 8))
    asked_for = np.flatnonzero(stage.targets.getnnz(axis=0))[0]
    known_item = np.flatnonzero(stage.fit.matrix.getnnz(axis=0))[0]
    assert splits.near_duplicates(Features("t", "text", stage.fit.items, rows), stage).empty
    rows[asked_for] = 3 * rows[known_item] + 0.01
    found = splits.near_duplicates(Features("t", "text", stage.fit.items, rows), stage)
    assert found[["item", "like"]].to_numpy().tolist() == [[stage.fit.items[asked_for], stage.fit.items[known_item]]]
