"""The letters behind the vowels of a word, for people who say it as it is written."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_STRESS = "ˈˌ"
_VOWELS = frozenset("aeiouyæɑɒɔəɛɪʊøœɯɨʉɤɵɐʌɜɚᵻʏ")
_VOWEL_LETTERS = re.compile(r"qu|[aeiouy]+")
_MARKS = ".,!?;:"
_SILENT_E = re.compile(r"(?<=[^aeiouyl])e$")
REDUCED = frozenset("əɐᵻɚ")
"""Vowels that have no quality of their own."""


def bare(phone: str) -> str:
    """A phone of espeak-ng without its stress mark."""
    return phone.lstrip(_STRESS)


def in_place_of(phone: str, other: str) -> str:
    """Another phone, with the stress mark of this one.

    >>> in_place_of("ˈuː", "o")
    'ˈo'
    """
    return phone[: len(phone) - len(bare(phone))] + other


def is_vowel(phone: str) -> bool:
    """Whether a phone of espeak-ng, with its stress mark or without, is a vowel."""
    return bare(phone)[:1] in _VOWELS


def vowel_letters(word: str, phones: Sequence[str]) -> list[str]:
    """For each phone of a word, the vowel letter that it is written with; "" for consonants, and where nobody knows.

    Letters and phones are matched by counting: nothing is known of a word that has more of the one than of the other.

    >>> vowel_letters("computer", ["k", "ə", "m", "p", "j", "ˈuː", "ɾ", "ɚ"])
    ['', 'o', '', '', '', 'u', '', 'e']
    """
    plain = "".join(c for c in unicodedata.normalize("NFD", word.lower()) if not unicodedata.combining(c))
    groups = [letters for letters in _VOWEL_LETTERS.findall(_SILENT_E.sub("", plain)) if letters != "qu"]
    vowels = sum(map(is_vowel, phones))
    letters = iter(groups if len(groups) == vowels else [""] * vowels)
    return [next(letters)[:1] if is_vowel(phone) else "" for phone in phones]


def letters_of(text: str, words: Sequence[Sequence[str]]) -> list[list[str]]:
    """The vowel letters of each word of a text, as ``vowel_letters`` has them; none if it has more words or fewer."""
    spelled = [word.strip(_MARKS) for word in text.split()]
    spelled = spelled if len(spelled) == len(words) else [""] * len(words)
    return [vowel_letters(word, phones) for word, phones in zip(spelled, words, strict=True)]
