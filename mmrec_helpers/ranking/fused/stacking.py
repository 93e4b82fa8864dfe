"""A second stage learned from validation lists: how much to believe each ranker. Taught in chapter 7."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mmrec_helpers.catalog import Stage
from mmrec_helpers.ranking.base import Ranker


def stacked_weights(rankers: Mapping[str, Ranker], stage: Stage, n_others: int = 50, seed: int = 0) -> dict[str, float]:
    """Weights for `Blend`, learned: logistic regression of what was taken on the rankers' scores (stacking).

    rankers: by name, each fitted on `stage.fit`; stage: `split.valid`, never the test. For every target, `n_others`
    items are drawn from the candidates; those that the user knew or took are left out. Scores are divided by their
    spread over these pairs, as in `Blend`. Weights are divided by the sum of their absolute values; one below 0 counts
    against an item. Source: Wolpert 1992.
    """
    from sklearn.linear_model import LogisticRegression

    rng, targets = np.random.default_rng(seed), stage.targets.tocoo()
    rows = targets.row.repeat(n_others)
    columns = rng.choice(np.flatnonzero(stage.candidates), len(rows))
    free = ~np.asarray((stage.queries.seen + (stage.targets > 0))[rows, columns]).ravel()
    pairs = np.concatenate([targets.row, rows[free]]), np.concatenate([targets.col, columns[free]])
    taken = np.arange(len(pairs[0])) < targets.nnz
    scores = np.stack([ranker.score(stage.queries)[pairs] for ranker in rankers.values()], axis=1)
    spread = scores.std(axis=0)
    learned = LogisticRegression().fit(scores / np.where(spread > 0, spread, 1), taken).coef_[0]
    return dict(zip(rankers, (learned / np.abs(learned).sum()).tolist(), strict=True))
