"""Cleaning: each kind of dirt is found, its look-alike is not; what was planted is found; nothing is lost."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrec_helpers import datasets
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.preprocessing import preprocess

ITEMS = pd.DataFrame({"item_id": ["a", "b", "c"], "title": ["One", "Two", "Café ñ 唱片"]}, dtype=object)


def log(*rows):
    columns = ["user_id", "item_id", "event", "timestamp", "query", "value"]
    return pd.DataFrame([[*row, *[None] * (6 - len(row))] for row in rows], columns=columns, dtype=object)


def clean(*rows, items=ITEMS):
    catalog, report = preprocess(Catalog(items, log(*rows), None, "tiny"), check_media=False)
    counts = report.counts()
    return catalog, dict(zip(counts["cause"], counts["count"], strict=True))


def at(minute, second=0, day=1):
    return f"2025-03-{day:02d}T12:{minute:02d}:{second:02d}Z"


def test_a_repeated_play_is_no_duplicate():
    catalog, found = clean(("u", "a", "play", at(1)), ("u", "a", "play", at(5)), ("u", "a", "play", at(1, day=2)))
    assert found == {}
    assert len(catalog.events) == 3


def test_the_very_same_row_and_a_retry_within_two_seconds_are():
    row = ("u", "a", "play", at(1))
    catalog, found = clean(row, row, ("u", "a", "play", at(1, 2)), ("u", "b", "play", at(1, 2)))
    assert found == {"exact duplicate": 1, "near duplicate": 1}
    assert len(catalog.events) == 2


def test_a_step_can_be_left_out_to_measure_its_worth():
    row = ("u", "a", "play", at(1))
    dirty = Catalog(ITEMS, log(row, row, (None, "a", "play", at(3))), None, "tiny")
    catalog, report = preprocess(dirty, check_media=False, skip=["drop_exact_duplicates", "drop_near_duplicates"])
    assert len(catalog.events) == 2
    assert report.set_aside["cause"].tolist() == ["no user"]
    with pytest.raises(ValueError, match="no step 'convert_times' that can be left out; there are drop_bots, "):
        preprocess(dirty, check_media=False, skip=["convert_times"])


def test_another_zone_is_converted():
    catalog, found = clean(("u", "a", "play", "2025-03-01T20:01:00+08:00"))
    assert found == {"time zone": 1}
    assert catalog.events["timestamp"][0] == pd.Timestamp(at(1))


@pytest.mark.parametrize(("row", "cause"), [
    (("u", "a", "play", "yesterday"), "unparsable time"),
    (("u", "z", "play", at(1)), "unknown item"),
    ((None, "a", "play", at(1)), "no user"),
    (("u", None, "play", at(1)), "no item"),
    (("u", "a", "purchase", at(1), None, "-3"), "contradiction"),
])
def test_a_row_that_cannot_be_used_is_set_aside(row, cause):
    catalog, found = clean(row, ("u", "b", "play", at(9)))
    assert found == {cause: 1}
    assert len(catalog.events) == 1


def test_a_search_needs_no_item():
    assert clean(("u", None, "search", at(1), "sea"))[1] == {}


def test_good_unicode_is_left_alone_and_mojibake_mended():
    assert clean(("u", "a", "play", at(1)))[1] == {}
    broken = ITEMS.assign(title=["CafÃ© au lait", "Two", "Three"])
    catalog, found = clean(("u", "a", "play", at(1)), items=broken)
    assert found == {"mojibake": 1}
    assert catalog.items["title"][0] == "Café au lait"


def test_one_record_under_two_ids_is_merged_with_its_events():
    twins = pd.DataFrame({"item_id": ["a", "b"], "title": ["Sea Song", "Sea Song"], "artist": ["Ada", "Ada"],
                          "description": ["about the sea"] * 2, "released_at": ["2024-01-01", "2024-06-01"]},
                         dtype=object)
    catalog, found = clean(("u", "a", "play", at(1)), ("v", "b", "play", at(2)), items=twins)
    assert found["duplicate item"] == 1
    assert catalog.items["item_id"].tolist() == ["a"]
    assert catalog.events["item_id"].tolist() == ["a", "a"]


@pytest.fixture(scope="module")
def shipped():
    raw = datasets.load("recordshop")
    return raw, *preprocess(raw)


@pytest.fixture(scope="module")
def planted(shipped):
    return json.loads((shipped[0].root / "truth" / "dirt.json").read_text(encoding="utf-8"))


def test_what_was_planted_is_found_in_its_number(shipped, planted):
    counts = shipped[2].counts().groupby("cause")["count"].sum()
    told = {cause: len(found) for cause, found in planted.items() if cause != "bot users"}
    assert counts.to_dict() == told


def test_what_was_planted_is_found_in_its_place(shipped, planted):
    found = shipped[2].set_aside
    events = found[found["file"] == "events.csv"]
    for cause in ("unknown item", "no user", "no item", "contradiction", "clock error", "unparsable time", "bot"):
        lines = set(events.loc[events["cause"] == cause, "line"])
        assert lines == {row + 2 for row in planted[cause]}, cause


def test_nothing_is_lost(shipped):
    raw, catalog, report = shipped
    aside = report.set_aside
    gone = aside[(aside["file"] == "events.csv") & (aside["action"] == "set aside")]
    assert len(catalog.events) + len(gone) == len(raw.events)
    assert gone["line"].is_unique


def test_what_is_clean_stays_as_it_is(shipped):
    again, report = preprocess(shipped[1], check_media=False)
    assert set(report.counts()["action"]) <= {"kept"}
    pd.testing.assert_frame_equal(again.events, shipped[1].events)


def test_lines_are_those_of_the_file(shipped):
    raw, _, report = shipped
    aside = report.set_aside
    row = aside[aside["cause"] == "unparsable time"].iloc[0]
    text = (raw.root / "events.csv").read_text(encoding="utf-8").splitlines()[row["line"] - 1]
    assert text.startswith(f"{row['id']},")


def test_real_ratings_lose_nothing(movielens):
    raw = datasets.load(movielens)
    catalog, report = preprocess(raw, check_media=False)
    assert len(catalog.events) == len(raw.events)
    assert "bot" not in set(report.counts()["cause"])


usual = st.sampled_from(["a", "b", "u", "play", "view", "rate", at(1), at(2)])
words = st.one_of(st.none(), st.text(max_size=8), usual)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(words, words, words, words, words, words), max_size=12))
def test_odd_tables_never_raise_and_lose_nothing(rows):
    catalog, report = preprocess(Catalog(ITEMS, log(*rows), None, "odd"), check_media=False)
    aside = report.set_aside
    gone = (aside["file"].eq("events.csv") & aside["action"].eq("set aside")).sum()
    assert len(catalog.events) + gone == len(rows)
    assert catalog.events["timestamp"].notna().all()
    assert np.issubdtype(catalog.events["value"].dtype, np.floating)
