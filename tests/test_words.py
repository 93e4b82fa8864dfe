"""The shop's notes: right length, few repeats, themes that can be read, in English and in Chinese."""

import re
from collections import Counter

import numpy as np
import pytest

from mmrec_helpers.datasets.recordshop import words

N = 600


@pytest.fixture(scope="module")
def notes():
    rng = np.random.default_rng(0)
    themes, genres = rng.standard_normal((N, 6)).clip(-2.5, 2.5), rng.integers(8, size=N)
    return themes, [words.describe(int(g), t, np.random.default_rng([1, n]), "Ada Brandel")
                    for n, (g, t) in enumerate(zip(genres, themes, strict=True))]


def test_a_note_has_40_to_120_words(notes):
    assert all(40 <= len(note.split()) <= 120 for _, note in notes[1])


def test_a_note_repeats_from_its_seed():
    one, two = (words.describe(2, np.ones(6), np.random.default_rng(5)) for _ in range(2))
    assert one == two


def test_titles_differ_and_few_sentences_repeat(notes):
    assert len({title for title, _ in notes[1]}) > 0.98 * N
    sentences = Counter(s for _, note in notes[1] for s in re.split(r"(?<=[.!?]) ", note))
    assert len(sentences) > 0.95 * sum(sentences.values())
    assert max(sentences.values()) <= 5


def test_no_blank_is_left_open_and_articles_fit(notes):
    for title, note in notes[1]:
        assert not re.search(r"[{}]", title + note)
        assert not re.search(r"\b[Aa] (?!one\b|once\b|eu|uni|us)[aeiou]\w", note), note
        assert not re.search(r"\b[Aa]n (?!hour|honest|heir)[^aeiouAEIOU]", note), note
        assert note[0].isupper()
        assert note[-1] in ".!?"
        assert not re.search(r"  | [,.;:]|\.\.", note)


def test_an_easy_theme_stands_there_in_so_many_words(notes):
    themes, told = notes
    sea = np.array([bool(re.search(r"\bsea\b", note)) for _, note in told])
    assert sea[themes[:, 0] > 1.2].mean() > 0.6
    assert sea[themes[:, 0] < -0.5].mean() == 0


def test_the_artist_is_the_one_given(notes):
    named = [note for _, note in notes[1] if "Ada Brandel" in note]
    assert len(named) > 0.3 * N


def test_a_structural_theme_is_told_in_the_words_of_its_other_pole(notes):
    """Both sides of a pair share most of their words: counting words tells them apart only in part."""
    for pairs in words.lex.PAIRED:
        shared = [len(set(a.split()) & set(b.split())) / len(set(a.split()) | set(b.split())) for a, b in pairs]
        assert np.mean(shared) > 0.4


def test_chinese_tells_the_same_themes_without_latin_letters():
    strong = np.array([2.0, -2.0, 2.0, 0, 0, 0])
    told = [words.describe_zh(0, strong, np.random.default_rng(n)) for n in range(40)]
    assert not any(re.search(r"[A-Za-z,.:;{}]", note) for note in told)
    assert all(60 <= len(note) <= 160 for note in told)
    assert sum(any(thing in note for thing in words.zh.EASY[0][1]) for note in told) >= 38
    assert not any(thing in note for thing in words.zh.EASY[0][0] for note in told)
    sentences = Counter(s for note in told for s in re.split(r"(?<=。)", note) if s)
    assert len(sentences) > 0.75 * sum(sentences.values())


def test_artists_are_many():
    assert len({words.artist(np.random.default_rng(n)) for n in range(500)}) > 300
