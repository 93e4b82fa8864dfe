"""Interactions divided for an honest experiment. Taught in chapter 9."""

from mmrec_helpers.splits.divide import (
    SPLITS,
    cold_items,
    cold_users,
    default,
    global_time,
    long_tail,
    user_time,
)
from mmrec_helpers.splits.feedback import example, first_feedback, release_times
from mmrec_helpers.splits.leaks import check_no_leak

__all__ = ["SPLITS", "check_no_leak", "cold_items", "cold_users", "default", "example", "first_feedback", "global_time",
           "long_tail", "release_times", "user_time"]
