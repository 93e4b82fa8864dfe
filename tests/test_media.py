"""Pictures and sounds: what can be read is read, what cannot says why and what to do."""

import contextlib
import io
import pickle
import struct
import subprocess
import sys
import warnings
import zlib

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mmrec_helpers.media import MAX_PIXELS, MENDS, MediaFault, notes, read_image, read_sound

RATE = 22_050
RED_LEFT = np.zeros((40, 60, 3), np.uint8)
RED_LEFT[:, :30, 0] = 255


def encode(picture, kind, **options):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, kind, **options)
    return buffer.getvalue()


def cause(read, path):
    with pytest.raises(MediaFault) as caught:
        read(path)
    assert caught.value.mend
    assert path.name in str(caught.value)
    return caught.value.cause


@pytest.fixture
def put(tmp_path):
    """A function that writes bytes to a file of that name."""
    def make(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name
    return make


@pytest.fixture
def record(tmp_path):
    """A function that writes a sound to a file of that name."""
    def make(name, wave, rate=RATE, **options):
        soundfile.write(tmp_path / name, wave, rate, **options)
        return tmp_path / name
    return make


@pytest.fixture(scope="module")
def noise():
    """A detailed picture: (64, 64, 3)."""
    small = Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8))
    return np.asarray(small.resize((64, 64)))


def tone(seconds=1.0, rate=RATE, hertz=440, level=0.5):
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def png_header(width, height):
    """A PNG that claims this size and holds next to nothing."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1 + width // 8) * min(height, 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


# ---- pictures


def test_a_picture_is_rgb(put):
    picture = read_image(put("a.png", encode(RED_LEFT, "PNG")))
    assert picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, RED_LEFT)


def test_a_resized_picture_is_the_mean_over_areas(put):
    picture = read_image(put("a.png", encode(RED_LEFT, "PNG")), size=2)
    assert picture[..., 0].tolist() == [[255, 0], [255, 0]]
    assert read_image(put("a.png", encode(RED_LEFT, "PNG")), size=1)[0, 0].tolist() == [128, 0, 0]
    assert read_image(put("a.png", encode(RED_LEFT, "PNG")), size=128).shape == (128, 128, 3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK"])
def test_other_colour_modes_become_rgb(put, mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    buffer = io.BytesIO()
    Image.fromarray(RED_LEFT).convert(mode).save(buffer, kind)
    assert read_image(put("a", buffer.getvalue())).shape == RED_LEFT.shape


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_decoding_agrees_with_pillow(put, noise, kind):
    data = encode(noise, kind)
    theirs = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    assert np.abs(read_image(put("a.jpg", data)) - theirs).mean() < 1


def test_a_name_that_is_not_ascii(put):
    assert read_image(put("海 é.png", encode(RED_LEFT, "PNG"))).shape == RED_LEFT.shape


def test_no_picture_there(tmp_path):
    assert cause(read_image, tmp_path / "a.jpg") == "no file"
    assert cause(read_image, tmp_path) == "no file"
    assert cause(read_image, tmp_path / "a\0.jpg") == "no file"


def test_a_picture_of_no_bytes(put):
    assert cause(read_image, put("a.jpg", b"")) == "empty picture"


@pytest.mark.parametrize("data", [b"<html>404 Not Found</html>\n", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xff\xd8",
                                  b"RIFF0000WAVE"])
def test_what_is_no_picture(put, data):
    assert cause(read_image, put("a.jpg", data)) == "not a picture"


@pytest.mark.parametrize("kind", ["JPEG", "progressive", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_cut_anywhere_is_refused(put, noise, kind):
    data = encode(noise, "JPEG", progressive=True) if kind == "progressive" else encode(noise, kind)
    assert read_image(put("a", data)).shape == noise.shape
    for cut in (1, 2, 5, 13, 30, len(data) // 3, len(data) // 2, len(data) - 200, len(data) - 60):
        assert cause(read_image, put("a", data[:-cut])) == "truncated picture", cut


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_cut_picture_does_not_reach_a_decoder_that_fills_it_up(put, noise, monkeypatch, capfd, kind):
    import cv2

    monkeypatch.setattr(cv2, "imdecode", lambda *_: noise)
    data = encode(noise, kind)
    for cut in (5, 13, len(data) // 2):
        assert cause(read_image, put("a", data[:-cut])) == "truncated picture"
    assert capfd.readouterr().err == ""


def test_a_picture_with_something_after_its_end_is_whole(put, noise):
    read_image(put("a.jpg", encode(noise, "JPEG") + bytes(100)))


def test_a_damaged_png_is_refused(put, noise):
    data = bytearray(encode(noise, "PNG"))
    data[len(data) // 2] ^= 255
    assert cause(read_image, put("a.png", bytes(data))) == "truncated picture"


@pytest.mark.parametrize("side", [30_000, 9_500])
@pytest.mark.parametrize("action", ["default", "error"])
def test_a_huge_picture_is_refused_before_it_is_decoded(put, monkeypatch, side, action):
    import cv2

    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    monkeypatch.setattr(Image.Image, "load", lambda *_: pytest.fail("decoded"))
    path = put("a.png", png_header(side, side))
    assert path.stat().st_size < 20_000
    with warnings.catch_warnings():
        warnings.simplefilter(action, Image.DecompressionBombWarning)
        assert cause(read_image, path) == "picture too large"
        assert cause(notes, path) == "picture too large"


def test_the_limit_is_forty_megapixels(put):
    assert MAX_PIXELS == 40_000_000
    over, under = put("a.png", png_header(8_000, 5_001)), put("b.png", png_header(8_000, 5_000))
    assert cause(read_image, over) == "picture too large"
    assert cause(read_image, under) == "truncated picture"  # it claims more rows than it holds


# ---- sounds


def test_a_sound_is_mono_float(record):
    wave = read_sound(record("a.wav", tone()))
    assert wave.dtype == np.float32
    np.testing.assert_allclose(wave, tone(), atol=1e-4)


def test_channels_are_averaged(record):
    wave = read_sound(record("a.wav", np.stack([tone(), np.zeros(RATE)], axis=1)))
    np.testing.assert_allclose(wave, tone() / 2, atol=1e-4)


def test_eight_channels(record):
    wave = read_sound(record("a.wav", np.stack([tone(level=(1 + k) / 10) for k in range(8)], axis=1)))
    np.testing.assert_allclose(wave, tone(level=0.45), atol=1e-4)


def test_another_rate_is_resampled_and_keeps_its_pitch(record):
    path = record("a.wav", tone(rate=44_100), 44_100)
    wave = read_sound(path)
    assert wave.shape == (RATE,)
    assert np.abs(np.fft.rfft(wave)).argmax() == 440
    assert read_sound(path, rate=44_100).shape == (44_100,)


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.wav"])
def test_decoding_agrees_with_librosa(record, name):
    path = record(name, tone(seconds=0.7))
    np.testing.assert_allclose(read_sound(path), librosa.load(path, sr=RATE)[0], atol=1e-6)


def test_a_long_mp3_has_no_seams(record):
    path = record("a.mp3", tone(seconds=100) * np.random.default_rng(0).random(100 * RATE))
    np.testing.assert_allclose(read_sound(path), soundfile.read(path, dtype="float32")[0], atol=1e-6)


def test_no_sound_there(tmp_path):
    assert cause(read_sound, tmp_path / "a.mp3") == "no file"


def test_a_sound_of_no_bytes_or_no_samples(put, record):
    assert cause(read_sound, put("a.mp3", b"")) == "empty sound"
    assert cause(read_sound, record("a.wav", np.zeros(0))) == "empty sound"


@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.raw", "a"])
def test_what_is_no_sound(put, name):
    assert cause(read_sound, put(name, b"<html>404 Not Found</html>\n" * 50)) == "not a sound"


@pytest.mark.parametrize("length", [1, 1000])
def test_a_sound_too_short(record, length):
    assert cause(read_sound, record("a.wav", tone()[100:100 + length])) == "sound too short"


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_sound_that_is_not_finite(record, odd):
    wave = np.stack([tone(), tone()], axis=1)
    wave[500, 1] = odd
    assert cause(read_sound, record("a.wav", wave, subtype="FLOAT")) == "not finite"


@pytest.mark.parametrize("name", ["a.wav", "a.mp3"])
def test_a_silent_sound(record, name):
    assert cause(read_sound, record(name, np.zeros(RATE))) == "silent sound"
    read_sound(record(name, tone(level=0.01)))


@pytest.mark.parametrize("rate", [1, 2_000_000_000])
def test_a_rate_that_no_sound_has(record, rate):
    path = record("a.wav", tone())
    data = bytearray(path.read_bytes())
    data[24:28] = struct.pack("<I", rate)
    path.write_bytes(data)
    assert cause(read_sound, path) == "not a sound"


def test_a_header_that_promises_more_than_memory_holds(record):
    path = record("a.flac", tone())
    data = bytearray(path.read_bytes())
    data[21], data[22:26] = data[21] | 15, b"\xff" * 4  # 2**36 - 1 samples
    path.write_bytes(data)
    assert cause(read_sound, path) == "not a sound"


# ---- notes


@pytest.mark.parametrize(("name", "kind", "expected"), [
    ("a.jpg", "JPEG", []), ("a.JPEG", "JPEG", []), ("a.png", "PNG", []), ("a", "PNG", []),
    ("a.jpg", "PNG", ["mislabelled picture"]), ("a.png", "WEBP", ["mislabelled picture"]),
    ("a.mp3", "JPEG", ["mislabelled picture"])])
def test_a_picture_under_another_formats_name(put, name, kind, expected):
    path = put(name, encode(RED_LEFT, kind))
    assert notes(path) == expected
    assert read_image(path).shape == RED_LEFT.shape


@pytest.mark.parametrize("name", ["a.wav", "a.mp3"])
def test_a_clipped_sound(record, name):
    swell = np.sin(np.linspace(0, np.pi, RATE))
    assert notes(record(name, tone(level=1.0) * swell**8 * 0.95)) == []
    assert notes(record(name, tone(level=0.9))) == []
    assert notes(record(name, np.clip(tone(level=4.0), -1, 1))) == ["clipped sound"]
    assert notes(record(name, np.clip(tone(level=4.0) * swell**8, -1, 1))) == ["clipped sound"]


def test_a_sound_at_another_rate_or_of_several_channels(record):
    assert notes(record("a.wav", tone())) == []
    assert notes(record("a.wav", tone()), rate=16_000) == ["other rate"]
    assert notes(record("a.wav", tone(rate=44_100), 44_100)) == ["other rate"]
    assert notes(record("a.wav", np.stack([tone()] * 2, axis=1))) == ["other rate"]


def test_what_is_neither_has_no_notes(put):
    assert cause(notes, put("a.jpg", b"some text")) == "not a sound"
    assert cause(notes, put("b.jpg", b"")) == "not a sound"


# ---- the rest


def test_a_fault_survives_a_way_between_processes():
    fault = MediaFault("x/a.jpg", "picture too large", "make it smaller")
    again = pickle.loads(pickle.dumps(fault))
    assert (again.cause, again.mend, str(again)) == (fault.cause, fault.mend, str(fault))
    assert isinstance(fault, ValueError)


def test_every_cause_has_a_mend():
    assert set(MENDS) == {"truncated picture", "not a picture", "picture too large", "empty picture", "no file",
                          "empty sound", "silent sound", "not a sound", "sound too short", "not finite"}


def test_importing_the_room_is_light():
    heavy = {"cv2", "librosa", "PIL", "soundfile", "sklearn"}
    code = f"import sys, mmrec_helpers.media; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@settings(max_examples=60, deadline=None)
@given(kind=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]), data=st.data())
def test_a_spoilt_picture_is_read_or_refused(tmp_path_factory, kind, data):
    whole = bytearray(encode(RED_LEFT, kind))
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=5)):
        whole[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "spoilt.jpg"
    path.write_bytes(whole)
    with contextlib.suppress(MediaFault):
        assert read_image(path).ndim == 3
