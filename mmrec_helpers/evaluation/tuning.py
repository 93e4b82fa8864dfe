"""The same tuning budget for every method: choose on valid, judge on test. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mmrec_helpers.catalog import Modality, Split
from mmrec_helpers.evaluation.evaluator import evaluate
from mmrec_helpers.ranking.base import Ranker


@dataclass(frozen=True)
class Choice:
    """ranker: the best setting, fitted again on all that is known before the test; settings: plain parameters;
    tried: how many settings were compared; valid: their mean metric on valid, in the order tried."""

    ranker: Ranker
    settings: dict[str, object]
    tried: int
    valid: list[float]


def choose(settings: Sequence[Ranker], split: Split, modalities: Sequence[Modality] = (), metric: str = "ndcg",
           k: int = 20) -> Choice:
    """Fit every setting on train, keep the best on valid, fit it again on train and valid. Taught in chapter 9.

    settings: unfitted rankers, one a setting. The test is not looked at. Ties go to the earlier setting.

    >>> from mmrec_helpers import splits
    >>> from mmrec_helpers.ranking import EASE
    >>> choose([EASE(1.0), EASE(10.0)], splits.user_time(splits.example(), min_events=1), k=2).tried
    2
    """
    learn = split.learn("valid")
    valid = [0.0] if len(settings) == 1 else [
        float(np.nanmean(evaluate(one.fit(learn, modalities), split, "valid", k).metrics[metric]))
        for one in settings]
    best = settings[int(np.argmax(valid))]
    plain = {key: value for key, value in vars(best).items() if not key.endswith("_") and key != "scales"}
    return Choice(best.fit(split.learn("test"), modalities), plain, len(settings), valid)
