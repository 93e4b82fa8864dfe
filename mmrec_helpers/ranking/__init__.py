"""Rankers: from a history to a list. Taught in chapter 8."""

from mmrec_helpers.ranking.base import Ranker, load
from mmrec_helpers.ranking.fused import Blend
from mmrec_helpers.ranking.linear import EASE, SideEASE
from mmrec_helpers.ranking.neighbours import ContentKNN, ItemKNN
from mmrec_helpers.ranking.popularity import Popularity

__all__ = ["EASE", "Blend", "ContentKNN", "ItemKNN", "Popularity", "Ranker", "SideEASE", "load"]
