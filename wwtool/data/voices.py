"""Whose voices were measured, and what the figures are worth on people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from wwtool.data.dataset import Clip
from wwtool.data.synth import is_synthetic_path

Voices = Literal["people", "synthetic"]

# The range is over three words, one model each: trained and judged on synthetic voices, then tested on recordings of
# people. README.md has the test of one of these words.
SYNTHETIC_WARNING = (
    "These figures are for synthetic voices, not for people. Models that had heard computed voices alone detected "
    "7 to 49 % of people's utterances (measured on three words); natural voices raise that and still leave people out. "
    "To learn what this model detects, add recordings of several people with --data."
)


@dataclass(frozen=True)
class Speakers:
    """The speakers of some clips; ``count`` is None where nobody has named them."""

    voices: Voices
    count: int | None = None


def speakers_of(clips: Sequence[Clip]) -> Speakers:
    """The speakers of recordings; the voices are synthetic if ``wwtool data synth`` has made any of them."""
    names = {clip.speaker for clip in clips}
    voices: Voices = "synthetic" if any(is_synthetic_path(clip.path) for clip in clips) else "people"
    return Speakers(voices, None if None in names else len(names))


def describe_speakers(voices: Voices, utterances: int, speakers: int | None) -> str:
    """What was measured, for people to read.

    >>> describe_speakers("people", 79, 9)
    '79 recordings of 9 people'
    >>> describe_speakers("synthetic", 300, None)
    '300 utterances of synthetic voices'
    """
    noun, owner = ("recordings", "people") if voices == "people" else ("utterances", "synthetic voices")
    if speakers == 1:
        owner = "one person" if voices == "people" else "one synthetic voice"
    elif speakers is not None:
        owner = f"{speakers:,} {owner}"
    return f"{utterances:,} {noun if utterances != 1 else noun[:-1]} of {owner}"


def warning_for(voices: Voices) -> str | None:
    """What a reader of the figures must know; None where people were measured."""
    return SYNTHETIC_WARNING if voices == "synthetic" else None
