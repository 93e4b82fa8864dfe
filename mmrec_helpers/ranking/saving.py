"""A ranker as two files, JSON and arrays: no pickle, no class but these. Taught in chapter 11."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mmrec_helpers.ranking import fused
from mmrec_helpers.ranking.base import Ranker
from mmrec_helpers.ranking.bpr import BPR
from mmrec_helpers.ranking.factors import ImplicitALS
from mmrec_helpers.ranking.linear import EASE
from mmrec_helpers.ranking.neighbours import ContentKNN, ItemKNN
from mmrec_helpers.ranking.popularity import Popularity
from mmrec_helpers.ranking.sequence import SASRec
from mmrec_helpers.ranking.users import UserKNN

KINDS: Mapping[str, type[Ranker]] = {
    kind.__name__: kind for kind in (
        Popularity, ItemKNN, UserKNN, ContentKNN, EASE, ImplicitALS, BPR, SASRec, *fused.RANKERS)}


def save(ranker: Ranker, folder: Path) -> None:
    """Write `ranker.json` and `arrays.npz` into a new folder. Raises ValueError for a class that is not of `KINDS`."""
    text = json.dumps(_described(ranker), indent=1)
    folder.mkdir(parents=True)
    (folder / "ranker.json").write_text(text, encoding="utf-8")
    np.savez(folder / "arrays.npz", **ranker.state())


def load(folder: Path) -> Ranker:
    """The ranker that `save` wrote; needs neither TensorFlow nor the catalogue. Raises ValueError, KeyError, OSError
    where the files are not as it wrote them."""
    unfitted = _made(json.loads((folder / "ranker.json").read_text(encoding="utf-8")))
    with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
        return type(unfitted).from_state(unfitted.get_params(), dict(arrays))


def _described(ranker: Ranker) -> dict[str, object]:
    if KINDS.get(type(ranker).__name__) is not type(ranker):
        raise ValueError(f"{type(ranker).__name__} cannot be saved; there are {', '.join(KINDS)}")
    params = dict(ranker.get_params())
    if "rankers" in params:
        params["rankers"] = {name: _described(one) for name, one in params["rankers"].items()}
    return {"kind": type(ranker).__name__, "params": params}


def _made(about: Mapping[str, object]) -> Ranker:
    params = dict(about["params"])
    if "rankers" in params:
        params["rankers"] = {name: _made(one) for name, one in params["rankers"].items()}
    return KINDS[about["kind"]](**params)
