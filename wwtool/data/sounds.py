"""How words sound: phonemes that can be compared, and the words of a language nearest to a sound.

Phonemes are espeak-ng's, with stress, length and the shades that unstressed syllables take folded away, so that words
which sound the same compare equal.
"""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from wordfreq import available_languages, top_n_list

from wwtool.data.espeak import phonemes

LEXICON_WORDS = 20_000

Sounds = tuple[str, ...]

_DROPPED = str.maketrans("", "", "ˈˌːˑ\u0329\u0303ʲ()?-~^!")
_FOLDED = str.maketrans({"ɾ": "t", "ɐ": "ə", "ᵻ": "ɪ", "ɚ": "ə", "ʌ": "ə", "ɫ": "l", "ɹ": "r", "ɡ": "g", "ɜ": "ə"})
_VOWELS = frozenset("aeiouyæɑɒɔəɛɪʊøœɯɨʉɤɵ")
_ALIKE = ("pb", "td", "kg", "fvθð", "szʃʒ", "mnŋ", "lrwj", "hx")  # consonants easily taken for each other
_SUBSTITUTE, _SUBSTITUTE_ALIKE, _INSERT = 1.0, 0.4, 0.8


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


@dataclass(frozen=True)
class Lexicon:
    """The commonest words of a language with how they sound."""

    words: tuple[str, ...]  # commonest first
    sounds: tuple[Sounds, ...]
    codes: npt.NDArray[np.int16]  # (words, longest): indices into alphabet, padded with -1
    alphabet: tuple[str, ...]
    substitution: npt.NDArray[np.float32]  # (alphabet, alphabet)

    def nearest(self, target: Sounds, count: int, farthest: float = 1e9) -> list[tuple[float, str]]:
        """Distance and word of the ``count`` words that sound most like ``target``, nearest first."""
        distances = self._distances(target)
        order = np.argsort(distances, kind="stable")[:count]
        return [(float(distances[i]), self.words[i]) for i in order if distances[i] <= farthest]

    def _distances(self, target: Sounds) -> npt.NDArray[np.float32]:
        """Weighted edit distance from ``target`` to every word, all words at once."""
        longest = self.codes.shape[1]
        lengths = (self.codes >= 0).sum(axis=1)
        index = {phoneme: i for i, phoneme in enumerate(self.alphabet)}
        row = np.tile(np.arange(longest + 1, dtype=np.float32) * _INSERT, (len(self.words), 1))
        for phoneme in target:
            code = index.get(phoneme)
            costs = self.substitution[code] if code is not None else np.full(len(self.alphabet), 1.0, np.float32)
            substituted = row[:, :-1] + costs[self.codes]
            row = row + np.float32(_INSERT)
            for j in range(longest):
                best = np.minimum(row[:, j + 1], substituted[:, j])
                row[:, j + 1] = np.minimum(best, row[:, j] + np.float32(_INSERT))
        return np.asarray(row[np.arange(len(self.words)), lengths], np.float32)


@cache
def lexicon(language: str) -> Lexicon:
    """The lexicon of a language such as ``en-us``; empty where word frequencies are not known."""
    base = language.split("-")[0]
    listed = top_n_list(base, LEXICON_WORDS) if base in available_languages("small") else []
    words = [word for word in listed if len(word) > 1 and word.isalpha()]
    spoken = [sounds(word, language) for word in words]
    kept = [(word, sound) for word, sound in zip(words, spoken, strict=True) if 1 < len(sound) <= 14]
    alphabet = tuple(sorted({phoneme for _, sound in kept for phoneme in sound}))
    index = {phoneme: i for i, phoneme in enumerate(alphabet)}
    codes = np.full((len(kept), 14), -1, np.int16)
    for row, (_, sound) in zip(codes, kept, strict=True):
        row[: len(sound)] = [index[phoneme] for phoneme in sound]
    substitution = np.array([[_substitution(a, b) for b in alphabet] for a in alphabet], np.float32)
    return Lexicon(
        tuple(word for word, _ in kept),
        tuple(sound for _, sound in kept),
        codes,
        alphabet,
        substitution.reshape(len(alphabet), len(alphabet)),
    )


def _substitution(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a in _VOWELS and b in _VOWELS:
        return _SUBSTITUTE_ALIKE
    return _SUBSTITUTE_ALIKE if any(a in group and b in group for group in _ALIKE) else _SUBSTITUTE
