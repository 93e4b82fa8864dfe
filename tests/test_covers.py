"""Covers: the same from the same seed, and each style shows in the picture."""

import cv2
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mmrec_helpers.datasets.recordshop import covers
from mmrec_helpers.datasets.recordshop.world import FACTORS, GENRES
from mmrec_helpers.features.statistics import picture_statistics

PAIRS = 48
AXES = ["/".join(poles) for poles in FACTORS["image"]]


def one(seed=0, genre=3, styles=(0.0,) * 6):
    return covers.draw(genre, np.array(styles, float), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def poles():
    """For each axis, PAIRS covers at its two poles; the two of a pair share seed, genre and other styles."""
    rng = np.random.default_rng(11)
    styles, drawn = rng.standard_normal((PAIRS, 6)).clip(-2.5, 2.5), {}
    for axis, name in enumerate(AXES):
        for pole in (-2.0, 2.0):
            at = styles.copy()
            at[:, axis] = pole
            drawn[name, pole > 0] = [one(seed, seed % len(GENRES), style) for seed, style in enumerate(at)]
    return drawn


def warmth(picture):
    return float(picture[..., 0].mean()) - float(picture[..., 2].mean())


def chroma(picture):
    lab = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    return np.hypot(lab[..., 1], lab[..., 2]).mean()


def smoothed_grey(picture):
    return cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 1.5)


def unlike_its_mirrors(picture):
    """0 when some mirror image or a turn by half is the same picture, about 1 when none has to do with it."""
    grey = smoothed_grey(picture)
    images = (grey[:, ::-1], grey[::-1], grey[::-1, ::-1])
    return min(np.abs(grey - image).mean() for image in images) / grey.std()


def edges(picture):
    grey = smoothed_grey(picture)
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)).mean() / grey.std()


def raised(poles, axis, statistic):
    """The mean difference between the poles, in its standard errors."""
    low, high = (np.array([statistic(one) for one in poles[axis, up]]) for up in (False, True))
    return (high - low).mean() / ((high - low).std() / np.sqrt(PAIRS))


@pytest.mark.parametrize("genre", range(len(GENRES)))
@pytest.mark.parametrize("pole", [-2.5, 2.5])
def test_a_cover_is_a_small_rgb_picture(genre, pole):
    picture = one(genre, genre, (pole,) * 6)
    assert picture.shape == (128, 128, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 1  # something is on it


def test_a_cover_repeats_from_its_seed(tmp_path):
    for name in ("a", "b"):
        covers.save(tmp_path / f"{name}.jpg", one(4, 2, (0.5,) * 6))
    assert (tmp_path / "a.jpg").read_bytes() == (tmp_path / "b.jpg").read_bytes()
    assert not np.array_equal(one(4), one(5))


def test_a_saved_cover_is_a_jpeg_of_the_same_picture(tmp_path):
    picture = one(1, styles=(2.0, 0, 2.0, 0, 0, 0))
    covers.save(tmp_path / "cover.jpg", picture)
    assert (tmp_path / "cover.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    read = cv2.imread(str(tmp_path / "cover.jpg"))[..., ::-1]
    assert np.abs(read.astype(float) - picture).mean() < 8
    assert warmth(read) * warmth(picture) > 0  # red is still red


def test_1200_covers_take_at_most_8_mb(poles, tmp_path):
    sizes = []
    for picture in [one for drawn in poles.values() for one in drawn[:12]]:
        covers.save(tmp_path / "cover.jpg", picture)
        sizes.append((tmp_path / "cover.jpg").stat().st_size)
    assert 4_000 < np.mean(sizes) < 6_600


@pytest.mark.parametrize(("axis", "statistic"), [
    ("cool/warm", warmth), ("dark/light", np.mean), ("muted/vivid", chroma)])
def test_colours_show_the_easy_styles(poles, axis, statistic):
    assert raised(poles, axis, statistic) > 6


def test_symmetric_covers_are_more_like_their_mirror_images(poles):
    assert raised(poles, "scattered/symmetric", unlike_its_mirrors) < -4


def test_dense_covers_have_more_edges(poles):
    assert raised(poles, "sparse/dense", edges) > 4


def test_roundness_changes_shapes_and_not_colours(poles):
    angular, round_ = poles["angular/round", False], poles["angular/round", True]
    moved = [np.abs(smoothed_grey(a) - smoothed_grey(b)).mean() for a, b in zip(angular, round_, strict=True)]
    assert np.mean(np.array(moved) > 2) > 0.8
    assert abs(raised(poles, "angular/round", np.mean)) < 4
    assert abs(raised(poles, "angular/round", warmth)) < 4


def test_the_genre_is_weakly_visible():
    rng = np.random.default_rng(2)
    genres = np.arange(480) % len(GENRES)
    pictures = [covers.draw(int(genre), rng.standard_normal(6), rng) for genre in genres]
    rows = [picture_statistics(cv2.resize(one, (64, 64), interpolation=cv2.INTER_AREA)) for one in pictures]
    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    assert 0.2 < cross_val_score(probe, np.array(rows), genres, cv=4).mean() < 0.6  # chance is 0.125
