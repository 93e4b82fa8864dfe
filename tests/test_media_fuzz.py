"""Flipped and cut bytes and bombs: read or refused, never a crash, never half of a picture, never all the memory."""

import contextlib
import io
import struct
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from mmrec_helpers.media import MAX_PIXELS, MediaFault, notes, read_image, read_sound, sounds
from mmrec_helpers.media.faults import MAX_SAMPLES
from tests.media_files import cause, encode

NOISE = np.random.default_rng(0)
PICTURE = Image.fromarray(NOISE.integers(0, 256, (12, 16, 3), dtype=np.uint8)).resize((48, 36))
TUNE = 0.5 * np.sin(np.arange(5_000) / 10) * NOISE.random(5_000)


def picture(kind, mode="RGB", **options):
    return encode(PICTURE.convert(mode), kind, **options)


def sound(kind, subtype=None, channels=1):
    buffer = io.BytesIO()
    rate = 24_000 if subtype == "OPUS" else 22_050
    soundfile.write(buffer, np.stack([TUNE] * channels, axis=1), rate, format=kind, subtype=subtype)
    return buffer.getvalue()


PICTURES = {"JPEG": picture("JPEG"), "progressive": picture("JPEG", progressive=True), "ink": picture("JPEG", "CMYK"),
            "PNG": picture("PNG"), "palette": picture("PNG", "P"), "alpha": picture("PNG", "RGBA"),
            "GIF": picture("GIF"), "WEBP": picture("WEBP"), "lossless": picture("WEBP", "RGBA", lossless=True),
            "BMP": picture("BMP"), "TIFF": picture("TIFF"), "LZW": picture("TIFF", compression="tiff_lzw")}
SOUNDS = {"WAV": sound("WAV"), "float": sound("WAV", "FLOAT", 2), "ADPCM": sound("WAV", "IMA_ADPCM"),
          "FLAC": sound("FLAC"), "MP3": sound("MP3"), "stereo": sound("MP3", channels=2), "OGG": sound("OGG"),
          "OPUS": sound("OGG", "OPUS")}


@st.composite
def spoilt(draw, whole):
    """Bytes of which up to five were changed, most in the header, and perhaps an end is missing."""
    data = bytearray(whole)
    early = st.integers(0, min(len(data), 120) - 1)
    for place in draw(st.lists(early | st.integers(0, len(data) - 1), max_size=5)):
        data[place] = draw(st.sampled_from([0, 255, data[place] ^ 1, data[place] ^ 128]) | st.integers(0, 255))
    return bytes(data[:draw(st.just(len(data)) | st.integers(1, len(data)))])


def fuzz(kinds):
    """A test of 100 spoilt files of each kind, always the same ones."""
    def wrapped(test):
        test = settings(max_examples=100, deadline=None, derandomize=True)(given(data=st.data())(test))
        return pytest.mark.filterwarnings("ignore")(pytest.mark.parametrize("kind", kinds)(test))
    return wrapped


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("spoilt") / "a"


@fuzz(PICTURES)
def test_a_spoilt_picture_is_read_or_refused(path, kind, data):
    path.write_bytes(data.draw(spoilt(PICTURES[kind])))
    with contextlib.suppress(MediaFault):
        seen = read_image(path)
        assert (seen.ndim, seen.shape[2], seen.dtype) == (3, 3, np.uint8)


@fuzz(PICTURES)
def test_a_cut_picture_is_whole_or_refused(path, kind, data):
    path.write_bytes(PICTURES[kind])
    whole = read_image(path)
    path.write_bytes(PICTURES[kind][:-data.draw(st.integers(1, 40) | st.integers(1, len(PICTURES[kind]) - 1))])
    with contextlib.suppress(MediaFault):
        np.testing.assert_array_equal(read_image(path), whole)


@fuzz(SOUNDS)
def test_a_spoilt_sound_is_heard_or_refused(path, kind, data):
    path.write_bytes(data.draw(spoilt(SOUNDS[kind])))
    with contextlib.suppress(MediaFault):
        heard = read_sound(path, seconds=data.draw(st.sampled_from([None, 0.1])))
        assert (heard.ndim, heard.dtype) == (1, np.float32)
        assert heard.size
        assert np.isfinite(heard).all()
    with contextlib.suppress(MediaFault):
        assert set(notes(path)) <= {"clipped sound", "other rate", "mislabelled picture"}


# ---- bombs


def chunk(kind, data):
    """A part of a PNG."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width, height):
    """A PNG that claims this size and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    body = zlib.compress(bytes(1 + width // 8) * min(height, 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [30_000, 9_500])
@pytest.mark.parametrize("action", ["default", "error"])
def test_a_huge_picture_is_refused_before_it_is_decoded(put, monkeypatch, side, action):
    import cv2

    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda *_: pytest.fail("decoded"))
    path = put("a.png", png_header(side, side))
    assert path.stat().st_size < 20_000
    with warnings.catch_warnings():
        warnings.simplefilter(action, Image.DecompressionBombWarning)
        assert cause(read_image, path) == "picture too large"
        assert cause(notes, path) == "picture too large"


@pytest.mark.parametrize(("kind", "mark", "sides"), [
    ("JPEG", b"\xff\xc0\0\x11\x08", ">HH"), ("GIF", b"GIF87a", "<HH"), ("WEBP", b"\x9d\x01\x2a", "<HH"),
    ("BMP", b"\x28\0\0\0", "<ii")])
def test_a_header_that_claims_a_huge_picture(put, monkeypatch, kind, mark, sides):
    import cv2

    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    data = bytearray(picture(kind))
    place = data.index(mark) + len(mark)
    data[place:place + struct.calcsize(sides)] = struct.pack(sides, 16_000, 16_000)
    assert cause(read_image, put("a", bytes(data))) == "picture too large"


def test_a_text_that_unpacks_to_fifty_megabytes(put):
    data, text = picture("PNG"), chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000)))
    path = put("a.png", data[:33] + text + data[33:])
    tracemalloc.start()
    assert cause(read_image, path) == "picture too large"
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_the_limit_is_forty_megapixels(put):
    assert MAX_PIXELS == 40_000_000
    over, under = put("a.png", png_header(8_000, 5_001)), put("b.png", png_header(8_000, 5_000))
    assert cause(read_image, over) == "picture too large"
    assert cause(read_image, under) == "truncated picture"  # it claims more rows than it holds


@pytest.mark.parametrize("sides", [(1, 30_000_000), (70_000, 2)])
def test_a_picture_with_a_side_that_is_too_long(put, sides):
    assert cause(read_image, put("a.png", png_header(*sides))) == "picture too large"


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded(put, monkeypatch, mode):
    import cv2

    data = picture("JPEG", mode, progressive=True)
    start = data.rindex(b"\xff\xda")
    assert read_image(put("a.jpg", data[:-2] + data[start:-2] * 80 + data[-2:])).shape == (36, 48, 3)
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda *_: pytest.fail("decoded"))
    assert cause(read_image, put("a.jpg", data[:-2] + data[start:-2] * 3000 + data[-2:])) == "too many scans"


def flac(samples, claims):
    """So many samples of silence, and how many its header claims: 36 bits in bytes 21 to 25."""
    buffer = io.BytesIO()
    soundfile.write(buffer, np.zeros(samples, np.int16), 22_050, format="FLAC")
    data = bytearray(buffer.getvalue())
    data[21], data[22:26] = data[21] & 240 | claims >> 32, (claims & 0xFFFFFFFF).to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize("read", [read_sound, notes])
def test_a_sound_that_claims_too_much_is_refused_before_it_is_decoded(put, monkeypatch, read):
    monkeypatch.setattr(soundfile.SoundFile, "read", lambda *_, **__: pytest.fail("decoded"))
    assert cause(read, put("a.flac", flac(9_000, claims=MAX_SAMPLES + 1))) == "sound too long"


@pytest.mark.parametrize("claims", [0, 3_000_000])
def test_a_sound_that_unpacks_to_too_much_is_left_early(put, monkeypatch, claims):
    monkeypatch.setattr(sounds, "MAX_SAMPLES", 1_000_000)
    path = put("a.flac", flac(3_000_000, claims))
    assert path.stat().st_size < 15_000
    tracemalloc.start()
    assert cause(read_sound, path) == "sound too long"
    assert tracemalloc.get_traced_memory()[1] < 8_000_000
    tracemalloc.stop()
    assert cause(lambda path: read_sound(path, seconds=1), path) == "silent sound"
