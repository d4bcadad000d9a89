"""Recall at a budget of false alarms, from scores of any resolution: quick enough to ask while a model trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float64]


def averaged(scores: Scores, window: int) -> Scores:
    """The mean of every output and the ``window`` - 1 before it, (outputs,); before the first there is silence, 0."""
    total = np.concatenate([[0.0], np.cumsum(scores)])
    return np.asarray((total[1:] - np.concatenate([np.zeros(window), total[1:-window]])[: len(scores)]) / window)


def clip_peaks(scores: Scores, bounds: npt.NDArray[np.int64]) -> Scores:
    """The highest score within each clip, (clips,); ``bounds``: first output and the one after the last, (clips, 2)."""
    return np.array([scores[start:stop].max(initial=0.0) for start, stop in bounds])


def alarm_threshold(negative: Scores, lockout: int, allowed: int) -> float:
    """The score that a detector of a lockout of so many outputs exceeds ``allowed`` times in negatives."""
    whole = -(-len(negative) // lockout) * lockout
    peaks = np.sort(np.pad(negative, (0, whole - len(negative))).reshape(-1, lockout).max(axis=1))[::-1]
    return float(peaks[allowed]) if allowed < len(peaks) else 0.0


def recall_at_budget(
    positives: Mapping[str, Scores], negative: Scores, hours: float, per_hour: float, lockout: int
) -> float:
    """The mean over conditions of the share of clips whose peak is above what false alarms leave to the threshold.

    Args:
        positives: the peaks of the clips in each condition, as ``clip_peaks`` has them.
        negative: averaged scores of the negatives, (outputs,).
        hours: their length.
        per_hour: the budget.
        lockout: outputs after a detection during which there is no other.
    """
    threshold = alarm_threshold(negative, lockout, int(per_hour * hours))
    shares: Sequence[float] = [float((peaks > threshold).mean()) for peaks in positives.values() if len(peaks)]
    return float(np.mean(shares)) if shares else 0.0
