"""What the shop writes about a record: a small grammar over `lexicon`. Taught in chapter 3.

A note tells the record's themes. Mountains or sea, village or city, morning or night stand there in so many words;
solitude or love, future or memory, home or journey only in what is said: both poles use much the same words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmrec_helpers.datasets.recordshop import lexicon as lex

MAX_WORDS = 120

HINT = 0.6
"""How often a structural theme is given away by a word."""


def describe(genre: int, themes: np.ndarray, rng: np.random.Generator,
             name: str = "The Ferrymen") -> tuple[str, str]:
    """A title and a note of 40 to 120 words. genre: 0 to 7; themes: (6,), see `world.FACTORS`; name: the artist's.

    >>> title, note = describe(3, np.array([2.0, 0, 0, 0, 0, -2.0]), np.random.default_rng(0))
    >>> 40 <= len(note.split()) <= 120
    True
    """
    body = _theme_sentences(themes, rng)
    while len(body) < 3:
        body.append(_played(int(rng.integers(len(lex.INSTRUMENTS))), rng))
    if rng.random() < 0.5:
        body.insert(0, _played(genre, rng))
    opening, closing = _framed(lex.OPENINGS, name, rng), _framed(lex.CLOSINGS, name, rng)
    kept = _within(body, MAX_WORDS - len(f"{opening} {closing}".split()))
    note = " ".join([opening, *(kept[place] for place in rng.permutation(len(kept))), closing])
    while len(note.split()) < 40:
        note = f"{note} {_framed(lex.OPENINGS, name, rng)}"
    return _title(rng), note


def describe_zh(genre: int, themes: np.ndarray, rng: np.random.Generator) -> str:
    """The same themes in Chinese. genre is not told."""
    parts = []
    for axis in range(3):
        words = lex.ZH_EASY[axis][int(themes[axis] > 0)]
        parts += _easy(words, themes[axis], lex.ZH_FRAMES, lex.ZH_ONE, rng)
    for axis in range(3):
        if rng.random() < _chance(themes[3 + axis]):
            parts.append(_pick(lex.ZH_PAIRED[axis][int(themes[3 + axis] > 0)], rng) + "。")
    order = [parts[place] for place in rng.permutation(len(parts))]
    return _pick(lex.ZH_OPENINGS, rng) + "".join(order) + _pick(lex.ZH_CLOSINGS, rng)


def artist(rng: np.random.Generator) -> str:
    """An invented name, of a person or of a band."""
    if rng.random() < 0.3:
        return f"The {_pick(lex.TITLE_WORDS, rng)} {_pick(lex.BANDS, rng)}"
    name = f"{_pick(lex.NAMES, rng)} {_pick(lex.SURNAMES, rng)}"
    return f"{name} {_pick(lex.BANDS[-6:], rng)}" if rng.random() < 0.15 else name


def _theme_sentences(themes: np.ndarray, rng: np.random.Generator) -> list[str]:
    """A sentence or none for each axis; the stronger the theme, the likelier and the plainer."""
    sentences = []
    for axis in range(3):
        pole = int(themes[axis] > 0)
        sentences += _easy(lex.EASY[axis][pole], themes[axis], lex.BOTH, lex.ONE, rng)
        if rng.random() < 0.95 * abs(themes[axis]) - 0.1:
            named = _pick(lex.NAMED, rng).replace("{pole}", lex.POLES[axis][pole])
            sentences.insert(0, _framed([named], "", rng))
    for axis in range(3):
        if rng.random() < _chance(themes[3 + axis]):
            sentences.insert(0, _paired(axis, themes[3 + axis] > 0, rng))
    return sentences


def _chance(theme: float) -> float:
    """How likely a theme is told: from one in eight for none to certainty for a strong one."""
    return float(min(1, 0.1 + 0.85 * abs(theme)))


def _easy(things: Sequence[str], theme: float, both: Sequence[str], one: Sequence[str],
          rng: np.random.Generator) -> list[str]:
    """Nothing, one thing, or two in one sentence, or a second sentence, as |theme| grows."""
    strength = abs(theme) + 0.15 * rng.standard_normal()
    a, b, c = rng.choice(len(things), size=3, replace=False)
    if strength < 0.3:
        return []
    if strength < 0.8:
        return [_pick(one, rng).format(a=things[a])]
    first = _pick(both, rng).format(a=things[a], b=things[b])
    return [first] if strength < 1.9 else [first, _pick(one, rng).format(a=things[c])]


def _paired(axis: int, positive: bool, rng: np.random.Generator) -> str:
    pairs = lex.PAIRED[axis]
    clause = pairs[int(rng.integers(len(pairs)))][int(positive)].format(songs=_pick(lex.SONGS, rng))
    leads = lex.HINTS[axis][int(positive)] if rng.random() < HINT else lex.LEADS
    return _sentence(_pick(leads, rng) + clause)


def _played(genre: int, rng: np.random.Generator) -> str:
    played = _pick(lex.PLAYED, rng).replace("{a}", _pick(lex.INSTRUMENTS[genre], rng))
    return _framed([played], "", rng)


def _framed(sentences: Sequence[str], name: str, rng: np.random.Generator) -> str:
    """One of the sentences with its blanks filled."""
    adjective, other = rng.choice(len(lex.ADJECTIVES), 2, replace=False)
    sentence = _pick(sentences, rng).format(
        artist=name, weeks=_number(rng, 2, 9), people=_number(rng, 2, 8), thing=_pick(lex.THINGS, rng),
        adjective=lex.ADJECTIVES[adjective], other=lex.ADJECTIVES[other], number=int(rng.integers(4, 10)))
    return _sentence(_article(sentence))


def _number(rng: np.random.Generator, low: int, high: int) -> str:
    return ("two", "three", "four", "five", "six", "seven", "eight", "nine")[int(rng.integers(low, high + 1)) - 2]


def _article(sentence: str) -> str:
    """`a odd record` becomes `an odd record`."""
    words = sentence.split(" ")
    for place, following in enumerate(words[1:]):
        if words[place].lower() == "a" and following[:1].lower() in "aeio":
            words[place] += "n"
    return " ".join(words)


def _within(sentences: list[str], n_words: int) -> list[str]:
    """As many of the sentences, from the first, as have no more than so many words together."""
    lengths = np.cumsum([len(sentence.split()) for sentence in sentences])
    return [sentence for sentence, length in zip(sentences, lengths, strict=True) if length <= n_words]


def _title(rng: np.random.Generator) -> str:
    first, noun, other = _pick(lex.TITLE_WORDS, rng), _pick(lex.TITLE_NOUNS, rng), _pick(lex.TITLE_NOUNS, rng)
    second = _pick(lex.TITLE_WORDS, rng)
    forms = (f"{first} {noun}", f"{first} {noun} and {other}", f"The {first} {noun}", f"{noun} for {other}",
             f"{noun} without {other}", f"All the {first} {noun}", f"{first} {noun}, {second} {other}")
    return forms[int(rng.choice(len(forms), p=[0.1, 0.2, 0.1, 0.15, 0.15, 0.1, 0.2]))]


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text else text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _pick(things: Sequence[str], rng: np.random.Generator) -> str:
    return things[int(rng.integers(len(things)))]
