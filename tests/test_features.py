"""Extractors separate families, keep absent media absent, repeat from a seed; the store extracts nothing twice."""

import dataclasses
import errno
import io
import linecache
import logging
import os
import shutil
import subprocess
import sys
import textwrap
import time
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import platformdirs
import pytest
import soundfile
from sklearn.base import clone
from sklearn.neighbors import KNeighborsClassifier

from mmrec_helpers.catalog import Catalog
from mmrec_helpers.datasets import paths as paths_of
from mmrec_helpers.datasets.paths import write_whole
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
              (PreviewGRU(conv=True, units=8, objective="category", epochs=4, batch=16), "wav")]
FAMILY = np.arange(N) % 2
IDS = [f"{type(one).__name__} {getattr(one, 'objective', '')}" for one, _ in EXTRACTORS]


@pytest.mark.parametrize(("extractor", "suffix"), EXTRACTORS, ids=IDS)
def test_families_are_separated(media, extractor, suffix):
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


def own(body, **constants):
    """The key of a class with this body, defined as in a cell of a notebook."""
    source = "class Own(PictureStatistics):\n" + textwrap.indent(textwrap.dedent(body) or "pass", "    ")
    name, cell = f"<cell {hash(source)}>", {"__name__": "__main__", "PictureStatistics": PictureStatistics, **constants,
                                            "cached_property": cached_property}
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), cell)
    return keys.key(cell["Own"](), [])


def test_another_code_of_ones_own_class_is_another_entry():
    first = own("margin = 1\ndef one(self, path): return 1")
    assert first == own("margin = 1\ndef one(self, path): return 1")
    assert len({first, own(""), own("margin = 2\ndef one(self, path): return 1"),
                own("margin = 1\ndef one(self, path): return 2"), own("margin = 1\ndef one(self, path): return path"),
                own("margin = [1, {2}]\ndef one(self, path): return 1")}) == 6


@pytest.mark.parametrize("wrapped", ["", "@staticmethod", "@classmethod", "@property", "@cached_property"])
def test_defaults_and_wrapped_methods_are_code_too(wrapped):
    keyed = {own(f"{wrapped}\ndef more({arguments}): return {value}", SIZE=size)
             for arguments in ("self, by=SIZE", "self, *, by=SIZE") for value in (1, 2) for size in (1, 2)}
    assert len(keyed) == 8


def test_a_class_whose_source_cannot_be_read_gives_its_version():
    code = """if True:
        from mmrec_helpers.features import keys
        from mmrec_helpers.features.statistics import PictureStatistics
        class Own(PictureStatistics):
            VERSION
            def one(self, path): return 1
        import linecache
        linecache.cache.clear()
        linecache.lazycache = linecache.updatecache = lambda *_: []
        print(keys.key(Own(), []))"""
    none, one, two = (subprocess.run([sys.executable, "-c", code.replace("VERSION", version)], capture_output=True,
                                     text=True) for version in ("", "version = 1", "version = 2"))
    assert "ValueError: Own: its source cannot be read" in none.stderr
    assert "write version = 1 in the class" in none.stderr
    assert one.stdout.startswith("Own-")
    assert one.stdout != two.stdout


def test_a_constant_that_says_where_it_lies_in_memory_does_not_make_a_new_entry():
    made = [type("Own", (PictureStatistics,), {"of": (object(),), "__module__": "__main__"}) for _ in range(2)]
    assert keys.key(made[0](), []) == keys.key(made[1](), [])


def test_other_categories_are_another_entry_only_where_they_are_the_labels(shop, tmp_path):
    def entries(extractor, categories):
        items = shop.items.assign(category=categories)
        extract(dataclasses.replace(shop, items=items), extractor, FeatureStore(tmp_path))
        return len(list(tmp_path.glob("*-*")))

    by_label = CoverCNN("category", epochs=1)
    assert [entries(by_label, list(one) * 20) for one in ("ab", "ab", "ba")] == [1, 1, 2]
    assert [entries(Counting(), list("ab") * 20), entries(Counting(), list("ba") * 20)] == [3, 3]


def test_what_was_learned_from_a_catalogue_is_learned_once_and_serves_other_media(shop, media, tmp_path, monkeypatch):
    learned = fitted(shop, CoverCNN(epochs=1), FeatureStore(tmp_path))
    monkeypatch.setattr(CoverCNN, "_contrastive", None)  # nobody trains from here on
    again = fitted(shop, CoverCNN(epochs=1), FeatureStore(tmp_path))
    rows = extract(shop, CoverCNN(epochs=1), FeatureStore(tmp_path)).matrix
    np.testing.assert_array_equal(again.losses_, learned.losses_)
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


# ---- the store trusts nothing


def flipped(data):
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


def other_width(data):
    """A part of half the width, whole and with the right name."""
    part = np.load(io.BytesIO(data))
    file = io.BytesIO()
    np.save(file, np.array([(one["content"], one["row"][:47]) for one in part],
                           [("content", "S32"), ("row", "<f4", (47,))]))
    return file.getvalue()


@pytest.mark.parametrize("damage", [flipped, lambda data: data[:-4096] + bytes(4096), lambda data: b"",
                                    lambda data: data[:len(data) // 2], lambda data: b"no part", other_width],
                         ids=["bit", "page", "empty", "cut", "other", "width"])
@pytest.mark.parametrize("place", [0, -1])
def test_a_damaged_part_is_named_and_its_rows_are_extracted_again(shop, tmp_path, monkeypatch, caplog, damage, place):
    monkeypatch.setattr(store, "CHUNK", 10)
    before = extract(shop, Counting(), FeatureStore(tmp_path)).matrix.copy()
    part = sorted(tmp_path.glob("Counting-*/rows-*.npy"))[place]
    data = damage(part.read_bytes())
    if damage is other_width:
        part.unlink()
        part = part.with_name(f"rows-{'-' if place == 0 else 'x'}.npy")
        monkeypatch.setattr(store, "_read_part", lambda path: np.load(path))
    part.write_bytes(data)
    Count.seen = 0
    np.testing.assert_array_equal(extract(shop, Counting(), FeatureStore(tmp_path)).matrix, before)
    assert Count.seen == (N + 10 if damage is other_width and place == 0 else 10)  # a chunk shows which width is right
    assert part.parent.name in caplog.text
    monkeypatch.undo()
    Count.seen = 0
    np.testing.assert_array_equal(extract(shop, Counting(), FeatureStore(tmp_path)).matrix, before)
    assert Count.seen == 0


@pytest.mark.parametrize("damage", [lambda folder: (folder / "words.json").write_text("[]"),
                                    lambda folder: (folder / "arrays.npz").write_bytes(b""),
                                    lambda folder: (folder / "arrays.npz").unlink(), shutil.rmtree])
def test_a_damaged_fit_is_fitted_again_and_with_it_the_rows(tmp_path, caplog, damage):
    items = pd.DataFrame({"item_id": list("abcd"), "title": "t", "description": TEXTS})
    mine, counted = Catalog(items, pd.DataFrame(), tmp_path, "mine"), TfidfText(n_components=2, min_df=1)
    before = extract(mine, counted, FeatureStore(tmp_path)).matrix.copy()
    folder, = tmp_path.glob("TfidfText-*/fitted")
    damage(folder)
    np.testing.assert_array_equal(extract(mine, counted, FeatureStore(tmp_path)).matrix, before)  # they are whole
    assert not caplog.records
    assert fitted(mine, clone(counted), FeatureStore(tmp_path)).words_
    assert folder.parent.name in caplog.text
    assert not any(folder.parent.glob("rows-*"))
    np.testing.assert_array_equal(extract(mine, counted, FeatureStore(tmp_path)).matrix, before)


def test_what_dead_writers_left_is_cleared_and_what_others_write_is_not(shop, tmp_path):
    extract(shop, Counting(), FeatureStore(tmp_path))
    entry, = tmp_path.glob("Counting-*")
    for name, age in ((".new-dead", 7200), (".new-alive", 60)):
        (entry / name).mkdir()
        (entry / name / "rows-0.npy").write_bytes(b"half")
        os.utime(entry / name, (time.time() - age,) * 2)
    extract(shop, Counting(), FeatureStore(tmp_path))
    assert [path.name for path in entry.glob(".new-*")] == [".new-alive"]


def test_a_full_disk_is_named_and_a_later_run_continues(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(store, "CHUNK", 10)
    write, parts = Path.write_bytes, []

    def full(path, data):
        parts.append(path)
        if len(parts) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match=r"disk is full: free some space, or set MMREC_CACHE .*rows-\w+\.npy") as caught:
        extract(shop, Counting(), FeatureStore(tmp_path))
    assert caught.value.errno == errno.ENOSPC
    assert not any(tmp_path.glob("*/.new-*"))
    Count.seen = 0
    assert extract(shop, Counting(), FeatureStore(tmp_path)).present.all()
    assert Count.seen == N - 20


def test_what_is_written_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    done, sync, rename = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (done.append(os.fstat(file).st_ino), sync(file)))
    monkeypatch.setattr(os, "replace", lambda one, two: (done.append("rename"), rename(one, two)))
    write_whole(tmp_path / "it", lambda path: (path.mkdir(), (path / "file").write_text("content")))
    inodes = [path.stat().st_ino for path in (tmp_path / "it" / "file", tmp_path / "it")]
    assert done[:3] == [*inodes, "rename"]


def test_a_cache_is_where_caches_are_or_where_it_is_wanted(tmp_path, monkeypatch):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path))
    assert paths_of.cache() == tmp_path
    monkeypatch.delenv("MMREC_CACHE")
    assert paths_of.cache() == platformdirs.user_cache_path("mmrec", appauthor=False)
    for nowhere in (lambda *_, **__: Path("~/.cache/mmrec"), no_home):
        monkeypatch.setattr(platformdirs, "user_cache_path", nowhere)
        with pytest.raises(OSError, match="no home folder for the cache: set MMREC_CACHE"):
            FeatureStore()


def no_home(*_, **__):
    raise RuntimeError("could not determine the home directory")


# ---- one bad medium


class Poisoned(PreviewGRU):
    """Reads infinity from one file."""

    def read(self, medium):
        return super().read(medium) * (np.inf if medium.name == "3.wav" else 1)


def test_a_medium_that_is_read_as_infinity_spoils_neither_training_nor_other_rows(media, tmp_path, caplog):
    items = pd.DataFrame({"item_id": [str(n) for n in range(12)], "title": "t",
                          "audio": [f"{n}.wav" for n in range(12)]})
    mine = Catalog(items, pd.DataFrame(), media, "mine")
    heard = extract(mine, Poisoned(units=4, epochs=1), FeatureStore(tmp_path))
    assert heard.present.tolist() == [n != 3 for n in range(12)]
    assert np.isfinite(heard.matrix).all()
    assert "3.wav: not finite; it holds NaN or infinity" in caplog.text


class Overflowing(PictureStatistics):
    """One row has an infinity, of some media."""

    def transform(self, media):
        rows = super().transform(media)
        rows[[medium is not None and medium.name in self.bad for medium in media], 5] = np.inf
        return rows

    bad = ("3.png", "7.png")


def test_a_row_that_is_not_finite_is_absent_and_named(shop, tmp_path, caplog):
    seen = extract(shop, Overflowing(), FeatureStore(tmp_path))
    assert np.flatnonzero(~seen.present).tolist() == [3, 7]
    assert np.isfinite(seen.matrix).all()
    assert "Overflowing: 2 of 40 media have no finite row and count as absent: " in caplog.text
    assert "3.png" in caplog.text


class Undefined(PictureStatistics):
    """Statistics that divide by zero for one picture."""

    def one(self, path):
        return super().one(path) / (path.name != "3.png" or np.nan)


def test_statistics_that_are_not_finite_are_named(media, caplog):
    rows = Undefined().transform([media / "2.png", media / "3.png"])
    assert np.isfinite(rows).all(1).tolist() == [True, False]
    assert "3.png: not finite" in caplog.text


def test_a_modality_that_comes_out_empty_is_said_each_time(media, tmp_path, caplog):
    items = pd.DataFrame({"item_id": ["a", "b"], "title": "t", "image": ["broken.png", None]})
    for _ in range(2):
        caplog.clear()
        extract(Catalog(items, pd.DataFrame(), media, "mine"), PictureStatistics(), FeatureStore(tmp_path))
        loud = caplog.records[-1]
        assert loud.levelno == logging.WARNING
        assert "mine: NONE of its 1 image media has features of picture-statistics" in loud.getMessage()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_medium(tmp_path, monkeypatch, caplog):
    os.mkfifo(tmp_path / "pipe.png")
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))
    monkeypatch.setattr(Path, "read_bytes", lambda *_: pytest.fail("opened"))
    assert keys.content(tmp_path / "pipe.png") == keys.NOTHING
    assert "pipe.png: not a regular file" in caplog.text


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
