"""Judging rankers: everyone's score, comparison with intervals, the table of methods. Taught in chapter 9."""

from mmrec_helpers.evaluation.compare import Difference, Interval, bootstrap, in_words, interval_over_draws, paired
from mmrec_helpers.evaluation.evaluator import Scores, evaluate
from mmrec_helpers.evaluation.report import by_targets, numbers, segments, table
from mmrec_helpers.evaluation.tuning import Tuned, tune, tune_each

__all__ = ["Difference", "Interval", "Scores", "Tuned", "bootstrap", "by_targets", "evaluate", "in_words",
           "interval_over_draws", "numbers", "paired", "segments", "table", "tune", "tune_each"]
