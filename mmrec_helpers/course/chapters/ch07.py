"""Exercises of chapter 7: shares of blocks, a mean that leaves out, reciprocal ranks, a masked gate, a new record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mmrec_helpers.course.checks import Exercise

Blocks = Sequence[np.ndarray]

WORDS = np.array([[4.0, 1.0], [0.0, 0.0], [2.0, 5.0], [9.0, 0.0]])
LOUD = np.array([[30.0, 31.0, 29.0], [36.0, 33.0, 30.0], [0.0, 0.0, 0.0], [27.0, 35.0, 31.0]])
THERE = [np.array([True, False, True, True]), np.array([True, True, False, True])]
ALL = np.array([True] * 4)


def shares(blocks: Blocks, present: Blocks) -> np.ndarray:
    """Each block's share of the squared length about the mean, over the rows that are present."""
    rows = [block[there] for block, there in zip(blocks, present, strict=True)]
    sizes = np.array([((one - one.mean(axis=0)) ** 2).sum() for one in rows])
    return sizes / sizes.sum()


def _share(sizes: Sequence[float]) -> np.ndarray:
    return np.array(sizes) / np.sum(sizes)


block_shares = Exercise(
    "block_shares", shares,
    [([WORDS, LOUD], THERE), ([LOUD, WORDS, 3 * WORDS], [ALL, ALL, THERE[0]]), ([WORDS, LOUD[:, :1]], [ALL, THERE[1]])],
    mistakes=[
        (lambda blocks, present: _share([(one[there] ** 2).sum() for one, there in zip(blocks, present, strict=True)]),
         "your rows are not centred: a block far from zero seems large, although its rows hardly differ"),
        (lambda blocks, present: shares(blocks, [np.ones(len(one), bool) for one in blocks]),
         "absent rows take part as zeros: choose the rows with present before you take the mean"),
        (lambda blocks, present: _share([
            ((one[there] - one[there].mean(axis=1, keepdims=True)) ** 2).sum()
            for one, there in zip(blocks, present, strict=True)]),
         "you subtract each row's own mean; the mean row of the block is wanted: axis=0"),
        (lambda blocks, present: _share([
            np.linalg.norm(one[there] - one[there].mean(axis=0), axis=1).sum()
            for one, there in zip(blocks, present, strict=True)]),
         "these are shares of the length; square each row's length before you sum"),
        (lambda blocks, present: _share([
            one[there].var(axis=0).mean() for one, there in zip(blocks, present, strict=True)]),
         "you take a mean over the dimensions, so a wide block counts no more than a narrow one; sum over them"),
        (lambda blocks, present: _share([
            one[there].var(axis=0).sum() for one, there in zip(blocks, present, strict=True)]),
         "you take a mean over the rows, so that present rows do not add up; sum over rows and dimensions"),
        (lambda blocks, present: np.array([
            ((one[there] - one[there].mean(axis=0)) ** 2).sum() for one, there in zip(blocks, present, strict=True)]),
         "these are the squared lengths; divide by their sum to get shares"),
    ],
    tip="for each block: the rows that are present, minus their mean row, squared and summed; then divide by the total")

SIMILAR = np.array([[1.0, 0.5, 0.2, 0.1], [0.3, 1.0, 0.4, 0.0], [0.6, 0.1, 1.0, 0.2], [0.2, 0.9, 0.3, 1.0]])
VALUES = np.array([5.0, 1.0, 3.0, -2.0])


def others_mean(similar: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The mean of the other items' values, weighted by how similar they are to each item."""
    weights = similar * (1 - np.eye(len(values)))
    return weights @ values / weights.sum(axis=1)


def _weighted(weights: np.ndarray, total: np.ndarray, values: np.ndarray) -> np.ndarray:
    return weights @ values / total.sum(axis=1)


left_out_mean = Exercise(
    "left_out_mean", others_mean,
    [(SIMILAR, VALUES), (SIMILAR[:3, :3], VALUES[1:]), (2 * SIMILAR[1:, 1:], VALUES[:3])],
    mistakes=[
        (lambda similar, values: _weighted(similar, similar, values),
         "a leak: each item takes part in its own prediction, with the largest weight of all; leave out the diagonal"),
        (lambda similar, values: _weighted(similar * (1 - np.eye(len(values))), similar, values),
         "the item is left out of the sum and still counted in the total below it; leave it out of both"),
        (lambda similar, values: others_mean(similar.T, values),
         "your matrix is transposed: row i has the weights for the prediction of item i"),
        (lambda similar, values: (similar * (1 - np.eye(len(values)))) @ values / (len(values) - 1),
         "you divide by the number of others; a weighted mean divides by the sum of the weights"),
        (lambda similar, values: (similar * (1 - np.eye(len(values)))) @ values,
         "this is a weighted sum; divide by the sum of each row's weights"),
        (lambda similar, values: (values.sum() - values) / (len(values) - 1),
         "all others count the same; weight them by how similar they are"),
    ],
    tip="set the diagonal to 0 (in a copy), multiply by the values, and divide by the sum of each row that is left")

LISTS = [["b", "a", "d"], ["c", "b"], ["a", "b", "e", "c"]]
TWO = [["x", "y", "z"], ["z", "w"]]


def reciprocal(lists: Sequence[Sequence[str]], k: float = 60.0) -> dict[str, float]:
    """Reciprocal rank fusion of lists, best first: the score of every item that is in any of them."""
    scores: dict[str, float] = {}
    for one in lists:
        for rank, item in enumerate(one, 1):
            scores[item] = scores.get(item, 0.0) + 1 / (k + rank)
    return scores


def _absent_last(lists: Sequence[Sequence[str]], k: float) -> dict[str, float]:
    """An item that a list lacks counts as the one after its last."""
    every = dict.fromkeys(item for one in lists for item in one)
    return {item: sum(1 / (k + (one.index(item) if item in one else len(one)) + 1) for one in lists) for item in every}


def _ranks(lists: Sequence[Sequence[str]]) -> dict[str, float]:
    every = dict.fromkeys(item for one in lists for item in one)
    return {item: float(sum(one.index(item) + 1 for one in lists if item in one)) for item in every}


def _mean_of_lists(lists: Sequence[Sequence[str]], k: float) -> dict[str, float]:
    return {item: score / sum(item in one for one in lists) for item, score in reciprocal(lists, k).items()}


def _in_every_list(lists: Sequence[Sequence[str]], k: float) -> dict[str, float]:
    return {item: score for item, score in reciprocal(lists, k).items() if all(item in one for one in lists)}


def same_scores(found: object, wanted: Mapping[str, float]) -> bool:
    """The same items, each with about the same score."""
    return isinstance(found, Mapping) and set(found) == set(wanted) and all(
        abs(found[item] - wanted[item]) < 1e-9 for item in wanted)


reciprocal_ranks = Exercise(
    "reciprocal_ranks", reciprocal, [(LISTS, 60.0), (TWO, 60.0), (LISTS[:2], 1.0)],
    mistakes=[
        (lambda lists, k: reciprocal(lists, k - 1),
         "your ranks begin at 0: the first item of a list has rank 1; enumerate(one, 1)"),
        (lambda lists, k: reciprocal([one[::-1] for one in lists], k),
         "your ranks count from the wrong end: the first item of a list is the best and has rank 1"),
        (_absent_last, "an item that a ranker did not list gets a vote from it; it should get none, not a last place"),
        (lambda lists, k: reciprocal(lists, 0.0), "your k is missing: the vote is 1 / (k + rank)"),
        (lambda lists, k: _ranks(lists),
         "you add the ranks, so the worst items have the largest sums; add 1 / (k + rank)"),
        (_mean_of_lists, "you take the mean over the lists that have the item; add up: being in many lists counts"),
        (_in_every_list, "items that are in some lists only are lost; they have a score too"),
        (lambda lists, k: reciprocal(lists, 60.0), "your function is right only for k = 60: use k"),
    ],
    tip="go through each list with enumerate(one, 1), and add 1 / (k + rank) to the item's score, which starts at 0",
    same=same_scores)

LOGITS = np.array([[1.0, 0.5, -0.3], [0.2, -1.0, 2.0], [0.4, 0.1, 0.0], [1.5, -0.5, 0.7]])
MASK = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1]])


def gate(logits: np.ndarray, present: np.ndarray) -> np.ndarray:
    """Softmax over each row's modalities that are present; zeros where none is."""
    masked = np.where(present > 0, logits, -np.inf)
    top = masked.max(axis=1, keepdims=True)
    powers = np.exp(masked - np.where(np.isfinite(top), top, 0))
    return powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-12)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _unsafe(logits: np.ndarray, present: np.ndarray, axis: int = 1) -> np.ndarray:
    """Masked, without subtracting anything before exp."""
    powers = np.exp(logits) * present
    return powers / np.maximum(powers.sum(axis=axis, keepdims=True), 1e-12)


masked_gate = Exercise(
    "masked_gate", gate, [(LOGITS[:2], MASK[:2]), (LOGITS, MASK), (LOGITS[[3, 1]] * 900, MASK[[3, 0]])],
    mistakes=[
        (lambda logits, present: _softmax(logits),
         "an absent modality has weight: use the mask before the softmax"),
        (lambda logits, present: _unsafe(logits - logits.max(axis=1, keepdims=True), present),
         "you subtract the largest number of the row even where it is absent; then all others can become 0: "
         "take the largest of those present"),
        (lambda logits, present: _softmax(logits) * present,
         "you mask after the softmax, so the weights of what is left no longer sum to 1: mask before it, or divide by "
         "their sum again"),
        (lambda logits, present: _softmax(logits * present),
         "you set the numbers of absent modalities to 0, and exp(0) is 1: they still get weight; they need minus "
         "infinity"),
        (lambda logits, present: _unsafe(logits, present, axis=0),
         "your weights sum to 1 over the records; they should over each record's modalities: axis=1"),
        (lambda logits, present: _softmax(logits - 1e9 * (1 - present)),
         "a record without any modality gets weights as if it had all; it should have zeros: multiply by the mask"),
        (lambda logits, present: _softmax(np.where(present > 0, logits, -np.inf)),
         "a record without any modality gives NaN; it should have zeros"),
        (_unsafe, "exp of a large number overflows: subtract each row's largest present number first; the weights stay "
                  "the same"),
    ],
    tip="put minus infinity where nothing is present, subtract each row's largest number that is left, exp, divide by "
        "the row's sum; treat a row with nothing separately")

TEXT, COVER = np.array([3.0, 1.0]), np.array([0.5, 0.2])
CENTRES = [np.array([2.0, 4.0]), np.array([0.1, 0.6])]
MAPS = [np.array([[1.0, 0.5], [-2.0, 0.3]]), np.array([[4.0, 1.0], [0.2, -3.0]])]
AVERAGE = np.array([0.7, -0.4])
WIDE = [np.array([1.0, 2.0, 0.5])], [np.array([0.5, 1.0, 1.0])], [np.array([[1.0, 2.0], [0.3, 0.1], [-1.0, 4.0]])]


def new_vector(features: Blocks, present: Sequence[bool], centres: Blocks, maps: Blocks,
               average: np.ndarray) -> np.ndarray:
    """The vector expected of a new item: the average item's, and what each modality adds that is present."""
    return average + sum(((row - centre) @ one for row, there, centre, one in
                          zip(features, present, centres, maps, strict=True) if there), np.zeros(len(average)))


def _none(centres: Blocks) -> Blocks:
    return [0 * one for one in centres]


def _with_zeros(features: Blocks, present: Sequence[bool], centres: Blocks, maps: Blocks,
                average: np.ndarray) -> np.ndarray:
    """What is absent takes part, as a row of zeros."""
    rows = [row * there for row, there in zip(features, present, strict=True)]
    return new_vector(rows, [True] * len(rows), centres, maps, average)


def _transposed(features: Blocks, present: Sequence[bool], centres: Blocks, maps: Blocks,
                average: np.ndarray) -> np.ndarray:
    return new_vector(features, present, centres, [one.T for one in maps], average)


def _mean_of_parts(features: Blocks, present: Sequence[bool], centres: Blocks, maps: Blocks,
                   average: np.ndarray) -> np.ndarray:
    return average + (new_vector(features, present, centres, maps, average) - average) / max(sum(present), 1)


new_record = Exercise(
    "new_record", new_vector,
    [([TEXT, COVER], [True, True], CENTRES, MAPS, AVERAGE), ([TEXT, 0 * COVER], [True, False], CENTRES, MAPS, AVERAGE),
     ([0 * TEXT, 0 * COVER], [False, False], CENTRES, MAPS, AVERAGE), (WIDE[0], [True], WIDE[1], WIDE[2], AVERAGE)],
    mistakes=[
        (lambda features, present, centres, maps, average: new_vector(features, present, _none(centres), maps, average),
         "you forget the centre: the maps were fitted to features minus their centre, so subtract it here too"),
        (_with_zeros,
         "an absent modality takes part: its zeros minus the centre are far from average; leave it out; then it "
         "adds nothing"),
        (lambda features, present, centres, maps, average: new_vector(features, present, centres, maps, 0 * average),
         "the average item is missing: without any modality a new record should have its vector, not zero"),
        (_transposed, "a map is transposed: a row of features times its map, row @ W"),
        (_mean_of_parts, "you take the mean of what the modalities add; the ridge was fitted to their sum"),
    ],
    tip="begin with the average; for each modality that is present add (row - centre) @ map")
