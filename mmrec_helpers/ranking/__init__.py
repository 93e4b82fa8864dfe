"""Rankers: from a history to a list. Taught in chapter 8."""

from mmrec_helpers.ranking.base import Capabilities, Explanation, Ranker
from mmrec_helpers.ranking.bpr import BPR
from mmrec_helpers.ranking.factors import ImplicitALS, VectorRanker
from mmrec_helpers.ranking.fused import (
    L3AE,
    VBPR,
    Blend,
    ContentALS,
    CrossAttention,
    GatedFusion,
    HybridRanker,
    MappedALS,
    SideEASE,
    TwoTower,
)
from mmrec_helpers.ranking.linear import EASE
from mmrec_helpers.ranking.neighbours import ContentKNN, ItemKNN, ItemToItem
from mmrec_helpers.ranking.popularity import Popularity
from mmrec_helpers.ranking.saving import load, save
from mmrec_helpers.ranking.sequence import SASRec
from mmrec_helpers.ranking.users import UserKNN

__all__ = ["BPR", "EASE", "L3AE", "VBPR", "Blend", "Capabilities", "ContentALS", "ContentKNN", "CrossAttention",
           "Explanation", "GatedFusion", "HybridRanker", "ImplicitALS", "ItemKNN", "ItemToItem", "MappedALS",
           "Popularity", "Ranker", "SASRec", "SideEASE", "TwoTower", "UserKNN", "VectorRanker", "load", "save"]
