"""Two rankers in one list: which one's records are taken? Taught in chapter 10."""

from __future__ import annotations

import numpy as np

from mmrec_helpers.evaluation.compare import Difference, bootstrap, in_words

EMPTY = -1


def team_draft(a: np.ndarray, b: np.ndarray, k: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """One list of two, as captains choose their teams: in each round a coin says who picks first, then each picks its
    best record that is still free.

    a, b: (n, length) items by their places, best first, -1 at an empty place. Returns the lists (n, k) and whose each
    record is (n, k): 0 for a, 1 for b, -1 at an empty place. Taught in chapter 10. Source: Radlinski, Kurup & Joachims
    2008.

    >>> lists, team = team_draft(np.array([[7, 8]]), np.array([[7, 9]]), 3, np.random.default_rng(0))
    >>> sorted(lists[0].tolist()), int(lists[0, 0])
    ([7, 8, 9], 7)
    """
    n = len(a)
    lists, team = np.full((n, k), EMPTY), np.full((n, k), EMPTY)
    place, rows = np.zeros(n, int), np.arange(n)
    free = [a >= 0, b >= 0]
    for _ in range(k):
        first = rng.random(n) < 0.5
        for turn in (0, 1):
            captain = np.where(first, turn, 1 - turn)
            for one, ranked in enumerate((a, b)):
                pick = free[one].argmax(axis=1)
                able = (captain == one) & (place < k) & free[one][rows, pick]
                chosen = np.where(able, ranked[rows, pick], EMPTY)
                lists[rows[able], place[able]], team[rows[able], place[able]] = chosen[able], one
                place += able
                free = [each & ((their != chosen[:, None]) | ~able[:, None])
                        for each, their in zip(free, (a, b), strict=True)]
    return lists, team


def preference(taken: np.ndarray, team: np.ndarray, users: np.ndarray | None = None, seed: int = 0) -> Difference:
    """By how much more often b's records win a request than a's: the mean of sign(taken from b - taken from a).

    taken, team: (n, k); users: (n,) whose request it was, by default each another's: a user's requests count as their
    mean, since they are alike. Between -1 and 1, with a bootstrap interval over users. Taught in chapter 10.

    >>> team = np.array([[0, 1]] * 40)
    >>> preference(np.array([[False, True]] * 40), team).words
    'higher'
    """
    won = np.sign(((team == 1) & taken).sum(axis=1) - ((team == 0) & taken).sum(axis=1)).astype(float)
    if users is not None:
        _, row = np.unique(users, return_inverse=True)
        won = np.bincount(row, won) / np.bincount(row)
    interval = bootstrap(won, seed=seed)
    return Difference(*interval, in_words(interval))
