"""Recall at a budget of false alarms, from scores of any resolution: quick enough to ask while a model trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Heard:
    """What one network makes of a material: the heights of its scores, from 0 to 1.

    Attributes:
        positives: the peaks of the clips in each condition, (clips,); all conditions have the same clips.
        negative: the highest score of the negatives within each lock-out time, in their order, (times,).
        hours: length of the negatives.
    """

    positives: Mapping[str, Scores]
    negative: Scores
    hours: float

    def recall(self, per_hour: float) -> float:
        """The mean recall over conditions at the lowest threshold that keeps a budget of false alarms as counted."""
        return mean_recall(self.positives, _exceeded(self.negative, int(per_hour * self.hours)))


def averaged(scores: Scores, window: int) -> Scores:
    """The mean of every output and the ``window`` - 1 before it, (outputs,); before the first there is silence, 0."""
    total = np.concatenate([[0.0], np.cumsum(scores)])
    return np.asarray((total[1:] - np.concatenate([np.zeros(window), total[1:-window]])[: len(scores)]) / window)


def clip_peaks(scores: Scores, bounds: npt.NDArray[np.int64]) -> Scores:
    """The highest score within each clip, (clips,); ``bounds``: first output and the one after the last, (clips, 2)."""
    return np.array([scores[start:stop].max(initial=0.0) for start, stop in bounds])


def lockout_peaks(negative: Scores, lockout: int) -> Scores:
    """The highest of every ``lockout`` scores, (times,): a detector makes one alarm of them at most."""
    whole = -(-len(negative) // lockout) * lockout
    return np.asarray(np.pad(negative, (0, whole - len(negative))).reshape(-1, lockout).max(axis=1))


def mean_recall(positives: Mapping[str, Scores], threshold: float) -> float:
    """The mean over conditions of the share of clips whose peak is above a threshold; 0 without clips."""
    shares: Sequence[float] = [float((peaks > threshold).mean()) for peaks in positives.values() if len(peaks)]
    return float(np.mean(shares)) if shares else 0.0


def _exceeded(peaks: Scores, allowed: int) -> float:
    """The score that ``allowed`` peaks exceed."""
    return float(np.sort(peaks)[::-1][allowed]) if allowed < len(peaks) else 0.0
