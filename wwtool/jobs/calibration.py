"""Calibrate: a finished build gets the threshold that a household's own audio asks for. Part of ``evaluate``."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events, packages
from wwtool.base.cancellation import Cancellation
from wwtool.base.files import sha256_of
from wwtool.base.records import MANIFEST, json_of, read_manifest
from wwtool.base.text import printable
from wwtool.config import Config, parse_config
from wwtool.data.audio_files import find_audio
from wwtool.errors import InputError, ToolError, UsageError
from wwtool.evaluation.calibration import Calibration, calibrate, clock, listen
from wwtool.evaluation.record import EvaluationRecord
from wwtool.evaluation.silence import SilenceGate
from wwtool.evaluation.streaming import StreamingModel
from wwtool.evaluation.words import rate_words
from wwtool.firmware.builds import read_build
from wwtool.jobs.request import Request, reported
from wwtool.pipeline.build import RUN_FOLDER, recalibrate
from wwtool.pipeline.calibration import write_calibration
from wwtool.pipeline.evaluation import find_subject
from wwtool.pipeline.firmware import Target
from wwtool.pipeline.preparation import RunPlan

_STAGE = "calibrate"


class CalibrateRequest(Request):
    """A calibration."""

    subject: Path = Field(description="A finished run or a build folder.")
    calibrate: Path = Field(
        description="A folder with hours of audio of your household, in which nobody says the phrase. The threshold is "
        "set by it."
    )
    phrase_said: bool | None = Field(
        None,
        description="With --calibrate: the phrase is said in it, so leave out what sounds like it; or it is not, so "
        "count that as false alarms.",
    )


@dataclass(frozen=True)
class Rebuild:
    """What it takes to make a build's firmware anew."""

    folder: Path
    target: Target
    run: RunPlan
    manifest: dict[str, Any]


@dataclass(frozen=True)
class CalibratePlan:
    """A model whose threshold can be set, and the audio to set it by.

    Attributes:
        files: the recordings, in order.
        problems: why others are left out.
        rebuild: None if only the run is there, or ``no_rebuild`` says why the firmware cannot be made.
    """

    request: CalibrateRequest
    model: Path
    record: EvaluationRecord
    config: Config
    files: tuple[Path, ...]
    problems: tuple[str, ...]
    rebuild: Rebuild | None
    no_rebuild: str | None


@dataclass(frozen=True, kw_only=True)
class CalibrationOutput(Calibration):
    """``calibration.json`` of a run, and ``evaluate --calibrate --json``, which adds whether the firmware has it."""

    rebuilt: bool = False


@dataclass(frozen=True)
class CalibrateResult:
    """A calibration that is written, and whether the firmware has it."""

    calibration: Calibration
    rebuilt: bool

    @property
    def lines(self) -> list[str]:
        """What was found, for people."""
        c = self.calibration
        recall = ", ".join(f"{value:.1%} {name}" for name, value in c.recall.items())
        low, high = map(rate_words, c.counted_interval)
        chance = f"with {c.confidence:.0%} chance at most {rate_words(c.interval[1])} (the budget is {c.budget:g})"
        enough = (
            f"{c.hours_to_prove:g} hours without a false alarm would prove that by counting alone"
            if c.hours < c.hours_to_prove
            else "that is long enough to see the budget by counting, too"
        )
        return [
            f"{c.hours:.2f} hours of your audio in {c.files} recordings; {enough}",
            f"threshold {c.threshold_before} -> {c.detector.on_threshold} of 255: the build's recall there is {recall}",
            f"{c.false_alarms} false alarms in this audio (95 % interval {low} to {high} an hour)",
            f"in your household: expect {rate_words(c.per_hour)} false alarms an hour, and {chance}",
        ]

    @property
    def moments(self) -> list[str]:
        """Where something sounds like the phrase."""
        return [f"{m.path} at {clock(m.seconds)}: {m.average}/255" for m in self.calibration.moments]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**json_of(self.calibration), "rebuilt": self.rebuilt}


def plan_calibration(request: CalibrateRequest, listener: events.Listener = events.ignore) -> CalibratePlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: the subject is a bare model.
        InputError: the build, its evaluation or the audio cannot be used.
    """
    if request.subject.is_file():
        raise UsageError(
            f"{request.subject} is a model alone, which holds no threshold; give --calibrate a run or build folder"
        )
    subject = find_subject(request.subject)
    if subject.record is None:
        raise InputError(
            f"{subject.model.parent} has no evaluation, by which a threshold could be set; run wwtool build again, or, "
            "if others have trained the model, change the cutoff in its manifest"
        )
    found = find_audio(request.calibrate) if request.calibrate.is_dir() else []
    files = tuple(entry.path for entry in found if entry.problem is None)
    if not files:
        raise InputError(f"{request.calibrate} is no folder with recordings; give one with audio of your household")
    problems = tuple(f"{printable(str(entry.path))} {entry.problem}" for entry in found if entry.problem)
    for problem in problems:
        listener(events.Warning(f"left out: {problem}"))
    config, rebuild, reason = _rebuild(request.subject, subject.model.parent)
    return CalibratePlan(request, subject.model, subject.record, config, files, problems, rebuild, reason)


def _rebuild(folder: Path, run: Path) -> tuple[Config, Rebuild | None, str | None]:
    """The build's config, and what makes its firmware; or why nothing can."""
    if run != folder / RUN_FOLDER or not (folder / MANIFEST).is_file():
        return Config(), None, "it is a run without firmware"
    build, manifest = read_build(folder), read_manifest(folder)
    if not build.is_own:
        raise InputError(f"{folder} was not built by this user; build it yourself with wwtool build, then calibrate")
    config = parse_config(manifest["inputs"]["config"], f"{folder / MANIFEST}, inputs.config")
    package = packages.look_up(manifest["framework"])
    platform = build.platform.with_board(config.board)
    try:
        target = Target(platform, package, package.require_tools(platform))
    except ToolError as error:
        return config, None, str(error)
    return config, Rebuild(folder, target, RunPlan(build.phrase, config, None, True), manifest), None


def run_calibration(
    plan: CalibratePlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> CalibrateResult:
    """Sets the threshold by the audio and makes firmware, manifest and report anew.

    Raises:
        PhraseHeardError: the phrase seems to be said in the audio; nothing has changed.
        InputError: a recording cannot be read.
        CancelledError: somebody has cancelled.
    """
    cancel, request = cancel or Cancellation(), plan.request

    def advance(done: int, total: int) -> None:
        listener(events.StageProgress(_STAGE, done, total, "recordings"))

    with reported(_STAGE, plan.model.name, listener):
        with closing(StreamingModel(plan.model.read_bytes(), gate=SilenceGate.of(plan.record.detector))) as model:
            track = listen(model, plan.files, plan.record.detector.warmup, advance, cancel)
        names = [str(path.relative_to(request.calibrate)) for path in plan.files]
        calibration = calibrate(track, names, plan.record, sha256_of(plan.model), plan.config, request.phrase_said)
        rebuild = plan.rebuild
        if rebuild is None:
            write_calibration(plan.model.parent, calibration)
        else:
            recalibrate(rebuild.folder, rebuild.target, rebuild.run, rebuild.manifest, calibration, listener, cancel)
        return CalibrateResult(calibration, rebuild is not None)
