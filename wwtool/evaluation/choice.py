"""Which detector a model gets: its shape and its threshold, chosen together so that the false-alarm budget is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from wwtool.base.cancellation import Cancellation
from wwtool.config import Config, EvaluateConfig
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.kinds import KindFacts
from wwtool.evaluation.metrics import Track, detector_with
from wwtool.evaluation.peaks import peaks_by_label, scores
from wwtool.evaluation.promise import Promise


@dataclass(frozen=True)
class ShapeTried:
    """A shape, the lowest threshold at which it keeps the budget by a build's own audio, and its mean recall there."""

    average_window: int
    threshold: int
    recall: float
    within_budget: bool


@dataclass(frozen=True)
class Shape:
    """A detector without its threshold, and the false alarms that it promises."""

    detector: DetectorConfig
    promise: Promise


def promise_of(
    negative: Track, kinds: Mapping[str, KindFacts], detector: DetectorConfig, config: Config
) -> Promise | None:
    """What a detector's shape promises by a track of negatives; None without any."""
    made = Promise.of_peaks(peaks_by_label(negative, detector), kinds, detector, config.evaluate)
    return made if made.tails else None


def choose_shape(
    positives: Mapping[str, Track], negative: Track, kinds: Mapping[str, KindFacts], base: DetectorConfig,
    config: Config, standard: EvaluateConfig, cancel: Cancellation,
) -> tuple[Shape | None, list[ShapeTried]]:  # fmt: skip
    """The first of the configured shapes, or the one that detects most, if that is worth it; and all that were tried.

    None without negatives. ``standard``: see ``Promise.settled``.

    Raises:
        CancelledError: somebody has cancelled; checked at every shape.
    """
    windows = (config.detector.average_window,) if config.detector.average_window else config.detector.average_windows
    shapes, tried = list[Shape](), list[ShapeTried]()
    for window in dict.fromkeys(windows):
        cancel.check()
        detector = DetectorConfig(**base.model_dump() | {"average_window": window})
        promise = promise_of(negative, kinds, detector, config)
        if promise is None:
            return None, []
        rates = promise.upper()
        threshold = promise.lowest(rates)
        recall = _mean_recall(positives, detector_with(detector, threshold, config.detector.off_ratio))
        within = bool(rates[threshold - 1] <= config.evaluate.false_alarms_per_hour)
        shapes.append(Shape(detector, promise))
        tried.append(ShapeTried(window, threshold, recall, within))
    best = shapes[_best(tried, config.evaluate.spare_recall or 0.0)]
    return Shape(best.detector, best.promise.settled(standard)), tried


def _best(tried: Sequence[ShapeTried], worth: float) -> int:
    """The first, unless another keeps the budget and detects more than ``worth`` more, or is alone in keeping it."""
    best = max(range(len(tried)), key=lambda i: (tried[i].within_budget, tried[i].recall, -i))
    gain = tried[best].recall - tried[0].recall
    return best if tried[best].within_budget > tried[0].within_budget or gain > worth else 0


def _mean_recall(positives: Mapping[str, Track], detector: DetectorConfig) -> float:
    """Mean over the conditions of the share of clips in which the score reaches the threshold."""
    needed = detector.on_threshold * detector.average_window
    shares = []
    for track in positives.values():
        reached = np.concatenate([[0], np.cumsum(scores(track.probabilities, detector) >= needed)])
        if len(track.segments):
            shares.append(float(np.mean(reached[track.segments[:, 1]] > reached[track.segments[:, 0]])))
    return float(np.mean(shares)) if shares else 0.0
