"""Whether clips say the phrase, by the acoustic models that are installed.

A clip that the first recognizer doubts is given to the next one, and the best opinion counts: one that knows the
speaker's accent is enough. Measured on 881 recordings of three words by more than fifty people; `bench/clip_check.py`
prints how many are doubted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from wwtool.base.processes import worker_pool
from wwtool.data.audio import Audio
from wwtool.data.espeak import accents, phonemes
from wwtool.data.recognizers.interface import Pronunciation, Recognizer, SpokenPhrase
from wwtool.data.recognizers.registry import RECOGNIZERS, recognizers_for

_PROCESSES, _BATCH, _BATCHES_AT_ONCE = 2, 16, 16
_WORTH_A_PROCESS = 100  # a second process takes longer to start than to check fewer clips than this


class Opinion(IntEnum):
    """What a recognizer makes of a clip."""

    SOMETHING_ELSE = 0
    DOUBTFUL = 1
    PHRASE = 2


@dataclass(frozen=True)
class ClipCheck:
    """The recognizers, by name, that check clips for a phrase."""

    recognizers: tuple[str, ...]
    phrase: SpokenPhrase

    @property
    def titles(self) -> str:
        """The recognizers' names for people."""
        return " and ".join(RECOGNIZERS[name].title for name in self.recognizers)

    def opinions(
        self, clips: Sequence[Audio], advance: Callable[[int, int], None] = lambda done, total: None
    ) -> list[Opinion]:
        """An opinion of each clip; ``advance`` is told how many of all are checked.

        Raises:
            ToolError: a recognizer's model is damaged.
        """
        opinions: list[Opinion] = []
        starts = range(0, len(clips), _BATCH)
        if len(clips) < _WORTH_A_PROCESS:
            for start in starts:
                advance(start, len(clips))
                opinions += _opinions(self, clips[start : start + _BATCH])
            return opinions
        with worker_pool(_PROCESSES) as pool:
            for first in range(0, len(starts), _BATCHES_AT_ONCE):  # not all at once, as they may not fit into memory
                advance(len(opinions), len(clips))
                batches = [clips[start : start + _BATCH] for start in starts[first : first + _BATCHES_AT_ONCE]]
                for batch in pool.map(_opinions, [self] * len(batches), batches):
                    opinions += batch
        return opinions


def clip_check(phrase: str, language: str, pronunciations: Sequence[Pronunciation] = ()) -> ClipCheck | None:
    """The check for a phrase; None if no recognizer that hears the language is installed.

    Args:
        phrase: the wake word.
        language: such as en-us.
        pronunciations: how it is said, if that is known; otherwise as espeak-ng says it.
    """
    names = tuple(recognizer.name for recognizer in recognizers_for(language))
    if not names:
        return None
    usual = [
        tuple(phoneme for word in phonemes(phrase, accent) for phoneme in word)
        for accent in (language, language.split("-")[0])
        if accents(accent)
    ]
    return ClipCheck(names, SpokenPhrase(phrase, language, tuple(dict.fromkeys([*pronunciations, *usual]))))


def _opinions(check: ClipCheck, clips: Sequence[Audio]) -> list[Opinion]:
    return [_opinion(check, clip) for clip in clips]


def _opinion(check: ClipCheck, clip: Audio) -> Opinion:
    """The best of the recognizers' opinions."""
    best = Opinion.SOMETHING_ELSE
    for name in check.recognizers:
        recognizer = _recognizer(name, check.phrase)
        score = recognizer.score(clip)
        if score >= recognizer.doubtful:
            return Opinion.PHRASE
        if score >= recognizer.something_else:
            best = Opinion.DOUBTFUL
    return best


@cache
def _recognizer(name: str, phrase: SpokenPhrase) -> Recognizer:
    return RECOGNIZERS[name](phrase)
