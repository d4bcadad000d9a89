"""Evaluates an INT8 model in streaming form on clips: builds the long recordings, finds the operating point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.config import AugmentConfig, Config
from wwtool.data.audio import Audio, AudioFile, to_int16
from wwtool.data.utterance import FloatAudio, rms, to_float, utterance_bounds
from wwtool.data.voices import Speakers, Voices, warning_for
from wwtool.evaluation.detector import DetectorConfig, off_threshold
from wwtool.evaluation.metrics import (
    Point,
    Track,
    clip_scores,
    curve,
    detector_with,
    equal_error_rate,
    false_alarms,
    found,
    operating_point,
    partial_auc,
    point_of,
    poisson_interval,
    wilson_interval,
)
from wwtool.evaluation.streaming import StreamingModel
from wwtool.features.waveform.background import background
from wwtool.features.waveform.studio import Studio
from wwtool.frontend.geometry import MICRO, SAMPLE_RATE_HZ
from wwtool.frontend.registry import DEFAULT_FRONT_END

_BLOCK_SAMPLES = 60 * SAMPLE_RATE_HZ
_FLOOR_DB = -70.0
_NOISY_SNR_DB = 10.0
_BEFORE_S, _AFTER_S, _GAP_S = 1.2, 0.8, 0.3


@dataclass(frozen=True)
class Material:
    """Clips to evaluate on: positives and who speaks them, negatives by label, noise for the noisy condition.

    A negative may last for hours and is then best a file, which is read in blocks; of noise the beginning is used.
    ``near_misses`` sound like the phrase on purpose; nobody says them by the hour, so they are counted apart.
    """

    positives: Sequence[Audio]
    speakers: Speakers
    negatives: Mapping[str, Sequence[Audio | AudioFile]]
    noise: Sequence[Audio]
    near_misses: Sequence[Audio] = ()


@dataclass(frozen=True)
class Recording:
    """Clips laid end to end as int8 features (frames, channels); each clip's ``bounds`` in frames, end exclusive."""

    frames: npt.NDArray[np.int8]
    bounds: npt.NDArray[np.int64]
    labels: tuple[str, ...]

    def heard_by(self, model: StreamingModel) -> Track:
        """The model's outputs over it."""
        return Track(model.probabilities(self.frames), self.bounds // model.stride, self.labels, model.stride)


@dataclass(frozen=True)
class Evaluation:
    """The result. ``recall`` and ``intervals`` (95 %) by condition, at the operating point; ``hours`` of negatives.

    ``per_hour_interval`` (95 %) is of the rate of false alarms, None without negatives.

    ``near_misses_taken`` of ``near_misses`` clips set the detector off; the false-alarm budget leaves them out.
    ``voices`` says who spoke the positives, ``speakers`` how many they are (None: not named), ``warning`` what a reader
    of the figures must know.
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

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "detector": self.detector.model_dump()}


def detector_config(config: Config, stride: int) -> DetectorConfig:
    """The detector in model outputs, its thresholds still to be chosen."""
    d, output_ms = config.detector, stride * 10
    return DetectorConfig(
        average_window=d.average_window,
        votes_needed=d.votes_needed,
        votes_window=d.votes_window,
        on_threshold=d.on_threshold or 255,
        off_threshold=off_threshold(d.on_threshold or 255, d.off_ratio),
        lockout=round(d.lockout_ms / output_ms),
        warmup=round(d.warmup_ms / output_ms),
    )


def assess(
    model: StreamingModel, material: Material, config: Config, detector: DetectorConfig | None = None
) -> Evaluation:
    """Evaluates; the operating point is that of ``detector``, or the best that keeps the false-alarm budget."""
    base = detector or detector_config(config, model.stride)
    tracks = {
        "clean": positive_recording(material.positives, None).heard_by(model),
        "noisy": positive_recording(material.positives, material.noise).heard_by(model),
    }
    negative = negative_recording(material.negatives).heard_by(model)
    ratio = config.detector.off_ratio
    points = curve(tracks, negative, base, ratio)
    if detector or config.detector.on_threshold:
        chosen = base
        point = point_of(tracks, negative, chosen)
    else:
        point = operating_point(points, config.evaluate.false_alarms_per_hour, config.evaluate.spare_recall)
        chosen = detector_with(base, point.threshold, ratio)
    hits = {name: int(found(track, chosen).sum()) for name, track in tracks.items()}
    count = len(material.positives)
    near = negative_recording({"near_miss": material.near_misses}).heard_by(model)
    return Evaluation(
        detector=chosen,
        point=point,
        within_budget=point.per_hour <= config.evaluate.false_alarms_per_hour,
        positives=count,
        hours=round(negative.hours, 4),
        intervals={name: wilson_interval(hit, count) for name, hit in hits.items()},
        per_hour_interval=poisson_interval(point.false_alarms, negative.hours) if negative.hours else None,
        alarms_by_label=false_alarms(negative, chosen),
        hours_by_label=_hours_by_label(negative),
        near_misses=len(material.near_misses),
        near_misses_taken=sum(false_alarms(near, chosen).values()),
        voices=material.speakers.voices,
        speakers=material.speakers.count,
        warning=warning_for(material.speakers.voices),
        equal_error_rate=equal_error_rate(clip_scores(tracks["clean"], 5), clip_scores(negative, 5)),
        partial_auc=partial_auc(clip_scores(tracks["clean"], 5), clip_scores(negative, 5)),
        curve=points,
    )


def positive_recording(
    clips: Sequence[Audio], noise: Sequence[Audio] | None, snr_db: float = _NOISY_SNR_DB
) -> Recording:
    """Positives between silences, with a noise floor; with ``noise`` at ``snr_db`` below the word."""
    generator = np.random.default_rng(9)
    studio = Studio(AugmentConfig(), generator)  # without recordings of noise, it makes some

    def piece(i: int, clip: Audio) -> FloatAudio:
        x = np.pad(to_float(clip), (int(_BEFORE_S * SAMPLE_RATE_HZ), int(_AFTER_S * SAMPLE_RATE_HZ)))
        if noise is not None:
            start, end = utterance_bounds(clip)
            z = _cycled(to_float(noise[i % len(noise)]), len(x)) if len(noise) else background(len(x), studio)
            x = x + z * np.float32(rms(to_float(clip[start:end])) * 10 ** (-snr_db / 20) / rms(z))
            x = x / max(1.0, float(np.abs(x).max()))
        return x

    pieces: Iterable[FloatAudio] = (piece(i, clip) for i, clip in enumerate(clips))
    if noise is not None and not len(noise):
        pieces = list(pieces)  # all backgrounds are drawn from the generator before the first noise floor
    return _recorded(([x] for x in pieces), ["positive"] * len(clips), generator)


def negative_recording(negatives: Mapping[str, Sequence[Audio | AudioFile]]) -> Recording:
    """All negatives in a row, 0.3 s apart, with a noise floor."""
    labels = [label for label, clips in negatives.items() for _ in clips]
    pieces = (_with_gap(clip) for clips in negatives.values() for clip in clips)
    return _recorded(pieces, labels, np.random.default_rng(10))


def _with_gap(clip: Audio | AudioFile) -> Iterator[FloatAudio]:
    blocks = (
        (clip[start : start + _BLOCK_SAMPLES] for start in range(0, len(clip), _BLOCK_SAMPLES))
        if isinstance(clip, np.ndarray)
        else clip
    )
    yield from map(to_float, blocks)
    yield np.zeros(int(_GAP_S * SAMPLE_RATE_HZ), np.float32)


def _recorded(pieces: Iterable[Iterable[FloatAudio]], labels: list[str], generator: np.random.Generator) -> Recording:
    """Pieces, each in blocks; one block at a time is held as audio."""
    front_end = DEFAULT_FRONT_END
    stream, frames, bounds, total = front_end.stream(), [np.zeros((0, front_end.geometry.channels), np.int8)], [], 0
    for piece in pieces:
        start = total
        for block in piece:
            floor = generator.standard_normal(len(block), np.float32) * np.float32(10 ** (_FLOOR_DB / 20))
            new = front_end.quantize(stream.process(to_int16(block + floor)))
            frames.append(new)
            total += len(new)
        bounds.append((start, total))
    return Recording(np.concatenate(frames), np.asarray(bounds, np.int64).reshape(-1, 2), tuple(labels))


def _cycled(x: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.float32]:
    return np.tile(x, count // len(x) + 1)[:count]


def _hours_by_label(track: Track) -> dict[str, float]:
    hours: dict[str, float] = {}
    for (start, end), label in zip(track.segments, track.labels, strict=True):
        hours[label] = hours.get(label, 0.0) + float(end - start) * track.stride / MICRO.frames_per_hour
    return {label: round(value, 4) for label, value in hours.items()}
