"""The same tuning budget for every method: choose on valid, judge on test. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmrec_helpers.catalog import Features, Split, Stage
from mmrec_helpers.evaluation.evaluator import evaluate
from mmrec_helpers.ranking.base import Ranker

MAX_USERS = 2_000
"""Users of valid that settings are compared on; a larger stage is thinned out evenly."""


@dataclass(frozen=True)
class Tuned:
    """ranker: the best setting, fitted on all that is known before the test; params: its arguments; scores: the mean
    metric of every setting on valid, in the order tried: methods are compared by the largest."""

    ranker: Ranker
    params: dict[str, object]
    scores: list[float]


def tune(settings: Sequence[Ranker], split: Split, features: Sequence[Features] = (), metric: str = "ndcg",
         k: int = 20) -> Tuned:
    """Fit a copy of every setting for valid, keep the best there, fit it again for the test. Taught in chapter 9.

    settings: rankers, one a setting; they stay as they are. The test is not looked at. Ties go to the earlier setting.
    Raises ValueError without any setting.

    >>> from mmrec_helpers import splits
    >>> from mmrec_helpers.ranking import EASE
    >>> len(tune([EASE(1.0), EASE(10.0)], splits.user_time(splits.example()), k=2).scores)
    2
    """
    if not settings:
        raise ValueError("no settings to choose from")
    valid, scores, ranker = _thinned(split.valid), [], None
    for one, before in zip(settings, (None, *settings), strict=False):
        ranker = ranker.scoring(one) if one.fits_like(before) else one.clone().fit(valid.fit, features)
        scores.append(float(evaluate(ranker, valid, k).metrics[metric].mean()))
    best = settings[int(np.argmax(scores))].clone()
    return Tuned(best.fit(split.test.fit, features), best.get_params(), scores)


def _thinned(stage: Stage) -> Stage:
    rows = np.unique(np.linspace(0, len(stage.queries) - 1, MAX_USERS).astype(int))
    return replace(stage, queries=stage.queries[rows], targets=stage.targets[rows])
