"""The words of a language that a voice can say, and a search for those that sound most alike."""

# ruff: noqa: RUF001 - phonetic letters look like others
from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from wwtool.data.texts.languages import is_word, languages_with_words, listed_words
from wwtool.data.texts.sounds import Sounds, sounds
from wwtool.data.texts.spelling import spelled_part
from wwtool.errors import InputError

LEXICON_WORDS = 20_000
FEWEST_WORDS = 200  # with fewer words, sentences and near misses repeat themselves
_MOST_SOUNDS = 14  # of one word

VOWELS = frozenset("aeiouyæɑɒɔəɛɪʊøœɯɨʉɤɵ")
_ALIKE = ("pb", "td", "kg", "fvθð", "szʃʒ", "mnŋ", "lrwj", "hx")  # consonants that people easily confuse
_SUBSTITUTE, _SUBSTITUTE_ALIKE, _INSERT = 1.0, 0.4, 0.8


@dataclass(frozen=True)
class Lexicon:
    """The commonest words of a language and their sounds."""

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
def lexicon(language: str, words: tuple[str, ...] | None = None) -> Lexicon:
    """The lexicon of a language such as ``en-us``; ``words``, commonest first, replace wwtool's own list.

    Raises:
        InputError: there is no list of words, or the voice can say too few of them.
    """
    listed = listed_words(language, LEXICON_WORDS) if words is None else words
    if not listed:
        raise InputError(
            f"wwtool has no list of words for the language {language!r}, and a model must learn to tell words from the "
            f"phrase; give a list with --words FILE, or use one of {', '.join(languages_with_words())}"
        )
    chosen = [word for word in listed[:LEXICON_WORDS] if len(word) > 1 and is_word(word)]
    spoken = [(word, sounds(word, language)) for word in chosen if spelled_part(word, language) is None]
    usable = [(word, sound) for word, sound in spoken if 1 < len(sound) <= _MOST_SOUNDS]
    if len(usable) < FEWEST_WORDS:
        raise InputError(
            f"the {language} voice can say only {len(usable)} of {len(listed)} words, but wwtool needs {FEWEST_WORDS}; "
            f"give a list with --words FILE, in the letters of the language"
        )
    alphabet = tuple(sorted({phoneme for _, sound in usable for phoneme in sound}))
    index = {phoneme: i for i, phoneme in enumerate(alphabet)}
    codes = np.full((len(usable), _MOST_SOUNDS), -1, np.int16)
    for row, (_, sound) in zip(codes, usable, strict=True):
        row[: len(sound)] = [index[phoneme] for phoneme in sound]
    substitution = np.array([[substitution_cost(a, b) for b in alphabet] for a in alphabet], np.float32)
    return Lexicon(
        tuple(word for word, _ in usable),
        tuple(sound for _, sound in usable),
        codes,
        alphabet,
        substitution.reshape(len(alphabet), len(alphabet)),
    )


def substitution_cost(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a in VOWELS and b in VOWELS:
        return _SUBSTITUTE_ALIKE
    return _SUBSTITUTE_ALIKE if any(a in group and b in group for group in _ALIKE) else _SUBSTITUTE
