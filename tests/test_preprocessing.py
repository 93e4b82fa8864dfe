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
from mmrec_helpers.preprocessing.events import meaning

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


@pytest.mark.parametrize("texts", [
    ["1740801660", "1740801661.5"], ["1740801660000", "1740801661500"], ["1740801660.0", "1740801661500"],
    ["2025-03-01T05:01:00+0100", "2025-03-01 05:01:01.5 +01"],
    ["2025-03-01 04:01:00 UTC", "2025-03-01T04:01:01.500 GMT"]])
def test_the_times_of_other_systems_are_read(texts):
    catalog, found = clean(("u", "a", "play", texts[0]), ("u", "b", "play", texts[1]))
    assert set(found) <= {"time zone"}
    assert catalog.events["timestamp"].tolist() == [
        pd.Timestamp("2025-03-01T04:01:00Z"), pd.Timestamp("2025-03-01T04:01:01.5Z")]


@pytest.mark.parametrize("text", ["1740801660", "20250301", "17408016600", "1e9", "-1740801660"])
def test_a_number_among_iso_times_is_no_time(text):
    _, found = clean(("u", "a", "play", text), ("u", "b", "play", at(1)), ("u", "a", "play", at(3)))
    assert found == {"unparsable time": 1}


def test_unknown_events_are_counted_with_the_name_they_may_mean():
    rows = [("u", "a", "add_to_cart", at(1)), ("u", "b", "add_to_cart", at(2)), ("u", "a", "Viewed", at(3)),
            ("u", "a", "zzz", at(4))]
    catalog, report = preprocess(Catalog(ITEMS, log(*rows), None, "tiny"), check_media=False)
    assert len(catalog.events) == 4
    found = report.set_aside[["line", "id", "cause", "action", "fix"]].to_numpy().tolist()
    assert found[0] == [2, "add_to_cart", "unknown event", "kept",
                        "2 x 'add_to_cart', not used; if it means 'cart', map it: --event add_to_cart=cart"]
    assert [(line, "'view'" in fix, "map it to one of view, search, " in fix) for line, *_, fix in found[1:]] == [
        (4, True, False), (5, False, True)]


def test_names_of_events_can_be_mapped():
    shop = Catalog(ITEMS, log(("u", "a", "add_to_cart", at(1))), None, "tiny")
    catalog, report = preprocess(shop, check_media=False, events={"add_to_cart": "cart", "other": "view"})
    assert catalog.events["event"].tolist() == ["cart"]
    assert report.set_aside.empty
    with pytest.raises(ValueError, match="no event 'basket' to map to; there are view, search, "):
        preprocess(shop, events={"add_to_cart": "basket"})


def test_a_name_of_events_can_have_a_weight():
    shop = Catalog(ITEMS, log(("u", "a", "add_to_cart", at(1)), ("u", "b", "bought", at(2)), ("u", "c", "like", at(3))),
                   None, "tiny")
    names = {"add_to_cart": "cart:3", "bought": ("purchase", 5.0)}
    catalog, report = preprocess(shop, check_media=False, events=names)
    assert catalog.events[["event", "weight"]].to_numpy().tolist() == [["cart", 3], ["purchase", 5], ["like", 1]]
    assert report.set_aside.empty
    with pytest.raises(ValueError, match="a column 'weight' already"):
        preprocess(catalog, check_media=False, events=names)
    unweighted, _ = preprocess(shop, check_media=False, events={"add_to_cart": "cart:1"})
    assert "weight" not in unweighted.events


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "inf", "heavy", ""])
def test_a_weight_that_is_no_finite_number_above_0_is_refused_by_name(weight):
    with pytest.raises(ValueError, match=f"weight '{weight}' of cart: write a finite number above 0, such as cart:3"):
        meaning(f"cart:{weight}")
    with pytest.raises(ValueError, match="weight None of cart"):
        meaning(("cart", None))


def why(*rows):
    catalog, report = preprocess(Catalog(ITEMS, log(*rows), None, "tiny"), check_media=False)
    return report.why_empty(catalog)


def test_a_log_of_which_nothing_is_left_says_by_which_rule():
    assert why(("u", "a", "play", at(1))) is None
    assert why(("u", "a", "rate", at(1), None, "4")) is None
    told = why(("u", "a", "play", "soon"), ("u", "a", "play", "later"), ("u", "z", "play", at(1)))
    assert told.startswith('no event is left to learn from; set aside: 2 for "unparsable time" (first: events.csv: '
                           "line 2: write it in ISO 8601")
    assert '1 for "unknown item" (first: events.csv: line 4: add the item to items.csv)' in told
    assert why().endswith("the log has no rows: write one an event")
    told = why(("u", "a", "bought", at(1)), ("u", "a", "rate", at(2), None, "2"))
    assert told.startswith("none of the 2 events left says that a user took an item (like, cart, ")
    assert "line 2: 1 x 'bought', not used; map it to one of" in told


def test_a_log_of_dates_is_not_taken_for_bots_or_retries():
    rows = [("u", str(item), "play", "2025-03-01") for item in range(200)]
    many = pd.DataFrame({"item_id": [str(item) for item in range(200)], "title": "x"}, dtype=object)
    catalog, found = clean(*rows, items=many)
    assert (len(catalog.events), found) == (200, {})
    shop = Catalog(ITEMS, log(*[("u", "a", "play", "2025-03-01")] * 2), None, "tiny")
    assert len(preprocess(shop, check_media=False, skip=["drop_exact_duplicates"])[0].events) == 2


def test_a_crowd_within_a_minute_is_a_bot():
    rows = [("u", None, "search", f"2025-03-01T12:00:{n / 4:09.6f}Z", str(n)) for n in range(200)]
    assert clean(*rows)[1] == {"bot": 200}


@pytest.mark.parametrize("ids", [["007", "7", "nan", "NA", "1e5", " a b ", "None", "1.0"]])
def test_ids_stay_the_text_that_they_are(tmp_path, ids):
    (tmp_path / "items.csv").write_text("item_id,title\n" + "".join(f"{one},x\n" for one in ids))
    (tmp_path / "events.csv").write_text("user_id,item_id,event,timestamp\n" + "".join(
        f"{one},{one},play,{at(n)}\n" for n, one in enumerate(ids)))
    catalog, report = preprocess(datasets.load(tmp_path))
    assert catalog.items["item_id"].tolist() == catalog.events["item_id"].tolist() == ids
    assert catalog.events["user_id"].tolist() == ids
    assert report.set_aside.empty


def test_a_search_needs_no_item():
    assert clean(("u", None, "search", at(1), "sea"))[1] == {}


def test_good_unicode_is_left_alone_and_mojibake_fixed():
    assert clean(("u", "a", "play", at(1)))[1] == {}
    broken = ITEMS.assign(title=["CafÃ© au lait", "Two", "Three"])
    catalog, found = clean(("u", "a", "play", at(1)), items=broken)
    assert found == {"mojibake": 1}
    assert catalog.items["title"][0] == "Café au lait"


@pytest.mark.parametrize(("written", "shown"), [
    ("<p>Fish &amp; chips,<br>and <b>more</b>.</p>", "Fish & chips, and more."), ("H<sub>2</sub>O", "H2O"),
    ("Sea<script>if (a < b) { track() }</script><style>p {}</style>", "Sea"), ("R&amp;B &ndash; hits", "R&B – hits"),
    ("&lt;p&gt;Calm&lt;/p&gt;", "Calm"), ("a <!-- note --> b", "a b"), ("caf&Atilde;&copy;", "café"),
    ("<script>only()</script>", "")])
def test_markup_becomes_the_text_that_it_shows(written, shown):
    items = ITEMS.assign(description=[written, "Two", "Three"])
    catalog, found = clean(("u", "a", "play", at(1)), items=items)
    assert catalog.items["description"].fillna("")[0] == shown
    assert found["markup"] == 1


@pytest.mark.parametrize("text", ["1 < 2 > 0", "I <3 you >_<", "AT&T; Q&A", "by <someone>", "a<b>c?", "<![foo", "<p"])
def test_text_that_is_no_markup_stays(text):
    items = ITEMS.assign(description=[text, "Two", "Three"])
    catalog, found = clean(("u", "a", "play", at(1)), items=items)
    assert catalog.items["description"][0] == text
    assert "markup" not in found


def test_an_item_of_title_alone_has_it_as_text():
    catalog, _ = clean(("u", "a", "play", at(1)))
    assert catalog.media("text") == ["One", "Two", "Café ñ 唱片"]


def test_without_any_description_tags_or_else_the_category_join_the_title():
    items = ITEMS.assign(title=["One", None, None], tags=["jazz|lp", None, None], category=["jazz", "rock", None])
    catalog, _ = clean(("u", "a", "play", at(1)), items=items)
    assert catalog.media("text") == ["One. jazz, lp", "rock", None]


def test_where_most_items_are_described_a_missing_description_is_a_missing_text():
    items = ITEMS.assign(title=["One", None, "Three"], description=["A.", "B.", None], tags="jazz")
    catalog, _ = clean(("u", "a", "play", at(1)), items=items)
    assert catalog.media("text") == ["One. A.", "B.", None]


def test_media_are_found_by_odd_names_and_judged_where_they_are_listed(tmp_path):
    from PIL import Image
    names = ["a#1.png", "b?x=1.png", "c%20d.png", "e f&.png"]
    for name in names:
        Image.new("RGB", (8, 8)).save(tmp_path / name)
    items = pd.DataFrame({"item_id": list("abcd"), "title": "x", "image": names, "audio": names[:1] + [None] * 3},
                         dtype=object)
    catalog, report = preprocess(Catalog(items, log(("u", "a", "play", at(1))), tmp_path, "tiny"))
    assert catalog.items["image"].tolist() == names
    assert catalog.items["audio"].isna().all()
    assert report.set_aside[["file", "id", "cause"]].to_numpy().tolist() == [["a#1.png", "a", "not a sound"]]


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
    assert report.why_empty(catalog) is None or "; " in report.why_empty(catalog)


odd_words = words | st.sampled_from(["<p>", "&lt;b>x</b>", "Ã©", "<script>x", "2025", "1740801600"])


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[odd_words] * 4), min_size=1, max_size=5), st.permutations(
    ["title", "description", "released_at", "artist", "tags", "price"]))
def test_odd_items_never_raise_and_what_was_cleaned_stays(rows, columns):
    items = pd.DataFrame(rows, columns=columns[:4], dtype=object).assign(item_id=[f"i{n}" for n in range(len(rows))])
    catalog, _ = preprocess(Catalog(items, log(("u", "i0", "play", at(1))), None, "odd"), check_media=False)
    assert len(catalog.media("text")) == len(catalog.items)
    again, report = preprocess(catalog, check_media=False)
    pd.testing.assert_frame_equal(again.items, catalog.items)
    assert set(report.set_aside["action"]) <= {"kept"}
