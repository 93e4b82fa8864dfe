"""What a table of results must say of itself: the protocol card. Taught in chapter 9."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mmrec_helpers.catalog import Stage
from mmrec_helpers.splits.stage import CountedStage


def card(stage: Stage, ranker: object) -> dict[str, object]:
    """What one ranker was asked and what it had seen, in plain data.

    seen: positive events in what the ranker was fitted on, where it says so (`popularity_`), else those of `stage.fit`;
    opened: how often this stage was asked so far, `by`: how often each name.

    >>> from mmrec_helpers import splits
    >>> from mmrec_helpers.ranking import Popularity
    >>> test = splits.user_time(splits.example()).test
    >>> card(test, Popularity().fit(test.fit))["seen"]
    18
    """
    counted = getattr(ranker, "popularity_", None)
    own = int(stage.fit.matrix.nnz)
    seen = int(counted.sum(dtype=np.float64)) if counted is not None and counted.any() else own
    asked = {"seen": seen, "stage's own": own, "users": len(stage.queries)}
    if not isinstance(stage, CountedStage):
        return asked
    names = ("split", "how", "seed", "masked", "candidates", "target")
    return {**{name: stage.protocol[name] for name in names if name in stage.protocol}, "stage": stage.name, **asked,
            "opened": len(stage.opened), "by": dict(Counter(stage.opened))}


def as_text(cards: Mapping[str, Mapping[str, object]]) -> str:
    """One card for the rows of a table: what they have in common once, and a warning where they differ.

    cards: by method.

    >>> print(as_text({"a": {"split": "user_time", "seen": 8}, "b": {"split": "user_time", "seen": 9}}))
    split: user_time
    NOT THE SAME FOR ALL: seen: 8 (a), 9 (b)
    """
    given = {name: one for name, one in cards.items() if one}
    lines = []
    for key in dict.fromkeys(key for one in given.values() for key in one if key not in ("opened", "by")):
        values = {name: one.get(key) for name, one in given.items()}
        same = len({str(value) for value in values.values()}) == 1
        each = ", ".join(f"{value} ({name})" for name, value in values.items())
        lines.append(f"{key}: {next(iter(values.values()))}" if same else f"NOT THE SAME FOR ALL: {key}: {each}")
    return "\n".join([*lines, *_opened(list(given.values()))])


def _opened(cards: Sequence[Mapping[str, object]]) -> list[str]:
    """How often the stage was asked: in all, and whom more than once."""
    counted = [one for one in cards if "opened" in one]
    if not counted:
        return []
    last = max(counted, key=lambda one: one["opened"])
    again = [f"{name} {_times(times)}" for name, times in last["by"].items() if times > 1]
    return [f"{last['stage']} opened {_times(last['opened'])}" + (f": {', '.join(again)}" if again else "")]


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times"


class ResultTable(pd.DataFrame):
    """A table of methods that shows its protocol card below itself, as text and as HTML."""

    _metadata = ("card",)
    card: str

    @property
    def _constructor(self) -> type[ResultTable]:
        return ResultTable

    def __repr__(self) -> str:
        return super().__repr__() + f"\n\n{getattr(self, 'card', '')}".rstrip()

    def _repr_html_(self) -> str | None:
        from html import escape

        rows, text = super()._repr_html_(), escape(getattr(self, "card", "") or "").replace("\n", "<br>")
        return rows and rows + (f"<p style='font-size:85%;color:#666'>{text}</p>" if text else "")
