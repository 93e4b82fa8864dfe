"""Media go to a network in batches: broken ones set aside, lengths together, memory that fits; spectra as librosa's."""

import logging

import librosa
import numpy as np
import pytest
import soundfile

from mmrec_helpers.features import devices
from mmrec_helpers.features.audio import FRAMES, PreviewGRU
from mmrec_helpers.features.batches import dataset, mean_rows
from mmrec_helpers.features.networks import TEMPERATURE, info_nce
from mmrec_helpers.features.spectra import decibels, mel_power, windows
from mmrec_helpers.features.text import TfidfText, WordGRU
from mmrec_helpers.media import MediaFault

TEXTS = ["rain and wind on the sea", "a tide and rain on the sea", "neon and traffic in the city",
         "city traffic at night"]


def letters(medium):
    """A text's words as parts: their letters' numbers."""
    if medium == "broken":
        raise MediaFault("broken.txt", "truncated picture")
    coded = [[ord(letter) for letter in word] for word in medium.split()]
    longest = max(map(len, coded), default=0)
    return np.array([one + [0] * (longest - len(one)) for one in coded], np.int32).reshape(len(coded), longest)


def test_a_row_is_the_mean_over_its_mediums_parts_and_broken_ones_are_set_aside(caplog):
    media = ["ab ab", None, "broken", "b", "a b"]
    with caplog.at_level(logging.WARNING):
        rows = mean_rows(lambda parts: parts.sum(1, keepdims=True).astype(float),
                         dataset(media, letters, (None,), "int32", 2), len(media), 1)
    a, b = map(ord, "ab")
    np.testing.assert_array_equal(rows[:, 0], [a + b, np.nan, np.nan, b, (a + b) / 2])
    assert [record.getMessage().split(":")[0] for record in caplog.records] == ["broken.txt"]


def test_parts_of_about_one_length_go_together():
    media = ["a" * 5, "b" * 200, "c" * 6, "d" * 195]
    shapes = sorted(parts.shape for parts, _ in dataset(media, letters, (None,), "int32", 2).as_numpy_iterator())
    assert shapes == [(2, 6), (2, 200)]


def test_a_part_is_batched_by_its_own_length_not_by_its_texts_longest():
    def words(medium):
        return [np.array([ord(letter) for letter in word]) for word in medium.split()]

    media = ["a" * 5 + " " + "b" * 200, "c" * 195 + " " + "d" * 6]
    batches = [(parts.shape, parts.sum(), sorted(places)) for parts, places in
               dataset(media, words, (None,), "int32", 2).as_numpy_iterator()]
    assert sorted(batches) == [((2, 6), 5 * ord("a") + 6 * ord("d"), [0, 1]),
                               ((2, 200), 200 * ord("b") + 195 * ord("c"), [0, 1])]


def test_nothing_to_read_is_no_batch():
    assert list(dataset([None, "broken"], letters, (None,), "int32", 2)) == []
    assert np.isnan(mean_rows(lambda parts: parts, dataset([None], letters, (None,), "int32", 2), 1, 3)).all()


def test_media_are_read_only_shortly_before_they_are_needed():
    read = []

    def one(medium):
        read.append(medium)
        return np.zeros((1, 4), np.float32)

    batches = iter(dataset([str(n) for n in range(1000)], one, (4,), "float32", 8))
    next(batches)
    assert len(read) < 200


def test_a_batch_that_does_not_fit_is_halved(caplog):
    from tensorflow.errors import ResourceExhaustedError

    def run(batch):
        if batch > 10:
            raise ResourceExhaustedError(None, None, "OOM")
        return batch

    assert devices.fitting(run, 64) == 8
    assert "going on with 8" in caplog.text
    with pytest.raises(ResourceExhaustedError):
        devices.fitting(lambda batch: run(99), 4)


def test_half_precision_is_for_gpus_only_and_does_not_outlive_its_work(monkeypatch):
    import keras

    assert devices.precision("gpu:0") == "mixed_float16"
    assert devices.precision("cpu") == "float32"
    monkeypatch.setattr(devices, "precision", lambda device: "mixed_float16")
    with devices.on("cpu"):
        assert keras.config.dtype_policy().name == "mixed_float16"
    assert keras.config.dtype_policy().name == "float32"


def test_a_network_trained_in_half_precision_is_saved_whole(monkeypatch, tmp_path):
    monkeypatch.setattr(devices, "precision", lambda device: "mixed_float16")
    half = WordGRU(epochs=1, batch=2).fit(TEXTS)
    monkeypatch.undo()
    half.save(tmp_path)
    whole = WordGRU().load(tmp_path)
    assert {layer.compute_dtype for layer in whole.network_.layers} <= {"float32", "bool"}
    np.testing.assert_allclose(whole.transform(TEXTS), half.transform(TEXTS), atol=0.02)


# ---- what networks learn from


def test_the_contrastive_loss_by_hand():
    """Two views that agree in one of two pairs; cosines 1, 0, 0, -1."""
    pair = np.array([[1, 0, 2, 0], [0, 1, 0, -3]], np.float32)
    scores = np.array([[1, 0], [0, -1]]) / TEMPERATURE
    by_hand = np.mean([np.log(np.exp(scores).sum(axis)) - np.diag(scores) for axis in (0, 1)])
    assert float(info_nce(None, pair)) == pytest.approx(by_hand, rel=1e-4)


def test_categories_are_learned_from_their_own_words():
    labels = ["sea", "sea", "city", "city"]
    trained = WordGRU("category", epochs=30, batch=4).fit(TEXTS * 4, labels * 4)
    assert trained.losses_[-1] < 0.5 * trained.losses_[0]
    rows = trained.transform([*TEXTS, "", None])
    assert rows.shape == (6, 128)
    assert np.isfinite(rows[:5]).all()
    assert np.isnan(rows[5]).all()


def test_a_text_has_the_same_row_alone_and_beside_longer_ones():
    read = WordGRU(epochs=1).fit(TEXTS)
    together = read.transform([*TEXTS, "sea " * 30])
    np.testing.assert_allclose(np.concatenate([read.transform([text]) for text in TEXTS]), together[:4], atol=1e-5)


def test_an_unknown_objective_says_what_there_is():
    with pytest.raises(ValueError, match="choose contrastive or category"):
        WordGRU("genre").fit(TEXTS)


@pytest.mark.parametrize("labels", [None, [None] * 4])
def test_categories_that_nobody_knows_are_not_one_category(labels):
    with pytest.raises(ValueError, match="needs the items' categories, and there are none; choose contrastive"):
        WordGRU("category").fit(TEXTS, labels)


def test_a_text_without_category_is_not_in_the_training_set():
    with pytest.raises(ValueError, match="no text to learn from"):
        WordGRU("category").fit([*TEXTS[:3], None], [None] * 3 + ["city"])


# ---- spectra


@pytest.mark.parametrize("settings", [(22_050, 2048, 512, 64), (16_000, 512, 256, 96), (22_050, 1024, 512, 64)])
def test_mel_power_is_librosas(settings):
    rate, n_fft, hop, mels = settings
    waves = np.random.default_rng(0).standard_normal((3, 20_011)).astype(np.float32)
    theirs = np.stack([librosa.feature.melspectrogram(y=one, sr=rate, n_fft=n_fft, hop_length=hop, n_mels=mels).T
                       for one in waves])
    np.testing.assert_allclose(decibels(mel_power(waves, *settings)), 10 * np.log10(theirs), atol=1e-4)
    np.testing.assert_array_equal(mel_power(waves[1], *settings), mel_power(waves, *settings)[1])


def test_windows_keep_order_and_leave_out_a_rest():
    assert windows(np.arange(7), 3).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert windows(np.arange(4).reshape(2, 2), 3).tolist() == [[[0, 1], [2, 3], [0, 1]]]


def test_a_long_sound_is_heard_to_its_end(tmp_path):
    rng, rate = np.random.default_rng(0), 22_050
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(int(7.2 * rate)), rate)
    assert PreviewGRU().read(tmp_path / "a.wav").shape == (2, FRAMES, 64)


# ---- texts as they come


@pytest.mark.parametrize("text", ["", " ", "\x00\x01\u202e\ufeff", "שלום עולם", "مرحبا بالعالم", "海边的夜", "é" * 9,
                                  "1" * 99], ids=ascii)
@pytest.mark.parametrize("analyzer", ["word", "char", "char_wb"])
def test_odd_texts_have_finite_rows(analyzer, text):
    counted = TfidfText(n_components=2, min_df=1, analyzer=analyzer, ngrams=(1, 2)).fit([*TEXTS, text])
    assert np.isfinite(counted.transform([text])).all()


def test_a_text_of_ten_megabytes_is_read():
    long = " ".join(TEXTS) + " sea" * 2_500_000
    counted = TfidfText(n_components=2, min_df=1).fit(TEXTS)
    row, sea = counted.transform([long, "rain and wind on the sea"])
    assert np.isfinite(row).all()
    assert row @ sea > 0


def test_letters_find_what_words_cannot_in_a_script_without_spaces():
    sea, night, town, morning = "海边的夜", "夜里的海", "城市的早晨", "早晨的城市"
    texts = [sea, night, town, sea, night, sea, morning]  # the directions of words are strong in this order: no ties
    cosine = {}
    for analyzer in ("word", "char"):
        rows = TfidfText(n_components=3, min_df=1, analyzer=analyzer).fit(texts).transform(texts)
        cosine[analyzer] = rows[0] @ rows[1] - rows[0] @ rows[2]
    assert cosine["char"] > 0.1 > cosine["word"]


def test_a_saved_counting_counts_letters_again(tmp_path):
    counted = TfidfText(n_components=2, min_df=1, analyzer="char", ngrams=(1, 2)).fit(TEXTS)
    counted.save(tmp_path)
    again = TfidfText(n_components=2, min_df=1, analyzer="char", ngrams=(1, 2)).load(tmp_path)
    np.testing.assert_allclose(again.transform(TEXTS), counted.transform(TEXTS), atol=1e-6)
