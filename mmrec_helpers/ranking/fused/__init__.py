"""Fusion at the level of decisions: several rankers vote. Taught in chapter 7."""

from mmrec_helpers.ranking.fused.blend import Blend

__all__ = ["Blend"]
