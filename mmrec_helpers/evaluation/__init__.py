"""Judging rankers: everyone's score, comparison with intervals, the table of methods. Taught in chapter 9."""

from mmrec_helpers.evaluation.compare import Difference, Interval, bootstrap, paired
from mmrec_helpers.evaluation.evaluator import Scores, evaluate
from mmrec_helpers.evaluation.report import as_text, numbers, table
from mmrec_helpers.evaluation.tuning import Choice, choose

__all__ = ["Choice", "Difference", "Interval", "Scores", "as_text", "bootstrap", "choose", "evaluate", "numbers",
           "paired", "table"]
