"""Exercises that answer: correct, incorrect, or not attempted yet; a typical mistake gets a message of its own.

In a notebook: `from mmrec_helpers.course.chapters.ch02 import without_copies`, then `without_copies.check(my_answer)`,
`without_copies.hint()`, `without_copies.solution()`.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CORRECT, INCORRECT, NOT_YET = "correct", "incorrect", "not attempted yet"
TO_DO = NOT_YET, "write your answer above, run it, then run this cell again"
NOTHING = INCORRECT, "your function returns nothing (None): its last line must be return and the result"
NO_FUNCTION = INCORRECT, "check needs your function itself: its name only, without brackets after it"
LONGEST = 500
"""Characters that are shown of one argument or result."""

Answer = Callable[..., Any]
"""A function that the learner wrote."""

Same = Callable[[Any, Any], bool]
"""Whether a result is the wanted one."""


def close(found: object, wanted: object) -> bool:
    """Arrays of one shape (a single value may be wrapped), close to one another; NaN only where it is wanted."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    same_shape = found.shape == wanted.shape or found.size == wanted.size == 1
    return same_shape and np.allclose(found.ravel(), wanted.ravel(), equal_nan=True)


def in_order(found: object, wanted: object) -> bool:
    """The same elements in the same order, in any kind of list."""
    return not isinstance(found, str | Set | Mapping) and list(found) == list(wanted)


def as_set(found: object, wanted: object) -> bool:
    """The same elements in any order, in any kind of list; repetitions do not matter."""
    return not isinstance(found, str | Mapping) and set(found) == set(wanted)


@dataclass
class Exercise:
    """A function to write. answer: a right one, which is the solution; cases: the arguments of each trial (every call
    gets copies); mistakes: typical wrong answers and what to say to each; tip: the first hint; same: whether a result
    is the wanted one.

    In the first case with a wrong result, the first mistake that gives the same result gives its message.
    """

    name: str
    answer: Answer
    cases: Sequence[tuple]
    mistakes: Sequence[tuple[Answer, str]]
    tip: str
    same: Same = close
    made: str = field(default="", init=False)

    def verdict(self, answer: Answer) -> tuple[str, str]:
        """The verdict and what to say; remembers the mistake for the hint."""
        self.made = ""
        if answer is None or answer is ...:
            return TO_DO
        if not callable(answer):
            return NO_FUNCTION
        return next((wrong for case in self.cases if (wrong := self._wrong(answer, case))), (CORRECT, ""))

    def check(self, answer: Answer) -> None:
        """Print the verdict."""
        verdict, words = self.verdict(answer)
        print(f"{self.name}: {verdict}" + (f". {words}" if words else ""))

    def hint(self) -> None:
        """Print a hint about the mistake made last, else about the task."""
        print(self.made or self.tip)

    def solution(self) -> None:
        """Print a solution."""
        print(inspect.getsource(self.answer))

    def _wrong(self, answer: Answer, case: tuple) -> tuple[str, str] | None:
        """The verdict on a case where the answer is not right; None where it is."""
        try:
            found = _call(answer, case)
        except NotImplementedError:
            return TO_DO
        except Exception as fault:  # a learner's function may fail in any way
            return INCORRECT, f"it stops with {type(fault).__name__}: {fault}\n{self._given(case)}"
        if found is None:
            return NOTHING
        if self._gives(self.answer, found, case):
            return None
        self.made = next((message for wrong, message in self.mistakes if self._gives(wrong, found, case)), "")
        return INCORRECT, self.made or (
            f"not yet; hint() gives a hint\n{self._given(case)}\nit returned: {_shown(found)}")

    def _gives(self, example: Answer, found: object, case: tuple) -> bool:
        """Whether an example gives what was found; what cannot be compared is not the same."""
        try:
            return bool(self.same(found, _call(example, case)))
        except Exception:
            return False

    def _given(self, case: tuple) -> str:
        """The arguments of a case, each after its name."""
        names = inspect.signature(self.answer).parameters
        return "\n".join(f"with {name}: {_shown(value)}" for name, value in zip(names, case, strict=False))


def _call(function: Answer, case: tuple) -> object:
    with np.errstate(all="ignore"):
        return function(*copy.deepcopy(case))


def _shown(value: object) -> str:
    """A value as text, on lines of its own where it needs several."""
    text = getattr(value, "__name__", repr(value))
    return ("\n" if "\n" in text else "") + text[:LONGEST] + (" ..." if len(text) > LONGEST else "")
