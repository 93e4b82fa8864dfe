"""Exercises of chapter 3: smooth idf from a table of counts, pairs of characters, InfoNCE."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mmrec_helpers.course.checks import Exercise, Mistake, gives_like

# ---- 1. smooth_idf(counts): texts x words -> the weight of each word

COUNTS = np.array([[3, 0, 1], [1, 0, 0], [2, 0, 4]])
"""df is 3, 0 and 2, other than the sums of the columns."""

Idf = Callable[[np.ndarray], np.ndarray]


def _idf(counts: np.ndarray) -> np.ndarray:
    df = (counts > 0).sum(axis=0)
    return np.log((1 + len(counts)) / (1 + df)) + 1


def _of_totals(counts: np.ndarray) -> np.ndarray:
    return np.log((1 + len(counts)) / (1 + counts.sum(axis=0))) + 1


def _raw(counts: np.ndarray) -> np.ndarray:
    return np.log(len(counts) / (counts > 0).sum(axis=0))


def _no_one_more(counts: np.ndarray) -> np.ndarray:
    return np.log((1 + len(counts)) / (1 + (counts > 0).sum(axis=0)))


idf_of_counts = Exercise(
    "idf_of_counts", gives_like(_idf, (COUNTS,)), _idf,
    [Mistake("totals", _of_totals, gives_like(_of_totals, (COUNTS,)),
             "you add up how often a word stands anywhere; df is the number of texts in which it stands at least once: "
             "(counts > 0).sum(axis=0)"),
     Mistake("not smooth", _raw, gives_like(_raw, (COUNTS,)),
             "your second word, which no text has, weighs infinitely much: smooth means 1 + n above and 1 + df below, "
             "and + 1 at the end"),
     Mistake("one missing", _no_one_more, gives_like(_no_one_more, (COUNTS,)),
             "your first word, which every text has, weighs nothing: add 1 after the logarithm")],
    "df = (counts > 0).sum(axis=0), and n is the number of rows; then the formula of part 1",
    """def smooth_idf(counts):
    df = (counts > 0).sum(axis=0)
    return np.log((1 + len(counts)) / (1 + df)) + 1
""")

# ---- 2. pairs(text): the pairs of neighbouring characters, as they come

TEXT, PAIRS = "海边的夜", ["海边", "边的", "的夜"]

Pairs = Callable[[str], Sequence[str]]


def _pairs(text: str) -> list[str]:
    return [text[i:i + 2] for i in range(len(text) - 1)]


def _in_steps(text: str) -> list[str]:
    return [text[i:i + 2] for i in range(0, len(text) - 1, 2)]


def _with_rest(text: str) -> list[str]:
    return [text[i:i + 2] for i in range(len(text))]


def _once(text: str) -> list[str]:
    return sorted(set(_pairs(text)))


pairs_of_characters = Exercise(
    "pairs_of_characters",
    lambda pairs: [list(pairs(text)) for text in (TEXT, "夜夜夜", "海")] == [PAIRS, ["夜夜"] * 2, []], _pairs,
    [Mistake("side by side", _in_steps, lambda pairs: list(pairs(TEXT)) == ["海边", "的夜"],
             "your pairs stand side by side, and 边的 is missing: nobody knows where a word begins, so take a pair at "
             "every character"),
     Mistake("a rest", _with_rest, lambda pairs: list(pairs(TEXT)) == [*PAIRS, "夜"],
             "your last pair has one character only: stop one before the end"),
     Mistake("each once", _once, lambda pairs: len(pairs("夜夜夜")) == 1,
             "夜夜夜 holds 夜夜 twice, and you give it once: what is to be counted must not be a set")],
    "text[i:i + 2] is the pair at place i; the last place is len(text) - 2",
    """def pairs(text):
    return [text[i:i + 2] for i in range(len(text) - 1)]
""")

# ---- 3. info_nce(s): the contrastive loss of a table of likeness

LIKENESS = np.array([[2.0, 0.0, 1.0], [0.0, 2.0, 0.0], [0.0, 0.0, 1.0]])

Loss = Callable[[np.ndarray], float]


def _shares(s: np.ndarray, axis: int | None) -> np.ndarray:
    return np.exp(s) / np.exp(s).sum(axis=axis, keepdims=True)


def _info_nce(s: np.ndarray) -> float:
    return float(-np.mean([np.log(np.diag(_shares(s, axis))).mean() for axis in (0, 1)]))


def _rows_only(s: np.ndarray) -> float:
    return float(-np.log(np.diag(_shares(s, 1))).mean())


def _upside_down(s: np.ndarray) -> float:
    return -_info_nce(s)


def _of_all(s: np.ndarray) -> float:
    return float(-np.log(np.diag(_shares(s, None))).mean())


loss_of_views = Exercise(
    "loss_of_views", gives_like(_info_nce, (LIKENESS,)), _info_nce,
    [Mistake("rows only", _rows_only, gives_like(_rows_only, (LIKENESS,)),
             "you asked only which b belongs to each a (rows); ask which a belongs to each b too (columns), and take "
             "the mean of both"),
     Mistake("sign", _upside_down, gives_like(_upside_down, (LIKENESS,)),
             "your loss is negative and falls when the views match worse: the logarithm of a share is below 0, so put "
             "a minus before it"),
     Mistake("one softmax", _of_all, gives_like(_of_all, (LIKENESS,)),
             "your shares add up to 1 over the whole table; each row must add up to 1 by itself, and each column: "
             "sum(axis=..., keepdims=True)")],
    "shares of the rows, shares of the columns; the logarithm of each diagonal, np.diag; minus the mean",
    """def info_nce(s):
    rows = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    columns = np.exp(s) / np.exp(s).sum(axis=0, keepdims=True)
    return -(np.log(np.diag(rows)).mean() + np.log(np.diag(columns)).mean()) / 2
""")

EXERCISES = {one.name: one for one in (idf_of_counts, pairs_of_characters, loss_of_views)}
