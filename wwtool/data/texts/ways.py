"""Ways to say the phrase that a user gives: IPA between slashes, or a spelling that sounds like it."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cache

from wwtool.base.text import printable
from wwtool.data.espeak import mnemonics, phonemes
from wwtool.data.texts.languages import listed_words
from wwtool.data.texts.phrases import normalize_phrase
from wwtool.data.texts.pronunciations import written
from wwtool.data.texts.sounds import Sounds, folded, sounds
from wwtool.data.texts.spelled_vowels import is_vowel
from wwtool.errors import InputError

_STRESS = "ˈˌ"
_MNEMONIC_STRESS = {"ˈ": "'", "ˌ": ","}
_WORDS = 3000  # of the language, from which its phones are learnt
_SHORTEST_SOUNDS = 3
_LONGEST = 80
_LONGEST_PHONE = 4
_DROPPED = str.maketrans("", "", ".\u0361\u035c\u203f")  # between syllables, ties
_SAME = str.maketrans({"g": "ɡ", "'": "ˈ", ":": "ː"})
# What people write for a sound, and what espeak-ng's voices may call it.
_NEAR: dict[str, tuple[str, ...]] = {
    "r": ("ɹ", "ɾ", "ʁ"), "ɹ": ("r", "ɾ", "ʁ"), "ɾ": ("t", "r"), "ʁ": ("r",), "e": ("ɛ", "eɪ"), "ɛ": ("e",),
    "o": ("oʊ", "əʊ", "ɔ"), "ɔ": ("ɔː", "o"), "a": ("æ", "ɑː", "aː"), "æ": ("a", "ɛ"), "ɑ": ("ɑː", "a"),
    "ɒ": ("ɑː", "ɔ"), "ɜ": ("ɜː", "ə"), "ʌ": ("ə", "a"), "ɐ": ("ə", "a"), "ɚ": ("ə",), "ɪ": ("i",), "i": ("iː", "ɪ"),
    "ʊ": ("u",), "u": ("uː", "ʊ"), "ə": ("ɐ", "e"), "əʊ": ("oʊ",), "ʏ": ("y",), "y": ("yː", "ʏ"),
}  # fmt: skip


@dataclass(frozen=True)
class Way:
    """A way to say the phrase: a spelling for every voice, and phones for the voices that read them."""

    spelling: str
    phones: str = ""

    def heard(self, language: str) -> Sounds:
        """How it sounds, to be compared with other texts."""
        if not self.phones:
            return sounds(self.spelling, language)
        return folded(phone for word in self.phones.split() for phone in word.split("_"))


def read_way(given: str, phrase: str, language: str) -> Way:
    """A way that a user has given.

    Args:
        given: ``/IPA/`` or a spelling.
        phrase: the wake word, which voices that read no phones say.
        language: of the voices.

    Raises:
        InputError: a phone is unknown in the language, or no voice can say the spelling.
    """
    text, given = given.strip(), printable(given)
    if len(text) > _LONGEST:
        raise InputError(f"the pronunciation has {len(text)} characters; use at most {_LONGEST}")
    if not text.startswith("/"):
        return Way(normalize_phrase(text, language))
    if not phone_names(language):
        raise InputError(f"wwtool does not know the phones of {language}; give a spelling that sounds like {given}")
    words = [_phones(word, given, language) for word in _plain(text.strip("/")).split()]
    if len(folded(phone for word in words for phone in word)) < _SHORTEST_SOUNDS:
        raise InputError(
            f"the pronunciation {given} is too short to tell it from other speech; use two syllables or more"
        )
    return Way(phrase, written(words))


def heard_ways(phrase: str, language: str, given: Sequence[str]) -> tuple[Sounds, ...]:
    """How the ways that a user has given sound; nothing else may sound like them."""
    return tuple(read_way(way, phrase, language).heard(language) for way in given)


def bracketed(phones: str, language: str) -> str:
    """A pronunciation for espeak-ng: its own names of the phones, between brackets."""
    table = phone_names(language)
    words = []
    for word in phones.split():
        named = [(phone[:1], table.get(phone.lstrip(_STRESS), "")) for phone in word.split("_")]
        words.append("|".join(_MNEMONIC_STRESS.get(stress, "") + name for stress, name in named if name))
    return f"[[{' '.join(words)}]]"


@cache
def phone_names(language: str) -> dict[str, str]:
    """The phones of a language in IPA, with espeak-ng's own names of them, learnt from its commonest words."""
    counts: dict[str, Counter[str]] = {}
    for word in listed_words(language, _WORDS):
        for phones, names in zip(phonemes(word, language), mnemonics(word, language), strict=False):
            if len(phones) == len(names):
                for phone, name in zip(phones, names, strict=True):
                    bare = unicodedata.normalize("NFD", phone.lstrip(_STRESS))
                    counts.setdefault(bare, Counter())[name.lstrip("',%=_|")] += 1
    return {phone: names.most_common(1)[0][0] for phone, names in counts.items() if phone}


def _plain(ipa: str) -> str:
    return unicodedata.normalize("NFD", ipa).translate(_DROPPED).translate(_SAME)


def _phones(word: str, given: str, language: str) -> list[str]:
    """The phones of a word; a stress mark goes before the next vowel, where espeak-ng has it."""
    known = phone_names(language)
    phones: list[str] = []
    stress, rest = "", word
    while rest:
        if rest[0] in _STRESS:
            stress, rest = rest[0], rest[1:]
            continue
        size, phone = _next_phone(rest, known)
        if not size:
            raise InputError(
                f"the pronunciation {given} has {rest[0]!r}, which no voice of {language} says; it has "
                f"{', '.join(sorted(known))}"
            )
        vowel = is_vowel(phone)
        phones.append((stress if vowel else "") + phone)
        stress, rest = "" if vowel else stress, rest[size:]
    return phones


def _next_phone(rest: str, known: Container[str]) -> tuple[int, str]:
    """How many letters the first phone has, and its name in the language; 0 if there is none."""
    for size in range(min(_LONGEST_PHONE, len(rest)), 0, -1):
        letters = rest[:size]
        short = letters.rstrip("ː")
        for phone in (letters, f"{letters}ː", short, *_NEAR.get(short, ())):
            if phone and phone in known:
                return size, phone
    return 0, ""
