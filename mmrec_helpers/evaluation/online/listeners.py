"""Listeners of the planted world in front of a list: what they look at, and what they take. Taught in chapter 10."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mmrec_helpers.datasets.recordshop.world import CONTENT, GENRE, World


@dataclass(frozen=True)
class Listeners:
    """Who answers an impression by the tastes that were planted.

    P(taken) = rank^-position (1 - fatigue)^shown sigmoid((utility - threshold) / temperature), for a record at `rank`
    (from 1) that was shown to this listener `shown` times before: a lower place is looked at more rarely (position
    bias), and what was shown and not taken interests less (fatigue). The utility is that of `World.utility`, after the
    listener's drift if `day` is later. Taught in chapter 10. Source of the examination by rank: Craswell et al. 2008.

    >>> from mmrec_helpers.datasets.recordshop.world import make_world
    >>> listeners = Listeners(make_world(20, 5, seed=1), threshold=0.0)
    >>> chance = listeners.chance(np.array([0, 1]), np.array([[3, 4], [3, 4]]))
    >>> chance.shape, bool((chance > 0).all())
    ((2, 2), True)
    """

    world: World
    position: float = 0.7
    fatigue: float = 0.3
    threshold: float = 5.0
    temperature: float = 1.0

    def utility(self, users: np.ndarray, lists: np.ndarray, day: float = np.inf) -> np.ndarray:
        """Of the records of each list alone: users (n,) and lists (n, k) by their places -> (n, k)."""
        world, late = self.world, (day >= self.world.drift_day[users]).astype(int)
        tastes = (world.tastes[users, late] * world.weights[users][:, :, None]).reshape(len(users), -1)
        factors = world.factors.reshape(len(world.genre), -1)
        content = np.einsum("nf,nkf->nk", tastes, factors[lists])
        genre = np.take_along_axis(world.genre_tastes[users], world.genre[lists], axis=1)
        return world.popularity[lists] + GENRE * genre + CONTENT * content

    def liking(self, users: np.ndarray, lists: np.ndarray, day: float = np.inf) -> np.ndarray:
        """The chance that a record is taken where it is looked at for the first time: (n, k)."""
        return 1 / (1 + np.exp(-(self.utility(users, lists, day) - self.threshold) / self.temperature))

    def chance(self, users: np.ndarray, lists: np.ndarray, day: float = np.inf,
               shown: np.ndarray | None = None) -> np.ndarray:
        """P(taken) of each place of each list: (n, k); 0 at an empty place (-1). shown: (n, k), by default never."""
        looked = np.arange(1, lists.shape[1] + 1) ** -self.position
        tired = 1.0 if shown is None else (1 - self.fatigue) ** shown
        return np.where(lists >= 0, looked * tired * self.liking(users, lists, day), 0)

    def respond(self, users: np.ndarray, lists: np.ndarray, rng: np.random.Generator, day: float = np.inf,
                shown: np.ndarray | None = None) -> np.ndarray:
        """What is taken: (n, k) bool."""
        return rng.random(lists.shape) < self.chance(users, lists, day, shown)
