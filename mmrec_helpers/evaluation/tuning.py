"""The same tuning budget for every method: choose on valid, judge on test. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    trial = _Trial(_thinned(split.valid), features, metric, k)
    scores = [float(trial.score(one).mean()) for one in settings]
    return _refitted(settings[int(np.argmax(scores))], split, features, scores)


def tune_each(start: Ranker, values: Mapping[str, Sequence], split: Split, features: Sequence[Features] = (),
              metric: str = "ndcg", k: int = 20) -> Tuned:
    """As `tune`, one argument after the other: each value is tried with what was best so far. Taught in chapter 9.

    start: a ranker with the arguments to begin with; values: argument -> what to try, what is simplest or most often
    right first; the budget is their sum, not their product. A later value is taken only where it beats the first by
    more than one standard error of the difference (paired over users): with few users, chance alone would choose.
    Source of the rule: Breiman et al. 1984.

    >>> from mmrec_helpers import splits
    >>> from mmrec_helpers.ranking import EASE
    >>> values = {"l2": [1.0, 10.0], "user_power": [0.0, 0.5]}
    >>> len(tune_each(EASE(), values, splits.user_time(splits.example()), k=2).scores)
    4
    """
    trial, best, known, every = _Trial(_thinned(split.valid), features, metric, k), start, None, []
    for name, tried in values.items():
        params = best.get_params()
        settings = [type(best)(**{**params, name: value}) for value in tried]
        scores = [known if known is not None and value == params[name] else trial.score(one)
                  for value, one in zip(tried, settings, strict=True)]
        chosen = _clearly_best(scores)
        best, known, every = settings[chosen], scores[chosen], every + [float(one.mean()) for one in scores]
    return _refitted(best, split, features, every)


class _Trial:
    """Settings on valid, one after the other; what `fit` would find again is kept from one to the next."""

    def __init__(self, valid: Stage, features: Sequence[Features], metric: str, k: int) -> None:
        self.valid, self.features, self.metric, self.k = valid, features, metric, k
        self.before: Ranker | None = None
        self.fitted: Ranker | None = None

    def score(self, one: Ranker) -> np.ndarray:
        """The metric of each user."""
        again = not one.fits_like(self.before)
        self.fitted = one.clone().fit(self.valid.fit, self.features) if again else self.fitted.scoring(one)
        self.before = one
        return evaluate(self.fitted, self.valid, self.k).metrics[self.metric]


def _clearly_best(scores: Sequence[np.ndarray]) -> int:
    """The place of the best mean, or the first if the best is not one standard error above it.

    >>> _clearly_best([np.array([0.1, 0.3]), np.array([0.4, 0.2])]), _clearly_best([np.zeros(2), np.array([0.1, 0.2])])
    (0, 1)
    """
    best = int(np.argmax([one.mean() for one in scores]))
    above = scores[best] - scores[0]
    return best if above.mean() > above.std() / np.sqrt(len(above)) else 0


def _refitted(best: Ranker, split: Split, features: Sequence[Features], scores: list[float]) -> Tuned:
    ranker = best.clone().fit(split.test.fit, features)
    return Tuned(ranker, ranker.get_params(), scores)


def _thinned(stage: Stage) -> Stage:
    rows = np.unique(np.linspace(0, len(stage.queries) - 1, MAX_USERS).astype(int))
    return replace(stage, queries=stage.queries[rows], targets=stage.targets[rows])
