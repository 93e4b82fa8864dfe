"""Recommenders of other libraries, asked in the same way as ours: `implicit`, `cornac` and LightFM (`lightfm-next`).

Each is trained by its own library with its own defaults but for what `PEERS` tries; candidates, what was seen and the
lists are ours, the same for all. Those that relate items score a history, as ours do. Those with a vector for each user
can serve a stranger only where the library finds a vector from a history (ALS of implicit); the others take the vector
that they learned for the user, and give someone unknown the popular items. They are in the dependency group `bench`.

Not here: RecTools, whose releases want pandas below 3 and, for Python below 3.13, numpy below 2, and depend on a second
package that installs a module `implicit`; models of cornac that need torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from scipy import sparse

from mmrec_helpers.catalog import Features, Interactions, Queries
from mmrec_helpers.fusion import FeatureFusion
from mmrec_helpers.ranking import Ranker
from mmrec_helpers.ranking.base import Capabilities
from mmrec_helpers.ranking.linear import MAX_ITEMS, most_events


class Peer(Ranker):
    """What all of them share: how they are fitted and asked. A subclass has `learn`, and `score` or `factors`."""

    capabilities = Capabilities(explains=False)
    seed_as = "seed"
    """What the library calls its seed."""

    def __init__(self, seed: int = 0, **params: object) -> None:
        self.seed, self.params = seed, params

    def get_params(self, deep: bool = False) -> dict[str, object]:
        """What it was made with."""
        return {"seed": self.seed, **self.params}

    def arguments(self) -> dict[str, object]:
        """What its library's model is made with."""
        return {self.seed_as: self.seed, **self.params}

    def fit(self, interactions: Interactions, features: Sequence[Features] = ()) -> Peer:
        """Train the library's model on who took what."""
        super().fit(interactions)
        self.users_ = {user: row for row, user in enumerate(interactions.users)}
        self.learn(sparse.csr_matrix(interactions.matrix, dtype=np.float32), features)
        return self

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """Train on (users, items) CSR."""
        raise NotImplementedError

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of users (n, d) and items (m, d) that were learned."""
        raise NotImplementedError

    def score(self, queries: Queries) -> np.ndarray:
        """By the vector learned for each user; 0 for someone unknown, or for a history without a user."""
        users, items = self.factors()
        asked = [None] * len(queries) if queries.users is None else queries.users
        row = np.array([self.users_.get(user, -1) for user in asked], int)
        return np.where(row[:, None] >= 0, users[row] @ items.T, 0).astype(np.float32)


class ImplicitALS(Peer):
    """ALS of implicit; a user's vector is found again from the history (`recalculate_user`)."""

    name, seed_as = "implicit: ALS", "random_state"

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """All of its defaults (conjugate gradients) but what is tried."""
        from implicit.cpu.als import AlternatingLeastSquares

        self.model_ = AlternatingLeastSquares(**{"num_threads": 1, "iterations": 15, **self.arguments()})
        self.model_.fit(taken, show_progress=False)

    def score(self, queries: Queries) -> np.ndarray:
        """Inner products with the vectors of histories."""
        users = self.model_.recalculate_user(np.arange(len(queries)), queries.history)
        return users @ self.model_.item_factors.T


class ImplicitBPR(Peer):
    """BPR of implicit."""

    name, seed_as = "implicit: BPR", "random_state"

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """All of its defaults but what is tried."""
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        self.model_ = BayesianPersonalizedRanking(**{"num_threads": 1, **self.arguments()})
        self.model_.fit(taken, show_progress=False)

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """With the biases in the last place."""
        return self.model_.user_factors, self.model_.item_factors


class ImplicitItems(Peer):
    """Item-to-item of implicit: cosine or BM25."""

    name = "implicit: item-item"

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """The similarities of the K nearest items of each."""
        from implicit import nearest_neighbours

        params = dict(self.params)
        self.model_ = getattr(nearest_neighbours, params.pop("kind"))(num_threads=1, **params)
        self.model_.fit(taken, show_progress=False)

    def score(self, queries: Queries) -> np.ndarray:
        """Histories times similarities."""
        return (queries.history @ self.model_.similarity).toarray().astype(np.float32)


class CornacPeer(Peer):
    """A model of cornac; kind: its class's name."""

    kind: ClassVar[str]

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """Train on a cornac data set with all items."""
        import cornac.models

        self.model_ = getattr(cornac.models, self.kind)(verbose=False, **self.arguments())
        self.model_.fit(dataset(taken))


class CornacEASE(CornacPeer):
    """EASE of cornac, of the items that ours learns, the 3,000 with most events: time grows with the cube."""

    name, kind = "cornac: EASE", "EASE"

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """Train on these items."""
        self.columns_ = most_events(self.popularity_, self.popularity_ > 0, MAX_ITEMS)
        super().learn(taken[:, self.columns_], features)

    def score(self, queries: Queries) -> np.ndarray:
        """Histories of 0 and 1 times B, as it trains on them; 0 for other items."""
        scores = np.zeros((len(queries), len(self.items_)), np.float32)
        scores[:, self.columns_] = (queries.history[:, self.columns_] > 0).astype(np.float32) @ self.model_.B
        return scores


class CornacBPR(CornacPeer):
    """BPR of cornac."""

    name, kind = "cornac: BPR", "BPR"

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """The item's bias is a factor that is 1 for every user."""
        users, items = self.model_.u_factors, self.model_.i_factors
        return (np.column_stack([users, np.ones(len(users), users.dtype)]),
                np.column_stack([items, self.model_.i_biases]))


class CornacCTR(CornacPeer):
    """Collaborative topic regression of cornac: an item's vector is near the topics of its text; new items have these.

    texts: of the items, in their order. It has no other modality.
    """

    name, kind = "cornac: CTR", "CTR"
    capabilities = Capabilities(new_items=True, explains=False)

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """Train on events and counted words."""
        from cornac.data import TextModality
        from cornac.models import CTR

        params = self.arguments()
        texts = TextModality(corpus=list(params.pop("texts")), ids=[str(n) for n in range(taken.shape[1])],
                             max_vocab=2000, stop_words="english")
        data = dataset(taken)
        data.add_modalities(item_text=texts.build(id_map=data.iid_map))
        self.model_ = CTR(verbose=False, **params).fit(data)

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """As it scores them."""
        return self.model_.U, self.model_.V


class LightFMPeer(Peer):
    """LightFM with item features, the strongest peer for new items: an item's vector is a sum over its features.

    Features: one of its own (identity) for an item with an event, and ours, side by side, whitened. An item that nobody
    took has none of its own: it would never be trained.
    """

    name, seed_as = "LightFM", "random_state"
    capabilities = Capabilities(new_items=True, explains=False)

    def learn(self, taken: sparse.csr_matrix, features: Sequence[Features]) -> None:
        """By the WARP loss; params: content, the weight of our features beside the own one, epochs, and LightFM's."""
        from lightfm import LightFM

        params = {"loss": "warp", "no_components": 32, **self.arguments()}
        epochs, weight = params.pop("epochs"), params.pop("content")
        known = sparse.diags(np.asarray(taken.getnnz(axis=0) > 0, np.float32))
        content = [sparse.csr_matrix(weight * joined(features, self.items_))] if features else []
        rows = sparse.hstack([known, *content], format="csr").astype(np.float32)
        model = LightFM(**params).fit((taken > 0).astype(np.float32).tocoo(), item_features=rows, epochs=epochs)
        (_, users), (bias, items) = model.get_user_representations(), model.get_item_representations(rows)
        self.factors_ = np.column_stack([users, np.ones(len(users))]), np.column_stack([items, bias])

    def factors(self) -> tuple[np.ndarray, np.ndarray]:
        """The item's bias is a factor that is 1 for every user."""
        return self.factors_


def joined(features: Sequence[Features], items: np.ndarray) -> np.ndarray:
    """The features side by side, 32 whitened components each, of mean length 1: (items, d); few, since LightFM's time
    grows with what is stored of an item."""
    aligned = [one.align(items) for one in features]
    matrix = FeatureFusion(n_each=32, whiten=0.5).fit(aligned).transform(aligned).matrix
    return matrix / np.linalg.norm(matrix, axis=1).mean()


def dataset(taken: sparse.csr_matrix) -> object:
    """(users, items) CSR as a cornac data set of 0 and 1, every item in it."""
    from cornac.data import Dataset

    coo = (taken > 0).astype(np.float32).tocoo()
    maps = [{str(number): number for number in range(size)} for size in taken.shape]
    return Dataset(*taken.shape, *maps, (coo.row, coo.col, coo.data))


PEERS: Mapping[str, Sequence[Peer]] = {
    ImplicitALS.name: [ImplicitALS(factors=32, regularization=l2, alpha=alpha)
                       for l2 in (0.01, 3.0, 30.0) for alpha in (1.0, 5.0, 15.0, 40.0)],
    ImplicitItems.name: [ImplicitItems(kind=kind, K=n) for kind in (
        "CosineRecommender", "BM25Recommender", "TFIDFRecommender") for n in (20, 50, 100, 200)],
    CornacEASE.name: [CornacEASE(lamb=l2, posB=positive) for positive in (True, False)
                      for l2 in (10.0, 30.0, 100.0, 200.0, 400.0, 1000.0)],
    ImplicitBPR.name: [ImplicitBPR(factors=32, iterations=n, learning_rate=rate, regularization=l2)
                       for n in (100, 300) for rate, l2 in ((0.01, 0.01), (0.05, 0.01), (0.05, 0.1))],
    CornacBPR.name: [CornacBPR(k=32, max_iter=n, learning_rate=rate, lambda_reg=l2)
                     for n in (100, 300) for rate, l2 in ((0.01, 0.01), (0.05, 0.01), (0.05, 0.1))],
    LightFMPeer.name: [LightFMPeer(content=content, epochs=epochs)
                       for epochs in (20, 50) for content in (0.1, 0.3, 1.0)]}
"""What each peer tries, as many settings as ours of the same cost."""
