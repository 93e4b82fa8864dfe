"""How good lists are: every metric is one function of one `Context`, registered by name. Taught in chapter 9."""

from mmrec_helpers.metrics.accuracy import (
    accuracy,
    auc,
    average_precision,
    f1,
    graded_ndcg,
    hit_rate,
    mrr,
    ndcg,
    precision,
    recall,
)
from mmrec_helpers.metrics.beyond import (
    calibration,
    coverage,
    diversity,
    gini,
    inequality,
    miscalibration,
    novelty,
    pair_distance,
    popularity_lift,
)
from mmrec_helpers.metrics.context import Context
from mmrec_helpers.metrics.ratings import mae, rmse
from mmrec_helpers.metrics.registry import METRICS, measure, metric, possible, title

__all__ = ["METRICS", "Context", "accuracy", "auc", "average_precision", "calibration", "coverage", "diversity", "f1",
           "gini", "graded_ndcg", "hit_rate", "inequality", "mae", "measure", "metric", "miscalibration", "mrr", "ndcg",
           "novelty", "pair_distance", "popularity_lift", "possible", "precision", "recall", "rmse", "title"]
