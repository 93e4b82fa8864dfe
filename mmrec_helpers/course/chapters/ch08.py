"""Exercises of chapter 8: a shrunk cosine, the weights of EASE, a stranger's vector, a new record's score, MMR."""

from __future__ import annotations

import numpy as np

from mmrec_helpers.course.checks import Exercise

TAKEN = np.array([[1.0, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 1, 0, 0], [1, 0, 0, 0]])
"""Five users, four items; nobody took the last."""


def shrunk(taken: np.ndarray, shrink: float) -> np.ndarray:
    """n_ij / (sqrt(n_i n_j) + shrink) between items; 0 on the diagonal and for an item that nobody took."""
    n = taken.sum(axis=0)
    norm = np.sqrt(np.outer(n, n)) + shrink
    similar = np.where(np.outer(n, n) > 0, taken.T @ taken / np.maximum(norm, 1e-12), 0)
    np.fill_diagonal(similar, 0)
    return similar


def _by_norm(taken: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """As `shrunk`, with another norm."""
    similar = np.where(_sizes(taken) > 0, taken.T @ taken / np.maximum(norm, 1e-12), 0)
    np.fill_diagonal(similar, 0)
    return similar


def _sizes(taken: np.ndarray) -> np.ndarray:
    return np.outer(taken.sum(axis=0), taken.sum(axis=0))


def _with_diagonal(taken: np.ndarray, shrink: float) -> np.ndarray:
    n = taken.sum(axis=0)
    return shrunk(taken, shrink) + np.diag(np.where(n > 0, n / np.maximum(n + shrink, 1e-12), 0))


shrunk_cosine = Exercise(
    "shrunk_cosine", shrunk, [(TAKEN, 2.0), (TAKEN, 0.0), (TAKEN[:3, [2, 0, 1]], 1.0)],
    mistakes=[
        (lambda taken, shrink: shrunk(taken, 0.0), "shrink is missing: add it below the line, after the root"),
        (lambda taken, shrink: _by_norm(taken, np.sqrt(_sizes(taken) + shrink)),
         "shrink is inside the root; it is added after it: sqrt(n_i n_j) + shrink"),
        (lambda taken, shrink: _by_norm(taken, _sizes(taken) + shrink),
         "the root is missing: the norm of a column of 0 and 1 is the root of its sum"),
        (_with_diagonal, "an item is its own neighbour: set the diagonal to 0, or it recommends what was taken"),
        (lambda taken, shrink: shrunk(taken.T, shrink),
         "you compare users: the columns are the items, taken.T @ taken"),
        (lambda taken, shrink: (taken.T @ taken / (np.sqrt(_sizes(taken)) + shrink)) * (1 - np.eye(taken.shape[1])),
         "an item that nobody took gives 0 / 0; its similarities should be 0"),
    ],
    tip="taken.T @ taken counts the common users; its diagonal has n; divide by sqrt(n_i n_j) + shrink, then set the "
        "diagonal to 0")

GRAM = np.array([[3.0, 2, 1, 0], [2, 4, 2, 1], [1, 2, 2, 1], [0, 1, 1, 5]])


def weights(gram: np.ndarray, l2: float) -> np.ndarray:
    """B of EASE: -P_ij / P_jj with P = inverse(G + l2 I), and 0 on the diagonal."""
    inverse = np.linalg.inv(gram + l2 * np.eye(len(gram)))
    found = -inverse / inverse.diagonal()
    np.fill_diagonal(found, 0)
    return found


def _inverse(gram: np.ndarray, l2: float) -> np.ndarray:
    return np.linalg.inv(gram + l2 * np.eye(len(gram)))


def _ridge_with_itself(gram: np.ndarray, l2: float) -> np.ndarray:
    return _inverse(gram, l2) @ gram


ease_weights = Exercise(
    "ease_weights", weights, [(GRAM, 1.0), (GRAM[:3, :3], 10.0), (3 * GRAM, 0.5)],
    mistakes=[
        (lambda gram, l2: weights(gram, l2).T,
         "you divide each row by its own P_ii; column j is the regression of item j, so divide it by P_jj"),
        (lambda gram, l2: -weights(gram, l2), "the sign is wrong: B_ij = -P_ij / P_jj"),
        (lambda gram, l2: -_inverse(gram, l2) / _inverse(gram, l2).diagonal(),
         "the diagonal is -1; it must be 0: an item must not predict itself"),
        (lambda gram, l2: weights(gram, 0.0), "l2 is missing: add it to the diagonal of the Gram matrix first"),
        (lambda gram, l2: weights(gram + l2 - l2 * np.eye(len(gram)), l2),
         "you add l2 to all cells of the Gram matrix; add it to its diagonal only: l2 * np.eye(n)"),
        (_ridge_with_itself,
         "this is ridge regression in which each item also predicts itself; the diagonal must be 0"),
        (lambda gram, l2: _ridge_with_itself(gram, l2) * (1 - np.eye(len(gram))),
         "each item is among its own inputs in the fit; a diagonal set to 0 afterwards does not undo that: use P"),
    ],
    tip="invert the Gram matrix plus l2 on its diagonal; divide each column by its diagonal entry, change the sign, "
        "and set the diagonal to 0")

VECTORS = np.array([[1.0, 0.0], [1.0, 1.0], [0.5, -1.0], [0.3, 2.0]])
HISTORY = np.array([2.0, 0.0, 1.0, 0.0])


def vector(items: np.ndarray, history: np.ndarray, l2: float, alpha: float) -> np.ndarray:
    """The ALS vector of someone with this history: (n, d), (n,) -> (d,)."""
    left = items.T @ items + l2 * np.eye(items.shape[1]) + (items * (alpha * history)[:, None]).T @ items
    return np.linalg.solve(left, items.T @ ((history > 0) + alpha * history))


def _solved(items: np.ndarray, confidence: np.ndarray, wanted: np.ndarray, l2: float) -> np.ndarray:
    """Weighted ridge regression of `wanted` on the item vectors."""
    left = (items * confidence[:, None]).T @ items + l2 * np.eye(items.shape[1])
    return np.linalg.solve(left, items.T @ (confidence * wanted))


user_vector = Exercise(
    "user_vector", vector, [(VECTORS, HISTORY, 0.5, 3.0), (VECTORS, HISTORY[::-1].copy(), 2.0, 1.0),
                            (VECTORS[:, :1], HISTORY, 1.0, 10.0)],
    mistakes=[
        (lambda items, history, l2, alpha: _solved(items, alpha * history, history > 0, l2),
         "only what was taken counts: V'V is missing, and the 1 of the confidence; all other items count too"),
        (lambda items, history, l2, alpha: np.linalg.solve(
            items.T @ items + l2 * np.eye(items.shape[1]) + (items * (alpha * history)[:, None]).T @ items,
            items.T @ (alpha * history)),
         "on the right the confidence of what was taken is 1 + alpha x; your 1 is missing"),
        (lambda items, history, l2, alpha: np.linalg.solve(
            items.T @ items + l2 * np.eye(items.shape[1]) + (items * (alpha * history)[:, None]).T @ items,
            items.T @ (1 + alpha * history)),
         "on the right you sum over all items; what was not taken has p = 0 and adds nothing"),
        (lambda items, history, l2, alpha: vector(items, history, 0.0, alpha), "l2 is missing on the left"),
        (lambda items, history, l2, alpha: vector(items, (history > 0).astype(float), l2, alpha),
         "you use only whether something was taken; the confidence grows with x: 1 + alpha x"),
        (lambda items, history, l2, alpha: _solved(items, (history > 0) + alpha * history, history > 0, l2),
         "V'V is missing on the left: what was not taken has confidence 1, and pulls the score to 0"),
        (lambda items, history, l2, alpha: np.linalg.solve(
            (items * (alpha * history)[:, None]).T @ items + l2 * np.eye(items.shape[1]),
            items.T @ ((history > 0) + alpha * history)),
         "V'V is missing on the left, the part that is the same for everybody: add items.T @ items"),
        (lambda items, history, l2, alpha: np.linalg.solve(
            items.T @ items + l2 * np.eye(items.shape[1])
            + (items * ((history > 0) + alpha * history)[:, None]).T @ items,
            items.T @ ((history > 0) + alpha * history)),
         "what was taken counts once too often on the left: V'V already has it with weight 1, so add only alpha x"),
        (lambda items, history, l2, alpha: vector(items, history, l2, 1.0),
         "alpha is missing: the confidence is 1 + alpha x"),
    ],
    tip="left: V'V + l2 I + the sum of alpha x v v' over what was taken; right: the sum of (1 + alpha x) v over it; "
        "np.linalg.solve")

SCORES = np.array([5.0, 1.0, 3.0])
AMONG = np.array([[1.0, -0.5, 0.1], [-0.5, 1.0, 0.0], [0.1, 0.0, 1.0]])
TOWARDS = np.array([0.8, -0.4, 0.3])


def completed(scores: np.ndarray, among: np.ndarray, towards: np.ndarray, smooth: float) -> float:
    """Kernel ridge regression of the scores of known items, at a new one."""
    mean = scores.mean()
    return float(mean + (scores - mean) @ np.linalg.solve(among + smooth * np.eye(len(among)), towards))


def _weighted_mean(scores: np.ndarray, among: np.ndarray, towards: np.ndarray, smooth: float) -> float:
    return float(scores @ towards / towards.sum())


new_item_score = Exercise(
    "new_item_score", completed,
    [(SCORES, AMONG, TOWARDS, 0.7), (SCORES[:2], AMONG[:2, :2], TOWARDS[:2], 5.0),
     (2 * SCORES, AMONG, 0 * TOWARDS, 1.0)],
    mistakes=[
        (lambda scores, among, towards, smooth: completed(scores, among, towards, smooth) - scores.mean(),
         "the mean is not added back: without any likeness a new item should get the mean, not 0"),
        (lambda scores, among, towards, smooth: scores @ np.linalg.solve(among + smooth * np.eye(len(among)), towards),
         "you predict the scores themselves; predict how far they are from their mean, then add it"),
        (lambda scores, among, towards, smooth: completed(scores, among, towards, 0.0),
         "smooth is missing: add it to the diagonal of the kernel among known items"),
        (lambda scores, among, towards, smooth: completed(scores, among + smooth - smooth * np.eye(len(among)), towards,
                                                          smooth),
         "you add smooth to all cells of the kernel; add it to its diagonal only"),
        (lambda scores, among, towards, smooth: scores.mean() + (scores - scores.mean()) @ towards,
         "the kernel among known items is not used: two items that are alike are then counted twice"),
        (lambda scores, among, towards, smooth: scores.mean() + scores @ np.linalg.solve(
            among + smooth * np.eye(len(among)), towards),
         "the mean is added, but not subtracted first: the kernel predicts how far the scores are from their mean"),
        (_weighted_mean, "this is a weighted mean of the scores; solve (among + smooth I) T = towards first"),
    ],
    tip="T = np.linalg.solve(among + smooth * np.eye(n), towards); then mean + (scores - mean) @ T")

RELEVANCE = np.array([1.0, 0.9, 0.8, 0.3, 0.75])
SIMILAR = np.array([[1.0, 0.9, 0.1, 0.0, 0.7], [0.9, 1.0, 0.2, 0.1, 0.6], [0.1, 0.2, 1.0, 0.3, 0.8],
                    [0.0, 0.1, 0.3, 1.0, 0.05], [0.7, 0.6, 0.8, 0.05, 1.0]])


def values(relevance: np.ndarray, similar: np.ndarray, chosen: list[int], diversity: float) -> np.ndarray:
    """What maximal marginal relevance compares for the next place: (n,), minus infinity for what is chosen."""
    return _values(relevance, similar[:, chosen].max(axis=1) if chosen else 0 * relevance, chosen, diversity)


def _values(relevance: np.ndarray, cost: np.ndarray, chosen: list[int], diversity: float) -> np.ndarray:
    found = (1 - diversity) * relevance - diversity * cost
    found[chosen] = -np.inf
    return found


def _chosen_again(relevance: np.ndarray, similar: np.ndarray, chosen: list[int], diversity: float) -> np.ndarray:
    cost = similar[:, chosen].max(axis=1) if chosen else 0 * relevance
    return (1 - diversity) * relevance - diversity * cost


mmr_values = Exercise(
    "mmr_values", values,
    [(RELEVANCE, SIMILAR, [0, 2], 0.3), (RELEVANCE, SIMILAR, [], 0.5), (RELEVANCE[:3], SIMILAR[:3, :3], [1], 0.8),
     (RELEVANCE[:4], SIMILAR[:4, :4] - 0.5, [3], 0.4)],
    mistakes=[
        (_chosen_again, "what is chosen can win again: give it minus infinity"),
        (lambda relevance, similar, chosen, diversity: _values(
            relevance, similar[:, chosen].mean(axis=1) if chosen else 0 * relevance, chosen, diversity),
         "you take the mean similarity to what is chosen; the largest one counts: one near copy is enough"),
        (lambda relevance, similar, chosen, diversity: _values(
            relevance, similar[:, chosen[-1]] if chosen else 0 * relevance, chosen, diversity),
         "you look at the last chosen item alone; take the largest similarity to any of them"),
        (lambda relevance, similar, chosen, diversity: _values(
            relevance, -similar[:, chosen].max(axis=1) if chosen else 0 * relevance, chosen, diversity),
         "the similarity is added, so copies are preferred; subtract it"),
        (lambda relevance, similar, chosen, diversity: _values(
            relevance, (similar - np.eye(len(similar))).max(axis=1), chosen, diversity),
         "you compare with all items; compare with those chosen: similar[:, chosen]"),
        (lambda relevance, similar, chosen, diversity: values(relevance, similar, chosen, 1 - diversity),
         "the two shares are exchanged: (1 - diversity) belongs to relevance"),
        (lambda relevance, similar, chosen, diversity: _values(
            relevance / (1 - diversity), similar[:, chosen].max(axis=1) if chosen else 0 * relevance, chosen,
            diversity),
         "relevance lacks its share: multiply it by 1 - diversity"),
        (lambda relevance, similar, chosen, diversity: values(relevance, similar, chosen, 0.0),
         "diversity is not used: near copies of what is chosen lose nothing"),
        (lambda relevance, similar, chosen, diversity: _values(
            relevance, similar[:, chosen].max(axis=1, initial=0), chosen, diversity),
         "your maximum begins at 0, so negative similarities are lost; 0 is only for the case that nothing is chosen"),
    ],
    tip="for each item its largest similarity to those chosen (0 if none is); (1 - d) relevance - d times that; minus "
        "infinity for what is chosen")
