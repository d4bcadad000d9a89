"""How a text sounds, as phonemes that can be compared.

The phonemes are espeak-ng's without stress and length, and with the shades of unstressed syllables folded together, so
that words that sound the same compare equal.
"""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from wwtool.data.espeak import phonemes

Sounds = tuple[str, ...]

_DROPPED = str.maketrans("", "", "ˈˌːˑ\u0329\u0303ʲ()?-~^!")
_FOLDED = str.maketrans({"ɾ": "t", "ɐ": "ə", "ᵻ": "ɪ", "ɚ": "ə", "ʌ": "ə", "ɫ": "l", "ɹ": "r", "ɡ": "g", "ɜ": "ə"})


def sounds(text: str, accent: str) -> Sounds:
    """The folded phonemes of a text without word boundaries; diphthongs and affricates are split into their parts."""
    return tuple(
        character
        for word in phonemes(text, accent)
        for phoneme in word
        for character in phoneme.translate(_DROPPED).translate(_FOLDED)
    )


def contains(longer: Sounds, shorter: Sounds) -> bool:
    """Whether ``longer`` contains ``shorter``."""
    span = len(shorter)
    return any(longer[i : i + span] == shorter for i in range(len(longer) - span + 1))
