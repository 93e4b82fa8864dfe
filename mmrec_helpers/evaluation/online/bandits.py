"""Learning while serving: policies that try what they are not sure of. Taught in chapter 10.

Every policy is asked once a round for all users at a time and learns from all their answers together, as a service
does that reads its log once in a while. Arms are places of items; vectors (m, d) are the items' features.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Policy(Protocol):
    """What a bandit does."""

    def choose(self, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For users (n,), by their places: an arm each (n,), and the chance with which it was chosen (n,); nan where
        that is not known in closed form."""
        ...

    def learn(self, users: np.ndarray, arms: np.ndarray, rewards: np.ndarray) -> None:
        """The rewards of what was chosen, each (n,)."""
        ...


class EpsilonGreedy:
    """With chance epsilon any arm, else the one with the best mean reward so far, for all users alike.

    Means begin at `prior` with the weight of one reward. Taught in chapter 10. Source: Sutton & Barto 2018, chapter 2.

    >>> policy = EpsilonGreedy(3, epsilon=0.0)
    >>> policy.learn(np.zeros(2, int), np.array([1, 2]), np.array([0.0, 1.0]))
    >>> policy.choose(np.zeros(1, int))
    (array([2]), array([1.]))
    """

    def __init__(self, n_arms: int, epsilon: float = 0.1, prior: float = 0.05, seed: int = 0) -> None:
        self.epsilon, self.rng = epsilon, np.random.default_rng(seed)
        self.tried, self.won = np.ones(n_arms), np.full(n_arms, prior)

    def choose(self, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """One arm a user, and its chance."""
        n, best = len(self.tried), int(np.argmax(self.won / self.tried))
        arms = np.where(self.rng.random(len(users)) < self.epsilon, self.rng.integers(n, size=len(users)), best)
        return arms, self.epsilon / n + (1 - self.epsilon) * (arms == best)

    def learn(self, users: np.ndarray, arms: np.ndarray, rewards: np.ndarray) -> None:
        """Add to the sums."""
        np.add.at(self.tried, arms, 1)
        np.add.at(self.won, arms, rewards)


class Thompson:
    """Each user gets the arm that is best in one draw of what its reward may be, Beta(1 + taken, odds + not taken).

    An arm that was hardly tried has a wide distribution, and is drawn high now and then. Taught in chapter 10. Source:
    Thompson 1933; Chapelle & Li 2011.

    >>> policy = Thompson(2, seed=0)
    >>> policy.learn(np.zeros(200, int), np.repeat([0, 1], 100), np.repeat([0.0, 1.0], 100))
    >>> policy.choose(np.zeros(3, int))[0]
    array([1, 1, 1])
    """

    def __init__(self, n_arms: int, odds: float = 20.0, seed: int = 0) -> None:
        self.rng = np.random.default_rng(seed)
        self.taken, self.not_taken = np.ones(n_arms), np.full(n_arms, odds)

    def choose(self, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The best arm of one draw for each user; its chance is not known in closed form."""
        drawn = self.rng.beta(self.taken, self.not_taken, (len(users), len(self.taken)))
        return drawn.argmax(axis=1), np.full(len(users), np.nan)

    def learn(self, users: np.ndarray, arms: np.ndarray, rewards: np.ndarray) -> None:
        """Count."""
        np.add.at(self.taken, arms, rewards)
        np.add.at(self.not_taken, arms, 1 - rewards)


class LinUCB:
    """A ridge regression of each user's rewards on the items' vectors; the arm with the best upper end is chosen.

    theta_u = inverse(A_u) b_u with A_u = l2 I + sum v v' and b_u = l2 start + sum r v over what the user was shown; the
    upper end is theta_u . v + alpha sqrt(v' inverse(A_u) v). start (d,): what is expected of someone new. inverse(A_u)
    is kept up to date by Sherman and Morrison's formula. Taught in chapter 10. Source: Li, Chu, Langford & Schapire
    2010.

    >>> policy = LinUCB(np.eye(2), n_users=1, alpha=0.0)
    >>> policy.learn(np.array([0]), np.array([1]), np.array([1.0]))
    >>> policy.choose(np.array([0]))[0]
    array([1])
    """

    def __init__(self, vectors: np.ndarray, n_users: int, alpha: float = 0.5, l2: float = 1.0,
                 start: np.ndarray | None = None) -> None:
        d = vectors.shape[1]
        self.vectors, self.alpha = np.asarray(vectors, float), alpha
        self.inverse = np.tile(np.eye(d) / l2, (n_users, 1, 1))
        self.b = np.tile(l2 * (np.zeros(d) if start is None else start), (n_users, 1))

    def choose(self, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The arm with the best upper end, with certainty."""
        return self.upper(users).argmax(axis=1), np.ones(len(users))

    def upper(self, users: np.ndarray) -> np.ndarray:
        """theta . v + alpha sqrt(v' inverse(A) v) of every arm: (n, arms)."""
        theta = np.einsum("nde,ne->nd", self.inverse[users], self.b[users])
        spread = ((self.vectors @ self.inverse[users]) * self.vectors).sum(axis=2)
        return theta @ self.vectors.T + self.alpha * np.sqrt(np.maximum(spread, 0))

    def learn(self, users: np.ndarray, arms: np.ndarray, rewards: np.ndarray) -> None:
        """One answer of each user; a user may be there once. Raises ValueError otherwise."""
        if len(np.unique(users)) < len(users):
            raise ValueError("a user is there twice; learn from one answer of each user at a time")
        v = self.vectors[arms]
        turned = np.einsum("nde,ne->nd", self.inverse[users], v)
        self.inverse[users] -= turned[:, :, None] * turned[:, None, :] / (1 + (turned * v).sum(axis=1))[:, None, None]
        self.b[users] += rewards[:, None] * v


def regret(best: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """What was lost so far by not knowing the best arm: cumulated over rounds, the mean over users.

    best, chosen: (rounds, users) the expected rewards of the best arm and of the chosen one. Taught in chapter 10.

    >>> regret(np.array([[1.0], [1.0]]), np.array([[0.5], [1.0]]))
    array([0.5, 0.5])
    """
    return np.cumsum((best - chosen).mean(axis=1))
