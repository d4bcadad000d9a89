"""Phonemes of IPA as those of ARPAbet, the alphabet of the CMU dictionary and of acoustic models trained with it."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from collections.abc import Sequence

_MARKS = str.maketrans("", "", "ˈˌːˑʲʰ̩̃()?-~^!ʔ")
# The longest match counts. Sounds that English lacks are those that its speakers put in their place.
_PHONES = {
    "aɪ": "AY", "aʊ": "AW", "æʊ": "AW", "eɪ": "EY", "ɛɪ": "EY", "ɔɪ": "OY", "oɪ": "OY", "oʊ": "OW", "əʊ": "OW",
    "ʌʊ": "OW", "əu": "UW", "eə": "EH R", "ɛə": "EH R", "ɪə": "IH R", "iə": "IY AH", "ʊə": "UH R", "ɜɹ": "ER",
    "i": "IY", "ɪ": "IH", "ᵻ": "IH", "e": "EY", "ɛ": "EH", "æ": "AE", "a": "AA", "ɑ": "AA", "ɒ": "AA", "ɔ": "AO",
    "o": "OW", "oɹ": "AO R", "ʌ": "AH", "ə": "AH", "ɐ": "AH", "ɜ": "ER", "ɚ": "ER", "ʊ": "UH", "u": "UW", "ʏ": "UH",
    "y": "UW", "ø": "ER", "œ": "ER", "ɨ": "IH", "ɯ": "UW", "ɤ": "AH",
    "p": "P", "b": "B", "t": "T", "d": "D", "k": "K", "g": "G", "ɡ": "G", "m": "M", "n": "N", "ŋ": "NG", "f": "F",
    "v": "V", "θ": "TH", "ð": "DH", "s": "S", "z": "Z", "ʃ": "SH", "ʒ": "ZH", "h": "HH", "j": "Y", "w": "W", "l": "L",
    "ɫ": "L", "ɹ": "R", "r": "R", "ɾ": "T", "tʃ": "CH", "dʒ": "JH", "x": "HH", "ç": "HH", "χ": "HH", "ʁ": "R",
    "ɣ": "G", "β": "V", "ɲ": "N Y", "ʎ": "L Y", "ɬ": "L", "q": "K", "c": "K", "ɕ": "SH", "ʑ": "ZH", "ɸ": "F",
    "ʋ": "V", "ɦ": "HH", "ʈ": "T", "ɖ": "D", "ɟ": "G",
}  # fmt: skip
_LONGEST = max(map(len, _PHONES))


def arpabet(phonemes: Sequence[str]) -> list[str]:
    """The phones of some phonemes; marks of stress and length are dropped, and so is what no phone stands for.

    >>> arpabet(["dʒ", "ˈɑːɹ", "v", "ɪ", "s"])
    ['JH', 'AA', 'R', 'V', 'IH', 'S']
    """
    phones: list[str] = []
    for phoneme in phonemes:
        rest = phoneme.translate(_MARKS)
        while rest:
            size = next((n for n in range(min(_LONGEST, len(rest)), 0, -1) if rest[:n] in _PHONES), 0)
            phones += _PHONES[rest[:size]].split() if size else []
            rest = rest[max(size, 1) :]
    return phones
