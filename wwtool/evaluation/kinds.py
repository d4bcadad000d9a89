"""What is known of a kind of negatives, and what an evaluation says of it. Names of kinds are data here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from wwtool.evaluation.tails import Tail

_Positive = Annotated[float, Field(gt=0.0, le=1e6)]
Source = Literal["people", "synthetic", "recorded", "unknown"]
"""Who or what made the sound: people; speech or sounds that were synthesised; recordings without a voice."""


@dataclass(frozen=True)
class KindFacts:
    """What is known before anything is measured.

    Attributes:
        share: of the sound in a household; only the ratios matter.
        trained: training has heard audio of this kind; None if nobody knows.
        source: who or what made the sound.
    """

    share: float = 1.0
    trained: bool | None = None
    source: Source = "unknown"


@dataclass(frozen=True)
class TailRecord:
    """A ``tails.Tail`` without the peaks below its start."""

    hours: _Positive
    start: Annotated[float, Field(ge=-100.0, le=100.0)]
    count: Annotated[int, Field(ge=0, le=10**6)]
    ended: Annotated[int, Field(ge=0, le=10**6)]
    excess: Annotated[float, Field(ge=0.0, le=1e8)]

    @staticmethod
    def of(tail: Tail) -> TailRecord:
        """The record of a tail."""
        return TailRecord(tail.hours, tail.start, tail.count, tail.ended, tail.excess)

    def tail(self) -> Tail:
        """The tail; below its start, its rate does not rise further."""
        return Tail(self.hours, np.zeros(0), self.start, self.count, self.ended, self.excess)


@dataclass(frozen=True)
class KindRates(KindFacts):
    """The false alarms of one kind.

    Attributes:
        hours: length of the audio.
        false_alarms: as counted.
        per_hour: the rate to expect of more audio of this kind, by the tail of its peaks.
        interval: of that rate, at the confidence of the ``ExpectedRate`` on either side.
        cross_fitted: the rate to expect at the threshold that the other kinds alone would have given; None where there
            is no other, or where the threshold was given.
        tail: its highest peaks; calibration begins with them.
    """

    hours: float = 0.0
    false_alarms: int = 0
    per_hour: float = 0.0
    interval: tuple[float, float] = (0.0, 0.0)
    cross_fitted: float | None = None
    tail: TailRecord = field(default_factory=lambda: TailRecord(1.0, 0.0, 0, 0, 0.0))


@dataclass(frozen=True)
class ExpectedRate:
    """The false alarms an hour to expect of audio that is like none that was evaluated.

    Attributes:
        per_hour: the mean.
        interval: what the rate is above, and below, with the chance ``confidence`` each. The upper end is held against
            the budget.
        confidence: as a share.
        budget: the most false alarms an hour that are wanted.
        lowest_promised: the lowest rate that any threshold promises, where none keeps the budget; else None.
        unseen_shift: logits by which such audio is taken to score higher than what was evaluated.
        kinds: by name.
    """

    per_hour: float
    interval: tuple[float, float]
    confidence: Annotated[float, Field(gt=0.0, lt=1.0)]
    budget: _Positive
    unseen_shift: float
    lowest_promised: float | None = None
    kinds: dict[str, KindRates] = field(default_factory=dict)
