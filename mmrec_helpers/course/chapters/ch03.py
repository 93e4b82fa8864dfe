"""Exercises of chapter 3: smooth idf from a table of counts, pairs of characters, InfoNCE."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mmrec_helpers.course.checks import Exercise, Mistake, in_order

# ---- 1. smooth_idf(counts): texts x words -> the weight of each word

COUNTS = np.array([[3, 0, 1, 0, 2], [1, 0, 0, 1, 1], [2, 0, 4, 0, 1]])
"""df is 3, 0, 2, 1 and 3, other than the sums of the columns."""


def _smooth(df: np.ndarray, n: int) -> np.ndarray:
    return np.log((1 + n) / (1 + df)) + 1


def _df(counts: np.ndarray) -> np.ndarray:
    return (counts > 0).sum(axis=0)


idf_of_counts = Exercise(
    "idf_of_counts", lambda counts: _smooth(_df(counts), len(counts)), [(COUNTS,), (COUNTS[:, :2],)],
    [Mistake("totals", lambda counts: _smooth(counts.sum(axis=0), len(counts)),
             "you add up how often a word appears anywhere; df is the number of texts in which it appears at least "
             "once: (counts > 0).sum(axis=0)"),
     Mistake("not smooth", lambda counts: np.log(len(counts) / _df(counts)),
             "the weight of your second word, which no text has, is infinite: smooth means 1 + n above and 1 + df "
             "below, and + 1 at the end"),
     Mistake("one missing", lambda counts: _smooth(_df(counts), len(counts)) - 1,
             "the weight of your first word, which every text has, is 0: add 1 after the logarithm"),
     Mistake("n of columns", lambda counts: _smooth(_df(counts), counts.shape[1]),
             "your n is the number of words, the columns; n is the number of texts, the rows: len(counts)"),
     Mistake("df of rows", lambda counts: _smooth((counts > 0).sum(axis=1), len(counts)),
             "you have a weight for each text: a word is a column, so count over the rows, axis=0"),
     Mistake("upside down", lambda counts: 2 - _smooth(_df(counts), len(counts)),
             "your weights grow with df: a rare word must weigh more than a common one, so 1 + df is below the line"),
     Mistake("another base", lambda counts: (_smooth(_df(counts), len(counts)) - 1) / np.log(2) + 1,
             "ln is the natural logarithm: np.log, not np.log2")],
    "df = (counts > 0).sum(axis=0), and n is the number of rows; then the formula of part 1",
    """def smooth_idf(counts):
    df = (counts > 0).sum(axis=0)
    return np.log((1 + len(counts)) / (1 + df)) + 1
""")

# ---- 2. pairs(text): the pairs of neighbouring characters, in their order


def _pairs(text: str) -> list[str]:
    return [text[i:i + 2] for i in range(len(text) - 1)]


pairs_of_characters = Exercise(
    "pairs_of_characters", _pairs, [("海边的夜",), ("夜海夜海夜",), ("夜夜夜",), ("海",), ("",)],
    [Mistake("side by side", lambda text: _pairs(text)[::2],
             "边的 is missing from your pairs: nobody knows where a word begins, so take a pair at every character"),
     Mistake("the character itself", lambda text: _pairs(text) or [text],
             "a text of one character has no pair: return an empty list"),
     Mistake("a rest", lambda text: [text[i:i + 2] for i in range(len(text))],
             "your last pair has one character only: stop one before the end"),
     Mistake("one too few", lambda text: _pairs(text)[:-1],
             "your last pair is missing: a text of n characters has n - 1 pairs"),
     Mistake("tuples", lambda text: list(zip(text, text[1:], strict=False)),
             "your pairs are tuples of two characters: join them to one text, a + b"),
     Mistake("each once", lambda text: list(dict.fromkeys(_pairs(text))),
             "夜海夜海夜 has 夜海 twice, and you give it once: repetitions are counted later, so keep them")],
    "text[i:i + 2] is the pair at place i; the last place is len(text) - 2",
    """def pairs(text):
    return [text[i:i + 2] for i in range(len(text) - 1)]
""", same=in_order)

# ---- 3. info_nce(s): the contrastive loss of a table of similarities

SIMILAR = np.array([[2.0, 0.3, 1.0], [-0.5, 1.6, 0.1], [0.7, -0.2, 0.9]])
MORE = np.array([[1.0, 0.2, -0.4, 0.0], [0.3, 2.1, 0.6, 0.9], [-1.0, 0.5, 1.4, 0.8], [0.1, 1.2, 0.7, 1.9]])


def _parts(s: np.ndarray, axis: int | None) -> np.ndarray:
    return np.exp(s) / np.exp(s).sum(axis=axis, keepdims=True)


def _info_nce(s: np.ndarray, mean: Callable = np.mean, log: Callable = np.log) -> float:
    return float(-sum(mean(log(np.diag(_parts(s, axis)))) for axis in (0, 1)) / 2)


loss_of_views = Exercise(
    "loss_of_views", _info_nce, [(SIMILAR,), (MORE,)],
    [Mistake("rows only", lambda s: -np.log(np.diag(_parts(s, 1))).mean(),
             "you asked only which b belongs to each a (rows); ask which a belongs to each b too (columns), and take "
             "the mean of both"),
     Mistake("columns only", lambda s: -np.log(np.diag(_parts(s, 0))).mean(),
             "you asked only which a belongs to each b (columns); ask which b belongs to each a too (rows), and take "
             "the mean of both"),
     Mistake("sign", lambda s: -_info_nce(s),
             "your loss is negative and falls when the views match worse: the logarithm of a probability is below 0, "
             "so put a minus before it"),
     Mistake("one softmax", lambda s: -np.log(np.diag(_parts(s, None))).mean(),
             "your probabilities add up to 1 over the whole table; each row must add up to 1 by itself, and each "
             "column: sum(axis=..., keepdims=True)"),
     Mistake("a sum of both", lambda s: 2 * _info_nce(s),
             "your loss is twice as large: take the mean of the rows' loss and the columns' loss, not their sum"),
     Mistake("a sum over texts", lambda s: _info_nce(s, np.sum),
             "you add up the logarithms of the diagonal; their mean does not depend on the number of texts"),
     Mistake("mean before log", lambda s: _info_nce(s, lambda one: one, lambda one: np.log(one.mean())),
             "you take the mean of the probabilities and then the logarithm: first the logarithm, then the mean")],
    "probabilities by rows and by columns; the logarithm of each diagonal, np.diag; minus the mean",
    """def info_nce(s):
    rows = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    columns = np.exp(s) / np.exp(s).sum(axis=0, keepdims=True)
    return -(np.log(np.diag(rows)).mean() + np.log(np.diag(columns)).mean()) / 2
""")

EXERCISES = {one.name: one for one in (idf_of_counts, pairs_of_characters, loss_of_views)}
