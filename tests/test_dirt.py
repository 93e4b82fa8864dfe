"""Planted dirt is what its list says: each row and file spoilt once, in its own way, and nothing else touched."""

import numpy as np
import pandas as pd
import pytest

from mmrec_helpers import media
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.datasets import small_recordshop
from mmrec_helpers.datasets.recordshop import build, dirt
from mmrec_helpers.datasets.recordshop.log import make_log
from mmrec_helpers.datasets.recordshop.world import make_world
from mmrec_helpers.preprocessing.repairs import fix_mojibake


@pytest.fixture(scope="module")
def clean():
    world = make_world(90, 120, seed=5)
    items = build.item_table(world, 5, quiet=True)
    return Catalog(items, make_log(world, 9000, items["price"].astype(float).to_numpy(), 6), None, "clean")


@pytest.fixture(scope="module")
def soiled(clean):
    return dirt.soil(clean, np.random.default_rng(7), share=5)


def test_no_share_plants_nothing(clean):
    same, planted = dirt.soil(clean, np.random.default_rng(7), share=0)
    assert not any(planted.values())
    pd.testing.assert_frame_equal(same.events, clean.events, check_dtype=False)
    pd.testing.assert_frame_equal(same.items, clean.items, check_dtype=False)


def test_no_row_and_no_item_is_spoilt_twice(soiled):
    _, planted = soiled
    rows = [row for cause, found in planted.items() if cause in [*dirt.OF_EVENTS, "bot"] and cause != "bot users"
            for row in found]
    items = [one for cause in dirt.OF_ITEMS for one in np.ravel(planted[cause])]
    assert len(rows) == len(set(rows)) > 100
    assert len(items) == len(set(items)) > 20


def test_the_rest_is_as_it_was(clean, soiled):
    dirty, planted = soiled
    touched = {row for cause, found in planted.items() if cause in [*dirt.OF_EVENTS, "bot"] and cause != "bot users"
               for row in found}
    rest = dirty.events.drop(index=list(touched))
    younger = {new: old for old, new in planted["duplicate item"]}
    rest = rest.assign(item_id=rest["item_id"].replace(younger))
    before = set(clean.events.fillna("").itertuples(index=False, name=None))
    assert set(rest.fillna("").itertuples(index=False, name=None)) <= before
    assert len(rest) > 0.8 * len(clean.events)


def test_copies_stand_after_their_original(soiled):
    events = soiled[0].events
    assert events.duplicated()[soiled[1]["exact duplicate"]].all()
    fields = [column for column in events if column != "timestamp"]
    near = events.loc[soiled[1]["near duplicate"]]
    assert events.duplicated(fields)[near.index].all()
    assert not events.duplicated()[near.index].any()


@pytest.mark.parametrize(("cause", "spoilt"), [
    ("no user", lambda rows: rows["user_id"].isna()), ("no item", lambda rows: rows["item_id"].isna()),
    ("contradiction", lambda rows: rows["value"].str.startswith("-") & rows["event"].eq("purchase")),
    ("clock error", lambda rows: rows["timestamp"].str[:4].isin(["1970", "2099"])),
    ("time zone", lambda rows: rows["timestamp"].str.contains(r"[+-]\d\d:00$")),
    ("unparsable time", lambda rows: rows["timestamp"].isin(dirt.NO_TIMES))])
def test_every_listed_row_shows_its_fault_and_no_other_row_does(soiled, cause, spoilt):
    events, planted = soiled[0].events, soiled[1]
    found = spoilt(events).fillna(False).astype(bool)
    if cause == "no item":
        found &= events["event"].ne("search")
    assert sorted(events.index[found]) == planted[cause]


def test_unknown_items_are_in_no_table_and_bots_are_no_listeners(clean, soiled):
    dirty, planted = soiled
    asked = dirty.events["item_id"]
    assert sorted(asked.index[asked.notna() & ~asked.isin(dirty.items["item_id"])]) == planted["unknown item"]
    assert not set(planted["bot users"]) & set(clean.events["user_id"])
    assert set(dirty.events["user_id"][planted["bot"]]) == set(planted["bot users"])


def test_mojibake_can_be_read_back_and_twins_are_alike(clean, soiled):
    dirty, planted = (soiled[0].items.set_index("item_id"), soiled[1])
    titles = clean.items.set_index("item_id")["title"]
    broken = dirty.loc[planted["mojibake"]]
    assert (broken["description"] != broken["description"].map(fix_mojibake)).all()
    assert broken["title"].map(fix_mojibake).tolist() == titles[planted["mojibake"]].tolist()
    for older, younger in planted["duplicate item"]:
        assert dirty.loc[older, ["title", "artist", "description"]].equals(
            dirty.loc[younger, ["title", "artist", "description"]])


def test_spoilt_files_are_spoilt_in_their_own_way():
    folder = small_recordshop()
    from mmrec_helpers.datasets import load

    shop = load(folder)
    planted = pd.read_json(folder / "truth" / "dirt.json", typ="series")
    paths = {kind: dict(zip(shop.items["item_id"], shop.media(kind), strict=True)) for kind in ("image", "audio")}
    for cause in ("truncated picture", "not a picture", "silent sound", "empty sound"):
        kind, read = ("image", media.read_image) if "picture" in cause else ("audio", media.read_sound)
        for item in planted[cause]:
            with pytest.raises(media.MediaFault) as fault:
                read(paths[kind][item])
            assert fault.value.cause == cause
    for cause in ("mislabelled picture", "clipped sound", "other rate"):
        kind = "image" if "picture" in cause else "audio"
        assert all(media.notes(paths[kind][item]) == [cause] for item in planted[cause])
