"""Evaluate: how well a model detects, on recordings; or the detections in one recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.records import json_of
from wwtool.base.text import printable
from wwtool.config import Config
from wwtool.data.audio import Audio, AudioFile
from wwtool.data.voices import describe_speakers
from wwtool.errors import InputError, UsageError
from wwtool.evaluation.assess import Evaluation, assess, detector_config
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.kinds import KindFacts
from wwtool.evaluation.metrics import detector_with
from wwtool.evaluation.robustness import Robustness, robustness
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.streaming import Detection, StreamingModel
from wwtool.evaluation.voice_gate import VoiceGate
from wwtool.evaluation.words import expectation, expected_words, kind_words
from wwtool.jobs.request import Request, reported
from wwtool.jobs.settings import read_config
from wwtool.packages.package_format import VOICE_ACTIVITY
from wwtool.pipeline.evaluation import (
    Recorded,
    find_subject,
    recorded_material,
    run_sentences,
    synthetic_sentences,
)
from wwtool.pipeline.packaging import Word, read_word
from wwtool.pipeline.training_run import evaluation_figures
from wwtool.tflite.reader import read_model

_STAGE = "evaluate"
Split = Literal["train", "dev", "test", "all"]


class EvaluateRequest(Request):
    """An evaluation."""

    subject: Path = Field(description="A .tflite, a finished run or a build folder.")
    data: Path | None = Field(None, description="A folder or index of recordings.")
    split: Split = Field("dev", description="The speakers to evaluate on.")
    wav: Path | None = Field(None, description="List the detections in this recording instead.")
    phrase: str | None = Field(None, description="The phrase that synthetic sentences must not contain.")
    sentence_hours: float = Field(0.0, ge=0.0, le=100.0, description="Hours of synthetic sentences to add.")
    threshold: int | None = Field(
        None, ge=1, le=255, description="The on-threshold.  [default: the run's, or else the best]"
    )
    robustness: bool = Field(
        False, description="Also measure recall under noise of 20 to -5 dB, at other speeds, levels and sample rates, "
        "from far away and with small microphones.",
    )  # fmt: skip
    silence_gate: int | None = Field(
        None, ge=0, le=255, description="Skip inferences in silence, below this mean feature; 0: never.  [default: the "
        "run's]",
    )  # fmt: skip
    voice_gate: Path | None = Field(
        None, description="Count detections only while this model hears speech, and a second after: vad, or a run or "
        "build of your own.",
    )  # fmt: skip
    config: Path | None = Field(None, description="A config with the detector and the budget of false alarms.")


@dataclass(frozen=True)
class EvaluatePlan:
    """A model that can be read, and what to measure of it.

    Attributes:
        detector: the detector that the model was built with, None if that is not known.
        trained_kinds: whether training has heard each kind of negatives, as far as that is known.
        run_sentences: the held-out sentences of the model's own run; empty if it has none.
        voice_gate: the model that says when detections count; None: they always do.
    """

    request: EvaluateRequest
    model: Path
    detector: DetectorConfig | None
    trained_kinds: dict[str, bool | None]
    run_sentences: Sequence[Audio]
    config: Config
    voice_gate: Word | None = None


@dataclass(frozen=True)
class EvaluateResult:
    """An evaluation, and notes on recordings that were left out or are doubtful, by kind.

    ``inferences_percent``: with a silence gate, the share of inferences that were not skipped.
    """

    evaluation: Evaluation
    notes: dict[str, list[dict[str, str]]]
    robustness: list[Robustness] = field(default_factory=list)
    inferences_percent: float | None = None

    @property
    def speakers(self) -> str:
        """Whose voices were measured, in words."""
        return describe_speakers(self.evaluation.voices, self.evaluation.positives, self.evaluation.speakers)

    @property
    def expectation(self) -> str | None:
        """The false alarms to expect of audio that is like none of this, in words."""
        return expectation(self.evaluation.as_dict())

    @property
    def negatives(self) -> list[tuple[str, str, str, str, str]]:
        """Each kind, and the sum: what audio it is, its hours, its false alarms, the rate to expect of more of it."""
        kinds = self.evaluation.expected.kinds if self.evaluation.expected else {}
        rows = []
        for label, hours in self.evaluation.hours_by_label.items():
            kind, alarms = kinds.get(label), self.evaluation.alarms_by_label.get(label, 0)
            words = kind_words(asdict(kind)) if kind else ""
            rows.append(
                (
                    label,
                    words,
                    f"{hours:.2f}",
                    str(alarms),
                    expected_words(kind.per_hour, kind.interval) if kind else "",
                )
            )
        point = self.evaluation.point
        counted = f"{point.false_alarms} ({point.per_hour:.2f} per hour)"
        return [*rows, ("all", "", f"{self.evaluation.hours:.2f}", counted, "")]

    @property
    def by_speaker(self) -> list[tuple[str, str, str]]:
        """Of each speaker in each condition: who it is, clips detected, and the share of them."""
        return [
            (f"{speaker}, {condition}", f"{hits}/{clips}", f"{hits / clips:.1%}")
            for speaker, conditions in self.evaluation.by_speaker.items()
            for condition, (hits, clips) in conditions.items()
        ]

    @property
    def conditions(self) -> list[tuple[str, str, str]]:
        """The same of each condition that makes the phrase harder to hear."""
        return [(f"{r.group} {r.name}", f"{r.detected}/{r.clips}", f"{r.recall:.1%}") for r in self.robustness]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        robustness = {"robustness": [asdict(entry) for entry in self.robustness]} if self.robustness else {}
        gate = {} if self.inferences_percent is None else {"inferences_percent": self.inferences_percent}
        return {**self.evaluation.as_dict(), **self.notes, **robustness, **gate}


@dataclass(frozen=True)
class DetectionsOutput:
    """``evaluate --wav --json``."""

    wav: str
    detections: tuple[Detection, ...]
    highest: int | None
    threshold: int
    hop_ms: float = 10.0


@dataclass(frozen=True)
class Detections:
    """The detections in one recording, in order.

    ``highest``: the highest average of the outputs, 0 to 255; None: the recording ends before the detector listens.
    ``threshold``: what that must reach. ``hop_ms``: from one frame to the next.
    """

    wav: Path
    detections: tuple[Detection, ...]
    highest: int | None
    threshold: int
    hop_ms: float = 10.0

    @property
    def seconds(self) -> tuple[float, ...]:
        """When each detection was, in seconds from the beginning."""
        return tuple(detection.frame * self.hop_ms / 1000.0 for detection in self.detections)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return json_of(
            DetectionsOutput(printable(str(self.wav)), self.detections, self.highest, self.threshold, self.hop_ms)
        )


def plan(request: EvaluateRequest, listener: events.Listener = events.ignore) -> EvaluatePlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: the request lacks something.
        InputError: there is no model, or it or the config cannot be used.
    """
    config = read_config(request.config, {}, listener)
    subject = find_subject(request.subject)
    read_model(subject.model)  # names the file that cannot be used
    sentences = run_sentences(subject.model.parent)
    if request.wav is not None:
        if subject.detector is None and request.threshold is None:
            raise UsageError(
                "the detector is not known; give --threshold, or a run or build folder instead of a .tflite"
            )
    elif request.data is None:
        raise UsageError("nothing to evaluate on; give --data DIR, or --wav FILE for the detections in one recording")
    elif request.sentence_hours and request.phrase is None and not sentences:
        raise UsageError("--sentences needs --phrase, so that no sentence contains it")
    if request.voice_gate is not None and subject.detector is None and request.threshold is None:
        raise UsageError("--voice-gate needs a detector to gate; give --threshold, or a run or build folder")
    if subject.detector is None:  # nobody knows the recipe, so what is usual for ours says nothing
        config = config.model_copy(update={"evaluate": config.evaluate.model_copy(update={"usual_weight": 0.0})})
    gate = _gate_of(request.voice_gate) if request.voice_gate is not None else None
    return EvaluatePlan(request, subject.model, subject.detector, subject.trained_kinds, sentences, config, gate)


def _gate_of(source: Path) -> Word:
    """The model that gates."""
    if source.is_file():
        raise UsageError(
            f"{printable(str(source))} says nothing of a detector; give --voice-gate vad, or a run or build folder"
        )
    return read_word(source, VOICE_ACTIVITY)


def run(
    plan: EvaluatePlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> EvaluateResult | Detections:
    """Evaluates on recordings, or lists the detections in the request's ``wav``.

    Raises:
        InputError: a recording cannot be read, or there is nothing to evaluate on.
        CancelledError: somebody has cancelled.
    """
    request, cancel = plan.request, cancel or Cancellation()
    with (
        reported("evaluate", plan.model.name, listener),
        closing(StreamingModel(plan.model.read_bytes())) as model,
        _voice_gate(plan.voice_gate, model),
    ):
        detector = _detector(plan, model)
        model.gate = _gate(plan, model, detector)
        if request.wav is not None:
            assert detector is not None
            detected, highest = model.listen(AudioFile(request.wav), detector)
            return Detections(
                request.wav, tuple(detected), highest, detector.on_threshold, model.front_end.geometry.hop_ms
            )
        recorded = _material(plan, listener, cancel)
        evaluation = assess(model, recorded.material, plan.config, detector, cancel)
        harder = []
        if request.robustness:
            harder = robustness(model, recorded.material, evaluation.detector, _conditions(listener), cancel)
        heard = 100.0 * model.heard / max(model.hops, 1) if model.gate else None
        result = EvaluateResult(evaluation, recorded.notes, harder, heard)
        for name, value in evaluation_figures(evaluation.as_dict()).items():
            listener(events.Metric(_STAGE, name, value))
    return result


def _conditions(listener: events.Listener) -> Callable[[int, int], None]:
    return lambda done, total: listener(events.StageProgress(_STAGE, done, total, "conditions"))


def _detector(plan: EvaluatePlan, model: StreamingModel) -> DetectorConfig | None:
    """The detector to evaluate; None: the best is looked for."""
    threshold, config = plan.request.threshold, plan.config
    if threshold is None:
        return plan.detector
    return detector_with(
        plan.detector or detector_config(config, model.stride, model.front_end.geometry),
        threshold,
        config.detector.off_ratio,
    )


def _gate(plan: EvaluatePlan, model: StreamingModel, detector: DetectorConfig | None) -> SilenceGate | None:
    """The silence gate that is asked for, or the detector's own."""
    base = detector or detector_config(plan.config, model.stride, model.front_end.geometry)
    if plan.request.silence_gate is not None:
        base = DetectorConfig(**base.model_dump() | {"silence": plan.request.silence_gate})
    return SilenceGate.of(base)


@contextmanager
def _voice_gate(word: Word | None, model: StreamingModel) -> Iterator[None]:
    """Gates a model, if there is a word for that."""
    if word is None:
        yield
        return
    with closing(StreamingModel(word.tflite)) as voice:
        if voice.front_end != model.front_end:
            raise InputError(
                f"{voice.front_end.name}, whose features the model of --voice-gate reads, is not the front end of the "
                f"model that it gates ({model.front_end.name}), or has other settings; give one that reads the same"
            )
        model.voice_gate = VoiceGate(voice.probabilities, voice.stride, word.detector)
        yield


def _material(plan: EvaluatePlan, listener: events.Listener, cancel: Cancellation) -> Recorded:
    """The recordings of the split, with the sentences that are asked for."""
    request = plan.request
    assert request.data is not None

    def advance(done: int, total: int) -> None:
        cancel.check()
        listener(events.StageProgress(_STAGE, done, total, "recordings"))

    recorded = recorded_material(request.data, request.split, plan.config, advance, plan.trained_kinds)
    if not recorded.material.positives:
        raise InputError(
            f"{request.data} has no positive recordings in the split '{request.split}'; choose another --split"
        )
    negatives, kinds = dict(recorded.material.negatives), dict(recorded.material.kinds)
    if request.sentence_hours:
        share, trained = plan.config.evaluate.shares.get("sentences", 1.0), plan.trained_kinds.get("sentences")
        kinds["sentences"] = KindFacts(share, trained, "synthetic")
        negatives["sentences"] = (
            plan.run_sentences
            if request.phrase is None
            else synthetic_sentences(request.phrase, request.sentence_hours, plan.config.synth)
        )
    if not negatives:
        raise InputError(
            f"{request.data} has no negatives in the split '{request.split}'; add some, or --sentences 1 --phrase WORD"
        )
    return replace(recorded, material=replace(recorded.material, negatives=negatives, kinds=kinds))
