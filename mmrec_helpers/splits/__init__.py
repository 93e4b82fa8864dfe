"""Interactions divided for an honest experiment. Taught in chapter 9."""

from mmrec_helpers.splits.cold import cold_items, cold_users, long_tail
from mmrec_helpers.splits.divide import SPLITS, default, global_time, session, user_time
from mmrec_helpers.splits.feedback import example, first_feedback, release_times
from mmrec_helpers.splits.leaks import check_features_fit, check_no_leak, near_duplicates

__all__ = ["SPLITS", "check_features_fit", "check_no_leak", "cold_items", "cold_users", "default", "example",
           "first_feedback", "global_time", "long_tail", "near_duplicates", "release_times", "session", "user_time"]
