"""What the page of a run and the report share: their Jinja2 layouts, and a picture of means with intervals.

Taught in chapter 9.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmrec_helpers.evaluation.compare import Interval


@dataclass(frozen=True)
class Bar:
    """One row of a picture: a label, a mean with its interval (nan where there is none), and whether it stands out, as
    the method whose lists are served."""

    label: str
    value: Interval
    served: bool = False


def bars(methods: Mapping[str, Mapping], served: str) -> list[Bar]:
    """NDCG of every method, as `report.numbers` gives them; the one that is served stands out."""
    return [Bar(name, Interval(*(np.nan if (value := one["ndcg"][end]) is None else value
                                 for end in ("mean", "low", "high"))), name == served) for name, one in methods.items()]


def top(shown: Sequence[Bar]) -> float:
    """Where the axis of a picture ends: a round number just above every interval.

    >>> top([Bar("a", Interval(0.2, 0.1, 0.26))])
    0.3
    """
    largest = max((np.nanmax([*one.value, 0]) for one in shown), default=0)
    return next((end for end in (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6, 0.8) if end > largest), 1.0)


def render(template: str, filters: Mapping[str, Callable] | None = None, **values: object) -> str:
    """A page of this folder; every value is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    layouts = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
                          trim_blocks=True, lstrip_blocks=True)
    layouts.globals["top"] = top
    layouts.filters |= filters or {}
    return layouts.get_template(template).render(**values)
