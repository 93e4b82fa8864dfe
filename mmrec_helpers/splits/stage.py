"""A stage that knows its protocol and counts how often it was asked. Taught in chapter 9."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mmrec_helpers.catalog import Stage


@dataclass(frozen=True)
class CountedStage(Stage):
    """A Stage of a split. name: "valid" or "test"; protocol: of its split; opened: who was judged here so far, a name
    each time. Taught in chapter 9."""

    name: str = ""
    protocol: Mapping[str, object] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
