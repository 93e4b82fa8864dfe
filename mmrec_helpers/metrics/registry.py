"""All metrics by name, with what each of them asks for. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from mmrec_helpers.metrics.context import Context

Found = np.ndarray | float | Mapping[str, np.ndarray]
"""A value for each user (n,); one for the whole shop; or values for each user by modality."""


class Metric(NamedTuple):
    """formula: from a context; title: in a table; needs: the parts of the context that must be there."""

    formula: Callable[[Context], Found]
    title: str
    needs: tuple[str, ...] = ()


METRICS: dict[str, Metric] = {}
"""Of lists, by name. `metric` adds one."""


def metric(title: str, *needs: str) -> Callable[[Callable[[Context], Found]], Callable[[Context], Found]]:
    """Put a function of a context among METRICS, under its own name."""
    def add(formula: Callable[[Context], Found]) -> Callable[[Context], Found]:
        METRICS[formula.__name__] = Metric(formula, title, needs)
        return formula

    return add


def possible(context: Context) -> list[str]:
    """The names of the metrics that this context has everything for."""
    return [name for name, one in METRICS.items() if all(_there(getattr(context, need)) for need in one.needs)]


def _there(part: object) -> bool:
    return part is not None and not (isinstance(part, Mapping) and not part)


def measure(context: Context, names: list[str] | None = None) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Metrics of lists: those of each user, name -> (n,), and those of the whole shop, name -> float.

    names: default all that are `possible`. A metric by modality gets a name for each, `diversity (image)`. Raises
    KeyError for a name that there is not, ValueError where the context lacks what one needs.

    >>> users, shop = measure(Context.of([["a", "b"]], [{"b"}]), ["mrr"])
    >>> users, shop
    ({'mrr': array([0.5])}, {})
    """
    users, shop, can = {}, {}, possible(context)
    for name in can if names is None else names:
        if name not in METRICS:
            raise KeyError(f"no metric {name!r}; there are {', '.join(METRICS)}")
        if name not in can:
            raise ValueError(f"{name} needs {' and '.join(METRICS[name].needs)}, which are not known here")
        found = METRICS[name].formula(context)
        if isinstance(found, Mapping):
            users |= {f"{name} ({part})": values for part, values in found.items()}
        else:
            (shop if np.ndim(found) == 0 else users)[name] = found
    return users, shop


def title(name: str) -> str:
    """Of a metric in a table: `NDCG`; with its modality, `diversity (image)`.

    >>> title("hit_rate"), title("diversity (image)")
    ('hit rate', 'diversity (image)')
    """
    whole, _, part = name.partition(" (")
    known = METRICS[whole].title if whole in METRICS else whole
    return f"{known} ({part}" if part else known
