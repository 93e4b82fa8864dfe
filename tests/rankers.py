"""One or two small settings of every ranker, for the tests that hold for all of them."""

from mmrec_helpers.ranking import (
    BPR,
    EASE,
    L3AE,
    VBPR,
    Blend,
    ContentALS,
    ContentKNN,
    CrossAttention,
    GatedFusion,
    HybridRanker,
    ImplicitALS,
    ItemKNN,
    MappedALS,
    Popularity,
    SASRec,
    SideEASE,
    TwoTower,
    UserKNN,
)

RANKERS = {
    "popularity": Popularity, "item kNN": lambda: ItemKNN(3, 1.0), "content kNN": lambda: ContentKNN("tfidf", 4),
    "user kNN": lambda: UserKNN(5, 1.0), "BPR": lambda: BPR(3, 0.5, epochs=5, batch=64),
    "VBPR": lambda: VBPR(3, 0.5, epochs=5, batch=64),
    "hybrid": lambda: HybridRanker(3, 1.0, 2.0, 1.0, 5.0, 3.0, 1.0, share=0.4, n_seeds=2),
    "hybrid of some": lambda: HybridRanker(3, 1.0, 2.0, 1.0, 5.0, share=0.2, n_seeds=1, smooth=0.5, gaussian=1.0,
                                           weights_of={"tfidf": 0.1}, max_items=4),
    "hybrid with users": lambda: HybridRanker(3, 1.0, 2.0, 1.0, 5.0, share=0.2, user_k=3, user_share=0.5, n_seeds=1),
    "EASE": lambda: EASE(5.0), "EASE of some": lambda: EASE(5.0, max_items=6), "SideEASE": lambda: SideEASE(5.0, 2.0),
    "L3AE": lambda: L3AE(5.0, 3.0, 1.0), "ALS": lambda: ImplicitALS(3, 1.0, 2.0, 3),
    "ALS + content": lambda: ContentALS(3, 1.0, 2.0, 1.0, n_sweeps=3),
    "ALS, then content": lambda: MappedALS(3, 1.0, 2.0, n_sweeps=3),
    "ALS, then neighbours": lambda: MappedALS(3, 1.0, 2.0, n_sweeps=3, way="graph", k=3),
    "blend by ranks": lambda: Blend({"als": ImplicitALS(3), "text": ContentKNN("tfidf")}, {"als": 1.0, "text": 0.5},
                                    "ranks"),
    "blend": lambda: Blend({"ease": EASE(5.0), "text": ContentKNN("tfidf")}, {"ease": 0.6, "text": 0.4}),
    "blend with ALS": lambda: Blend({"als": ImplicitALS(3), "knn": ItemKNN()}, {"als": 0.5, "knn": 0.5}),
    "blend with popularity": lambda: Blend({"als": ImplicitALS(3), "pop": Popularity()}, {"als": 0.9, "pop": 0.1})}
"""Name -> a function that makes the ranker, of those that fit in milliseconds."""


def small(kind, **params):
    """A network of few dimensions, trained for one epoch."""
    return lambda: kind(**{"dim": 4, "n_factors": 3, "epochs": 1, "batch": 16, "als_l2": 1.0, **params})


NETWORKS = {"two-tower": small(TwoTower), "two-tower of content, few items": small(TwoTower, n_factors=0, max_items=3),
            "gated fusion": small(GatedFusion), "cross-attention": small(CrossAttention),
            "SASRec": lambda: SASRec(4, 6, epochs=1),
            "SASRec without order": lambda: SASRec(4, 6, epochs=1, order=False)}
"""The same of those that Keras trains."""
