"""Extractors tell families apart, keep absent media absent, repeat from a seed; the store extracts nothing twice."""

import dataclasses
import shutil
import subprocess
import sys
from functools import cached_property

import cv2
import numpy as np
import pandas as pd
import pytest
import soundfile
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from mmrec_helpers.catalog import Catalog
from mmrec_helpers.features import devices, keys, store
from mmrec_helpers.features.audio import PreviewGRU
from mmrec_helpers.features.image import CoverCNN
from mmrec_helpers.features.pretrained import MiniLM
from mmrec_helpers.features.statistics import PictureStatistics, SoundStatistics
from mmrec_helpers.features.store import FeatureStore, extract, fitted
from mmrec_helpers.features.text import TfidfText, WordGRU

N = 40
TEXTS = ["rain and wind on the sea", "a tide and rain on the sea", "neon and traffic in the city",
         "city traffic at night"]


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """Two families of pictures and sounds, half each, noise on both."""
    folder, rng = tmp_path_factory.mktemp("media"), np.random.default_rng(0)
    for number in range(N):
        family = number % 2
        picture = rng.integers(0, 60, (64, 64, 3)).astype(np.uint8)
        if family:
            picture[::8] = (255, 80, 0)
        else:
            cv2.circle(picture, (32, 32), 20, (0, 0, 255), -1)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
        time = np.arange(22050 * 2) / 22050
        pitch = 150 + 20 * rng.random() + 900 * family
        wave = np.sin(2 * np.pi * pitch * time) + 0.05 * rng.standard_normal(len(time))
        soundfile.write(folder / f"{number}.wav", 0.4 * wave, 22050)
    (folder / "broken.png").write_text("no picture")
    (folder / "broken.wav").write_text("no sound")
    return folder


def paths(media, suffix):
    return [media / f"{number}.{suffix}" for number in range(N)]


EXTRACTORS = [(PictureStatistics(), "png"), (SoundStatistics(), "wav"), (CoverCNN(epochs=4, batch=16), "png"),
              (CoverCNN("category", epochs=4, batch=16), "png"), (PreviewGRU(units=8, epochs=8, batch=16), "wav"),
              (PreviewGRU(conv=True, units=8, signal="category", epochs=4, batch=16), "wav")]
FAMILY = np.arange(N) % 2
IDS = [f"{type(one).__name__} {getattr(one, 'signal', '')}" for one, _ in EXTRACTORS]


@pytest.mark.parametrize(("extractor", "suffix"), EXTRACTORS, ids=IDS)
def test_families_are_told_apart(media, extractor, suffix):
    rows = clone(extractor).fit(paths(media, suffix), FAMILY).transform(paths(media, suffix))
    assert KNeighborsClassifier(3).fit(rows[:20], FAMILY[:20]).score(rows[20:], FAMILY[20:]) >= 0.9


@pytest.mark.parametrize(("extractor", "suffix"), EXTRACTORS, ids=IDS)
def test_what_is_absent_or_broken_is_a_row_of_nan_and_never_raises(media, extractor, suffix):
    fitted = clone(extractor).fit([*paths(media, suffix)[:8], None, media / f"broken.{suffix}"], FAMILY[:10])
    rows = fitted.transform([media / f"0.{suffix}", None, media / f"broken.{suffix}", media / "nowhere.x"])
    assert rows.dtype == np.float32
    assert np.isfinite(rows[0]).all()
    assert np.isnan(rows[1:]).all()


@pytest.mark.parametrize(("extractor", "suffix"), EXTRACTORS[2:], ids=IDS[2:])
def test_a_network_repeats_from_its_seed_and_learns(media, extractor, suffix):
    one, two = (clone(extractor).fit(paths(media, suffix), FAMILY) for _ in range(2))
    np.testing.assert_allclose(one.transform(paths(media, suffix)), two.transform(paths(media, suffix)), atol=1e-3)
    assert one.losses_[-1] < 0.9 * one.losses_[0]


@pytest.mark.parametrize(("extractor", "suffix"), EXTRACTORS[2:], ids=IDS[2:])
def test_a_saved_network_gives_the_same_rows(media, extractor, suffix, tmp_path):
    fitted = clone(extractor).fit(paths(media, suffix), FAMILY)
    fitted.save(tmp_path)
    again = clone(extractor).load(tmp_path)
    np.testing.assert_allclose(again.transform(paths(media, suffix)), fitted.transform(paths(media, suffix)), atol=1e-5)


def test_nothing_to_learn_from_says_so():
    for extractor in (CoverCNN(), PreviewGRU(), WordGRU(), TfidfText()):
        with pytest.raises(ValueError, match="to learn from"):
            extractor.fit([None, None])


def test_texts_about_one_thing_are_alike():
    rows = TfidfText(n_components=3, min_df=1).fit(TEXTS).transform([*TEXTS, None])
    assert np.isnan(rows[4]).all()
    unit = rows[:4] / np.linalg.norm(rows[:4], axis=1, keepdims=True)
    cosine = unit @ unit.T
    assert min(cosine[0, 1], cosine[2, 3]) > max(cosine[0, 2], cosine[0, 3], cosine[1, 2])


class Count:
    """How many media were transformed, and how many may be."""

    seen, stop_after = 0, 10**9


class Counting(PictureStatistics):
    """Counts what it transforms, and can be stopped."""

    def one(self, path):
        Count.seen += 1
        if Count.seen > Count.stop_after:
            raise KeyboardInterrupt
        return super().one(path)


@pytest.fixture
def shop(media):
    Count.seen, Count.stop_after = 0, 10**9
    items = pd.DataFrame({"item_id": [str(n) for n in range(N)], "title": "t", "image": [f"{n}.png" for n in range(N)]})
    return Catalog(items, pd.DataFrame(), media, "shop")


def test_an_unchanged_catalogue_is_extracted_once(shop, tmp_path):
    first = extract(shop, Counting(), FeatureStore(tmp_path))
    again = extract(shop, Counting(), FeatureStore(tmp_path))
    assert Count.seen == N
    np.testing.assert_array_equal(first.matrix, again.matrix)


def test_a_stopped_run_goes_on_where_it_stood(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "CHUNK", 10)
    Count.stop_after = 25
    with pytest.raises(KeyboardInterrupt):
        extract(shop, Counting(), FeatureStore(tmp_path))
    Count.seen, Count.stop_after = 0, 10**9
    rows = extract(shop, Counting(), FeatureStore(tmp_path))
    assert Count.seen == N - 20
    np.testing.assert_array_equal(rows.matrix, extract(shop, PictureStatistics(), FeatureStore(tmp_path / "x")).matrix)


def test_only_the_medium_that_changed_is_extracted_again(shop, media, tmp_path):
    own = tmp_path / "own"
    shutil.copytree(media, own)
    mine = dataclasses.replace(shop, root=own)
    before = extract(mine, Counting(), FeatureStore(tmp_path))
    shutil.copyfile(own / "1.png", own / "0.png")  # a content that is known
    (own / "2.png").write_bytes((own / "3.png").read_bytes() + b" ")  # and one that is not
    Count.seen = 0
    after = extract(dataclasses.replace(mine, items=mine.items[::-1]), Counting(), FeatureStore(tmp_path))
    assert Count.seen == 1
    np.testing.assert_array_equal(after.matrix[::-1][3:], before.matrix[3:])
    np.testing.assert_array_equal(after.matrix[::-1][[0, 2]], before.matrix[[1, 3]])


def test_a_parameter_is_another_entry_and_the_device_is_not(tmp_path):
    contents = [keys.content("one"), keys.content("two")]
    before = keys.key(CoverCNN(), contents)
    assert keys.key(CoverCNN(device="cpu"), contents[::-1]) == before
    assert keys.key(CoverCNN(epochs=3), contents) != before
    assert keys.key(CoverCNN(), contents[:1]) != before  # it learns from all of them
    assert keys.key(PictureStatistics(), contents[:1]) == keys.key(PictureStatistics(), contents)
    assert keys.key(MiniLM(batch=3), contents) == keys.key(MiniLM(batch=9), contents)


def test_another_code_of_ones_own_class_is_another_entry():
    def key(margin, one):
        made = {"margin": margin, "one": one, "__module__": "__main__"}  # as in a cell of a notebook
        return keys.key(type("Own", (PictureStatistics,), made)(), [])

    first = key(1, lambda self, path: [path in {"a", "b"}, 1])
    assert first == key(1, lambda self, path: [path in {"a", "b"}, 1])
    assert len({first, key(2, lambda self, path: [path in {"a", "b"}, 1]),
                key(1, lambda self, path: [path in {"a", "b"}, 2]), key(1, lambda self, path: [path])}) == 4


@pytest.mark.parametrize("wrapped", [lambda one: one, staticmethod, property, cached_property])
def test_defaults_and_wrapped_methods_are_code_too(wrapped):
    def key(one):
        return keys.key(type("Own", (PictureStatistics,), {"more": wrapped(one), "__module__": "__main__"})(), [])

    keyed = {key(lambda self, by=1: by), key(lambda self, by=2: by), key(lambda self, *, by=1: by),
             key(lambda self, *, by=2: by), key(lambda self: 1), key(lambda self: 2)}
    assert len(keyed) == 6


def test_a_constant_that_says_where_it_lies_in_memory_does_not_make_a_new_entry():
    made = [type("Own", (PictureStatistics,), {"of": (object(),), "__module__": "__main__"}) for _ in range(2)]
    assert keys.key(made[0](), []) == keys.key(made[1](), [])


def test_other_categories_are_another_entry_only_where_they_are_learnt_from(shop, tmp_path):
    def entries(extractor, categories):
        items = shop.items.assign(category=categories)
        extract(dataclasses.replace(shop, items=items), extractor, FeatureStore(tmp_path))
        return len(list(tmp_path.glob("*-*")))

    told = CoverCNN("category", epochs=1)
    assert [entries(told, list("ab") * 20), entries(told, list("ab") * 20), entries(told, list("ba") * 20)] == [1, 1, 2]
    assert [entries(Counting(), list("ab") * 20), entries(Counting(), list("ba") * 20)] == [3, 3]


def test_what_a_catalogue_taught_is_learnt_once_and_serves_other_media(shop, media, tmp_path, monkeypatch):
    learnt = fitted(shop, CoverCNN(epochs=1), FeatureStore(tmp_path))
    monkeypatch.setattr(CoverCNN, "_pair", None)  # nobody trains from here on
    again = fitted(shop, CoverCNN(epochs=1), FeatureStore(tmp_path))
    rows = extract(shop, CoverCNN(epochs=1), FeatureStore(tmp_path)).matrix
    np.testing.assert_array_equal(again.losses_, learnt.losses_)
    np.testing.assert_allclose(again.transform([media / "3.png"]), rows[3:4], atol=1e-5)


def test_several_processes_give_the_same_rows(media):
    files = [*paths(media, "png"), None, media / "broken.png"]
    np.testing.assert_array_equal(PictureStatistics(n_jobs=2).transform(files), PictureStatistics().transform(files))


def test_two_processes_share_a_store_and_a_half_written_part_is_never_read(shop, tmp_path):
    both = [FeatureStore(tmp_path), FeatureStore(tmp_path)]
    first = extract(dataclasses.replace(shop, items=shop.items[:30]), Counting(), both[0])
    entry, = tmp_path.glob("Counting-*")
    (entry / ".new-x").mkdir()
    (entry / ".new-x" / "rows-0.npy").write_bytes(b"half")
    whole = extract(shop, Counting(), both[1])
    assert Count.seen == N
    np.testing.assert_array_equal(whole.matrix[:30], first.matrix)
    np.testing.assert_array_equal(extract(shop, Counting(), both[0]).matrix, whole.matrix)


def test_broken_files_that_come_alone_are_absent(shop, media, tmp_path):
    extract(shop, Counting(), FeatureStore(tmp_path))
    items = pd.DataFrame({"item_id": ["a", "b"], "title": "t", "image": ["broken.png", "0.png"]})
    mixed = extract(Catalog(items, pd.DataFrame(), media, "shop"), Counting(), FeatureStore(tmp_path))
    assert mixed.present.tolist() == [False, True]
    alone = Catalog(items[:1], pd.DataFrame(), media, "shop")
    assert not extract(alone, Counting(), FeatureStore(tmp_path / "x")).present.any()


def test_a_file_that_is_not_there_is_absent_and_comes_when_it_comes(shop, media, tmp_path):
    items = pd.DataFrame({"item_id": ["a", "b"], "title": "t", "image": ["late.png", "0.png"]})
    mine = Catalog(items, pd.DataFrame(), tmp_path, "shop")
    shutil.copyfile(media / "0.png", tmp_path / "0.png")
    assert extract(mine, Counting(), FeatureStore(tmp_path / "s")).present.tolist() == [False, True]
    shutil.copyfile(media / "1.png", tmp_path / "late.png")
    assert extract(mine, Counting(), FeatureStore(tmp_path / "s")).present.tolist() == [True, True]


def test_cached_features_need_no_keras(shop, media, tmp_path):
    items = [f"{number}.png" for number in range(N)]
    code = f"""
import sys, pathlib, pandas as pd
from mmrec_helpers.catalog import Catalog
from mmrec_helpers.features.image import CoverCNN
from mmrec_helpers.features.pretrained import MiniLM
from mmrec_helpers.features.store import FeatureStore, extract
items = pd.DataFrame({{"item_id": {items!r}, "title": "t", "image": {items!r}}})
shop = Catalog(items, pd.DataFrame(), pathlib.Path({str(media)!r}), "shop")
extract(shop, CoverCNN(epochs=1), FeatureStore({str(tmp_path)!r}))
print("keras" in sys.modules)
"""
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True) for _ in range(2)]
    assert [run.stdout.strip() for run in runs] == ["True", "False"], runs[0].stderr


def test_the_device_is_chosen_and_a_missing_one_is_said(monkeypatch):
    monkeypatch.setattr(devices, "devices", lambda: ["cpu"])
    assert devices.choose("auto") == "cpu"
    with pytest.raises(ValueError, match="none here"):
        devices.choose("gpu")
    with pytest.raises(ValueError, match="choose auto"):
        devices.choose("tpu")
    monkeypatch.setattr(devices, "devices", lambda: ["cpu", "gpu:0"])
    assert devices.choose("auto") == devices.choose("gpu") == "gpu:0"
