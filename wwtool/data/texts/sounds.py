"""How a text sounds: phonemes that can be compared.

Phonemes are espeak-ng's, with stress, length and the shades that unstressed syllables take folded away, so that words
which sound the same compare equal.
"""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from wwtool.data.synthesizers.espeak import phonemes

Sounds = tuple[str, ...]

_DROPPED = str.maketrans("", "", "ˈˌːˑ\u0329\u0303ʲ()?-~^!")
_FOLDED = str.maketrans({"ɾ": "t", "ɐ": "ə", "ᵻ": "ɪ", "ɚ": "ə", "ʌ": "ə", "ɫ": "l", "ɹ": "r", "ɡ": "g", "ɜ": "ə"})


def sounds(text: str, accent: str) -> Sounds:
    """The folded phonemes of a text, word boundaries gone: diphthongs and affricates fall into their parts."""
    return tuple(
        character
        for word in phonemes(text, accent)
        for phoneme in word
        for character in phoneme.translate(_DROPPED).translate(_FOLDED)
    )


def contains(longer: Sounds, shorter: Sounds) -> bool:
    """Whether ``shorter`` is heard within ``longer``."""
    span = len(shorter)
    return any(longer[i : i + span] == shorter for i in range(len(longer) - span + 1))
