"""Evaluates an INT8 model as it runs on the device: streaming, through the detector, at an operating point."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.cancellation import Cancellation
from wwtool.config import Config, EvaluateConfig
from wwtool.data.audio import Audio
from wwtool.data.dataset import Note
from wwtool.data.voices import Voices, warning_for
from wwtool.evaluation.choice import ShapeTried, choose_shape, promise_of
from wwtool.evaluation.clip_figures import ClipFigures, clip_figures
from wwtool.evaluation.detector import DetectorConfig, off_threshold
from wwtool.evaluation.kinds import ExpectedRate, KindFacts
from wwtool.evaluation.material import Material, negative_recording
from wwtool.evaluation.metrics import (
    Point,
    Track,
    clip_scores,
    curve,
    detector_with,
    equal_error_rate,
    false_alarms,
    is_detected,
    operating_point,
    partial_auc,
    point_of,
    poisson_interval,
    wilson_interval,
)
from wwtool.evaluation.promise import Promise
from wwtool.evaluation.recordings import Recordings
from wwtool.evaluation.robustness import Robustness
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.streaming import StreamingModel
from wwtool.frontend.geometry import MICRO, Geometry

_MOST_READY_MADE_H = 10.0  # of a folder; more takes long and tells little
_SCORE_WINDOW = 5  # outputs whose mean is a score of a clip, whatever the detector averages


@dataclass(frozen=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        detector: the detector with the thresholds of the operating point.
        point: recall by condition ("clean" and "noisy") and false alarms, at the operating point.
        within_budget: whether the upper end of ``expected`` keeps the budget; without that, whether the count does.
        positives: number of clips of the phrase.
        hours: length of the negatives.
        intervals: 95 % interval of the recall, by condition.
        per_hour_interval: 95 % interval of the rate of false alarms; None without negatives.
        alarms_by_label, hours_by_label: false alarms and hours of every kind of negatives.
        near_misses, near_misses_taken: clips that sound like the phrase, and how many of them set the detector off.
            They are no part of the false alarms.
        voices: who spoke the positives.
        speakers: how many they are; None where nobody named them.
        warning: what a reader of the figures must know.
        equal_error_rate, partial_auc: of clean positives against negatives, clip by clip.
        curve: the points of all thresholds.
        expected: the false alarms to expect of audio never evaluated, and those of every kind; None without negatives.
        shapes: the detectors that the choice was among; empty if the threshold was given.
        figures: those of classifiers, of clean positives against negatives, clip by clip; None without both.
        outcomes: which positives were detected, "1", and which not, "0", in their order, by condition.
        positives_sha256: of the positives; evaluations that share it can be compared clip by clip.
        by_speaker: of every speaker who is named, clips detected and clips, by condition.
    """

    detector: DetectorConfig
    point: Point
    within_budget: bool
    positives: int
    hours: float
    intervals: dict[str, tuple[float, float]]
    per_hour_interval: tuple[float, float] | None
    alarms_by_label: dict[str, int]
    hours_by_label: dict[str, float]
    near_misses: int
    near_misses_taken: int
    voices: Voices
    speakers: int | None
    warning: str | None
    equal_error_rate: float
    partial_auc: float
    curve: list[Point]
    expected: ExpectedRate | None = None
    shapes: list[ShapeTried] = field(default_factory=list)
    figures: ClipFigures | None = None
    outcomes: dict[str, str] = field(default_factory=dict)
    positives_sha256: str = ""
    by_speaker: dict[str, dict[str, tuple[int, int]]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The evaluation as JSON has it."""
        return {**asdict(self), "detector": self.detector.model_dump()}


@dataclass(frozen=True, kw_only=True)
class EvaluationOutput(Evaluation):
    """``evaluation.json`` and ``evaluate --json``, in which NaN is null. A key with a default may be missing:
    version 0.1.0 did not write it, or it is of ``evaluate --json`` alone.
    """

    per_hour_interval: tuple[float, float] | None = None
    voices: Voices = "people"
    speakers: int | None = None
    warning: str | None = None
    equal_error_rate: float | None  # type: ignore[assignment]
    partial_auc: float | None  # type: ignore[assignment]
    skipped: list[Note] = field(default_factory=list)
    doubtful: list[Note] = field(default_factory=list)
    robustness: list[Robustness] = field(default_factory=list)
    inferences_percent: float | None = None


def detector_config(config: Config, stride: int, geometry: Geometry = MICRO) -> DetectorConfig:
    """The configured detector for a model that gives an output every ``stride`` frames.

    Times become numbers of outputs. Without a configured threshold, it has the highest, until one is chosen.
    """
    d, output_ms = config.detector, stride * geometry.hop_ms
    return DetectorConfig(
        average_window=d.average_window or d.average_windows[0],
        votes_needed=d.votes_needed,
        votes_window=d.votes_window,
        on_threshold=d.on_threshold or 255,
        off_threshold=off_threshold(d.on_threshold or 255, d.off_ratio),
        lockout=round(d.lockout_ms / output_ms),
        warmup=round(d.warmup_ms / output_ms),
        silence=d.silence_gate,
    )


def assess(
    model: StreamingModel, material: Material, config: Config, detector: DetectorConfig | None = None,
    cancel: Cancellation | None = None, recordings: Recordings | None = None,
) -> Evaluation:  # fmt: skip
    """Evaluates a model on some material.

    The operating point is that of ``detector``, if it is given, or of the config's threshold. Otherwise shape and
    threshold are chosen so that false alarms keep their budget on audio that is not in the material. ``recordings``:
    the material as features, if they are there already.

    Raises:
        CancelledError: somebody has cancelled.
    """
    front_end, cancel = model.front_end, cancel or Cancellation()
    base = detector or detector_config(config, model.stride, front_end.geometry)
    model.gate = model.gate or SilenceGate.of(base)
    if recordings is None or recordings.front_end != front_end:
        recordings = Recordings(material, front_end, cancel)
    tracks = {name: recording.track(model) for name, recording in recordings.positives.items()}
    negatives = recordings.negative
    negative = negatives.with_features(material.ready_made, _MOST_READY_MADE_H, front_end.geometry).track(model)
    voices = material.speakers.voices
    config = config.model_copy(update={"evaluate": _for_voices(config.evaluate, voices)})
    given = detector is not None or config.detector.on_threshold is not None
    if given:
        operation = _fixed(tracks, negative, material.kinds, base, config, cancel)
    else:
        standard = _for_voices(EvaluateConfig(), voices)
        operation = _chosen(tracks, negative, material.kinds, base, config, standard, cancel)
    count, point = len(material.positives), operation.point
    detected = {name: is_detected(track, operation.detector) for name, track in tracks.items()}
    detections = {name: int(hits.sum()) for name, hits in detected.items()}
    clips = clip_scores(tracks["clean"], _SCORE_WINDOW), clip_scores(negative, _SCORE_WINDOW)
    near = negative_recording({"near_miss": material.near_misses}, front_end, cancel).track(model)
    alarms, promise = false_alarms(negative, operation.detector), operation.promise
    expected = promise.at(point.threshold, alarms, not given) if promise else None
    rate = expected.interval[1] if expected else point.per_hour
    return Evaluation(
        detector=operation.detector,
        point=point,
        within_budget=rate <= config.evaluate.false_alarms_per_hour,
        positives=count,
        hours=round(negative.hours, 4),
        intervals={name: wilson_interval(number, count) for name, number in detections.items()},
        per_hour_interval=poisson_interval(point.false_alarms, negative.hours) if negative.hours else None,
        alarms_by_label=alarms,
        hours_by_label=_hours_by_label(negative),
        near_misses=len(material.near_misses),
        near_misses_taken=sum(false_alarms(near, operation.detector).values()),
        voices=voices,
        speakers=material.speakers.count,
        warning=warning_for(voices),
        equal_error_rate=equal_error_rate(*clips),
        partial_auc=partial_auc(*clips),
        curve=operation.curve,
        expected=expected,
        shapes=operation.shapes,
        figures=clip_figures(*clips, point.threshold / 255.0),
        outcomes={name: "".join("01"[int(hit)] for hit in hits) for name, hits in detected.items()},
        positives_sha256=_sha256(material.positives),
        by_speaker=_by_speaker(material.who, detected),
    )


def _sha256(clips: Sequence[Audio]) -> str:
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(len(clip).to_bytes(8, "little") + np.ascontiguousarray(clip).tobytes())
    return digest.hexdigest()


def _by_speaker(
    who: Sequence[str | None], detected: Mapping[str, npt.NDArray[np.bool_]]
) -> dict[str, dict[str, tuple[int, int]]]:  # fmt: skip
    clips: dict[str, list[int]] = {}
    for number, speaker in enumerate(who):
        if speaker is not None:
            clips.setdefault(speaker, []).append(number)
    return {
        speaker: {name: (int(hits[numbers].sum()), len(numbers)) for name, hits in detected.items()}
        for speaker, numbers in sorted(clips.items())
    }


def _for_voices(evaluate: EvaluateConfig, voices: Voices) -> EvaluateConfig:
    """The settings that fit whose voices say the phrase: the shift of audio never met, and the recall to spare."""
    if voices == "people":
        return evaluate
    changed = {"unseen_shift": evaluate.unseen_shift_synthetic, "spare_recall": evaluate.spare_recall_synthetic}
    return evaluate.model_copy(update=changed)


@dataclass(frozen=True)
class _Operation:
    """A detector, its point on the curve of its shape, what the shape promises, and the shapes that were tried."""

    detector: DetectorConfig
    point: Point
    curve: list[Point]
    promise: Promise | None
    shapes: list[ShapeTried]


def _fixed(
    tracks: dict[str, Track], negative: Track, kinds: Mapping[str, KindFacts], base: DetectorConfig, config: Config,
    cancel: Cancellation,
) -> _Operation:  # fmt: skip
    points = curve(tracks, negative, base, config.detector.off_ratio, cancel)
    promise = promise_of(negative, kinds, base, config) if negative.counts is None else None
    return _Operation(base, point_of(tracks, negative, base), points, promise, [])


def _chosen(
    tracks: dict[str, Track], negative: Track, kinds: Mapping[str, KindFacts], base: DetectorConfig, config: Config,
    standard: EvaluateConfig, cancel: Cancellation,
) -> _Operation:  # fmt: skip
    shape, tried = choose_shape(tracks, negative, kinds, base, config, standard, cancel)
    detector, ratio = shape.detector if shape else base, config.detector.off_ratio
    points, rates = curve(tracks, negative, detector, ratio, cancel), shape.promise.upper().tolist() if shape else None
    spare = config.evaluate.spare_recall if rates else 0.0  # without a rate, every threshold keeps the budget
    point = operating_point(points, config.evaluate.false_alarms_per_hour, spare, rates)
    made = detector_with(detector, point.threshold, ratio)
    return _Operation(made, point, points, shape.promise if shape else None, tried)


def _hours_by_label(track: Track) -> dict[str, float]:
    hours: dict[str, float] = {}
    for (start, end), label in zip(track.segments, track.labels, strict=True):
        hours[label] = hours.get(label, 0.0) + float(end - start) * track.stride / track.geometry.frames_per_hour
    return {label: round(value, 4) for label, value in hours.items()}
