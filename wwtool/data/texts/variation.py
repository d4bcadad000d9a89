"""Other ways to say a text than a dictionary has: other stresses, full vowels, other endings."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from random import Random

from wwtool.data.texts.spelled_vowels import REDUCED, bare, in_place_of, is_vowel, letters_of

Words = list[list[str]]  # phones of each word, as espeak-ng writes them
Table = Sequence[tuple[Callable[..., Words], float]]

_VOICELESS = {"b": "p", "d": "t", "ɡ": "k", "v": "f", "z": "s", "ʒ": "ʃ", "dʒ": "tʃ", "ð": "θ", "ŋ": "n", "ɚ": "ə"}
# A reduced vowel as full ones, and now and then as itself.
_FULL_VOWELS = {"ə": ("ə", "ʌ", "ɑː", "ɛ"), "ɐ": ("ʌ", "eɪ"), "ᵻ": ("ɪ", "ɛ")}
# What people make of a letter, without and with an r after it.
_WRITTEN = {
    "a": ("æ", "ɑː", "a"), "e": ("ɛ", "eɪ", "e"), "i": ("ɪ", "iː", "i"), "o": ("ɔː", "oʊ", "ɑː", "ɔ", "o"),
    "u": ("uː", "ʌ", "u"), "y": ("ɪ", "iː", "i"),
}  # fmt: skip
_WRITTEN_R = ("ɑː", "ʌ", "ɔː")
_TRIES = 20


def another_way(words: Words, random: Random, text: str = "", known: Collection[str] = ()) -> Words:
    """The words with another ending, other stresses or other vowels, as people say them; the same where none fits.

    To a machine people speak slowly and clearly: syllables are stressed, and a schwa becomes a full vowel, often the
    one that is written.

    Args:
        words: espeak-ng's phones of each word, stress marks included.
        random: chooses.
        text: the words as they are written.
        known: phones of the language, the only ones that replace others; without any, all may.
    """
    letters = letters_of(text, words)
    if not any(is_vowel(phone) for word in words for phone in word):
        return words
    for _ in range(_TRIES):
        way = _draw(_QUALITIES, random)(words, letters, known, random)
        way = _draw(_STRESSES, random)(way, random)
        way = _draw(_ENDINGS, random)(way, known)
        if way != words:
            return way
    return words


def _draw(table: Table, random: Random) -> Callable[..., Words]:
    return random.choices([change for change, _ in table], [share for _, share in table])[0]


def _as_it_is(words: Words, *_: object) -> Words:
    return words


def _without_voice(words: Words, known: Collection[str]) -> Words:
    """The words without a voice in their last sound, or without the r of a last vowel."""
    *before, last = words[-1]
    voiceless = _VOICELESS.get(last, last)
    return [*words[:-1], [*before, voiceless if not known or voiceless in known else last]]


def _unstressed(words: Words, random: Random) -> Words:
    """All words but the last one without a stress."""
    del random
    return [*([bare(phone) for phone in word] for word in words[:-1]), words[-1]]


def _moved(words: Words, random: Random) -> Words:
    """The words with the main stress on any one of their syllables."""
    chosen = random.choice([(w, p) for w, word in enumerate(words) for p, phone in enumerate(word) if is_vowel(phone)])
    return [
        ["ˈ" + bare(phone) if (w, p) == chosen else phone.replace("ˈ", "ˌ") for p, phone in enumerate(word)]
        for w, word in enumerate(words)
    ]


def _everywhere(words: Words, random: Random) -> Words:
    """The words with a stress on every syllable."""
    del random
    return [["ˈ" + bare(phone) if is_vowel(phone) else phone for phone in word] for word in words]


def _full(words: Words, letters: Words, known: Collection[str], random: Random) -> Words:
    """The words with full vowels in place of reduced ones."""
    del letters
    return [[_other(phone, _FULL_VOWELS.get(bare(phone), ()), known, random) for phone in word] for word in words]


def _as_written(words: Words, letters: Words, known: Collection[str], random: Random) -> Words:
    """The words with the vowels that are written in place of reduced ones."""

    def of(phone: str, letter: str) -> str:
        if not letter or bare(phone) not in REDUCED:
            return phone
        return _other(phone, _WRITTEN_R if bare(phone) == "ɚ" else _WRITTEN[letter], known, random)

    return [[of(*pair) for pair in zip(*word, strict=True)] for word in zip(words, letters, strict=True)]


def _other(phone: str, qualities: Sequence[str], known: Collection[str], random: Random) -> str:
    """The phone with one of the qualities that are known and with its own stress; the phone itself if none is."""
    there = [quality for quality in qualities if not known or quality in known]
    return in_place_of(phone, random.choice(there)) if there else phone


_STRESSES = ((_as_it_is, 0.4), (_moved, 0.25), (_unstressed, 0.15), (_everywhere, 0.2))
_QUALITIES = ((_as_it_is, 0.4), (_as_written, 0.35), (_full, 0.25))
_ENDINGS = ((_as_it_is, 0.75), (_without_voice, 0.25))
