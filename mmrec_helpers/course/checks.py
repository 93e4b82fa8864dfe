"""Exercises that answer: correct, incorrect, or not attempted yet; a typical mistake gets a message of its own.

In a notebook: `from mmrec_helpers.course.chapters.ch02 import same_play`, then `same_play.check(my_answer)`,
`same_play.hint()`, `same_play.solution()`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

CORRECT, INCORRECT, NOT_YET = "correct", "incorrect", "not attempted yet"

Answer = object
"""A value or a function that the learner wrote."""


@dataclass(frozen=True)
class Mistake:
    """A typical wrong answer. name: for the tests; example: an answer with this mistake; caught: whether an answer has
    it; message: what to say to a learner who made it."""

    name: str
    example: Answer
    caught: Callable[[Answer], bool]
    message: str


@dataclass
class Exercise:
    """One exercise. right: whether an answer is correct; answer: one that is; mistakes: the typical ones, the first
    that is caught speaks; tip: the first push; code: the solution as text."""

    name: str
    right: Callable[[Answer], bool]
    answer: Answer
    mistakes: Sequence[Mistake]
    tip: str
    code: str
    made: Mistake | None = field(default=None, init=False)

    def verdict(self, answer: Answer) -> tuple[str, str]:
        """The verdict and what to say; remembers the mistake, so that the hint can speak to it."""
        self.made, stops = None, "not yet; hint() gives a push"
        try:
            if _blank(answer):
                return NOT_YET, "write your answer above, run it, then run this cell again"
            try:
                if self.right(answer):
                    return CORRECT, ""
            except NotImplementedError:
                raise
            except Exception as fault:  # a learner's function may fail in any way
                stops = f"it stops with {type(fault).__name__}: {fault}"
            self.made = next((one for one in self.mistakes if _holds(one.caught, answer)), None)
        except NotImplementedError:
            return NOT_YET, "write your answer above, run it, then run this cell again"
        return INCORRECT, self.made.message if self.made else stops

    def check(self, answer: Answer) -> None:
        """Print the verdict."""
        verdict, words = self.verdict(answer)
        print(f"{self.name}: {verdict}" + (f". {words}" if words else ""))

    def hint(self) -> None:
        """Print a push: to the mistake made last, else to the task."""
        print(self.made.message if self.made else self.tip)

    def solution(self) -> None:
        """Print a solution."""
        print(self.code)


def gives_like(reference: Callable, *cases: Sequence[object]) -> Callable[[Answer], bool]:
    """A check: whether a function gives the numbers that `reference` gives, for each case's arguments (copies)."""
    def alike(answer: Answer) -> bool:
        with np.errstate(all="ignore"):
            return all(_same_numbers(answer(*copy.deepcopy(case)), reference(*case)) for case in cases)

    return alike


def _same_numbers(found: object, wanted: object) -> bool:
    """Of one shape (a single number may be wrapped) and close."""
    found, wanted = np.asarray(found, float), np.asarray(wanted, float)
    same_shape = found.shape == wanted.shape or found.size == wanted.size == 1
    return same_shape and bool(np.allclose(found, wanted))


def _blank(answer: Answer) -> bool:
    return answer is None or answer is ...


def _holds(caught: Callable[[Answer], bool], answer: Answer) -> bool:
    """Whether a mistake is recognised; one that cannot be looked for in this answer is not."""
    try:
        return bool(caught(answer))
    except NotImplementedError:
        raise
    except Exception:
        return False
