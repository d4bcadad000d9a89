"""Few recordings in portions, so that models can be adapted without some of the people or without some of their clips.

A portion is one half of the recordings of one bundle of speakers. Leaving a bundle out shows how other people are
heard, leaving a half out how the same people are heard in other recordings.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

_HALVES = 2


@dataclass(frozen=True)
class Portion:
    """``clips``: positions of the recordings."""

    bundle: int
    half: int
    clips: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.bundle}{'ab'[self.half]}"


@dataclass(frozen=True)
class Fold:
    """The portions that a model is not adapted to, and is judged on; ``people``: these are all recordings of some."""

    people: bool
    left_out: frozenset[Portion]


def portions(speakers: Sequence[Hashable], most_bundles: int) -> list[Portion]:
    """Portions of recordings by their speakers. Speakers are spread over the bundles, those with most clips first.

    >>> [portion.clips for portion in portions(["a", "a", "a", "b"], 4)]
    [(0, 2), (1,), (3,)]
    """
    by_speaker: dict[Hashable, list[int]] = {}
    for i, speaker in enumerate(speakers):
        by_speaker.setdefault(speaker, []).append(i)
    bundles: list[list[int]] = [[] for _ in range(min(max(most_bundles, 1), len(by_speaker)))]
    for clips in sorted(by_speaker.values(), key=lambda clips: (-len(clips), clips[0])):
        min(bundles, key=len).extend(clips)
    return [
        Portion(number, half, tuple(clips))
        for number, bundle in enumerate(bundles)
        for half in range(_HALVES)
        if (clips := bundle[half::_HALVES])
    ]


def folds(parts: Sequence[Portion], most: int) -> list[Fold]:
    """The folds that judge a model: each half is left out, and each of several bundles, at most ``most``."""
    bundles = sorted({portion.bundle for portion in parts})
    people = [Fold(True, frozenset(p for p in parts if p.bundle == bundle)) for bundle in bundles]
    clips = [Fold(False, frozenset(p for p in parts if p.half == half)) for half in range(_HALVES)]
    kept = [fold for fold in [*clips, *(people if len(bundles) > 1 else [])] if 0 < len(fold.left_out) < len(parts)]
    return kept[: most + _HALVES] if most else []
