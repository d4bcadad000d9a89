"""Finds the parts of a text that a voice spells out instead of saying: "Chinese letter, Chinese letter" for a word.

A voice does not report a character that it cannot read. So this compares with how it reads characters that no voice
can read.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import groupby

from wwtool.data.texts.languages import script, scripts
from wwtool.data.texts.sounds import Sounds, contains, sounds

# From scripts that no voice reads. Their code points begin differently, so the common beginning is the word "letter".
_UNKNOWN_LETTERS = "\U0001d421\ua6a1\u2c80\U00010a60"
_SHORTEST_WORD = 3  # ordinary words contain a shorter "letter"
_LONGEST_ACRONYM = 5


def spelled_part(text: str, language: str) -> str | None:
    """The first part of a text that a voice of the language spells or skips instead of saying it; None if it says all.

    Letters that belong to the language may be spelled (``bmw``), and so may Latin capitals (``TV``).
    """
    for word in text.split():
        if any(c.isalnum() for c in word) and not sounds(word, language):
            return word
        for character in dict.fromkeys(unicodedata.normalize("NFC", word)):
            if not character.isascii() and _is_named(character, word, language):
                return character
        for name, letters in groupby(filter(str.isalpha, word), script):
            run = "".join(letters)
            if name not in ("CJK", *scripts(language)) and not _is_acronym(run, name) and _read_singly(run, language):
                return run
    return None


def _is_named(character: str, word: str, language: str) -> bool:
    """Whether the voice calls a letter by a name such as "Chinese letter", or "z acute" within a word."""
    if unicodedata.category(character) not in ("Lu", "Ll", "Lt", "Lo"):
        return False
    name, spoken = sounds(character, language), sounds(word, language)
    letter = _word_for_letter(language)
    if (
        letter and contains(name, letter) and contains(spoken, letter)
    ):  # a small kana has a name, but a word with it is spoken
        return True
    marked = script(character) == "LATIN" and len(sounds(_without_marks(character), language)) + 2 <= len(name)
    return marked and len(word) > 1 and contains(spoken, name)


def _without_marks(letter: str) -> str:
    return unicodedata.normalize("NFD", letter)[0]


def _is_acronym(run: str, name: str) -> bool:
    return name == "LATIN" and (len(run) == 1 or (run.isupper() and len(run) <= _LONGEST_ACRONYM))


def _read_singly(run: str, language: str) -> bool:
    """Whether the voice reads a run of letters one by one."""
    return sounds(run, language) == tuple(sound for letter in run for sound in sounds(letter, language))


@cache
def _word_for_letter(language: str) -> Sounds:
    """The sounds with which the voice begins to read an unknown letter; empty if there is no common beginning."""
    read = [sounds(letter, language) for letter in _UNKNOWN_LETTERS]
    common = 0
    while all(len(r) > common and r[common] == read[0][common] for r in read):
        common += 1
    return read[0][:common] if common >= _SHORTEST_WORD else ()
