"""What the shop writes about a record: a small grammar over `lexicon`. Taught in chapter 3.

A note is about the record's themes. Mountains or sea, village or city, morning or night are there as words; solitude or
love, future or memory, home or journey only as meaning: both poles use much the same words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from mmrec_helpers.datasets.recordshop import lexicon as lex
from mmrec_helpers.datasets.recordshop import lexicon_shop as shop
from mmrec_helpers.datasets.recordshop import lexicon_zh as zh

LENGTHS = (86, 121)
"""A note has at most so many words: drawn from the first to one below the last."""

HINT = 0.85
"""How often a structural theme is given away by a phrase."""

NAMED = 1.3
"""How often an easy theme of strength 1 is named outright."""

PLAYED = 0.65
"""How often a note names what the record is played on."""


def describe(genre: int, themes: np.ndarray, rng: np.random.Generator,
             name: str = "The Ferrymen") -> tuple[str, str]:
    """A title and a note of 40 to 120 words. genre: 0 to 7; themes: (6,), see `world.FACTORS`; name: the artist's.

    >>> title, note = describe(3, np.array([2.0, 0, 0, 0, 0, -2.0]), np.random.default_rng(0))
    >>> 40 <= len(note.split()) <= 120
    True
    """
    pen = _pen(genre, rng, name)
    opening, closing = pen.write(pen.pick(shop.OPENINGS)), pen.write(pen.pick(shop.CLOSINGS))
    facts = [pen.write(pen.pick(shop.FACTS[topic])) for topic in rng.permutation(len(shop.FACTS))]
    body = _theme_sentences(themes, pen)
    if pen.happens(PLAYED):
        body.insert(3, pen.write(pen.pick(shop.PLAYED), a=pen.pick(shop.INSTRUMENTS[genre])))
    body += facts[:max(0, 4 - len(body))]
    if len(body) > 4:
        closing = ""
    room = int(rng.integers(*LENGTHS)) - len(f"{opening} {closing}".split())
    kept = _within(body, [len(one.split()) for one in body], room)
    note = " ".join([opening, *(kept[place] for place in rng.permutation(len(kept))), closing])
    return _title(pen), note.strip()


def describe_zh(genre: int, themes: np.ndarray, rng: np.random.Generator) -> str:
    """The same themes in Chinese, in 60 to 160 characters. genre is not mentioned."""
    pen = _Pen(rng, zh.SLOTS)
    opening, closing = pen.write(pen.pick(zh.OPENINGS)), pen.write(pen.pick(zh.CLOSINGS))
    parts = []
    for axis in range(3):
        parts += _easy(zh.EASY[axis][int(themes[axis] > 0)], themes[axis], zh.FRAMES, zh.ONE, pen)
    chosen = [axis for axis in range(3) if pen.happens(_chance(themes[3 + axis]))]
    parts += [_paired_zh(axis, themes[3 + axis] > 0, pen) for axis in chosen]
    parts += _facts_zh(pen, 60 - len("".join([opening, *parts, closing])))
    parts = _within(parts, list(map(len, parts)), 160 - len(opening + closing))
    return opening + "".join(parts[place] for place in rng.permutation(len(parts))) + closing


def artist(rng: np.random.Generator) -> str:
    """An invented name, of a person or of a band."""
    if rng.random() < 0.3:
        return f"The {_pick(shop.TITLE_WORDS, rng)} {_pick(shop.BANDS, rng)}"
    name = f"{_pick(shop.NAMES, rng)} {_pick(shop.SURNAMES, rng)}"
    return f"{name} {_pick(shop.BANDS[-6:], rng)}" if rng.random() < 0.15 else name


class _Pen(dict):
    """Writes the sentences of one note: fills their blanks from `slots`, and uses nothing twice while it can.

    >>> pen = _Pen(np.random.default_rng(0), {"fruit": ("apple", "pear"), "both": ("a {fruit}, a {fruit}",)}, who="he")
    >>> sorted(pen.write("{who} has {both}").split())
    ['He', 'a', 'an', 'apple.', 'has', 'pear,']
    """

    def __init__(self, rng: np.random.Generator, slots: Mapping[str, Sequence[str]], **fixed: str) -> None:
        super().__init__(fixed)
        self.rng, self.slots, self.used = rng, slots, set()

    def __missing__(self, blank: str) -> str:
        return self.pick(self.slots[blank]).format_map(self)

    def pick(self, things: Sequence[str]) -> str:
        """One of the things, if possible a new one."""
        thing = _pick([one for one in things if one not in self.used] or things, self.rng)
        self.used.add(thing)
        return thing

    def write(self, sentence: str, **given: str) -> str:
        """The sentence with these blanks filled as given, and the others from the slots."""
        for blank, text in given.items():
            sentence = sentence.replace(f"{{{blank}}}", text)
        return _sentence(_articles(sentence.format_map(self)))

    def happens(self, chance: float) -> bool:
        """Whether something so likely happens this time."""
        return bool(self.rng.random() < chance)


def _pen(genre: int, rng: np.random.Generator, name: str) -> _Pen:
    """The pen for a record by this artist: sung or not, by one or by many."""
    sung = rng.random() < shop.SUNG[genre]
    band = name.startswith("The ") or name.endswith(shop.BANDS)
    slots = shop.SLOTS | (shop.WITH_WORDS if sung else shop.WITHOUT_WORDS)
    one = ("the singer",) if sung else ("the composer", "the player")
    crew = _pick(("the band", "the group") if band else one, rng)
    piece = "song" if sung else "piece"
    return _Pen(rng, slots, artist=name, crew=crew, piece=piece, other=artist(rng))


def _theme_sentences(themes: np.ndarray, pen: _Pen) -> list[str]:
    """Sentences about the themes, those of the strongest first; the stronger a theme, the likelier and plainer."""
    by_axis = {axis: _easy(lex.EASY[axis][int(themes[axis] > 0)], themes[axis], lex.BOTH, lex.ONE, pen)
               for axis in range(3)}
    for axis, sentences in by_axis.items():
        if pen.happens(NAMED * abs(themes[axis])):
            sentences.insert(0, pen.write(pen.pick(lex.NAMED), pole=lex.POLES[axis][int(themes[axis] > 0)]))
    by_axis |= {axis: [_paired(axis - 3, themes[axis] > 0, pen)] for axis in range(3, 6)
                if pen.happens(_chance(themes[axis]))}
    ranked = [(place - abs(themes[axis]), sentence) for axis, sentences in by_axis.items()
              for place, sentence in enumerate(sentences)]
    return [sentence for _, sentence in sorted(ranked)]


def _chance(theme: float) -> float:
    """How likely a theme is mentioned: from one in ten for none to certainty for a strong one."""
    return float(min(1, 0.1 + 0.85 * abs(theme)))


def _easy(things: Sequence[str], theme: float, both: Sequence[str], one: Sequence[str], pen: _Pen) -> list[str]:
    """Nothing, one thing, or two in one sentence, or a second sentence, as |theme| grows."""
    strength = abs(theme) + 0.15 * pen.rng.standard_normal()
    a, b, c = (pen.pick(things) for _ in range(3))
    if strength < 0.15:
        return []
    if strength < 0.6:
        return [pen.write(pen.pick(one), a=a)]
    first = pen.write(pen.pick(both), a=a, b=b)
    return [first] if strength < 1.5 else [first, pen.write(pen.pick(one), a=c)]


def _paired(axis: int, positive: bool, pen: _Pen) -> str:
    hinted = pen.happens(HINT)
    hint = pen.pick(lex.HINTS[axis][int(positive)])
    form = pen.pick(lex.HINTED if hinted else lex.UNHINTED)
    return pen.write(pen.write(form, hint=hint, thought=_thought(lex.PAIRED[axis], positive, pen)))


def _paired_zh(axis: int, positive: bool, pen: _Pen) -> str:
    story = pen.write(pen.pick(zh.STORIES), thought=_thought(zh.PAIRED[axis], positive, pen))
    return pen.pick(zh.HINTS[axis][int(positive)]) + story if pen.happens(HINT) else story


def _thought(pairs: Sequence[tuple[str, str]], positive: bool, pen: _Pen) -> str:
    """One side of a pair, with the same person throughout."""
    return pen.pick([pair[int(positive)] for pair in pairs]).replace("{who}", pen["who"])


def _facts_zh(pen: _Pen, n_missing: int) -> list[str]:
    """One or two facts, or as many as it takes to write so many characters."""
    facts = [pen.write(pen.pick(zh.FACTS))]
    while sum(map(len, facts)) < n_missing:
        facts.append(pen.write(pen.pick(zh.FACTS)))
    return facts


def _articles(sentence: str) -> str:
    """`a odd record` becomes `an odd record`."""
    return re.sub(r"\b([Aa]) (?=(?!one\b|once|eu)[aeio]|un(?!i)|up|hour|honest|heir)", r"\1n ", sentence)


def _within(sentences: list[str], lengths: list[int], room: int) -> list[str]:
    """As many of the sentences, from the first, as have no more than this length (words or characters) together."""
    return [sentence for sentence, end in zip(sentences, np.cumsum(lengths), strict=True) if end <= room]


def _title(pen: _Pen) -> str:
    first, second, noun, other = (pen.pick(words) for words in (shop.TITLE_WORDS, shop.TITLE_WORDS, shop.TITLE_NOUNS,
                                                                shop.TITLE_NOUNS))
    return pen.pick(shop.TITLES).format(first=first, second=second, noun=noun, other=other)


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text else text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "。")) else ".")


def _pick(things: Sequence[str], rng: np.random.Generator) -> str:
    return things[int(rng.integers(len(things)))]
