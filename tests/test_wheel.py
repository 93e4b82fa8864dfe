"""The bare wheel, by pip, in an empty environment: it recommends from a saved run, without TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from mmrec_helpers import saved_run
from mmrec_helpers.catalog import Features, Interactions
from mmrec_helpers.ranking import SideEASE

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    rng = np.random.default_rng(0)
    known = Interactions(sparse.csr_matrix((rng.random((30, 12)) < 0.3).astype(np.float32)),
                         [f"u{i}" for i in range(30)], [f"i{i}" for i in range(12)])
    text = Features("tfidf", "text", known.items, rng.standard_normal((12, 4)))
    folder = tmp_path_factory.mktemp("runs") / "one"
    with saved_run.writing(folder) as fresh:
        titles = {i: f"record {i}" for i in known.items}
        ranker = SideEASE(5.0, 2.0).fit(known, [text])
        saved_run.save(fresh, saved_run.SavedRun(ranker, known, titles, [text]), {})
    return folder


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT], check=True,
                   capture_output=True, text=True)
    wheel, = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-compile", wheel], check=True)
    return python


def test_it_recommends_without_tensorflow(bare, run, tmp_path):
    listed = subprocess.run([bare, "-c", "import importlib.util as u; print(u.find_spec('tensorflow'))"],
                            capture_output=True, text=True, check=True, cwd=tmp_path)
    assert listed.stdout.strip() == "None"
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    done = subprocess.run([bare.parent / "mmrec", "recommend", "--run", run, "--history", "i1,i2", "--k", "3"],
                          capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.strip().splitlines()) == 4


def test_the_wheel_has_the_types_the_page_and_no_data(bare):
    site = next((bare.parent.parent / "lib").glob("python*/site-packages"))
    assert (site / "mmrec_helpers" / "py.typed").exists()
    assert (site / "mmrec_helpers" / "evaluation" / "page.html").exists()
    assert not list((site / "mmrec_helpers").rglob("*.mp3"))
