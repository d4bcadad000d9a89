"""Recordings of people that are installed (``wwtool/data/recorded_people.py``); nothing where there are none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from wwtool.data.audio import Audio
from wwtool.data.negatives.kind import Kind, Order
from wwtool.data.recorded_people import RecordedClip, clips_of, recorded_people

_HELD_OUT = 5  # one speaker in so many is for evaluation


@dataclass(frozen=True)
class People(Kind):
    """Clips of all installed sets, drawn so that every speaker is heard about as long."""

    def _clips(self, order: Order, seed: str) -> Iterator[Audio]:
        random, missing = Random(seed), order.hours * 3600
        speakers = [clips for clips in self._speakers(order) if clips]
        for clips in speakers:
            random.shuffle(clips)
        while missing > 0 and speakers:
            for clips in [*speakers]:
                clip = clips.pop()
                missing -= clip.seconds
                yield clip.read()
                if not clips:
                    speakers.remove(clips)

    @staticmethod
    def _speakers(order: Order) -> list[list[RecordedClip]]:
        """The clips of each speaker of the order's side, without those whose name has a word of the phrase."""
        words, speakers = set(order.phrase.split()), dict[str, list[RecordedClip]]()
        for voice in recorded_people():
            for clip in clips_of(voice.folder):
                if _held_out(clip.speaker) == order.evaluation and not words & set(clip.name.lower().split("-")):
                    speakers.setdefault(clip.speaker, []).append(clip)
        return [speakers[name] for name in sorted(speakers)]


def _held_out(speaker: str) -> bool:
    return hashlib.sha256(speaker.encode()).digest()[0] % _HELD_OUT == 0


PEOPLE = People("recordings of people", recorded=True)
