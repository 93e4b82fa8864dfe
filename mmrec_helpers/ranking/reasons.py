"""In which features an item is like one of someone's past: a reason that can be shown. Taught in chapter 8."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmrec_helpers.catalog import Features
from mmrec_helpers.ranking.neighbours import unit_rows


def alike_in(features: Sequence[Features], one: str, other: str) -> tuple[str, float]:
    """The features in which two items are closest, compared with all items, and the share of items less like `one`.

    ("", 0.0) where no features hold both.

    >>> text = Features("tfidf", "text", ["a", "b", "c"], [[1, 0], [0.9, 0.1], [-1, 0]])
    >>> name, share = alike_in([text], "a", "b")
    >>> name, round(share, 2)
    ('tfidf', 0.33)
    """
    closest = ("", 0.0)
    for each in features:
        pair = each.align([one, other])
        if pair.present.all():
            unit = unit_rows(each)
            similar = unit @ unit[np.flatnonzero(each.ids == one)[0]]
            share = float((similar < similar[np.flatnonzero(each.ids == other)[0]]).mean())
            closest = max(closest, (each.name, share), key=lambda found: found[1])
    return closest
