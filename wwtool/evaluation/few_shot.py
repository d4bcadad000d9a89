"""What few recordings have brought, as figures and in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wwtool.evaluation.metrics import wilson_interval


@dataclass(frozen=True)
class Heard:
    """How many of some recordings were detected, clean and with noise at 10 dB."""

    recordings: int
    clean: int
    noisy: int

    def __add__(self, other: Heard) -> Heard:
        return Heard(self.recordings + other.recordings, self.clean + other.clean, self.noisy + other.noisy)

    def __str__(self) -> str:
        low, high = wilson_interval(self.clean, self.recordings)
        return f"{self.clean} of {self.recordings} clean ({low:.0%} to {high:.0%}), {self.noisy} with noise"


@dataclass(frozen=True)
class FewShot:
    """What few recordings have brought.

    Attributes:
        recordings: how many there are.
        speakers: how many voices they have, as named or as they sound; None: nobody knows.
        before: detections by the model that only synthetic voices have trained.
        same_people: detections by models adapted to half of the recordings, of the other half.
        other_people: detections of people by models that were adapted to the others only; None: there is one speaker.
    """

    recordings: int
    speakers: int | None
    before: Heard
    same_people: Heard | None
    other_people: Heard | None

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> FewShot:
        """What a manifest says, as an object."""
        parts = {name: facts[name] and Heard(**facts[name]) for name in ("before", "same_people", "other_people")}
        return cls(facts["recordings"], facts["speakers"], **parts)

    @property
    def note(self) -> str:
        """The result in a line."""
        voices = {None: "unknown voices", 1: "one voice"}.get(self.speakers, f"{self.speakers} voices")
        parts = [f"{self.recordings} recordings of {voices}", f"before adaptation {self.before}"]
        if self.same_people:
            parts.append(f"the same people, recordings left out: {self.same_people}")
        if self.other_people:
            parts.append(f"people left out: {self.other_people}")
        elif self.speakers == 1:
            parts.append("one speaker: nothing is known of others")
        return "; ".join(parts)
