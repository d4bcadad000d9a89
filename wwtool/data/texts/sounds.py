"""How a text sounds, as phonemes that can be compared.

The phonemes are espeak-ng's without stress and length, and with the shades of unstressed syllables folded together, so
that words that sound the same compare equal.
"""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from collections.abc import Iterable

from wwtool.data import espeak

Sounds = tuple[str, ...]

_DROPPED = str.maketrans("", "", "ˈˌːˑ\u0329\u0303ʲ()?-~^!")
_FOLDED = str.maketrans({"ɾ": "t", "ɐ": "ə", "ᵻ": "ɪ", "ɚ": "ə", "ʌ": "ə", "ɫ": "l", "ɹ": "r", "ɡ": "g", "ɜ": "ə"})


def sounds(text: str, accent: str) -> Sounds:
    """The folded phonemes of a text without word boundaries; diphthongs and affricates are split into their parts."""
    return folded(phoneme for word in espeak.phonemes(text, accent) for phoneme in word)


def folded(phonemes: Iterable[str]) -> Sounds:
    """Phonemes as espeak-ng writes them, in the form that can be compared."""
    return tuple(character for phoneme in phonemes for character in phoneme.translate(_DROPPED).translate(_FOLDED))


def contains(longer: Sounds, shorter: Sounds) -> bool:
    """Whether ``longer`` contains ``shorter``."""
    span = len(shorter)
    return any(longer[i : i + span] == shorter for i in range(len(longer) - span + 1))
