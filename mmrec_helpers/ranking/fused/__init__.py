"""Fusion in the model (content and log in one objective) and at the level of decisions (votes). Taught in chapter 7."""

from mmrec_helpers.ranking.fused.blend import Blend
from mmrec_helpers.ranking.fused.content_als import ContentALS
from mmrec_helpers.ranking.fused.hybrid import HybridRanker
from mmrec_helpers.ranking.fused.linear import L3AE, SideEASE
from mmrec_helpers.ranking.fused.mapped_als import MappedALS
from mmrec_helpers.ranking.fused.networks import CrossAttention, GatedFusion, TwoTower
from mmrec_helpers.ranking.fused.stacking import stacked_weights
from mmrec_helpers.ranking.fused.vbpr import VBPR

RANKERS = (SideEASE, L3AE, MappedALS, ContentALS, VBPR, Blend, HybridRanker, TwoTower, GatedFusion, CrossAttention)

__all__ = ["L3AE", "VBPR", "Blend", "ContentALS", "CrossAttention", "GatedFusion", "HybridRanker", "MappedALS",
           "RANKERS", "SideEASE", "TwoTower", "stacked_weights"]
