"""The course's machinery: running, checking, exercising the notebooks. A learner needs only `course.checks`."""
