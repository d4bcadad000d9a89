"""Texts that rhyme with a phrase, or that differ from it in one consonant."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from random import Random

from wwtool.data.texts.lexicon import VOWELS, Lexicon, substitution_cost
from wwtool.data.texts.sounds import Sounds, sounds

_ONSETS = ("b", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "ch", "sh", "st", "tr")
_FIRST_CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxyz]*")
_MOST_RHYMES = 60
_UNLIKE = 1.0  # a consonant that costs less to replace is easily confused, and an accent may say it


def rhymes(phrase: str, language: str, book: Lexicon, random: Random) -> Iterator[str]:
    """The phrase with one of its words, or all of them, replaced by words that rhyme with them."""
    words = phrase.split()
    alike = [[*rhyming_words(word, language, book), *other_beginnings(word, language)] for word in words]
    for i, choices in enumerate(alike):
        for other in choices:
            yield " ".join([*words[:i], other, *words[i + 1 :]])
            yield other
    if len(words) > 1 and all(alike):
        for _ in range(_MOST_RHYMES * 4):
            yield " ".join(random.choice(choices) for choices in alike)


def rhyming_words(word: str, language: str, book: Lexicon) -> list[str]:
    """Words that end like ``word``: from its last vowel but one if there are any, else from its last vowel."""
    said = sounds(word, language)
    vowels = [i for i, sound in enumerate(said) if sound in VOWELS and (i == 0 or said[i - 1] not in VOWELS)]
    for start in vowels[-2:]:
        ends = [other for other, sound in zip(book.words, book.sounds, strict=True) if _rhyme(sound, said, start)]
        if ends:
            return list(itertools.islice(ends, _MOST_RHYMES))
    return []


def other_beginnings(word: str, language: str) -> list[str]:
    """``word`` with other consonants at its beginning: "tomputer", "marvis". Latin letters only."""
    match = _FIRST_CONSONANTS.match(word)
    rest = word[match.end() :] if match else word
    if not word.isascii() or not rest:
        return []
    first = sounds(word, language)
    others = ((onset + rest, sounds(onset + rest, language)) for onset in _ONSETS)
    return [text for text, sound in others if sound and first and substitution_cost(sound[0], first[0]) >= _UNLIKE]


def _rhyme(other: Sounds, said: Sounds, start: int) -> bool:
    """Whether ``other`` ends in the sounds of ``said`` from ``start`` on, after another sound."""
    tail = said[start:]
    if len(other) < len(tail) or other[len(other) - len(tail) :] != tail:
        return False
    before = other[len(other) - len(tail) - 1 : len(other) - len(tail)]
    return before != said[start - 1 : start] if start else bool(before)
