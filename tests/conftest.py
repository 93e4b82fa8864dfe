"""Shared by all tests: one feature store a session, quiet kernels, the real data where it is there."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")


@pytest.fixture(scope="session", autouse=True)
def feature_store(tmp_path_factory):
    """Features are extracted once: into MMREC_CACHE where it is set (make sets it), else for this session."""
    os.environ.setdefault("MMREC_CACHE", str(tmp_path_factory.mktemp("features")))


@pytest.fixture(scope="session")
def movielens():
    """The folder of MovieLens; skips where MMREC_MOVIELENS names none."""
    folder = os.environ.get("MMREC_MOVIELENS")
    if not folder or not (Path(folder) / "ratings.csv").exists():
        pytest.skip("MMREC_MOVIELENS names no MovieLens folder")
    return Path(folder)


@pytest.fixture
def put(tmp_path):
    """A function that writes bytes to a file of that name."""
    def make(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name
    return make
