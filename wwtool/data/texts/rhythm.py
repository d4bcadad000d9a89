"""Words that are said with the rhythm of a phrase: as many syllables, with the stress on the same ones."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from random import Random

from wwtool.data.espeak import phonemes
from wwtool.data.texts.lexicon import Lexicon
from wwtool.data.texts.spelled_vowels import is_vowel

_STRESS = "ˈ"


@cache
def rhythm(word: str, language: str) -> str:
    """A letter for every syllable of a word: ``S`` for one with the main stress, ``u`` for another.

    >>> rhythm("computer", "en-us")
    'uSu'
    """
    letters = []
    for spoken in phonemes(word, language):
        letters += ["S" if _STRESS in p else "u" for p in spoken if is_vowel(p)]
    return "".join(letters)


def alike_in_rhythm(phrase: str, language: str, book: Lexicon, random: Random) -> Iterator[str]:
    """Texts without end: each word of the phrase replaced by one with its rhythm, where the lexicon has any."""
    wanted = [rhythm(word, language) for word in phrase.split()]
    choices = [[other for other in book.words if rhythm(other, language) == pattern] for pattern in wanted]
    choices = [words or [word] for words, word in zip(choices, phrase.split(), strict=True)]
    while True:
        yield " ".join(random.choice(words) for words in choices)
