"""How a text is spoken, for voices that read phones: words as phones in espeak-ng's IPA, and punctuation between them.

A pronunciation is written with ``_`` between phones and spaces between words: ``h_ˈeɪ k_ə_m_p_j_ˈuː_ɾ_ɚ``.
"""

from __future__ import annotations

import re

from wwtool.data.espeak import phonemes

Phones = tuple[str, ...]

_PUNCTUATION = re.compile(r"([.,!?;:\u2014\u2026]+)")


def spoken_parts(text: str, accent: str, pronunciation: str = "") -> list[Phones | str]:
    """Words as phones, and punctuation as text, in order.

    Args:
        text: what is said; its last punctuation counts even if a pronunciation is given.
        accent: a language or accent of espeak-ng.
        pronunciation: replaces the words of the text.
    """
    if pronunciation:
        words = [tuple(word.split("_")) for word in pronunciation.split()]
        marks = _PUNCTUATION.findall(text)
        return [*words, *(marks[-1:] if text.rstrip().endswith(tuple(marks)) else [])]
    parts: list[Phones | str] = []
    for piece in _PUNCTUATION.split(text):
        if _PUNCTUATION.fullmatch(piece):
            parts.append(piece)
        elif piece.strip():
            parts += map(tuple, phonemes(piece, accent))
    return parts


def written(words: list[list[str]]) -> str:
    """Words of phones as a pronunciation.

    >>> written([["h", "ˈeɪ"], ["j", "uː"]])
    'h_ˈeɪ j_uː'
    """
    return " ".join("_".join(word) for word in words)
