"""Build: a wake word becomes flashable firmware."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events, packages
from wwtool.base.cancellation import Cancellation
from wwtool.base.inside import refuse_links_out
from wwtool.base.text import safe_identifier
from wwtool.doctor.profiles import load_profile
from wwtool.emulators import emulator_of
from wwtool.engines.machines import host_compiler
from wwtool.errors import UsageError
from wwtool.jobs.model_file import plan_import
from wwtool.jobs.request import reported
from wwtool.jobs.settings import TrainingRequest, plan_training
from wwtool.jobs.tracking import tracked
from wwtool.packages.package_format import Advice
from wwtool.pipeline.build import NAMES, REPORT, RUN_FOLDER, build
from wwtool.pipeline.firmware import Target
from wwtool.pipeline.model_sources import FromTraining, ModelSource
from wwtool.pipeline.preparation import RunPlan
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import strapping_warnings, wiring_lines

_FOLDER = Path("wwtool-build")


class BuildRequest(TrainingRequest):
    """A build."""

    board: str | None = Field(None, description="A board of the platform; 'wwtool platforms NAME' lists them.")
    framework: str = Field(
        packages.DEFAULT, description=f"What the firmware is packed as: {', '.join(packages.names())}."
    )
    model_file: Path | None = Field(
        None, description="An INT8 .tflite that others have trained, in place of training; needs --manifest."
    )
    manifest: Path | None = Field(
        None,
        description="How to detect with --model-file: ESPHome's manifest (.json), or a YAML with wake_word, "
        "probability_cutoff and sliding_window_size.",
    )
    out: Path | None = Field(None, description="The build's folder.  [default: wwtool-build/PLATFORM-PHRASE]")
    overwrite: bool = Field(False, description="Replace folders whole, with what you have changed or added in them.")


@dataclass(frozen=True)
class BuildPlan:
    """Where the model comes from, what firmware to make of it, and where."""

    run: RunPlan
    target: Target
    folder: Path
    source: ModelSource


@dataclass(frozen=True)
class Wires:
    """The board that was chosen: what to connect to what, and what to be careful with."""

    title: str
    lines: tuple[str, ...]
    silicon: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class NextSteps:
    """What a user can do with a build.

    Attributes:
        advice: how it gets onto the board, in order.
        wires: the chosen board; None where a platform has only one.
        report: the page about it.
        emulated: whether ``wwtool emulate`` can run it.
    """

    advice: tuple[Advice, ...]
    wires: Wires | None
    report: Path
    emulated: bool


@dataclass(frozen=True)
class BuildResult:
    """A finished build."""

    folder: Path
    manifest: dict[str, Any]
    next_steps: NextSteps


def plan(request: BuildRequest, listener: events.Listener = events.ignore) -> BuildPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: platform, board or framework do not exist, or the request contradicts itself.
        InputError: config, phrase, data or folder cannot be used.
        ToolError: a compiler is missing.
    """
    platform = load_profile(request.platform)
    package = packages.look_up(request.framework)
    package.require_platform(platform)
    if request.board is not None and platform.pins is None:
        raise UsageError(f"{platform.name} is one board, with fixed pins; leave --board out")
    run, source = _model_source(request, listener)
    training = _with_board(run, request.board)
    platform = platform.with_board(training.config.board)
    folder = request.out or _FOLDER / f"{platform.name}-{safe_identifier(training.phrase)}"
    refuse_links_out(folder, [folder / name for name in NAMES])
    source.require_folder(folder / RUN_FOLDER)
    package.require_front_end(source.front_end(training))
    target = Target(platform, package, package.require_tools(platform), request.overwrite)
    host_compiler()  # evaluation needs it
    return BuildPlan(training, target, folder, source)


def _model_source(request: BuildRequest, listener: events.Listener) -> tuple[RunPlan, ModelSource]:
    if request.model_file is not None:
        return plan_import(request, request.model_file, request.manifest, listener)
    if request.manifest is not None:
        raise UsageError("--manifest says how to detect with a model of others; name that with --model-file")
    return plan_training(request, listener), FromTraining()


def _with_board(training: RunPlan, board: str | None) -> RunPlan:
    if board is None:
        return training
    config = training.config
    chosen = config.board.model_copy(update={"preset": board})
    return RunPlan(training.phrase, config.model_copy(update={"board": chosen}), training.data, training.synthesise)


def run(plan: BuildPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None) -> BuildResult:
    """Builds; stages whose inputs have not changed since an earlier build in the folder are skipped.

    Raises:
        BudgetError: no model fits the platform; nothing has been trained.
        InputError: the data or the folder cannot be used.
        ToolError: a tool has failed.
        CancelledError: somebody has cancelled; the same request goes on from there.
    """
    with (
        reported("build", plan.run.phrase, listener),
        tracked(plan.folder / RUN_FOLDER, plan.run.phrase, plan.run.config, listener) as heard,
    ):
        manifest = build(plan.folder, plan.target, plan.run, plan.source, heard, cancel)
    return BuildResult(plan.folder, manifest, _next_steps(plan, manifest))


def _next_steps(plan: BuildPlan, manifest: dict[str, Any]) -> NextSteps:
    platform = plan.target.platform
    files = {kind: plan.folder / path for kind, path in manifest["image"].items()}
    advice = tuple(plan.target.package.advice(platform, plan.folder, files))
    emulated = bool(files) and plan.target.package.stands_alone and emulator_of(platform) is not None
    return NextSteps(advice, _wires(plan, platform), plan.folder / REPORT, emulated)


def _wires(plan: BuildPlan, platform: Platform) -> Wires | None:
    wiring, pins = platform.wiring, platform.pins
    if wiring is None or pins is None:
        return None
    warnings = strapping_warnings(plan.run.config.board, wiring, pins)
    return Wires(wiring.title, tuple(wiring_lines(wiring)), platform.silicon, tuple(warnings))
