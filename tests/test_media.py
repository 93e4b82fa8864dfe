"""Pictures and sounds: what can be read is read, what cannot says why and what to do."""

import io
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from PIL import Image, ImageChops

from mmrec_helpers.media import FIXES, MediaFault, faults, notes, read_image, read_sound
from tests.media_files import cause, encode

RATE = 22_050
RED_LEFT = np.zeros((40, 60, 3), np.uint8)
RED_LEFT[:, :30, 0] = 255


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


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_other_colour_modes_keep_their_colours(put, noise, mode):
    picture = Image.fromarray(noise).convert(mode)
    np.testing.assert_array_equal(read_image(put("a.png", encode(picture, "PNG"))), picture.convert("RGB"))


def test_cmyk_with_and_without_the_mark_of_adobe(put):
    ink = Image.fromarray(RED_LEFT).convert("CMYK")
    assert np.abs(read_image(put("a.jpg", encode(ink, "JPEG"))).astype(int) - RED_LEFT).max() < 20
    data = encode(ImageChops.invert(ink), "JPEG")  # Adobe stores ink inverted, and Pillow writes as Adobe
    mark = data.index(b"\xff\xee\0\x0eAdobe")
    unmarked = put("b.jpg", data[:mark] + data[mark + 16:])
    assert np.abs(read_image(unmarked).astype(int) - RED_LEFT).max() < 20


CLEAR = np.dstack([np.full((4, 4, 3), (200, 0, 0), np.uint8), np.full((4, 4), 255, np.uint8)])
CLEAR[:, 2:] = (0, 200, 0, 0)  # green, if one could see it


@pytest.mark.parametrize(("mode", "kind"), [("RGBA", "PNG"), ("RGBA", "WEBP"), ("RGBA", "TIFF"), ("RGBA", "GIF"),
                                            ("LA", "PNG"), ("P", "PNG"), ("RGB", "PNG")])
def test_what_is_transparent_is_laid_over_white(put, mode, kind):
    picture = Image.fromarray(CLEAR).convert(mode)
    key = {"P": picture.getpixel((3, 3)), "RGB": (0, 200, 0)}.get(mode)
    options = {"lossless": True} if kind == "WEBP" else {} if key is None else {"transparency": key}
    seen = read_image(put("a", encode(picture, kind, **options)))
    assert (seen[:, 2:] == 255).all()
    np.testing.assert_array_equal(seen[:, :2], np.asarray(picture.convert("RGB"))[:, :2])


def test_what_is_half_transparent_is_mixed_with_white(put):
    assert read_image(put("a.png", encode(np.full((2, 2, 4), (0, 100, 200, 51), np.uint8), "PNG")))[0, 0].tolist() == [
        204, 224, 244]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_of_sixteen_bits_the_upper_eight_are_kept(tmp_path, name, channels):
    import cv2

    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    planes = [ramp, ramp[::-1], ramp // 2, np.full_like(ramp, 65535)][:channels]
    cv2.imwrite(str(tmp_path / name), cv2.merge(planes))
    expected = np.stack([ramp // 2, ramp[::-1], ramp] if channels > 1 else [ramp] * 3, axis=2) >> 8
    np.testing.assert_array_equal(read_image(tmp_path / name), expected)


TURNS = {1: lambda a: a, 2: lambda a: a[:, ::-1], 3: lambda a: a[::-1, ::-1], 4: lambda a: a[::-1],
         5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1), 7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
         8: np.rot90}


@pytest.mark.parametrize("turn", TURNS)
def test_a_picture_is_turned_as_its_exif_says(put, turn):
    corners = np.zeros((32, 48, 3), np.uint8)
    corners[:16, :16], corners[:16, 32:] = (250, 0, 0), (0, 0, 250)
    exif = Image.Exif()
    exif[0x0112] = turn
    for kind, mode in (("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("TIFF", "RGB")):
        options = {"lossless": True} if kind == "WEBP" else {"subsampling": 0} if kind == "JPEG" else {}
        seen = read_image(put("a", encode(Image.fromarray(corners).convert(mode), kind, exif=exif, **options)))
        expected = TURNS[turn](corners)
        assert seen.shape == expected.shape
        assert np.abs(seen.astype(int) - expected).max() < 12, (kind, mode)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("exif", [b"MM\0*\0\0\0\xff\xff\xff", b"no EXIF at all"])
def test_a_broken_exif_does_not_cost_the_picture(put, noise, kind, exif):
    broken = encode(noise, kind, exif=b"Exif\0\0" + exif)
    np.testing.assert_array_equal(read_image(put("a", broken)), read_image(put("b", encode(noise, kind))))


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_of_an_animation_the_first_frame_is_read(put, kind):
    red, blue = Image.new("RGB", (32, 32), (240, 0, 0)), Image.new("RGB", (32, 32), (0, 0, 240))
    seen = read_image(put("a", encode(red, kind, save_all=True, append_images=[blue])))
    assert np.abs(seen.astype(int) - (240, 0, 0)).max() < 5


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_decoding_agrees_with_pillow_and_opencv(put, noise, kind):
    import cv2

    data = encode(noise, kind)
    pillow = Image.open(io.BytesIO(data)).convert("RGB")
    opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    for theirs in (pillow, opencv):
        assert np.abs(read_image(put("a.jpg", data)) - np.asarray(theirs, int)).mean() < 1


def test_a_name_that_is_not_ascii(put):
    assert read_image(put("海 é.png", encode(RED_LEFT, "PNG"))).shape == RED_LEFT.shape


def test_no_picture_there(tmp_path):
    assert cause(read_image, tmp_path / "a.jpg") == "no file"
    assert cause(read_image, tmp_path / "a.jpg" / "b.jpg") == "no file"
    assert cause(read_image, tmp_path / "a\0.jpg") == "no file"


def test_a_picture_of_no_bytes(put):
    assert cause(read_image, put("a.jpg", b"")) == "empty picture"


@pytest.mark.parametrize("data", [b"<html>404 Not Found</html>\n", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\xff\xd8",
                                  b"RIFF0000WAVE", b'<?xml version="1.0"?>\n<svg width="9" height="9"></svg>\n'])
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

    monkeypatch.setattr(cv2, "imdecode", lambda *_: noise.copy())
    data = encode(noise, kind)
    for cut in (5, 13, len(data) // 2):
        assert cause(read_image, put("a", data[:-cut])) == "truncated picture"
    assert capfd.readouterr().err == ""


def test_the_end_of_a_preview_is_not_the_end_of_the_picture(put, noise, monkeypatch):
    import cv2

    data = encode(noise, "JPEG", comment=encode(RED_LEFT, "JPEG"))
    assert read_image(put("a.jpg", data)).shape == noise.shape
    monkeypatch.setattr(cv2, "imdecode", lambda *_: noise.copy())
    assert cause(read_image, put("a.jpg", data[:-300])) == "truncated picture"


def test_a_picture_with_something_after_its_end_is_whole(put, noise):
    read_image(put("a.jpg", encode(noise, "JPEG") + bytes(100)))


def test_a_damaged_png_is_refused(put, noise):
    data = bytearray(encode(noise, "PNG"))
    data[len(data) // 2] ^= 255
    assert cause(read_image, put("a.png", bytes(data))) == "truncated picture"


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


@pytest.mark.parametrize("own", [8_000, 11_025, 16_000, 44_100, 48_000, 96_000])
def test_another_rate_is_resampled_and_keeps_its_pitch(record, own):
    path = record("a.wav", tone(rate=own), own)
    heard = read_sound(path)
    assert heard.shape == (RATE,)
    assert np.abs(np.fft.rfft(heard)).argmax() == 440
    assert np.abs(heard[2000:-2000]).max() == pytest.approx(0.5, abs=0.01)
    assert read_sound(path, rate=own).shape == (own,)


def test_what_the_new_rate_cannot_carry_is_not_folded_into_it(record):
    high = read_sound(record("a.wav", tone(rate=96_000, hertz=440) + tone(rate=96_000, hertz=20_000), 96_000))
    np.testing.assert_allclose(high[2000:-2000], tone()[2000:-2000], atol=0.01)


@pytest.mark.parametrize(("name", "subtype"), [
    ("a.wav", "PCM_U8"), ("a.wav", "PCM_16"), ("a.wav", "PCM_24"), ("a.wav", "PCM_32"), ("a.wav", "FLOAT"),
    ("a.wav", "DOUBLE"), ("a.flac", "PCM_24"), ("a.ogg", "VORBIS"), ("a.mp3", None)])
def test_every_depth_and_packing(record, name, subtype):
    heard = read_sound(record(name, tone(), subtype=subtype))
    assert heard.dtype == np.float32
    np.testing.assert_allclose(heard, tone(), atol=0.01 if subtype in ("PCM_U8", "PCM_16") else 0.05)


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.wav"])
def test_decoding_agrees_with_librosa(record, name):
    path = record(name, tone(seconds=0.7))
    np.testing.assert_allclose(read_sound(path), librosa.load(path, sr=RATE)[0], atol=1e-6)


def test_a_long_mp3_has_no_seams(record):
    path = record("a.mp3", tone(seconds=100) * np.random.default_rng(0).random(100 * RATE))
    np.testing.assert_allclose(read_sound(path), soundfile.read(path, dtype="float32")[0], atol=1e-6)


@pytest.mark.parametrize("name", ["a.mp3", "a.flac", "a.ogg", "a.wav"])
def test_only_so_many_seconds_are_heard(record, name):
    path = record(name, np.stack([tone(seconds=3), tone(seconds=3, hertz=600)], axis=1))
    np.testing.assert_array_equal(read_sound(path, seconds=0.5), read_sound(path)[:RATE // 2])
    np.testing.assert_array_equal(read_sound(path, seconds=9), read_sound(path))
    assert read_sound(path, rate=8_000, seconds=0.5).shape == (4_000,)
    assert read_sound(path, seconds=0.05).size


def test_only_what_was_heard_is_judged(record):
    path = record("a.wav", np.concatenate([np.zeros(RATE), tone(), [np.nan]]), subtype="FLOAT")
    assert cause(lambda path: read_sound(path, seconds=0.5), path) == "silent sound"
    assert read_sound(path, seconds=1.5).max() == pytest.approx(0.5, abs=0.01)
    assert cause(read_sound, path) == "not finite"


@pytest.mark.parametrize("seconds", [0, -1, 0.01, np.nan, np.inf])
def test_seconds_that_cannot_be_heard(record, seconds):
    with pytest.raises(ValueError, match="seconds="):
        read_sound(record("a.wav", tone()), seconds=seconds)


def test_half_an_hour_in_eight_channels_takes_the_memory_of_one(tmp_path):
    pytest.importorskip("resource")
    path, size = tmp_path / "a.wav", 8_000 * 1_800 * 16  # 230 MB, as float 461 MB, one channel of it 58 MB
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 8, 8_000, 128_000, 16, 16,
                       b"data", size)
    path.write_bytes(head + (np.repeat(tone(rate=8_000), 8) * 32_767).astype("<i2").tobytes())
    os.truncate(path, len(head) + size)
    code = f"""if True:
        import resource, sys, soundfile
        from mmrec_helpers.media import notes, read_sound
        def peak():
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (20 if sys.platform == "darwin" else 10)
        before = peak()
        print(len(read_sound({str(path)!r}, 8_000, seconds=60)), peak() - before)
        print(notes({str(path)!r}, 8_000), peak() - before)
        print(len(read_sound({str(path)!r}, 8_000)), peak() - before)"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (heard, few), (_, _, some), (whole, many) = (line.split() for line in done.stdout.splitlines())
    assert (int(heard), int(whole)) == (480_000, 14_400_000)
    assert int(few) < 25
    assert int(some) < 40
    assert int(many) < 200


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


@pytest.mark.parametrize("odd", [40_000, -1e9, 1e30, 3.4e38])
def test_one_damaged_sample_is_refused_by_a_cause_of_its_own(record, odd):
    wave = tone(rate=44_100)
    wave[500] = odd
    assert cause(read_sound, record("a.wav", wave, 44_100, subtype="FLOAT")) == "sample out of range"


def test_samples_that_are_integers_in_a_float_file_are_read_as_they_are(record):
    from mmrec_helpers.features.statistics import sound_statistics

    path = record("a.wav", np.round(tone(level=1.0) * 32_768), subtype="FLOAT")
    assert np.abs(read_sound(path)).max() == pytest.approx(32_768, rel=1e-3)
    assert notes(path) == ["clipped sound"]
    assert np.isfinite(sound_statistics(read_sound(path))).all()


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
    assert cause(read_sound, path) == "sound too long"


@pytest.mark.parametrize("kind", ["AIFF", "AU", "CAF", "W64", "RF64", "VOC"])
def test_a_sound_of_a_format_that_the_catalogue_does_not_name(record, kind):
    path = record("a.wav", tone(), format=kind)
    with pytest.raises(MediaFault, match=f"its format is {kind}: .* as MP3, FLAC, Ogg or WAV"):
        read_sound(path)
    assert cause(notes, path) == "not a sound"


def test_a_wav_with_an_extended_header_is_a_wav(record):
    np.testing.assert_allclose(read_sound(record("a.wav", tone(), format="WAVEX")), tone(), atol=1e-4)


def test_a_flac_that_does_not_know_its_length(record):
    path = record("a.flac", tone())
    data = bytearray(path.read_bytes())
    data[21], data[22:26] = data[21] & 240, bytes(4)
    path.write_bytes(data)
    np.testing.assert_allclose(read_sound(path), tone(), atol=1e-4)


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
    late = np.concatenate([tone(seconds=20), np.clip(tone(level=4.0), -1, 1)])
    assert notes(record(name, late)) == ["clipped sound"]


def test_a_sound_at_another_rate_or_of_several_channels(record):
    assert notes(record("a.wav", tone())) == []
    assert notes(record("a.wav", tone()), rate=16_000) == ["other rate"]
    assert notes(record("a.wav", tone(rate=44_100), 44_100)) == ["other rate"]
    assert notes(record("a.wav", np.stack([tone()] * 2, axis=1))) == ["other rate"]


def test_what_is_neither_has_no_notes(put):
    assert cause(notes, put("a.jpg", b"some text")) == "not a sound"
    assert cause(notes, put("b.jpg", b"")) == "not a sound"


# ---- files that are none


@pytest.mark.parametrize("read", [read_image, read_sound, notes])
def test_only_regular_files_are_opened(tmp_path, monkeypatch, read):
    places = [tmp_path, Path("/dev/zero")]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jpg")
        os.symlink(tmp_path / "pipe.jpg", tmp_path / "link.jpg")
        places += [tmp_path / "pipe.jpg", tmp_path / "link.jpg"]
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))  # which waits for ever
    assert {cause(read, path) for path in places if path.exists()} == {"not a regular file"}


@pytest.mark.parametrize("read", [read_image, read_sound, notes])
def test_a_file_that_is_too_large_is_not_opened(put, monkeypatch, read):
    path = put("a.wav", bytes(1001))
    monkeypatch.setattr(faults, "MAX_BYTES", 1000)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("opened"))
    assert cause(read, path) == "file too large"


# ---- the rest


def test_a_fault_survives_a_way_between_processes():
    fault = MediaFault("x/a.jpg", "picture too large", "make it smaller")
    again = pickle.loads(pickle.dumps(fault))
    assert (again.cause, again.fix, str(again)) == (fault.cause, fault.fix, str(fault))
    assert isinstance(fault, ValueError)


def test_every_cause_says_what_to_do():
    causes = {"no file", "not a regular file", "file too large", "empty picture", "not a picture", "picture too large",
              "too many scans", "truncated picture", "empty sound", "not a sound", "not finite", "sample out of range",
              "sound too long", "sound too short", "silent sound"}
    assert set(FIXES) == causes
    assert all(FIXES.values())


def test_importing_the_room_is_light():
    heavy = {"cv2", "librosa", "PIL", "soundfile", "sklearn"}
    code = f"import sys, mmrec_helpers.media; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
