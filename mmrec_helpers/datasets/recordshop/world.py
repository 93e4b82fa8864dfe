"""The truth of the record shop: what records are and what listeners like. Taught in chapter 1.

Every record has a genre, weakly visible in all its media, and one private group of six factors per modality: only the
text shows its themes, only the cover its style, only the preview its sound. A listener weighs the three groups by
segment. Because we planted this, we can say how much of it a method finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

GENRES = ("ambient", "classical", "electronic", "folk", "hip-hop", "jazz", "latin", "rock")

FACTORS: dict[str, tuple[tuple[str, str], ...]] = {
    "text": (("mountains", "sea"), ("village", "city"), ("morning", "night"),
             ("solitude", "love"), ("future", "memory"), ("home", "journey")),
    "image": (("cool", "warm"), ("dark", "light"), ("muted", "vivid"),
              ("scattered", "symmetric"), ("angular", "round"), ("sparse", "dense")),
    "audio": (("dull", "bright"), ("pure", "noisy"), ("low", "high"),
              ("slow", "fast"), ("straight", "swung"), ("falling", "rising")),
}
"""Names of the poles (negative, positive) of each private factor. The first three of a modality are easy to see in
words, colours or timbre; the last three need structure: paraphrase, layout, rhythm."""

MODALITIES = tuple(FACTORS)

SEGMENTS: dict[str, tuple[float, float, float]] = {
    "readers": (0.95, 0.20, 0.20),
    "lookers": (0.20, 0.95, 0.20),
    "listeners": (0.20, 0.20, 0.95),
    "all-rounders": (0.58, 0.58, 0.58),
}
"""How much each segment's taste weighs text, image and audio; squares add up to about 1."""

CONTENT, GENRE, POPULARITY = 2.0, 0.5, 0.8
"""Weight of content and genre in the utility, and the spread of the records' popularity (log scale)."""

DAYS = 365


@dataclass(frozen=True)
class World:
    """Records and listeners, as arrays.

    genre (n,) int; factors (n, 3, 6) float, modality by modality; popularity (n,) log scale; released (n,) days since
    the year began (negative: before); segment (u,) int; tastes (u, 2, 3, 6): before and after a listener's interest
    drifts, each modality's a unit vector; genre_tastes (u, 8); drift_day (u,) days, inf for most; activity (u,)
    relative; joined (u,) days.
    """

    genre: np.ndarray
    factors: np.ndarray
    popularity: np.ndarray
    released: np.ndarray
    segment: np.ndarray
    tastes: np.ndarray
    genre_tastes: np.ndarray
    drift_day: np.ndarray
    activity: np.ndarray
    joined: np.ndarray

    @property
    def item_ids(self) -> list[str]:
        """`r00001` and so on."""
        return [f"r{number:05d}" for number in range(1, len(self.genre) + 1)]

    @property
    def user_ids(self) -> list[str]:
        """`u00001` and so on."""
        return [f"u{number:05d}" for number in range(1, len(self.segment) + 1)]

    @property
    def weights(self) -> np.ndarray:
        """How much each listener weighs each modality: (u, 3)."""
        return np.array(list(SEGMENTS.values()))[self.segment]

    def utility(self, users: np.ndarray | slice = slice(None), modalities: Sequence[str] = MODALITIES,
                late: bool = True) -> np.ndarray:
        """What these listeners (row numbers) think of every record: (users, n) float32, the logits of choice.

        popularity + GENRE * genre taste + CONTENT * sum over the modalities of weight * <taste, factors>;
        late: after a listener's drift.

        >>> make_world(20, 5, seed=1).utility().shape
        (5, 20)
        """
        chosen = [MODALITIES.index(m) for m in modalities]
        tastes = self.tastes[users, int(late)][:, chosen] * self.weights[users][:, chosen, None]
        factors = self.factors[:, chosen]
        content = tastes.reshape(len(tastes), -1) @ factors.reshape(len(factors), -1).T
        genre = self.genre_tastes[users].take(self.genre, axis=1)
        return (self.popularity + GENRE * genre + CONTENT * content).astype(np.float32)

    def save(self, folder: str | Path) -> None:
        """Each field as `folder/FIELD.npy`."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        for one in fields(self):
            np.save(Path(folder) / f"{one.name}.npy", getattr(self, one.name))

    @classmethod
    def load(cls, folder: str | Path) -> World:
        """The world that `save` wrote."""
        return cls(**{one.name: np.load(Path(folder) / f"{one.name}.npy", allow_pickle=False)
                      for one in fields(cls)})


def make_world(n_items: int, n_users: int, seed: int) -> World:
    """Draw a world: independent factors, tastes by segment, long tails of popularity and activity.

    Raises ValueError for fewer than one item or user.
    """
    if n_items < 1 or n_users < 1:
        raise ValueError(f"a world needs at least one record and one listener, not {n_items} and {n_users}")
    rng = np.random.default_rng(seed)
    items = _records(n_items, rng)
    return World(**items, **_listeners(n_users, rng))


def _records(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    released = np.where(rng.random(n) < 0.65, -rng.exponential(500, n), rng.uniform(0, 0.92 * DAYS, n))
    return {
        "genre": rng.integers(len(GENRES), size=n),
        "factors": rng.standard_normal((n, len(MODALITIES), 6)).clip(-2.5, 2.5),
        "popularity": POPULARITY * rng.standard_normal(n),
        "released": np.sort(released),
    }


def _listeners(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    before = _unit(rng.standard_normal((n, len(MODALITIES), 6)))
    drifts = rng.random(n) < 0.2
    moved = _unit(before + _unit(rng.standard_normal(before.shape)))
    after = np.where(drifts[:, None, None], moved, before)
    return {
        "segment": rng.integers(len(SEGMENTS), size=n),
        "tastes": np.stack([before, after], axis=1),
        "genre_tastes": rng.standard_normal((n, len(GENRES))),
        "drift_day": np.where(drifts, rng.uniform(0.3 * DAYS, 0.7 * DAYS, n), np.inf),
        "activity": rng.lognormal(0, 0.8, n),
        "joined": np.where(rng.random(n) < 0.6, 0.0, rng.uniform(0, 0.75 * DAYS, n)),
    }


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
