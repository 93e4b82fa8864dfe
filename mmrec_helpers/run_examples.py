"""Lists as they were judged, for a report: what was offered, what of it was taken, and where a list failed."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from mmrec_helpers import pipeline
from mmrec_helpers.catalog import Queries, Stage, positions
from mmrec_helpers.evaluation import Scores
from mmrec_helpers.media.pictures import read_image

SHOWN, FAILED, PAST, SIZE = 5, 3, 6, 96
"""Lists that are shown from the best to the median; those without a hit; past items of each; pixels of a cover."""


@dataclass(frozen=True)
class Item:
    """title; cover: a JPEG as a data URI, or empty; taken: whether the user took it in the test."""

    title: str
    cover: str = ""
    taken: bool = False


@dataclass(frozen=True)
class Example:
    """One user of the test: how much they had taken before, NDCG of their list, the latest of the past, the list, and
    what they took that it does not have; missed: how many more of those there are."""

    user: str
    known: int
    ndcg: float
    past: Sequence[Item]
    listed: Sequence[Item]
    taken: Sequence[Item]
    missed: int
    failed: bool


def examples(result: pipeline.Result) -> list[dict[str, object]]:
    """Of the method that the run serves: `SHOWN` lists from the best NDCG down to the median, and `FAILED` without a
    hit, of the users with the longest histories. As plain data for JSON."""
    scores = next(one for one in result.scores if one.name == result.best)
    test, covers = result.split.test, _Covers(result)
    ndcg, past = scores.metrics["ndcg"], test.queries.history.getnnz(axis=1)
    order = np.argsort(-ndcg, kind="stable")
    good = order[np.linspace(0, len(order) // 2, SHOWN).astype(int)]
    bad = sorted(np.flatnonzero(ndcg == 0), key=lambda row: -past[row])[:FAILED]
    rows = [(row, False) for row in dict.fromkeys(good) if ndcg[row] > 0] + [(row, True) for row in bad]
    return [asdict(_example(test, scores, covers, int(row), failed)) for row, failed in rows]


def latest_first(query: Queries) -> np.ndarray:
    """The columns of one query's history, the latest first where its times are known: (past,) int."""
    past = query.history.indices
    return past if query.time is None else past[np.argsort(-query.time[0, past].toarray().ravel(), kind="stable")]


def _example(test: Stage, scores: Scores, covers: _Covers, row: int, failed: bool) -> Example:
    items, took = test.fit.items, set(test.fit.items[test.targets[row].indices])
    known = latest_first(test.queries[row:row + 1])
    listed = [one for one in scores.lists[row] if one is not None]
    missed = sorted(took - set(scores.lists[row]))
    return Example(str(test.queries.users[row]), len(known), round(float(scores.metrics["ndcg"][row]), 3),
                   [covers.item(items[one]) for one in known[:PAST]], [covers.item(one, one in took) for one in listed],
                   [covers.item(one, True) for one in missed[:PAST]], max(0, len(missed) - PAST), failed)


class _Covers:
    """Titles and small covers of items, each read once."""

    def __init__(self, result: pipeline.Result) -> None:
        self.ids = result.catalog.items["item_id"].to_numpy(object)
        self.titles = result.catalog.items["title"].to_numpy(object)
        self.paths, self.read = result.catalog.media("image"), {}

    def item(self, item: str, taken: bool = False) -> Item:
        """One item as it is shown."""
        place, = positions([item], self.ids, "item")
        if place not in self.read:
            self.read[place] = thumbnail(self.paths[place])
        title = self.titles[place]
        return Item(str(title) if isinstance(title, str) and title else str(item), self.read[place], taken)


def thumbnail(path: str | Path | None) -> str:
    """A picture as a small JPEG in a data URI; empty without one, or where it cannot be read."""
    import cv2

    try:
        picture = None if path is None else read_image(path, SIZE)
    except (ValueError, OSError):
        picture = None
    if picture is None:
        return ""
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()
