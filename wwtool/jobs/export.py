"""Export: a finished model becomes a model file, or a project for a framework."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from wwtool import events, packages
from wwtool.base.cancellation import Cancellation
from wwtool.base.files import write_bytes
from wwtool.base.ownership import Rule, owned_folder, refuse_changes
from wwtool.base.records import MANIFEST, json_of
from wwtool.base.text import printable
from wwtool.doctor.profiles import load_profile
from wwtool.errors import InputError, UsageError
from wwtool.export import DEFAULT, MODEL_FORMATS
from wwtool.export.model_format import ModelFormat, TrainedModel
from wwtool.jobs.request import Request, reported
from wwtool.models.ready import ready_model
from wwtool.packages.package_format import Advice, Content, PackageFormat
from wwtool.pipeline.build import RUN_FOLDER
from wwtool.pipeline.packaging import Word, content_of, platform_of, read_foreign, read_word
from wwtool.training.checkpoint import NAME as CHECKPOINT
from wwtool.training.checkpoint import load_trained
from wwtool.training.pruning import is_pruned

FORMATS = (*MODEL_FORMATS, *packages.names())


class ExportRequest(Request):
    """An export."""

    sources: tuple[Path, ...] = Field(
        min_length=1, description="A finished run or build, or vad; several for several models in one package."
    )
    format: str = Field(DEFAULT, description=f"The kind of file or project: {', '.join(FORMATS)}.")
    out: Path | None = Field(
        None, description="Where it goes.  [default: RUN/model.tflite, or the folder SOURCE/FORMAT for a project]"
    )
    platform: str | None = Field(
        None, description="The board that a project is for.  [default: the one that the build is for]"
    )
    phrase: str | None = Field(None, description="The wake word, if the source does not say it.")
    manifest: Path | None = Field(
        None,
        description="How to detect with a .tflite that others have trained: ESPHome's manifest (.json), or a YAML with "
        "wake_word, probability_cutoff and sliding_window_size.",
    )
    overwrite: bool = Field(False, description="Replace folders whole, with what you have changed or added in them.")


@dataclass(frozen=True)
class FilePlan:
    """A model file to write."""

    run: Path
    format: ModelFormat
    target: Path


@dataclass(frozen=True)
class ProjectPlan:
    """A project to write into a folder."""

    package: PackageFormat
    content: Content
    target: Path
    rule: Rule


ExportPlan = FilePlan | ProjectPlan


@dataclass(frozen=True)
class ExportOutput:
    """``export --json``: the format, where it went, the files there by relative path, and what was proved."""

    format: str
    out: str
    files: list[str]
    note: str


@dataclass(frozen=True)
class ExportResult:
    """What was written; ``advice``: what a user does with it."""

    format: str
    target: Path
    files: tuple[str, ...]
    note: str
    advice: tuple[Advice, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return json_of(ExportOutput(self.format, str(self.target), list(self.files), self.note))


def plan(request: ExportRequest, listener: events.Listener = events.ignore) -> ExportPlan:
    """Checks a request; changes nothing.

    Raises:
        UsageError: the format does not exist, or the request contradicts itself.
        InputError: a source or the target cannot be used, or the format cannot hold the model.
    """
    if request.format in MODEL_FORMATS:
        return _plan_file(request, MODEL_FORMATS[request.format])
    if request.format not in packages.FORMATS:
        raise UsageError(f"there is no format '{request.format}'; choose one of {', '.join(FORMATS)}")
    return _plan_project(request, packages.FORMATS[request.format])


def _plan_file(request: ExportRequest, kind: ModelFormat) -> FilePlan:
    if len(request.sources) > 1:
        raise UsageError(f"a {kind.name} file holds one model; export each of them by itself")
    run = _run_of(request.sources[0], kind)
    target = request.out or run / f"model{kind.suffix}"
    if target.is_dir():
        raise UsageError(f"{printable(str(target))} is a folder; name a file with -o")
    if target.is_file() and not kind.is_one(target.read_bytes()):
        raise InputError(
            f"{printable(str(target))} exists and is not a {kind.name} model; remove it, or choose another file with -o"
        )
    return FilePlan(run, kind, target)


def _run_of(source: Path, kind: ModelFormat) -> Path:
    """The training run that a source is, or that a build has."""
    if (source / RUN_FOLDER / CHECKPOINT).is_file():
        return source / RUN_FOLDER
    if ready_model(source) or source.is_file() or (source / MANIFEST).is_file():
        raise UsageError(
            f"{printable(str(source))} has no training run, from which {kind.name} is made; give a run, or a "
            "build that has trained its model"
        )
    return source


def _plan_project(request: ExportRequest, package: PackageFormat) -> ProjectPlan:
    if request.phrase is not None and sum(ready_model(source) is None for source in request.sources) > 1:
        raise UsageError("--phrase names one wake word and there are several models; leave it out")
    words = _words(request)
    platform = load_profile(request.platform) if request.platform else platform_of(words)
    package.require_platform(platform)
    content = content_of(platform, words)
    package.check(content)
    folder = request.sources[0] if request.sources[0].is_dir() else request.sources[0].parent
    target = request.out or folder / package.name
    rule = Rule(package.products, package.kept, overwrite=request.overwrite)
    refuse_changes(target, rule)
    return ProjectPlan(package, content, target, rule)


def _words(request: ExportRequest) -> list[Word]:
    if request.manifest is None:
        return [read_word(source, None if ready_model(source) else request.phrase) for source in request.sources]
    if len(request.sources) > 1:
        raise UsageError("--manifest belongs to one model and there are several; export each of them by itself")
    return [read_foreign(request.sources[0], request.manifest, request.phrase)]


def run(
    plan: ExportPlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> ExportResult:
    """Exports.

    Raises:
        InputError: the file would not compute what the model does, or somebody has changed the target.
        ToolError: a package that makes such files is missing.
        CancelledError: somebody has cancelled; nothing is written.
    """
    (cancel or Cancellation()).check()
    with reported("export", plan.target.name, listener):
        return _write_file(plan) if isinstance(plan, FilePlan) else _write_project(plan)


def _write_file(plan: FilePlan) -> ExportResult:
    net, state = load_trained(plan.run)
    made = plan.format.make(TrainedModel(net, net.quantized(), state.model, is_pruned(net)))
    write_bytes(plan.target, made.content)
    note = f"{len(made.content):,} bytes, {made.note}"
    return ExportResult(plan.format.name, plan.target, (plan.target.name,), note)


def _write_project(plan: ProjectPlan) -> ExportResult:
    with owned_folder(plan.target, plan.rule) as folder:
        plan.package.render(folder, plan.content)
        files = tuple(sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()))
    words = ", ".join(part.phrase for part in plan.content.models)
    advice = tuple(plan.package.use(plan.target))
    return ExportResult(plan.package.name, plan.target, files, f"{len(files)} files, {printable(words)}", advice)
