"""English as people say it whose first language is another: their phones instead of those that theirs lacks.

The substitutions are those that textbooks of pronunciation list (Swan and Smith 2001, "Learner English"). A speaker
makes most of them and not all.
"""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from collections.abc import Mapping
from random import Random

from wwtool.data.texts.spelled_vowels import bare, in_place_of, letters_of

_AS_WRITTEN = 0.5
_SCHWAS = ("ə", "ɐ", "ᵻ")
_MADE = 0.8  # share of a language's substitutions that a speaker makes

# Of no language in particular: tense and lax vowels are one, and vowels have one quality.
_FIVE_VOWELS = {
    "ɪ": "i", "iː": "i", "ʊ": "u", "uː": "u", "æ": "a", "ʌ": "a", "ɐ": "a", "ɑː": "a", "ɑːɹ": "aɾ", "ɔː": "o", "ɒ": "o",
    "ɔːɹ": "oɾ", "oː": "o", "oːɹ": "oɾ", "ɛ": "e", "ᵻ": "i", "oʊ": "o", "əʊ": "o", "eɪ": "e", "ɪɹ": "iɾ", "ʊɹ": "uɾ",
}  # fmt: skip
_NO_CLUSTERS = ("es", "pt")  # no word begins with s and another consonant
_NO_DENTALS = {"θ": "s", "ð": "z"}

# From espeak-ng's English phones to IPA. The language is that of a voice, without its region.
ACCENTS: Mapping[str, Mapping[str, str]] = {
    "es": {
        **_FIVE_VOWELS, "ɚ": "eɾ", "ɜː": "eɾ", "ə": "e", "z": "s", "ʒ": "ʃ", "v": "b", "h": "x", "θ": "t", "ð": "d",
        "ɹ": "ɾ", "ŋ": "n", "ɾ": "t", "ʃ": "ʧ",
    },
    "it": {
        **_FIVE_VOWELS, "ɚ": "eɾ", "ɜː": "eɾ", "ə": "e", "h": "", "θ": "t", "ð": "d", "ɹ": "r", "ŋ": "n",
        "ɾ": "t", "ʒ": "ʤ",
    },
    "pt": {
        **_FIVE_VOWELS, "ɚ": "eɾ", "ɜː": "eɾ", "ə": "e", "θ": "t", "ð": "d", "ɹ": "ɾ", "h": "ʁ", "ɾ": "t", "ŋ": "n",
    },
    "fr": {
        **_FIVE_VOWELS, **_NO_DENTALS, "ɚ": "œʁ", "ɜː": "œʁ", "ə": "œ", "h": "", "ɹ": "ʁ", "ɔːɹ": "ɔʁ", "ɑːɹ": "aʁ",
        "ɾ": "t", "tʃ": "ʃ", "dʒ": "ʒ", "ʌ": "œ",
    },
    "hi": {
        "t": "ʈ", "d": "ɖ", "ɾ": "ʈ", "θ": "t", "ð": "d", "w": "ʋ", "v": "ʋ", "ɹ": "ɾ", "ɚ": "əɾ", "ɜː": "əɾ",
        "oʊ": "oː", "əʊ": "oː", "eɪ": "eː", "æ": "ɛ", "ʌ": "ə", "ʒ": "ʤ", "ɔː": "aː",
        "ɑː": "aː", "ɑːɹ": "aːɾ", "ɔːɹ": "oːɾ",
    },
    "ja": {
        **_FIVE_VOWELS, **_NO_DENTALS, "ɚ": "aː", "ɜː": "aː", "ə": "a", "l": "ɾ", "ɹ": "ɾ", "v": "b", "f": "ɸ",
        "ɾ": "t", "ɑːɹ": "aː", "ɔːɹ": "oː", "h": "ç", "ŋ": "ŋɡ", "iː": "iː", "uː": "ɯː", "ʊ": "ɯ",
    },
    "zh": {
        **_NO_DENTALS, "v": "w", "ɹ": "ɻ", "ɪ": "i", "iː": "i", "ʊ": "u", "uː": "u", "æ": "ɛ", "ʌ": "a", "z": "s",
        "b": "p", "d": "t", "ɡ": "k", "ɾ": "t", "ɚ": "ə", "dʒ": "ʨ", "l": "ɻ",
    },
    "de": {
        **_NO_DENTALS, "w": "v", "æ": "ɛ", "ʌ": "a", "ɹ": "ʁ", "ɚ": "ɐ", "ɜː": "øː", "dʒ": "ʧ", "oʊ": "oː", "eɪ": "eː",
        "əʊ": "oː", "ɾ": "t", "z": "s", "ɑːɹ": "aː", "ʒ": "ʃ",
    },
    "ru": {
        **_FIVE_VOWELS, "h": "x", "w": "v", "θ": "s", "ð": "z", "ɹ": "r", "ɚ": "er", "ɜː": "jor", "ə": "a", "ŋ": "n",
        "ɾ": "t", "æ": "e", "ʒ": "ʃ",
    },
}  # fmt: skip


def in_accent(words: list[list[str]], accent: str, random: Random, text: str = "") -> list[list[str]]:
    """English words in phones, as somebody says them whose first language is ``accent``.

    Half of these people say a schwa as the vowel that is written.

    Args:
        words: espeak-ng's phones of each word, stress marks included.
        accent: a key of ``ACCENTS``.
        random: chooses which of the substitutions are made; one is made everywhere or nowhere.
        text: the words as they are written.
    """
    if random.random() < _AS_WRITTEN:
        letters = letters_of(text, words)
        words = [[_written(*pair) for pair in zip(*word, strict=True)] for word in zip(words, letters, strict=True)]
    table = {phone: other for phone, other in ACCENTS[accent].items() if random.random() < _MADE}
    return [_spoken([_substitute(phone, table) for phone in word if phone], accent) for word in words]


def _spoken(word: list[str], accent: str) -> list[str]:
    """A word without what nobody says, and with the vowel that comes before ``sp``, ``st``, ``sn`` and their like."""
    phones = [phone for phone in word if phone]
    cluster = len(phones) > 1 and phones[0] == "s" and phones[1][0] not in "aeiouɛɔəˈˌ"
    return ["e", *phones] if cluster and accent in _NO_CLUSTERS else phones


def _written(phone: str, letter: str) -> str:
    return in_place_of(phone, letter.replace("y", "i")) if letter and bare(phone) in _SCHWAS else phone


def _substitute(phone: str, table: Mapping[str, str]) -> str:
    return in_place_of(phone, table.get(bare(phone), bare(phone)))
