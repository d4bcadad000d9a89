"""Sets a threshold by hours of audio from where the detector will be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from wwtool.base.cancellation import Cancellation
from wwtool.base.text import printable
from wwtool.config import Config, EvaluateConfig
from wwtool.data.audio import AudioFile
from wwtool.errors import InputError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.kinds import KindFacts
from wwtool.evaluation.metrics import Track, detector_with, false_alarms, poisson_interval
from wwtool.evaluation.peaks import Peaks, Places, ceiling_of, floor_of, places_of, threshold_levels
from wwtool.evaluation.promise import Promise
from wwtool.evaluation.record import EvaluationRecord, PointRecord
from wwtool.evaluation.streaming import StreamingModel
from wwtool.evaluation.tails import Tail, tail_of

_CHUNK_FRAMES = 180_000  # half an hour of features at once
_CONTEXT_FRAMES = 900  # of the chunk before: longer than what a model of the zoo hears
_TYPICAL = 0.5  # a peak as high as that share of the phrase's clips sounds like the phrase
_MANY = 3  # such peaks are more than chance, if they are also twice as frequent as false alarms may be


@dataclass(frozen=True)
class Moment:
    """A place in a recording that scores like the phrase; ``average`` is the detector's, 0 to 255."""

    path: str
    seconds: float
    average: int


@dataclass(frozen=True)
class Calibration:
    """A threshold that was set by a household's audio, and what is known of it.

    Attributes:
        model_sha256: of the model that it is for.
        detector: with the threshold.
        threshold_before: the build's own.
        recall: by condition, at the threshold, as the build has measured it.
        hours, files: of the audio.
        false_alarms: in that audio, at the threshold.
        counted_interval: the 95 % interval of their rate by counting alone.
        per_hour, interval, confidence, budget: as in ``kinds.ExpectedRate``, of the household.
        within_budget: whether the upper end keeps the budget.
        hours_to_prove: hours without a false alarm that prove the budget by counting alone, at the same confidence.
        phrase_said: somebody has said that the phrase is in the audio, so that ``moments`` were left out.
        moments: what sounds like the phrase, highest first.
    """

    model_sha256: str
    detector: DetectorConfig
    threshold_before: Annotated[int, Field(ge=1, le=256)]
    recall: dict[str, float]
    hours: float
    files: int
    false_alarms: int
    counted_interval: tuple[float, float]
    per_hour: float
    interval: tuple[float, float]
    confidence: float
    budget: float
    within_budget: bool
    hours_to_prove: float
    phrase_said: bool
    moments: tuple[Moment, ...] = ()


def listen(
    model: StreamingModel, files: Sequence[Path], warmup: int, advance: Callable[[int, int], None], cancel: Cancellation
) -> Track:
    """The outputs over recordings of any length, one after the other; each is a segment with its number as its label.

    Raises:
        InputError: a file cannot be read.
        CancelledError: somebody has cancelled; checked at every block of audio.
    """
    outputs, bounds, total = list[npt.NDArray[np.uint8]](), list[tuple[int, int]](), 0
    for number, path in enumerate(files):
        advance(number, len(files))
        start = total
        for piece in _outputs(model, path, cancel):
            if total - start < warmup:  # a detector that has just started does not listen either
                piece[: warmup - (total - start)] = 0
            outputs.append(piece)
            total += len(piece)
        bounds.append((start, total))
    labels = tuple(str(number) for number in range(len(files)))
    joined = np.concatenate(outputs) if outputs else np.zeros(0, np.uint8)
    return Track(joined, np.asarray(bounds, np.int64).reshape(-1, 2), labels, model.stride, model.front_end.geometry)


def _outputs(model: StreamingModel, path: Path, cancel: Cancellation) -> list[npt.NDArray[np.uint8]]:
    """The outputs over a file, half an hour at a time; each piece hears the end of the one before."""
    stream, waiting, size, pieces, context = model.front_end.stream(), list[npt.NDArray[np.int8]](), 0, [], 0

    def flush(keep: int) -> None:
        nonlocal waiting, size, context
        frames = np.concatenate(waiting)
        whole = len(frames) // model.stride * model.stride
        pieces.append(model.probabilities(frames[:whole])[context // model.stride :])
        kept = min(keep // model.stride * model.stride, whole)
        waiting = [frames[whole - kept :]]
        size, context = len(waiting[0]), kept

    for block in AudioFile(path):
        cancel.check()
        new = model.front_end.quantize(stream.process(block))
        waiting.append(new)
        size += len(new)
        if size >= _CHUNK_FRAMES:
            flush(_CONTEXT_FRAMES)
    if waiting:
        flush(0)
    return pieces


def calibrate(
    track: Track, names: Sequence[str], record: EvaluationRecord, model_sha256: str, config: Config,
    phrase_said: bool | None,
) -> Calibration:  # fmt: skip
    """The calibration by a track of a household; ``names`` of its files, in order.

    ``phrase_said``: whether somebody says the phrase in it. None: nobody has told; then many moments that sound like it
    are refused.

    Raises:
        InputError: the audio is empty, or the phrase seems to be said in it.
    """
    if not track.hours:
        raise InputError("there is no audio to calibrate with; give a folder with recordings of your household")
    detector = record.detector
    places = places_of(track, detector)
    like = places.levels >= _typical_level(record.curve, detector)
    moments = tuple(_moment(track, names, places, index, detector) for index in np.flatnonzero(like))
    usual = 2 * config.evaluate.false_alarms_per_hour * track.hours
    if phrase_said is None and len(moments) >= max(_MANY, usual):
        raise PhraseHeardError(moments)
    left_out = like & bool(phrase_said)
    tail = tail_of(Peaks(places.levels[~left_out], track.hours), floor_of(detector), ceiling_of(detector))
    return _calibrated(track, record, model_sha256, config, tail, moments, bool(phrase_said))


class PhraseHeardError(InputError):
    """The phrase seems to be said in a household's audio; ``moments`` says where."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        self.moments = tuple(moments)
        first = ", ".join(f"{moment.path} at {clock(moment.seconds)}" for moment in moments[:5])
        more = f" and {len(moments) - 5} more" if len(moments) > 5 else ""
        super().__init__(
            f"{len(moments)} moments sound like the phrase ({first}{more}); listen to them, then add --phrase-said to "
            "leave them out if it is said there, or --no-phrase-said to count them as false alarms"
        )


def clock(seconds: float) -> str:
    """A time in a recording.

    >>> clock(3725.4)
    '1:02:05.4'
    """
    whole, tenths = divmod(round(seconds * 10), 10)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}.{tenths}"


def _calibrated(
    track: Track, record: EvaluationRecord, model_sha256: str, config: Config, tail: Tail, moments: tuple[Moment, ...],
    phrase_said: bool,
) -> Calibration:  # fmt: skip
    expected = record.expected
    kinds = expected.kinds if expected else {}
    evaluate = _settings(config, record)
    facts = {name: KindFacts(kind.share, kind.trained, kind.source) for name, kind in kinds.items()}
    tails = {name: kind.tail.tail() for name, kind in kinds.items()}
    promise = Promise(tails, facts, record.detector, evaluate, tail)
    upper = promise.upper()
    threshold = promise.lowest(upper)
    rates = promise.of_unmet()[:, threshold - 1]
    chosen = detector_with(record.detector, threshold, config.detector.off_ratio)
    alarms = sum(false_alarms(track, chosen).values())
    point = min(record.curve, key=lambda entry: abs(entry.threshold - threshold))
    low, high = np.quantile(rates, [1 - evaluate.confidence, evaluate.confidence])
    return Calibration(
        model_sha256=model_sha256,
        detector=chosen,
        threshold_before=record.detector.on_threshold,
        recall=point.recall,
        hours=round(track.hours, 3),
        files=len(track.segments),
        false_alarms=alarms,
        counted_interval=poisson_interval(alarms, track.hours),
        per_hour=float(rates.mean()),
        interval=(float(low), float(high)),
        confidence=evaluate.confidence,
        budget=evaluate.false_alarms_per_hour,
        within_budget=bool(upper[threshold - 1] <= evaluate.false_alarms_per_hour),
        hours_to_prove=round(float(-np.log(1 - evaluate.confidence) / evaluate.false_alarms_per_hour), 2),
        phrase_said=phrase_said,
        moments=moments,
    )


def _settings(config: Config, record: EvaluationRecord) -> EvaluateConfig:
    """The settings of the promise; the shift is that of the build's evaluation."""
    shift = record.expected.unseen_shift if record.expected else config.evaluate.unseen_shift
    return config.evaluate.model_copy(update={"unseen_shift": shift})


def _typical_level(curve: Sequence[PointRecord], detector: DetectorConfig) -> float:
    """The level that half of the phrase's clips reach, or the detector's threshold if that is higher."""
    best = max((_mean(point.recall) for point in curve), default=0.0)
    high = [
        point.threshold for point in curve if _mean(point.recall) >= _TYPICAL * best and 1 <= point.threshold <= 255
    ]
    return float(threshold_levels(detector)[max([min(detector.on_threshold, 255), *high]) - 1])


def _mean(recall: dict[str, float]) -> float:
    return sum(recall.values()) / len(recall) if recall else 0.0


def _moment(track: Track, names: Sequence[str], places: Places, index: np.intp, detector: DetectorConfig) -> Moment:
    segment = int(places.segments[index])
    output = int(places.outputs[index] - track.segments[segment, 0])
    seconds = (output + 1) * track.stride * track.geometry.step_samples / track.geometry.sample_rate_hz
    end = int(places.outputs[index]) + 1
    window = track.probabilities[max(0, end - detector.average_window) : end]
    return Moment(printable(names[segment]), round(seconds, 2), int(window.mean()) if len(window) else 0)
