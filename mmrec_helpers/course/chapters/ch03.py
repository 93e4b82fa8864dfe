"""Exercises of chapter 3: smooth idf from a table of counts, pairs of characters, InfoNCE."""

from __future__ import annotations

import numpy as np

from mmrec_helpers.course.checks import Exercise, in_order

COUNTS = np.array([[3, 0, 1, 0, 2], [1, 0, 0, 1, 1], [2, 0, 4, 0, 1]])
"""df is 3, 0, 2, 1 and 3, other than the sums of the columns."""


def smooth_idf(counts: np.ndarray) -> np.ndarray:
    """The weight of each word; counts: (texts, words)."""
    df = (counts > 0).sum(axis=0)
    return np.log((1 + len(counts)) / (1 + df)) + 1


idf_of_counts = Exercise(
    "idf_of_counts", smooth_idf, [(COUNTS,), (COUNTS[:, :2],)],
    mistakes=[
        (lambda counts: np.log((1 + len(counts)) / (1 + counts.sum(axis=0))) + 1,
         "you add up how often a word appears anywhere; df is the number of texts in which it appears at least once: "
         "(counts > 0).sum(axis=0)"),
        (lambda counts: np.log(len(counts) / (counts > 0).sum(axis=0)),
         "the second word is in no text, and its weight is infinite: smooth means 1 + n above the line, 1 + df below "
         "it, and + 1 at the end"),
        (lambda counts: smooth_idf(counts) - 1,
         "the first word is in every text, and its weight is 0: add 1 after the logarithm"),
        (lambda counts: np.log((1 + counts.shape[1]) / (1 + (counts > 0).sum(axis=0))) + 1,
         "your n is the number of words, the columns; n is the number of texts, the rows: len(counts)"),
        (lambda counts: np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=1))) + 1,
         "you have a weight for each text: a word is a column, so count over the rows, axis=0"),
        (lambda counts: 2 - smooth_idf(counts),
         "your weights grow with df: a rare word must weigh more than a common one, so 1 + df is below the line"),
        (lambda counts: (smooth_idf(counts) - 1) / np.log(2) + 1, "ln is the natural logarithm: np.log, not np.log2"),
    ],
    tip="df = (counts > 0).sum(axis=0), and n is the number of rows; then the formula of part 1")


def pairs(text: str) -> list[str]:
    """The pairs of neighbouring characters, in their order."""
    return [text[i:i + 2] for i in range(len(text) - 1)]


pairs_of_characters = Exercise(
    "pairs_of_characters", pairs, [("海边的夜",), ("夜海夜海夜",), ("夜夜夜",), ("海",), ("",)], same=in_order,
    mistakes=[
        (lambda text: pairs(text)[::2],
         "边的 is missing from your pairs: nobody knows where a word begins, so take a pair at every character"),
        (lambda text: pairs(text) or [text], "a text of one character has no pair: return an empty list"),
        (lambda text: [text[i:i + 2] for i in range(len(text))],
         "your last pair has one character only: stop one before the end"),
        (lambda text: pairs(text)[:-1], "your last pair is missing: a text of n characters has n - 1 pairs"),
        (lambda text: list(zip(text, text[1:], strict=False)),
         "your pairs are tuples of two characters: join them to one text, a + b"),
        (lambda text: list(dict.fromkeys(pairs(text))),
         "夜海夜海夜 has 夜海 twice, and you give it once: repetitions are counted later, so keep them"),
    ],
    tip="text[i:i + 2] is the pair at place i; the last place is len(text) - 2")

SIMILAR = np.array([[2.0, 0.3, 1.0], [-0.5, 1.6, 0.1], [0.7, -0.2, 0.9]])
MORE = np.array([[1.0, 0.2, -0.4, 0.0], [0.3, 2.1, 0.6, 0.9], [-1.0, 0.5, 1.4, 0.8], [0.1, 1.2, 0.7, 1.9]])


def info_nce(s: np.ndarray) -> float:
    """The contrastive loss of a table of similarities."""
    rows = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    columns = np.exp(s) / np.exp(s).sum(axis=0, keepdims=True)
    return -(np.log(np.diag(rows)).mean() + np.log(np.diag(columns)).mean()) / 2


def _right(s: np.ndarray, axis: int | None) -> np.ndarray:
    """The probability of each right pair: the diagonal of the softmax."""
    return np.diag(np.exp(s) / np.exp(s).sum(axis=axis, keepdims=True))


loss_of_views = Exercise(
    "loss_of_views", info_nce, [(SIMILAR,), (MORE,)],
    mistakes=[
        (lambda s: -np.log(_right(s, 1)).mean(),
         "you asked only which b belongs to each a (rows); ask which a belongs to each b too (columns), and take the "
         "mean of both"),
        (lambda s: -np.log(_right(s, 0)).mean(),
         "you asked only which a belongs to each b (columns); ask which b belongs to each a too (rows), and take the "
         "mean of both"),
        (lambda s: -info_nce(s),
         "your loss is negative and falls when the views match worse: the logarithm of a probability is below 0, so "
         "put a minus before it"),
        (lambda s: -np.log(_right(s, None)).mean(),
         "your probabilities add up to 1 over the whole table; each row must add up to 1 by itself, and each column: "
         "sum(axis=..., keepdims=True)"),
        (lambda s: 2 * info_nce(s),
         "your loss is twice as large: take the mean of the rows' loss and the columns' loss, not their sum"),
        (lambda s: len(s) * info_nce(s),
         "you add up the logarithms of the diagonal; their mean does not depend on the number of texts"),
        (lambda s: -(np.log(_right(s, 0).mean()) + np.log(_right(s, 1).mean())) / 2,
         "you take the mean of the probabilities and then the logarithm: first the logarithm, then the mean"),
    ],
    tip="probabilities by rows and by columns; the logarithm of each diagonal, np.diag; minus the mean")
