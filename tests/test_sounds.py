"""The record shop's previews: what every one keeps to, and that each axis is heard where it should be."""

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmrec_helpers.datasets.recordshop import sounds
from mmrec_helpers.datasets.recordshop.bands import BANDS, SCALES
from mmrec_helpers.datasets.recordshop.drums import KITS
from mmrec_helpers.datasets.recordshop.instruments import INSTRUMENTS, Notes, sound
from mmrec_helpers.datasets.recordshop.score import compose, grid, melody, pitches
from mmrec_helpers.datasets.recordshop.world import FACTORS, GENRES
from mmrec_helpers.features.statistics import sound_statistics

RATE = sounds.RATE
AXES = [high for _, high in FACTORS["audio"]]


def at(value, axis):
    factors = np.zeros(6)
    factors[AXES.index(axis)] = value
    return factors


def pair(axis, genre, seed):
    """The same song at both poles of an axis."""
    return [sounds.play(genre, at(value, axis), np.random.default_rng(seed)) for value in (-1.5, 1.5)]


def song(seed, **axes):
    """A song on paper, plain but for the axes given."""
    plain = dict.fromkeys(("high", "fast", "swung", "rising"), 0.0) | axes
    return compose(int(seed % 8), **plain, seconds=3.2, rng=np.random.default_rng(seed))


def many(n, seed):
    rng = np.random.default_rng(seed)
    genre, factors = rng.integers(8, size=n), rng.standard_normal((n, 6)).clip(-2.5, 2.5)
    waves = [sounds.play(int(g), f, np.random.default_rng([seed, i]))
             for i, (g, f) in enumerate(zip(genre, factors, strict=True))]
    return genre, factors, waves


@pytest.fixture(scope="module")
def previews():
    return many(160, seed=11)


def test_every_preview_is_three_to_four_seconds_within_the_peak(previews):
    for wave in previews[2]:
        assert wave.dtype == np.float32
        assert wave.ndim == 1
        assert 3 * RATE <= len(wave) <= 4 * RATE
        assert np.isfinite(wave).all()
        assert 0.2 < np.abs(wave).max() <= 0.9


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 7), st.lists(st.floats(-2.5, 2.5), min_size=6, max_size=6), st.integers(0, 2**32))
def test_no_corner_of_the_world_breaks_a_preview(genre, factors, seed):
    wave = sounds.play(genre, np.array(factors), np.random.default_rng(seed))
    assert np.isfinite(wave).all()
    assert np.abs(wave).max() <= 0.9
    assert wave.std() > 0.05
    assert 3 * RATE <= len(wave) <= 4 * RATE


def test_a_preview_starts_and_ends_in_silence(previews):
    assert all(abs(wave[0]) == 0 and abs(wave[-1]) == 0 for wave in previews[2])


def test_loudness_is_evened_out(previews):
    """As ears weigh it no two previews differ by 1 dB, the least that is heard."""
    assert np.ptp([loudness(wave) for wave in previews[2]]) < 1


def loudness(wave):
    """dB, with 4 dB more above 1.5 kHz: the shelf of ITU-R BS.1770."""
    f = np.fft.rfftfreq(len(wave), 1 / RATE)
    shelf = 10 ** (0.2 * f**2 / (f**2 + 1500**2))
    return 10 * np.log10((np.abs(np.fft.rfft(wave) * shelf) ** 2).sum() / len(wave) ** 2)


def test_samples_lie_on_a_grid_of_16_bits(previews):
    steps = previews[2][0].astype(np.float64) * 32768
    np.testing.assert_array_equal(steps, np.round(steps))


def test_a_preview_repeats_from_its_generator_down_to_the_bytes(tmp_path):
    for name in ("a.mp3", "b.mp3"):
        sounds.save(tmp_path / name, sounds.play(5, at(1.0, "fast"), np.random.default_rng(3)))
    assert (tmp_path / "a.mp3").read_bytes() == (tmp_path / "b.mp3").read_bytes()
    other = sounds.play(5, at(1.0, "fast"), np.random.default_rng(4))
    first = sounds.play(5, at(1.0, "fast"), np.random.default_rng(3))
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_a_file_decodes_to_the_same_sound_and_is_small(previews, tmp_path):
    sizes, alike = [], []
    for wave in previews[2][:30]:
        sounds.save(tmp_path / "one.mp3", wave)
        decoded, rate = soundfile.read(tmp_path / "one.mp3", dtype="float32")
        sizes.append((tmp_path / "one.mp3").stat().st_size)
        assert rate == RATE
        assert decoded.ndim == 1
        assert 0 <= len(decoded) - len(wave) < 0.1 * RATE  # whole frames, and the encoder's delay
        lag = int(signal_lag(wave, decoded))
        assert 0 <= lag < 0.1 * RATE
        alike.append(np.corrcoef(wave[:RATE], decoded[lag:lag + RATE])[0, 1])
    assert np.median(alike) > 0.97
    assert min(alike) > 0.7  # of noise, a codec keeps the sound but not the samples
    assert min(sizes) >= 15_000
    assert max(sizes) <= 18_000
    assert np.mean(sizes) <= 17_000


def signal_lag(wave, decoded):
    size = 2 * len(decoded)
    return np.fft.irfft(np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(wave, size))).argmax()


@pytest.mark.parametrize("genre", range(8), ids=GENRES)
class TestTimbre:
    """Three axes that an average over time shows."""

    def test_bright_music_has_a_higher_centroid(self, genre):
        dull, bright = (centroid(wave) for wave in pair("bright", genre, genre))
        assert bright > 1.5 * dull

    def test_noisy_music_has_a_flatter_spectrum(self, genre):
        pure, noisy = (librosa.feature.spectral_flatness(y=wave).mean() for wave in pair("noisy", genre, genre))
        assert noisy > 3 * pure

    def test_a_high_register_is_high(self, genre):
        for part in range(3):
            low, high = (song(genre, high=value).parts[part][1].pitch.mean() for value in (-1.0, 1.0))
            assert high > low + 8


def centroid(wave):
    return librosa.feature.spectral_centroid(y=wave, sr=RATE).mean()


def test_an_instrument_plays_the_pitch_written():
    notes = Notes(np.zeros(1), np.ones(1), np.ones(1), np.array([[60]]))
    for name in ("organ", "piano", "flute", "saw", "nylon guitar"):
        wave = sound(INSTRUMENTS[name], notes, RATE, np.random.default_rng(1))
        heard = librosa.yin(wave.astype(np.float32), fmin=100, fmax=1000, sr=RATE)
        assert np.median(heard) == pytest.approx(261.6, rel=0.02), name


def test_fast_music_has_more_onsets_a_second():
    rates = np.array([[onset_rate(wave) for wave in pair("fast", seed % 8, seed)] for seed in range(16)])
    assert rates[:, 1].mean() > 1.4 * rates[:, 0].mean()
    assert (rates[:, 1] > rates[:, 0]).mean() > 0.8


def onset_rate(wave):
    return len(librosa.onset.onset_detect(y=wave, sr=RATE, hop_length=256)) / (len(wave) / RATE)


def test_the_grid_by_hand():
    beat = 60 / 104
    np.testing.assert_allclose(grid(1.3, 0.0, -50.0), beat * np.array([0, 0.5, 1, 1.5, 2]))
    np.testing.assert_allclose(grid(1.3, 0.0, 50.0), beat * np.array([0, 0.7, 1, 1.7, 2]))


@given(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5))
def test_swing_moves_only_the_second_eighth_of_a_beat(fast, swung):
    straight, other = grid(3.2, fast, -50.0), grid(3.2, fast, swung)
    k = min(len(straight), len(other))
    np.testing.assert_allclose(straight[:k:2], other[:k:2])
    assert (other[1:k:2] > straight[1:k:2]).all()
    assert (np.diff(other) > 0).all()


def test_swing_is_heard_in_the_onsets():
    """The offbeats' energy lies later in the beat, by what is written."""
    shift = [np.subtract(*(offbeat(seed, value) for value in (2.0, -2.0))) for seed in range(8)]
    assert np.mean(shift) > 0.08


def offbeat(seed, swung):
    """Where in a beat, between its start and the next, the onsets weigh: the mean phase over the middle half."""
    wave = sounds.play(seed % 8, at(swung, "swung"), np.random.default_rng(seed))
    strength = librosa.onset.onset_strength(y=wave, sr=RATE, hop_length=128)
    phase = np.arange(len(strength)) * 128 / RATE / (60 / 104) % 1
    middle = (phase > 0.35) & (phase < 0.85)
    return np.average(phase[middle], weights=strength[middle] ** 2)


@given(st.integers(0, 2**32), st.floats(0.5, 2.5))
def test_a_rising_melody_rises_and_a_falling_one_falls(seed, rising):
    start = np.arange(12) * 0.25
    slope = [np.polyfit(start, melody(way, start, np.random.default_rng(seed)), 1)[0] for way in (-rising, rising)]
    assert slope[0] < 0 < slope[1]


def test_a_lead_on_paper_follows_its_way():
    ways = np.tile([-1.5, 1.5], 20)
    climbs = [np.polyfit(lead.start, lead.pitch[:, 0], 1)[0]
              for lead in (song(seed, rising=way).parts[0][1] for seed, way in enumerate(ways))]
    assert np.mean(np.sign(climbs) == np.sign(ways)) > 0.9


def test_pitches_stay_in_their_scale():
    for name, scale in SCALES.items():
        assert set((pitches(np.arange(-20, 20), name, 3) - 3) % 12) == set(scale)
    for seed in range(20):
        used = np.concatenate([notes.pitch.ravel() for _, notes in song(seed).parts]) % 12
        assert len(set(used)) <= 7


def test_a_band_for_every_genre_with_instruments_and_patterns_that_exist():
    assert len(BANDS) == len(GENRES)
    for band in BANDS:
        assert {*band.lead, *(one[0] for one in (*band.backing, *band.bass))} <= set(INSTRUMENTS)
        assert set(band.scales) <= set(SCALES)
        assert set(band.kit) <= set(KITS)
        written = [one[1] for one in (*band.backing, *band.bass)] + [row for beat in band.beat for row in beat]
        assert all(len(row) == 16 and set(row) <= set("Xxo.") for row in written)


def test_a_genre_is_heard_weakly(previews):
    genre, _, waves = previews
    features = np.array([sound_statistics(wave) for wave in waves])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=300))
    accuracy = (cross_val_predict(model, features, genre, cv=5) == genre).mean()
    assert 0.22 < accuracy < 0.6  # chance is 0.125
