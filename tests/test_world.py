"""The planted world: its numbers, its log, and the shipped files against the floors that the course rests on."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bench import calibrate
from mmrec_helpers import datasets, splits
from mmrec_helpers.datasets.folder import verify, write_catalog
from mmrec_helpers.datasets.recordshop import dirt
from mmrec_helpers.datasets.recordshop.build import EVENTS, ITEMS, SEED, USERS, build, draw_record, item_table
from mmrec_helpers.datasets.recordshop.log import GAP, make_log
from mmrec_helpers.datasets.recordshop.redraw import redraw
from mmrec_helpers.datasets.recordshop.world import DAYS, MODALITIES, SEGMENTS, World, make_world
from mmrec_helpers.evaluation import paired
from mmrec_helpers.preprocessing import preprocess


@pytest.fixture(scope="module")
def small():
    return make_world(150, 80, seed=3)


@pytest.fixture(scope="module")
def small_log(small):
    return make_log(small, 4000, np.full(150, 19.9), seed=4)


def test_a_world_repeats_from_its_seed(small):
    again, other = make_world(150, 80, seed=3), make_world(150, 80, seed=4)
    np.testing.assert_array_equal(small.factors, again.factors)
    assert not np.array_equal(small.factors, other.factors)


def test_a_world_survives_the_disk(small, tmp_path):
    small.save(tmp_path)
    np.testing.assert_array_equal(World.load(tmp_path).utility(), small.utility())


def test_an_empty_world_is_refused():
    with pytest.raises(ValueError, match="at least one record"):
        make_world(0, 5, seed=1)


def test_the_log_has_about_as_many_rows_as_asked(small_log):
    assert 2500 < len(small_log) < 5500


def test_nothing_is_met_before_it_is_released_or_before_its_listener_joined(small, small_log):
    rows = small_log.dropna(subset="item_id")
    day = (pd.to_datetime(rows["timestamp"]) - pd.Timestamp("2025-01-01", tz="UTC")) / pd.Timedelta(days=1)
    released = small.released[pd.Index(small.item_ids).get_indexer(rows["item_id"])]
    joined = small.joined[pd.Index(small.user_ids).get_indexer(rows["user_id"])]
    assert (day + 1e-3 >= released).all()
    assert (day + 0.1 >= np.floor(joined)).all()
    assert day.between(0, DAYS).all()


def test_a_listener_is_no_machine(small_log):
    times = pd.to_datetime(small_log["timestamp"])
    gaps = times.groupby(small_log["user_id"]).diff().dropna().dt.total_seconds()
    assert gaps.min() >= GAP - 1


def test_records_are_played_again(small_log):
    plays = small_log[small_log["event"] == "play"]
    assert plays.duplicated(["user_id", "item_id"]).mean() > 0.05
    assert not small_log.duplicated().any()


def test_only_searches_have_queries_and_only_purchases_values(small_log):
    assert (small_log["query"].notna() == (small_log["event"] == "search")).all()
    assert (small_log["value"].notna() == (small_log["event"] == "purchase")).all()


def test_thirty_shipped_records_are_made_again_byte_for_byte(tmp_path):
    folder = datasets.load("recordshop").root
    dirt = json.loads((folder / "truth" / "dirt.json").read_text(encoding="utf-8"))
    spoilt = {one for found in dirt.values() for entry in found for one in np.ravel(entry) if isinstance(one, str)}
    world = World.load(folder / "truth")
    clean = [number for number, name in enumerate(world.item_ids) if name not in spoilt]
    table, shipped = item_table(world, SEED, quiet=True), datasets.load("recordshop").items.set_index("item_id")
    for number in clean[::len(clean) // 30][:30]:
        name = world.item_ids[number]
        draw_record(world, number, tmp_path, SEED)
        for path in (f"images/{name}.jpg", f"audio/{name}.mp3"):
            assert (tmp_path / path).read_bytes() == (folder / path).read_bytes(), path
        for column in ("title", "description", "artist", "price", "category", "description_zh"):
            mine, theirs = table.loc[number, column], shipped.loc[name, column]
            assert mine == theirs or (pd.isna(mine) and pd.isna(theirs)), (name, column)


def test_the_shipped_truth_is_the_seeds():
    shipped, again = World.load(datasets.load("recordshop").root / "truth"), make_world(ITEMS, USERS, SEED)
    np.testing.assert_array_equal(shipped.tastes, again.tastes)
    np.testing.assert_array_equal(shipped.factors, again.factors)


def test_a_small_world_builds_whole_and_repeats(tmp_path):
    for name in ("one", "two"):
        build(tmp_path / name / "shop", items=40, users=30, events=1500, seed=5, quiet=True)
    first, second = (sorted(p for p in (tmp_path / name / "shop").rglob("*") if p.is_file()) for name in ("one", "two"))
    assert [p.name for p in first] == [p.name for p in second]
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(first, second, strict=True))


def test_a_full_folder_is_not_overwritten(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        build(tmp_path, items=20, users=20, quiet=True)


def test_a_world_that_fails_midway_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("mmrec_helpers.datasets.recordshop.dirt.soil", lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build(tmp_path / "shop", items=20, users=20, media=False, quiet=True)
    assert not list(tmp_path.iterdir())


def test_the_catalogue_that_is_returned_is_the_one_on_disk(tmp_path):
    (tmp_path / "shop").mkdir()
    made = build(tmp_path / "shop", items=20, users=20, media=False, quiet=True)
    there = datasets.load(tmp_path / "shop")
    assert (made.root, made.name) == (there.root, there.name)
    pd.testing.assert_frame_equal(made.events.fillna(""), there.events.fillna(""), check_dtype=False)


def test_a_large_shop_has_as_many_rows_as_asked():
    world = make_world(5000, 300, seed=3)
    assert len(make_log(world, 17_000, np.full(5000, 19.9), seed=4)) == pytest.approx(17_000, rel=0.07)


# ---- another log of the same shop


@pytest.fixture(scope="module")
def redrawn():
    return redraw("recordshop", 1), redraw("recordshop", 2)


def test_the_shipped_log_is_the_seeds(raw, tmp_path):
    clean = redraw("recordshop", 0)
    table = item_table(make_world(ITEMS, USERS, SEED), SEED, quiet=True)
    catalog, _ = dirt.soil(replace(clean, items=table), np.random.default_rng(SEED + 2))
    write_catalog(catalog, tmp_path)
    for file in ("items.csv", "events.csv"):
        assert (tmp_path / file).read_bytes() == (raw.root / file).read_bytes()


def test_a_redrawn_log_is_another_one_of_the_same_shop_and_repeats(redrawn, raw):
    one, two = redrawn
    assert one.events.columns.equals(raw.events.columns)
    assert one.root == raw.root
    pd.testing.assert_frame_equal(one.items, raw.items)
    pd.testing.assert_frame_equal(one.events, redraw(raw.root, 1).events)
    pairs = [set(zip(log["user_id"], log["item_id"], strict=True)) for log in (one.events, two.events)]
    assert len(pairs[0] & pairs[1]) < 0.3 * len(pairs[0])


def test_a_redrawn_log_has_the_same_listeners_and_popularity(redrawn, raw, world):
    one, two = (log[log["user_id"].isin(world.user_ids)] for log in (redrawn[0].events, raw.events))  # no bots
    assert len(one) == pytest.approx(len(two), rel=0.05)
    for column, least in (("user_id", 0.9), ("item_id", 0.9)):
        counts = pd.concat([log[column].value_counts() for log in (one, two)], axis=1).fillna(0)
        assert counts.corr().iloc[0, 1] > least, column
    shares = pd.concat([log["event"].value_counts(normalize=True) for log in (one, two)], axis=1)
    assert shares.diff(axis=1).iloc[:, 1].abs().max() < 0.01


def test_a_redrawn_shop_passes_cleaning_and_is_split(redrawn):
    clean, report = preprocess(redrawn[0], check_media=False)
    assert not set(report.set_aside["file"]) & {"events.csv"}
    assert splits.default(clean).test.targets.nnz > 1000


def test_a_small_shop_of_other_size_is_redrawn_at_its_size(tmp_path):
    build(tmp_path / "shop", items=40, users=30, events=700, seed=5, media=False, soiled=False, quiet=True)
    own, again, other = datasets.load(tmp_path / "shop"), redraw(tmp_path / "shop", 0), redraw(tmp_path / "shop", 3)
    assert own.events["timestamp"].tolist() == again.events["timestamp"].tolist()
    assert len(other.events) == pytest.approx(len(own.events), rel=0.25)


# ---- the committed files against the floors


@pytest.fixture(scope="module")
def raw():
    return datasets.load("recordshop")


@pytest.fixture(scope="module")
def cleaned(raw):
    return preprocess(raw)


@pytest.fixture(scope="module")
def world(raw):
    return World.load(raw.root / "truth")


@pytest.fixture(scope="module")
def split(cleaned):
    return splits.default(cleaned[0])


@pytest.fixture(scope="module")
def scores(world, split):
    return calibrate.closed_forms(world, split)


def test_files_are_those_of_the_manifest(raw):
    assert not verify(raw.root)


def test_it_is_at_most_32_mb(raw):
    assert sum(path.stat().st_size for path in raw.root.rglob("*") if path.is_file()) <= 32e6


def test_about_as_many_rows_as_said(raw):
    assert ITEMS <= len(raw.items) <= ITEMS + 20
    assert EVENTS < len(raw.events) < 66_000
    assert 180 <= raw.items["description_zh"].notna().sum() <= 220


def test_every_planted_fault_is_counted_in_the_manifest(raw):
    planted = json.loads((raw.root / "truth" / "dirt.json").read_text(encoding="utf-8"))
    manifest = json.loads((raw.root / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["dirt"] == {cause: len(found) for cause, found in planted.items()}


def test_the_utility_is_worth_twice_ease(scores):
    assert scores["three modalities"].metrics["ndcg"].mean() >= 2 * scores["EASE"].metrics["ndcg"].mean()


def test_true_factors_help_ease_by_a_quarter(scores):
    assert scores["EASE + true factors"].metrics["ndcg"].mean() >= 1.25 * scores["EASE"].metrics["ndcg"].mean()


def test_each_modality_adds(scores):
    for fewer, more in zip(calibrate.NAMES, calibrate.NAMES[1:], strict=False):
        assert paired(scores[more], scores[fewer]).low > 0, more


def test_enough_listeners_with_enough_events(cleaned):
    assert calibrate.heavy_listeners(cleaned[0]) >= 300


def test_segments_differ_as_planted(world, split):
    gains = calibrate.segment_gains(world, split)
    for segment, modality in zip(list(SEGMENTS)[:3], MODALITIES, strict=True):
        assert gains.loc[segment].idxmax() == modality
        assert gains[modality].idxmax() == segment


def test_cheap_features_find_their_own_factors_and_no_others(cleaned, world):
    for modality, features in calibrate.cheap_features(cleaned[0]).items():
        found = calibrate.probe(features, world)
        assert 0.4 <= found[modality].mean() <= 0.6, (modality, found[modality].round(3))
        for other in set(MODALITIES) - {modality}:
            assert found[other].max() <= 0.05, (modality, other, found[other].round(3))


def test_the_shipped_folder_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (datasets.load("recordshop").root / "items.csv").exists()
    assert Path(os.getcwd()) == tmp_path
