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
from mmrec_helpers.catalog import Catalog, CatalogError, Interactions
from mmrec_helpers.leaks import check_no_leak

START = pd.Timestamp("2025-01-01", tz="UTC")


def catalog(*rows):
    """A preprocessed catalogue of rows (user, item, event, day, value)."""
    events = pd.DataFrame([(*row, None)[:5] for row in rows],
                          columns=["user_id", "item_id", "event", "timestamp", "value"])
    events["timestamp"] = START + pd.to_timedelta(events["timestamp"].astype(int), unit="D")
    events["value"] = events["value"].astype(float)
    items = sorted(events["item_id"].dropna().unique())
    return Catalog(pd.DataFrame({"item_id": items, "title": items}), events, Path(), "tiny")


def cells(part):
    """{(user, item): stored value}."""
    coo = part.matrix.tocoo()
    return {(part.users[r], part.items[c]): float(v) for r, c, v in zip(coo.row, coo.col, coo.data, strict=True)}


def plays(user, items, first_day):
    return [(user, item, "play", first_day + n) for n, item in enumerate(items)]


# ---- by hand


def test_one_cut_in_time_asks_for_the_last_events_of_the_shop():
    shop = catalog(*plays("u", "abcd", 0), *plays("v", "abcd", 4), ("u", "e", "play", 8), ("v", "e", "play", 9))
    split = splits.global_time(shop, min_events=1)
    assert split.protocol["cut_valid"] == "2025-01-09T00:00:00+00:00"
    assert set(split.train.items) == set("abcd")  # e was not there yet: it cannot be recommended, nor asked
    split = splits.global_time(shop, valid=0.25, test=0.25, min_events=1)  # cuts at event 5 and event 8 of ten
    assert set(cells(split.train)) == {("u", "a"), ("u", "b"), ("u", "c"), ("u", "d"), ("v", "a")}
    assert set(cells(split.valid)) == {("v", "b"), ("v", "c"), ("v", "d")}
    assert cells(split.known["test"]) == cells(split.learn("test")) == cells(split.train) | cells(split.valid)


def test_an_event_at_the_very_time_of_the_cut_is_after_it():
    shop = catalog(*plays("u", "abcdefgh", 0), ("v", "a", "play", 8), ("v", "b", "play", 8), ("v", "c", "play", 8))
    split = splits.global_time(shop, min_events=1)
    assert not any(user == "v" for user, _ in cells(split.train))


def test_each_users_last_events_are_asked_and_everyone_keeps_a_past():
    shop = catalog(*plays("u", "abcdefghij", 0), *plays("v", "jihgf", 100))
    split = splits.user_time(shop, min_events=1)
    assert set(cells(split.valid)) == {("u", "i"), ("v", "g")}
    assert set(cells(split.test)) == {("u", "j"), ("v", "f")}
    assert set(cells(split.known["valid"])) == set(cells(split.train))
    assert set(cells(split.known["test"])) == set(cells(split.train)) | set(cells(split.valid))


def test_a_user_with_two_events_is_only_learnt_from():
    shop = catalog(*plays("u", "abcd", 0), *plays("v", "ab", 0))
    split = splits.user_time(shop, min_events=1)
    assert {("v", "a"), ("v", "b")} <= set(cells(split.train))
    assert not any(user == "v" for user, _ in [*cells(split.valid), *cells(split.test)])


def test_views_and_searches_are_neither_learnt_nor_asked():
    shop = catalog(*plays("u", "abcde", 0), ("u", "f", "view", 1), ("u", None, "search", 2), ("v", "a", "view", 3))
    split = splits.user_time(shop, min_events=1)
    assert list(split.train.users) == ["u"]
    assert "f" not in split.train.items


def test_what_was_taken_before_is_not_asked_again():
    shop = catalog(*plays("u", "abcde", 0), *plays("v", "abcde", 5), ("u", "a", "purchase", 20),
                   ("u", "b", "play", 21), ("v", "a", "play", 22))
    for make in (splits.global_time, splits.user_time):
        split = make(shop, min_events=1)
        asked = set(cells(split.valid)) | set(cells(split.test))
        assert not asked & {("u", "a"), ("u", "b"), ("v", "a")}


def rated(*rows):
    return catalog(*[(user, item, "rate", day, value) for user, item, day, value in rows])


def test_a_low_rating_is_a_stored_zero_once_it_was_given_and_nothing_before():
    films = rated(("u", "a", 0, 5), ("u", "b", 1, 4), ("u", "x", 2, 3.5), ("u", "c", 3, 4.5), ("u", "y", 4, 1),
                  ("u", "d", 5, 5), ("u", "z", 6, 0.5),
                  *[("v", item, 9 + n, 5) for n, item in enumerate("xyzcdab")])
    split = splits.user_time(films, min_events=1)
    assert [(part, split_part[("u", "x")]) for part, split_part in (
        ("train", cells(split.train)), ("known", cells(split.known["test"])))] == [("train", 0.0), ("known", 0.0)]
    assert cells(split.train)[("u", "b")] == 1  # a rating of just 4
    assert ("u", "y") not in cells(split.known["valid"])
    assert cells(split.known["test"])[("u", "y")] == 0
    assert not any(("u", "z") in cells(part) for part in (split.train, *split.known.values()))
    assert not any(0 in cells(part).values() for part in (split.valid, split.test))


def test_a_film_rated_low_and_later_high_is_masked_so_it_is_not_asked():
    films = rated(("u", "a", 0, 5), ("u", "b", 1, 2), ("u", "c", 2, 5), ("u", "d", 3, 5), ("u", "b", 4, 5),
                  *[("v", item, n, 5) for n, item in enumerate("abcd")])
    split = splits.user_time(films, min_events=1)
    assert cells(split.known["test"])[("u", "b")] == 0
    assert ("u", "b") not in cells(split.test)


def test_a_film_rated_low_and_then_high_in_time_counts_as_liked():
    films = rated(("u", "b", 0, 2), ("u", "b", 1, 5), ("u", "c", 1, 5), ("u", "c", 2, 1),
                  *[(user, item, n, 5) for user in "uv" for n, item in enumerate("defghi", start=3)])
    train = cells(splits.user_time(films, min_events=1).train)
    assert train[("u", "b")] == train[("u", "c")] == 1


def test_equal_times_are_ordered_by_the_seed_and_not_by_the_rows_or_the_ids():
    rows = [(user, item, "play", 0) for user in "uvw" for item in "abcdefghij"]
    asked = [cells(splits.user_time(catalog(*some), valid=0.2, test=0.2, min_events=1, seed=seed).test)
             for seed, some in ((0, rows), (0, rows[::-1]), (1, rows))]
    assert asked[0] == asked[1] != asked[2]
    orders = splits.takes(catalog(*rows)).groupby("user")["item"].sum()
    assert len({"abcdefghij", *orders}) == 4  # a draw for each user: no item is last for everybody


def test_cold_items_are_the_only_candidates_and_nobody_learns_from_them():
    shop = catalog(*[(user, f"i{n}", "play", n) for user in "uvwxyz" for n in range(10)], ("u", "rare", "like", 3))
    split = splits.cold_items(shop, min_events=2)
    valid, test = split.candidates["valid"], split.candidates["test"]
    assert valid.sum() == test.sum() == 1
    assert not (valid & test).any()
    assert "rare" not in split.train.items
    assert split.learn("test").matrix[:, test].nnz == 0
    assert split.test.matrix[:, test].sum() == split.test.matrix.sum() == 6


def test_of_cold_users_the_first_three_events_are_known_and_the_rest_asked():
    shop = catalog(*[row for n in range(10) for row in plays(f"u{n}", "abcdef", n)])
    split = splits.cold_users(shop, min_events=1)
    user = split.test.users[np.diff(split.test.matrix.indptr) > 0]
    assert len(user) == 1
    assert {item for who, item in cells(split.known["test"]) if who == user} == set("abc")
    assert {item for who, item in cells(split.test) if who == user} == set("def")
    assert not any(who == user for who, _ in cells(split.learn("test")))


def test_items_need_enough_positive_events_in_training_with_or_without_media():
    films = rated(*[(user, item, n, 5) for user in "stuvw" for n, item in enumerate("abcd", start=1)],
                  *[(user, "few", 0, 5) for user in "stuv"], *[(user, "bad", 0, 1) for user in "stuvw"])
    split = splits.user_time(films)  # c is in valid and d in test; four users are too few, low ratings do not count
    assert list(split.train.items) == ["a", "b"]
    assert list(splits.user_time(films, min_events=4).train.items) == ["a", "b", "few"]


def test_ratings_are_split_by_user_and_a_shop_by_time():
    films = rated(*[("u", item, n, 5) for n, item in enumerate("abcd")])
    assert splits.default(films, 1).protocol["split"] == "user_time"
    shop = catalog(*plays("u", "abcdefghij", 0), ("u", "a", "rate", 30, 5.0))
    assert splits.default(shop, 1).protocol["split"] == "global_time"


def test_a_catalogue_that_was_not_preprocessed_says_what_to_do():
    raw = catalog(*plays("u", "abc", 0))
    raw.events["timestamp"] = raw.events["timestamp"].astype(str)
    with pytest.raises(CatalogError, match="preprocess"):
        splits.global_time(raw)


@pytest.mark.parametrize("make", splits.SPLITS.values(), ids=splits.SPLITS)
def test_nothing_positive_and_nothing_often_enough_are_said(make):
    with pytest.raises(ValueError, match="no positive event"):
        make(catalog(("u", "a", "view", 1)))
    with pytest.raises(ValueError, match=r"min_events|too few"):
        make(catalog(*plays("u", "abcde", 0), *plays("v", "abcde", 0), *plays("w", "abcde", 0)), min_events=99)
    with pytest.raises(ValueError, match="shares"):
        make(catalog(*plays("u", "abcde", 0)), **{"share" if "cold" in make.__name__ else "test": 1.0})


# ---- at random

rows = st.lists(st.one_of(
    st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcdefg"),
              st.sampled_from(["like", "cart", "purchase", "play", "view"]), st.integers(0, 9)),
    st.tuples(st.sampled_from("uvwxyz"), st.sampled_from("abcdefg"), st.just("rate"), st.integers(0, 9),
              st.sampled_from([1.0, 3.5, 4.0, 5.0, None]))), min_size=8, max_size=70)
kinds = st.sampled_from(sorted(splits.SPLITS))
quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])


def make_or_assume(kind, shop, **kwargs):
    try:
        return splits.SPLITS[kind](shop, min_events=1, **kwargs)
    except ValueError as error:
        assume("no positive" not in str(error) and "too few" not in str(error) and "no item" not in str(error))
        raise


def history(shop, user, item, low):
    """The days on which the user took the item (or rated it low), by plain reading."""
    events = shop.events
    mine = events[(events["user_id"] == user) & (events["item_id"] == item)]
    rate = mine["event"] == "rate"
    wanted = (rate & (mine["value"] < 4)) if low else (
        mine["event"].isin(["like", "cart", "purchase", "play"]) | (rate & (mine["value"] >= 4)))
    return sorted(mine.loc[wanted, "timestamp"])


@quick
@given(rows, kinds)
def test_nothing_of_the_future_is_known_and_the_guard_agrees(rows, kind):
    shop = catalog(*rows)
    split = make_or_assume(kind, shop)
    check_no_leak(split, shop)
    for stage in ("valid", "test"):
        asked, known = cells(getattr(split, stage)), cells(split.known[stage])
        assert not set(asked) & (set(known) | set(cells(split.train)))
        assert not set(asked) & set(cells(split.learn(stage)))
        first_asked = {}
        for user, item in asked:
            day = history(shop, user, item, low=False)[0]
            first_asked[user] = min(day, first_asked.get(user, day))
        for (user, item), value in known.items():
            happened = history(shop, user, item, low=value == 0)
            assert happened
            if kind == "global_time":
                assert happened[0] < pd.Timestamp(split.protocol[f"cut_{stage}"])
            if kind in ("user_time", "cold_users") and user in first_asked:
                assert happened[0] <= first_asked[user]


@quick
@given(rows, kinds)
def test_cold_stays_cold(rows, kind):
    split = make_or_assume(kind, catalog(*rows))
    for stage in ("valid", "test"):
        learnt, asked = split.learn(stage).matrix, getattr(split, stage).matrix
        if kind == "cold_items":
            cold = split.candidates[stage]
            assert learnt[:, cold].nnz == split.known[stage].matrix[:, cold].nnz == asked[:, ~cold].nnz == 0
        if kind == "cold_users":
            assert learnt[np.diff(asked.indptr) > 0].nnz == 0
            assert (split.known[stage].matrix[np.diff(asked.indptr) > 0].sum(axis=1) == 3).all()


@quick
@given(rows, kinds, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(rows, kind, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    one, two = (make_or_assume(kind, catalog(*each)) for each in (rows, shuffled))
    assert dict(one.protocol) == dict(two.protocol)
    for a, b in zip([one.train, one.valid, one.test, *one.known.values()],
                    [two.train, two.valid, two.test, *two.known.values()], strict=True):
        assert cells(a) == cells(b)


@quick
@given(rows, kinds)
def test_every_part_has_the_same_rows_and_columns_and_no_row_is_unknown(rows, kind):
    split = make_or_assume(kind, catalog(*rows))
    for part in (split.valid, split.test, *split.known.values()):
        assert list(part.users) == list(split.train.users) == sorted(part.users)
        assert list(part.items) == list(split.train.items) == sorted(part.items)
        assert part.matrix.dtype == np.float32
    assert (np.diff(split.known["test"].matrix.indptr) > 0).all()


# ---- planted leaks


def planted(part, user, item, value=1.0):
    """The part with one more stored cell."""
    coo = part.matrix.tocoo()
    row, column = list(part.users).index(user), list(part.items).index(item)
    entries = (np.append(coo.data, value), (np.append(coo.row, row), np.append(coo.col, column)))
    return Interactions(sparse.csr_matrix(entries, part.matrix.shape, dtype=np.float32), part.users, part.items)


def crowd():
    rng = np.random.default_rng(0)
    return catalog(*[(f"u{u}", f"i{i}", "play", int(day)) for u in range(12)
                     for day, i in enumerate(rng.permutation(12))])


@pytest.mark.parametrize("stage", ["valid", "test"])
@pytest.mark.parametrize("kind", splits.SPLITS)
def test_a_target_planted_in_train_is_caught_with_user_and_item(kind, stage):
    shop = crowd()
    split = splits.SPLITS[kind](shop, min_events=1)
    user, item = next(iter(cells(getattr(split, stage))))
    leaky = dataclasses.replace(split, train=planted(split.train, user, item))
    with pytest.raises(ValueError, match=f"leak in train: user '{user}', item '{item}' (is|happened)"):
        check_no_leak(leaky, shop)


@pytest.mark.parametrize("kind", splits.SPLITS)
def test_a_target_planted_in_what_is_known_is_caught_even_as_a_zero(kind):
    shop = crowd()
    split = splits.SPLITS[kind](shop, min_events=1)
    user, item = next(iter(cells(split.test)))
    known = {**split.known, "test": planted(split.known["test"], user, item, value=0.0)}
    with pytest.raises(ValueError, match=f"user '{user}', item '{item}' is a target of test"):
        check_no_leak(dataclasses.replace(split, known=known), shop)


@pytest.mark.parametrize("kind", ["global_time", "user_time"])
def test_a_low_rating_from_the_future_is_caught(kind):
    films = rated(*[(user, item, n, 5) for user in "uv" for n, item in enumerate("abcdefghij")],
                  *[("w", item, n, 5) for n, item in enumerate("jihgfedc")], ("w", "a", 40, 2))
    split = splits.SPLITS[kind](films, min_events=1)
    assert ("w", "a") not in cells(split.known["test"])
    leaky = dataclasses.replace(split, train=planted(split.train, "w", "a", value=0.0))
    with pytest.raises(ValueError, match=r"user 'w', item 'a' happened after"):
        check_no_leak(leaky, films)


def test_a_cold_item_is_caught_where_its_user_is_not_asked_for_it():
    films = rated(*[(user, f"i{n}", n, 5) for user in "uv" for n in range(10)],
                  *[("w", f"i{n}", n, 1 + 4 * (n % 2)) for n in range(10)], *[("x", f"i{n}", n, 1) for n in range(10)])
    split = splits.cold_items(films, min_events=1)
    cold, warm = (split.train.items[mask][0] for mask in (split.candidates["test"], ~split.candidates["test"]))
    assert cells(split.train)[("x", warm)] == 0
    assert not any(("x", cold) in cells(part) for part in (split.train, *split.known.values()))
    with pytest.raises(ValueError, match=f"leak in train: user 'x', item '{cold}' is a cold item of test"):
        check_no_leak(dataclasses.replace(split, train=planted(split.train, "x", cold, 0.0)), films)


def test_a_cold_user_is_caught_with_what_is_known_of_them():
    shop = crowd()
    split = splits.cold_users(shop, min_events=1)
    user, item = next((u, i) for u, i in cells(split.known["test"])
                      if u in {who for who, _ in cells(split.test)})
    with pytest.raises(ValueError, match=f"user '{user}', item '{item}' belongs to a cold user of test"):
        check_no_leak(dataclasses.replace(split, train=planted(split.train, user, item)), shop)


def test_a_cell_that_no_event_gives_is_caught():
    few = catalog(*plays("u", "abcdef", 0), *plays("v", "abcde", 0))
    split = splits.user_time(few, min_events=1)
    with pytest.raises(ValueError, match="comes from no event"):
        check_no_leak(dataclasses.replace(split, train=planted(split.train, "v", "b", 0.0)),
                             catalog(*plays("u", "abcdef", 0), *plays("v", "a", 0)))


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

    def judged(split):
        asked, known = (np.diff(part.matrix.indptr) > 0 for part in (split.test, split.known["test"]))
        return int((asked & known).sum())

    assert splits.default(films).protocol["split"] == "user_time"
    assert (judged(splits.global_time(films)), judged(splits.user_time(films))) == (28, 578)


@movielens
@pytest.mark.parametrize("kind", splits.SPLITS)
def test_movielens_leaks_nowhere(kind):
    films = read_movielens()
    split = splits.SPLITS[kind](films)
    check_no_leak(split, films)
    assert (split.known["test"].matrix.data == 0).sum() > 20_000
    user, item = next(iter(cells(split.test)))
    with pytest.raises(ValueError, match=f"user '{user}', item '{item}'"):
        check_no_leak(dataclasses.replace(split, train=planted(split.train, user, item)), films)
