"""The wake-word detector turns a stream of probabilities into detections, exactly as ``ww_detector.c`` does.

``Detector`` takes one output at a time, as the firmware does; ``detect`` gives the same answer for a whole recording,
millions of outputs at once.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

MAX_WINDOW = 32  # WW_DETECTOR_MAX_WINDOW
MOST_SILENCE_ROWS = 250  # ww_silence.h

Probabilities = NDArray[np.uint8]


class DetectorConfig(BaseModel):
    """The settings of a detector; ranges as in ``ww_detector.h``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    average_window: int = Field(default=5, ge=1, le=MAX_WINDOW, description="outputs averaged")
    votes_needed: int = Field(default=1, ge=1, le=MAX_WINDOW, description="votes that make a detection")
    votes_window: int = Field(default=1, ge=1, le=MAX_WINDOW, description="outputs among which votes are counted")
    on_threshold: int = Field(default=247, ge=1, le=256, description="average that casts a vote; 256 never")
    off_threshold: int = Field(default=128, ge=1, le=256, description="average below which it re-arms")
    lockout: int = Field(default=66, ge=0, le=65535, description="outputs after a detection without another")
    warmup: int = Field(default=34, ge=0, le=65535, description="outputs ignored at the start")
    silence: int = Field(
        default=0, ge=0, le=255, description="mean feature of a frame, 0 to 255, below which it is silent; 0: no gate"
    )

    @model_validator(mode="after")
    def _consistent(self) -> DetectorConfig:
        if self.votes_needed > self.votes_window:
            raise ValueError(f"votes_needed ({self.votes_needed}) must not exceed votes_window ({self.votes_window})")
        if self.off_threshold > self.on_threshold:
            raise ValueError(f"off_threshold ({self.off_threshold}) must not exceed on_threshold ({self.on_threshold})")
        if self.silence and self.silence_rows > MOST_SILENCE_ROWS:
            raise ValueError(f"with a silence gate, warmup ({self.warmup}) must be less than {MOST_SILENCE_ROWS}")
        return self

    @property
    def silence_rows(self) -> int:
        """Hops that a model remembers, by the outputs that are ignored at the start until it has heard as many."""
        return self.warmup + 1


def off_threshold(on_threshold: int, ratio: float) -> int:
    """``ratio`` of the on-threshold, but below it, and at least 1: a detector that never re-arms fires once."""
    return max(min(int(on_threshold * ratio), on_threshold - 1), 1)


class Detector:
    """The state machine, one output at a time."""

    def __init__(self, config: DetectorConfig) -> None:
        self.config = config
        self.reset()

    def reset(self) -> None:
        """Forgets all outputs seen."""
        self._history = deque([0] * self.config.average_window, self.config.average_window)
        self._sum = 0
        self._votes = deque([False] * self.config.votes_window, self.config.votes_window)
        self._warmup_left = self.config.warmup
        self._lockout_left = 0
        self._armed = True

    def step(self, probability: int) -> bool:
        """Takes one model output, 0 to 255; True exactly once for a detection."""
        config = self.config
        if self._warmup_left:
            self._warmup_left -= 1
            return False
        self._sum += probability - self._history[0]
        self._history.append(probability)
        self._votes.append(self._sum >= config.on_threshold * config.average_window)
        if self._lockout_left:
            self._lockout_left -= 1
        if not self._armed and self._sum < config.off_threshold * config.average_window:
            self._armed = True
            self._votes.extend([False] * config.votes_window)
        if self._armed and not self._lockout_left and sum(self._votes) >= config.votes_needed:
            self._armed = False
            self._lockout_left = config.lockout
            return True
        return False


def on_outputs(probabilities: Probabilities, config: DetectorConfig) -> NDArray[np.bool_]:
    """After which outputs the average reaches the threshold, (outputs,)."""
    on = np.zeros(len(probabilities), np.bool_)
    on[config.warmup :] = _sums(probabilities, config) >= config.on_threshold * config.average_window
    return on


def highest_average(probabilities: Probabilities, config: DetectorConfig) -> int | None:
    """The highest average that a fresh detector compares with its threshold, 0 to 255; None: it is still warming up.

    >>> highest_average(np.array([255, 20, 40], np.uint8), DetectorConfig(average_window=2, warmup=1))
    30
    """
    sums = _sums(probabilities, config)
    return int(sums.max()) // config.average_window if sums.size else None


def _sums(probabilities: Probabilities, config: DetectorConfig) -> NDArray[np.int64]:
    """Sums over the window after every output that comes after the warm-up; before the first there are zeros."""
    outputs = np.asarray(probabilities, np.uint8)[config.warmup :]
    total = np.concatenate([[0], np.cumsum(outputs, dtype=np.int64)])
    sums = total[1:].copy()
    sums[config.average_window :] -= total[1 : -config.average_window]
    return sums


def detect(probabilities: Probabilities, config: DetectorConfig, counts: NDArray[np.bool_] | None = None) -> list[int]:
    """Positions in ``probabilities`` at which a fresh detector fires.

    It goes from one detection to the next, so it takes only a few passes over the array. ``counts``: at which outputs
    a detection counts, (outputs,); elsewhere it is taken back, as ``ww_detector_take_back`` does. None: at all.
    """
    sums = _sums(probabilities, config)
    if not sums.size:
        return []
    votes = np.concatenate([[0], np.cumsum(sums >= config.on_threshold * config.average_window)])
    recent = votes[1:].copy()
    recent[config.votes_window :] -= votes[1 : -config.votes_window]
    allowed = np.ones(sums.size, np.bool_) if counts is None else np.asarray(counts)[config.warmup :]
    enough = np.flatnonzero(allowed & (recent >= config.votes_needed))
    low = np.flatnonzero(sums < config.off_threshold * config.average_window)

    detections: list[int] = []
    armed_from = 0  # votes before this output are forgotten
    unlocked_from = 0
    while True:
        position = _next_detection(votes, enough, allowed, armed_from, unlocked_from, config)
        if position is None:
            return detections
        detections.append(position + config.warmup)
        unlocked_from = position + max(config.lockout, 1)
        rearmed = np.searchsorted(low, position, side="right")
        if rearmed == low.size:
            return detections
        armed_from = int(low[rearmed]) + 1


def _next_detection(
    votes: NDArray[np.int64], enough: NDArray[np.int64], allowed: NDArray[np.bool_], armed_from: int,
    unlocked_from: int, config: DetectorConfig,
) -> int | None:  # fmt: skip
    """The first output that is allowed, not locked out, and has enough votes, all of them since ``armed_from``."""
    start = max(armed_from, unlocked_from)
    window_full = armed_from + config.votes_window
    for position in range(start, min(window_full, votes.size - 1)):
        if allowed[position] and votes[position + 1] - votes[armed_from] >= config.votes_needed:
            return position
    index = np.searchsorted(enough, max(start, window_full))
    return int(enough[index]) if index < enough.size else None
