"""The pretrained encoders against known answers; their weights read without running what a file holds."""

import collections
import json
import pickle
import sys
import types
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from mmrec_helpers import cli
from mmrec_helpers.datasets import recordshop_folder
from mmrec_helpers.features import devices
from mmrec_helpers.features.batches import filled
from mmrec_helpers.features.extractors import EXTRACTORS, by_name
from mmrec_helpers.features.pretrained import CARDS, EfficientNetLite0, MiniLM, MusiCNN, glove, legacy_torch, weights
from mmrec_helpers.features.pretrained.musicnn import log_mel_patches

ROOT = Path(__file__).parent.parent
ENCODERS = {name: type(by_name(modality, name)) for modality, names in EXTRACTORS.items() for name in names
            if name in CARDS}
HOPPER = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"


@pytest.fixture(scope="module")
def sentences():
    return MiniLM(batch=3)


@pytest.fixture(scope="module")
def pictures():
    return EfficientNetLite0()


@pytest.fixture(scope="module")
def music():
    return MusiCNN()


def test_minilm_gives_the_published_embedding(sentences):
    """The first dimensions of the model's own example, as its page on the hub has them."""
    row, = sentences.transform(["This is an example sentence"])
    np.testing.assert_allclose(row[:5], [0.0676569, 0.0634959, 0.0487131, 0.0793049, 0.0374480], atol=1e-5)


def test_minilm_hears_meaning_not_words(sentences):
    same, same_again, other = sentences.transform([
        "Nobody waits at the end of the line.", "The platform is empty when the train arrives.", "Two carrots."])
    assert same @ same_again > 2 * max(same @ other, 0.1)


def test_minilm_is_blind_to_batch_order_and_padding(sentences):
    texts = ["a", "a much longer text than the others " * 30, None, "", "海边的夜", "rain\x00\u202e on the sea"]
    rows = sentences.transform(texts)
    assert np.isnan(rows).all(axis=1).tolist() == [False, False, True, False, False, False]
    np.testing.assert_allclose(np.linalg.norm(rows[[0, 1, 3, 4, 5]], axis=1), 1, atol=1e-5)  # one sentence each
    for text, row in zip(texts, rows, strict=True):
        if text is not None:
            np.testing.assert_allclose(sentences.transform([text])[0], row, atol=1e-5)


def test_sentences_filled_up_to_their_texts_longest_give_the_same_rows(sentences):
    class Filled(MiniLM):
        def read(self, medium):
            return filled(super().read(medium))

    texts = ["Rain. A much longer sentence than the first, about the sea. No.", "Neon in the city! Night."]
    assert [len(part) for part in sentences.read(texts[1])] == [7, 4]
    np.testing.assert_allclose(Filled().transform(texts), sentences.transform(texts), atol=1e-6)


def test_a_text_is_the_mean_of_its_sentences_however_long(sentences):
    texts = ["Rain on the sea.", "Neon in the city!"]
    one, two, both = sentences.transform([*texts, " ".join(texts)])
    np.testing.assert_allclose((one + two) / 2, both, atol=1e-5)
    assert np.isfinite(sentences.transform(["a sentence without an end " * 400_000])).all()  # 10 MB


def test_glove_knows_what_goes_together():
    king, man, woman, queen, carrot = (glove.vectors(word)[0] for word in ("king", "man", "woman", "queen", "carrot"))
    guess = king - man + woman
    assert guess @ queen / np.linalg.norm(queen) > 1.2 * guess @ carrot / np.linalg.norm(carrot)
    assert glove.vectors("The SEA, the sea!").shape == (4, 50)
    assert glove.vectors("qqqxyz 海边 \x00").tolist() == np.zeros((1, 50)).tolist()
    assert len(glove.vectors("sea " * 10_000)) == glove.MAX_WORDS


@pytest.mark.parametrize(("name", "dim"), [("efficientnet-lite0-depths", 2432), ("musicnn-depths", 1706)])
def test_every_depth_ends_with_the_last(name, dim, pictures, music):
    modality, = (one for one, names in EXTRACTORS.items() if name in names)
    path = recordshop_folder() / {"image": "images/r00001.jpg", "audio": "audio/r00001.mp3"}[modality]
    row, = by_name(modality, name).transform([path])
    last, = by_name(modality, name.removesuffix("-depths")).transform([path])
    assert row.shape == (dim,)
    np.testing.assert_allclose(row[-len(last):], last, atol=1e-5)


def test_half_precision_gives_nearly_the_same_rows(monkeypatch, sentences, pictures, music):
    """What a GPU would compute in, tried on this processor."""
    shop = recordshop_folder()
    media = {"text": "A sea record. It sits alone at the bar.", "image": shop / "images/r00001.jpg",
             "audio": shop / "audio/r00001.mp3"}
    whole = [one.transform([media[one.modality]])[0] for one in (sentences, pictures, music)]
    monkeypatch.setattr(devices, "precision", lambda device: "mixed_float16")
    for one, row in zip((MiniLM(), EfficientNetLite0(), MusiCNN()), whole, strict=True):
        half, = one.transform([media[one.modality]])
        assert "float16" in {layer.compute_dtype for layer in one.loaded().layers}
        assert half @ row / np.linalg.norm(half) / np.linalg.norm(row) > 0.999


def test_efficientnet_names_photographs(pictures, tmp_path):
    import cv2

    assert pictures.classes(HOPPER).argmax() == 652  # military uniform
    images = load_sample_images()
    flower = next(image for name, image in zip(images.filenames, images.images, strict=True) if "flower" in name)
    cv2.imwrite(str(tmp_path / "flower.png"), flower[..., ::-1])
    assert pictures.classes(tmp_path / "flower.png").argmax() == 985  # daisy


def test_efficientnet_has_the_size_of_its_paper(pictures):
    assert round(sum(np.prod(one.shape) for one in pictures.loaded().weights) / 1e6, 2) == 4.69
    assert len(pictures.loaded().weights) == 247


def test_a_broken_picture_is_a_row_of_nan(pictures, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(HOPPER.read_bytes()[:4000])
    rows = pictures.transform([None, HOPPER, tmp_path / "broken.jpg", tmp_path / "none.jpg", HOPPER])
    assert np.isnan(rows).all(axis=1).tolist() == [True, False, True, True, False]
    np.testing.assert_allclose(rows[1], rows[4], atol=1e-5)


def test_musicnn_says_what_its_own_graph_says(music):
    """The wheel's own graph, built with tf.compat.v1.layers from its checkpoint, said this of the same file."""
    tags = music.tags(ROOT / "data" / "recordshop" / "audio" / "r00010.mp3")
    known = {"jazz": 0.387768, "electronic": 0.210869, "ambient": 0.128156, "chillout": 0.107186}
    assert list(tags)[:4] == list(known)
    np.testing.assert_allclose([tags[name] for name in known], list(known.values()), atol=1e-4)


def test_musicnn_takes_short_long_and_broken_sounds(music, tmp_path):
    import soundfile

    rng = np.random.default_rng(0)
    for name, seconds in {"short": 0.2, "long": 7.0}.items():
        soundfile.write(tmp_path / f"{name}.wav", 0.1 * rng.standard_normal(int(seconds * 16_000)), 16_000)
    (tmp_path / "empty.mp3").write_bytes(b"")
    rows = music.transform([tmp_path / "short.wav", tmp_path / "empty.mp3", tmp_path / "long.wav", None])
    assert np.isnan(rows).all(axis=1).tolist() == [False, True, False, True]
    np.testing.assert_allclose(music.transform([tmp_path / "long.wav"])[0], rows[2], atol=1e-4)


def test_patches_are_three_seconds():
    assert log_mel_patches(np.zeros(16_000 * 7, np.float32)).shape == (2, 187, 96)


# ---- weights


@pytest.fixture
def torch(monkeypatch):
    """As much of PyTorch as a pickle names."""
    utils, module = types.ModuleType("torch._utils"), types.ModuleType("torch")
    module.FloatStorage = type("FloatStorage", (), {"__module__": "torch", "__qualname__": "FloatStorage"})

    def _rebuild_tensor_v2(*_):
        raise AssertionError("nothing of a file may be run")

    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", module)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)
    return module


class Tensor:
    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return sys.modules["torch._utils"]._rebuild_tensor_v2, self.arguments


class Storage:
    pass


def old_file(path, torch, tensors, numbers):
    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            is_storage = isinstance(thing, Storage)
            return ("storage", torch.FloatStorage, "7", "cpu", len(numbers), None) if is_storage else None

    with path.open("wb") as file:
        for head in (legacy_torch.MAGIC, 1001, {"little_endian": True}):
            pickle.dump(head, file, protocol=2)
        Pickler(file, protocol=2).dump(tensors)
        pickle.dump(["7"], file, protocol=2)
        np.array([len(numbers)], "<i8").tofile(file)
        np.array(numbers, "<f4").tofile(file)


def test_a_tensor_that_lies_transposed_is_read_by_its_strides(torch, tmp_path):
    shared = Storage()
    tensors = collections.OrderedDict(
        row_major=Tensor(shared, 0, (2, 3), (3, 1), False, collections.OrderedDict()),
        transposed=Tensor(shared, 0, (3, 2), (1, 3), False, collections.OrderedDict()),
        later=Tensor(shared, 4, (2,), (1,), False, collections.OrderedDict()))
    old_file(tmp_path / "w.pth", torch, tensors, range(6))
    read = legacy_torch.load(tmp_path / "w.pth")
    assert read["row_major"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert read["transposed"].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert read["later"].tolist() == [4, 5]


class Evil:
    def __reduce__(self):
        return eval, ("open('owned', 'w')",)


def test_a_file_that_wants_to_run_something_is_refused(torch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    old_file(tmp_path / "w.pth", torch, {"a": Evil()}, range(2))
    with pytest.raises(legacy_torch.Refused, match=r"eval has no place"):
        legacy_torch.load(tmp_path / "w.pth")
    assert not (tmp_path / "owned").exists()


def test_another_file_is_refused(tmp_path):
    (tmp_path / "w.pth").write_bytes(pickle.dumps("hello", protocol=2))
    with pytest.raises(legacy_torch.Refused, match="not a PyTorch file"):
        legacy_torch.load(tmp_path / "w.pth")


def test_weights_that_do_not_fit_are_named():
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")], name="m")
    good = {"d/kernel": np.ones((3, 2), np.float32), "d/bias": np.zeros(2, np.float32)}
    assert weights.fill(model, good).get_weights()[0].sum() == 6
    for bad, says in (({"d/kernel": good["d/kernel"]}, "no weights for d/bias"),
                      (good | {"e/bias": good["d/bias"]}, "no place for e/bias"),
                      (good | {"d/bias": np.zeros(3)}, "d/bias has shape")):
        with pytest.raises(ValueError, match=says):
            weights.fill(model, bad)


def test_weights_are_converted_once(tmp_path, monkeypatch):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path))
    first = weights.converted("x", lambda: {"a/b": np.arange(6.0).reshape(2, 3).T})
    again = weights.converted("x", lambda: pytest.fail("converted twice"))
    assert first["a/b"].tolist() == again["a/b"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_damaged_weights_are_named_and_converted_again(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("MMREC_CACHE", str(tmp_path))
    before = weights.converted("x", lambda: {"a": np.arange(6.0)})
    file = next(path for path in tmp_path.rglob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-1] + b"\x7f")  # still a number
    np.testing.assert_array_equal(weights.converted("x", lambda: {"a": np.arange(6.0)})["a"], before["a"])
    assert "x: damaged" in caplog.text


def test_a_missing_wheel_is_one_line_with_the_fix(monkeypatch):
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"musicnn are not installed; make installs it; with pip: "):
        weights.wheel_folder("musicnn")


# ---- cards


def test_every_encoder_has_a_card_that_is_true(sentences, pictures, music):
    assert set(ENCODERS) == set(CARDS)
    for one in (sentences, pictures, music):
        assert ENCODERS[one.card.name] is type(one)
        assert one.modality == one.card.modality
        assert round(sum(np.prod(w.shape) for w in one.loaded().weights) / 1e6, 1) == one.card.millions


def test_a_card_s_cost_is_the_measured_one():
    measured = json.loads((ROOT / "bench" / "encoders.json").read_text(encoding="utf-8"))["recordshop"]
    assert ({name: card.core_seconds for name, card in CARDS.items()}
            == {name: measured[name]["core_seconds_per_1000"] for name in CARDS})


def test_the_command_prints_the_cards(capsys):
    assert cli.main(["encoders"]) == 0
    out = capsys.readouterr().out
    for card in CARDS.values():
        assert f"{card.name}: {card.modality} -> {card.dim} dimensions" in out
        assert card.licence in out


def test_what_is_extracted_is_of_the_card_s_width():
    shop = recordshop_folder()
    media = {"text": "a sea record", "image": shop / "images/r00001.jpg", "audio": shop / "audio/r00001.mp3"}
    for name, encoder in ENCODERS.items():
        rows = encoder().transform([media[encoder.modality]])
        assert rows.shape == (1, CARDS[name].dim)
        assert np.isfinite(rows).all()
