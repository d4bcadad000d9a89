"""Recall against false alarms per hour, and the figures made of it. Pure functions of the model's outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.base.cancellation import Cancellation
from wwtool.evaluation.detector import DetectorConfig, detect, off_threshold
from wwtool.frontend.geometry import MICRO, Geometry


@dataclass(frozen=True)
class Track:
    """A model's outputs over one long recording.

    ``probabilities``: (outputs,), from 0 to 255, one for every ``stride`` frames. ``segments``: first output of each
    clip and the output after its last, (clips, 2). ``labels``: what each clip is. ``geometry``: that of the model's
    front end. ``counts``: at which outputs a detection counts, (outputs,); None: at all.
    """

    probabilities: npt.NDArray[np.uint8]
    segments: npt.NDArray[np.int64]
    labels: tuple[str, ...]
    stride: int
    geometry: Geometry = MICRO
    counts: npt.NDArray[np.bool_] | None = None

    def detections(self, config: DetectorConfig) -> list[int]:
        """The outputs at which a fresh detector fires."""
        return detect(self.probabilities, config, self.counts)

    @property
    def hours(self) -> float:
        """Length of the recording."""
        return len(self.probabilities) * self.stride / self.geometry.frames_per_hour


@dataclass(frozen=True)
class Point:
    """What a threshold gives: ``recall`` in each positive condition, false alarms and their rate."""

    threshold: int
    recall: dict[str, float]
    false_alarms: int
    per_hour: float


def detector_with(config: DetectorConfig, threshold: int, off_ratio: float) -> DetectorConfig:
    """The detector at another on-threshold, 1 to 255; it re-arms at ``off_ratio`` of it."""
    thresholds = {"on_threshold": threshold, "off_threshold": off_threshold(threshold, off_ratio)}
    return DetectorConfig(**config.model_dump() | thresholds)


def is_detected(track: Track, config: DetectorConfig) -> npt.NDArray[np.bool_]:
    """Tells for every clip of a track whether a detection falls into it, (clips,)."""
    detections = np.asarray(track.detections(config), np.int64)
    before_start = np.searchsorted(detections, track.segments[:, 0])
    before_end = np.searchsorted(detections, track.segments[:, 1])
    return np.asarray(before_end > before_start)


def false_alarms(track: Track, config: DetectorConfig) -> dict[str, int]:
    """Counts the detections in a track of negatives by label; one between two clips belongs to the first clip."""
    counts: dict[str, int] = {}
    for detection in track.detections(config):
        index = max(0, int(np.searchsorted(track.segments[:, 0], detection, side="right")) - 1)
        label = track.labels[index]
        counts[label] = counts.get(label, 0) + 1
    return counts


def point_of(positives: dict[str, Track], negative: Track, detector: DetectorConfig) -> Point:
    """Recall and false alarms of one detector."""
    alarms = len(negative.detections(detector))
    recall = {
        name: float(is_detected(track, detector).mean()) if len(track.segments) else 0.0
        for name, track in positives.items()
    }
    return Point(detector.on_threshold, recall, alarms, alarms / negative.hours if negative.hours else 0.0)


def curve(
    positives: dict[str, Track], negative: Track, config: DetectorConfig, off_ratio: float,
    cancel: Cancellation | None = None,
) -> list[Point]:  # fmt: skip
    """Points for every on-threshold from 1 to 255, in that order.

    Raises:
        CancelledError: somebody has cancelled; checked at every threshold.
    """
    cancel, points = cancel or Cancellation(), []
    for threshold in range(1, 256):
        cancel.check()
        points.append(point_of(positives, negative, detector_with(config, threshold, off_ratio)))
    return points


def operating_point(
    points: list[Point], per_hour: float, spare: float | None = 0.0, rates: Sequence[float] | None = None
) -> Point:
    """The highest threshold that keeps the false-alarm budget and gives up at most ``spare`` of the best mean recall;
    if that is None, the lowest that keeps the budget and gives up nothing.

    A threshold keeps the budget if it and all higher ones give at most ``per_hour`` false alarms an hour, by ``rates``
    (one for each point) or else by what was counted. The best recall is the best among those thresholds. It is not
    always that of the lowest, where a detector hardly ever re-arms. A high threshold is safe, because audio that was
    never evaluated scores higher than audio that was. A larger ``per_hour`` never gives less recall. If no threshold
    keeps the budget, the result is the highest one.

    ``points``: by rising threshold, as ``curve`` gives them.
    """
    within: list[Point] = []
    counted = [point.per_hour for point in points]
    for point, rate in zip(reversed(points), reversed(counted if rates is None else rates), strict=True):
        if rate > per_hour:
            break
        within.append(point)
    if not within:
        return points[-1]
    least = max(map(_mean_recall, within)) - (spare or 0.0)
    good = [point for point in within if _mean_recall(point) >= least]
    return good[-1 if spare is None else 0]


def _mean_recall(point: Point) -> float:
    return sum(point.recall.values()) / len(point.recall) if point.recall else 0.0


def clip_scores(track: Track, window: int) -> npt.NDArray[np.float64]:
    """The highest moving average over ``window`` outputs within every clip, from 0 to 1, (clips,)."""
    total = np.concatenate([[0], np.cumsum(track.probabilities, dtype=np.int64)])
    average = (total[window:] - total[:-window]) / (255.0 * window) if len(total) > window else np.zeros(1)
    scores = []
    for start, stop in track.segments:
        piece = average[max(0, int(start) - window + 1) : max(1, int(stop) - window + 1)]
        scores.append(float(piece.max()) if len(piece) else 0.0)
    return np.asarray(scores)


def equal_error_rate(positive: npt.NDArray[np.float64], negative: npt.NDArray[np.float64]) -> float:
    """The error rate at the threshold where as many positives are missed as negatives are taken for the phrase."""
    if not len(positive) or not len(negative):
        return float("nan")
    thresholds = np.unique(np.concatenate([positive, negative, [2.0]]))
    misses = np.searchsorted(np.sort(positive), thresholds) / len(positive)
    alarms = 1.0 - np.searchsorted(np.sort(negative), thresholds) / len(negative)
    best = int(np.abs(misses - alarms).argmin())
    return float((misses[best] + alarms[best]) / 2)


def partial_auc(positive: npt.NDArray[np.float64], negative: npt.NDArray[np.float64], limit: float = 0.05) -> float:
    """Mean recall for clip false-positive rates from 0 to ``limit``; 1 is perfect."""
    if not len(positive) or not len(negative):
        return float("nan")
    thresholds = np.unique(np.concatenate([positive, negative, [2.0]]))[::-1]
    # Counts, then one division: 1 - 19 / 20 would be a little more than 0.05.
    rate = (len(negative) - np.searchsorted(np.sort(negative), thresholds)) / len(negative)
    recall = (len(positive) - np.searchsorted(np.sort(positive), thresholds)) / len(positive)
    grid = np.linspace(0.0, limit, 101)
    # The ROC is a staircase: at a rate, the best recall that needs no more.
    at = np.searchsorted(rate, grid, side="right") - 1
    return float(recall[np.clip(at, 0, len(recall) - 1)].mean())


def poisson_interval(events: int, hours: float, share: float = 0.025) -> tuple[float, float]:
    """95 % confidence interval of a rate per hour (Garwood 1936: exact), from the events in more than 0 hours.

    >>> [round(rate, 2) for rate in poisson_interval(0, 1.5)]
    [0.0, 2.46]
    """

    def at_most(count: int, mean: float) -> float:
        """The chance of at most ``count`` events."""
        logs = count_logs[: count + 1] + np.arange(count + 1) * np.log(mean) - mean
        return float(np.exp(logs).sum())

    def mean_where(count: int, chance: float) -> float:
        low, high = 1e-9, events + 10.0 * np.sqrt(events + 1.0) + 10.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if at_most(count, middle) > chance else (low, middle)
        return float(low)

    count_logs = -np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, events + 1)))])
    lowest = mean_where(events - 1, 1.0 - share) if events else 0.0
    return lowest / hours, mean_where(events, share) / hours


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """95 % confidence interval of a proportion (Wilson 1927)."""
    if trials == 0:
        return 0.0, 1.0
    p = successes / trials
    centre = p + z * z / (2 * trials)
    spread = z * np.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    low = 0.0 if successes == 0 else (centre - spread) / scale
    high = 1.0 if successes == trials else (centre + spread) / scale
    return float(low), float(high)
