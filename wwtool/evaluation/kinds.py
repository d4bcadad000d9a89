"""What is known of a kind of negatives, and what an evaluation says of it. Names of kinds are data here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

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
class KindRates(KindFacts):
    """The false alarms of one kind.

    Attributes:
        hours: length of the audio.
        false_alarms: as counted.
        per_hour: the rate to expect of more audio of this kind, by the tail of its peaks.
        interval: of that rate, at the confidence of the ``ExpectedRate`` on either side.
        cross_fitted: the rate to expect at the threshold that the other kinds alone would have given; None where there
            is no other, or where the threshold was given.
    """

    hours: float = 0.0
    false_alarms: int = 0
    per_hour: float = 0.0
    interval: tuple[float, float] = (0.0, 0.0)
    cross_fitted: float | None = None


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
        tail_shape, tail_length: how the kinds' tails fall (``tails.TailPrior``); calibration begins with it.
        kinds: by name.
    """

    per_hour: float
    interval: tuple[float, float]
    confidence: Annotated[float, Field(gt=0.0, lt=1.0)]
    budget: _Positive
    tail_shape: _Positive
    tail_length: _Positive
    lowest_promised: float | None = None
    kinds: dict[str, KindRates] = field(default_factory=dict)
