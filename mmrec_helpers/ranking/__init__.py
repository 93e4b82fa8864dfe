"""Rankers: from a history to a list. Taught in chapter 8."""

from mmrec_helpers.ranking.base import Capabilities, Explanation, Ranker
from mmrec_helpers.ranking.factors import ImplicitALS, VectorRanker
from mmrec_helpers.ranking.fused import Blend
from mmrec_helpers.ranking.linear import EASE, SideEASE
from mmrec_helpers.ranking.neighbours import ContentKNN, ItemKNN, ItemToItem
from mmrec_helpers.ranking.popularity import Popularity
from mmrec_helpers.ranking.saving import load, save

__all__ = ["EASE", "Blend", "Capabilities", "ContentKNN", "Explanation", "ImplicitALS", "ItemKNN", "ItemToItem",
           "Popularity", "Ranker", "SideEASE", "VectorRanker", "load", "save"]
