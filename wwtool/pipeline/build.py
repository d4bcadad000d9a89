"""The whole build, stage by stage: budget by dry build, model, firmware, report, manifest."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from wwtool import __version__, events
from wwtool.base.cancellation import Cancellation
from wwtool.base.files import sha256_of, working_folder, write_json
from wwtool.base.inside import refuse_links_out
from wwtool.base.records import MANIFEST
from wwtool.evaluation.calibration import Calibration
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.builds import sealed_manifest
from wwtool.firmware.sources import sources_of
from wwtool.pipeline import manifest as manifests
from wwtool.pipeline.calibration import NAME as CALIBRATION
from wwtool.pipeline.calibration import read_calibration, write_calibration
from wwtool.pipeline.firmware import FOLDERS, Target, make_firmware
from wwtool.pipeline.model_sources import ModelSource
from wwtool.pipeline.preparation import RunPlan
from wwtool.pipeline.stages import RECORD, Stages, refuse_strangers
from wwtool.pipeline.training_run import MODEL, PLACES
from wwtool.reports.build_page import write_report
from wwtool.reports.model_card import JSON, MARKDOWN, write_card

RUN_FOLDER = "run"
REPORT = "report.html"
NAMES = (RUN_FOLDER, *FOLDERS, MODEL, MANIFEST, REPORT, MARKDOWN, JSON)
_PLACES = (*FOLDERS, RUN_FOLDER, *(f"{RUN_FOLDER}/{place}" for place in PLACES))


def build(
    folder: Path, target: Target, plan: RunPlan, source: ModelSource, listener: events.Listener,
    cancel: Cancellation | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Builds everything into ``folder``; stages whose inputs have not changed are skipped. Returns the manifest.

    Raises:
        BudgetError: the model does not fit the platform; nothing has been trained.
        InputError: phrase, data, config or folder cannot be used.
        ToolError: the compiler is missing.
        CancelledError: somebody has cancelled the job.
    """
    refuse_links_out(folder, [folder / name for name in NAMES])
    with working_folder(folder, _PLACES):
        refuse_strangers(folder, NAMES, f"{RUN_FOLDER}/{RECORD}")
        target.refuse_changes(folder)  # before the training, not after it
        stages = Stages(folder / RUN_FOLDER, listener, cancel, folder)
        return _build(stages, target, plan, source)


def _build(stages: Stages, target: Target, plan: RunPlan, source: ModelSource) -> dict[str, Any]:
    folder, inputs = stages.root, [_made_of(target, plan), source.choice(plan)]
    budget = stages.run("budget", "dry builds", inputs, lambda: source.budget(stages, target, plan))
    _report_use(stages, "budget", budget["builds"][budget["finalists"][0]])
    trained = source.obtain(stages, plan, budget["finalists"])
    calibration = _calibration(stages)
    detector = calibration.detector if calibration else trained.detector
    firmware = _firmware(stages, target, plan, trained.model, detector)
    manifest = manifests.make_manifest(stages, target, plan, budget, trained, firmware)
    if calibration:
        manifest = manifests.calibrated(manifest, folder, calibration, firmware)
    made = _finished(stages, manifest)
    stages.report_times()
    return made


def recalibrate(
    folder: Path, target: Target, plan: RunPlan, manifest: dict[str, Any], calibration: Calibration,
    listener: events.Listener, cancel: Cancellation | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Gives a finished build another threshold: firmware, image, manifest and report. Returns the manifest.

    The calibration is written first, so that ``build`` goes on with it after an interruption.

    Raises:
        InputError: somebody has changed what would be replaced.
        ToolError: the compiler failed.
        CancelledError: somebody has cancelled the job.
    """
    refuse_links_out(folder, [folder / name for name in NAMES])
    with working_folder(folder, _PLACES):
        target.refuse_changes(folder)
        stages = Stages(folder / RUN_FOLDER, listener, cancel, folder)
        write_calibration(stages.folder, calibration)
        firmware = _firmware(stages, target, plan, manifest["model"]["name"], calibration.detector)
        return _finished(stages, manifests.calibrated(manifest, folder, calibration, firmware))


def _made_of(target: Target, plan: RunPlan) -> list[Any]:
    """What every firmware of a build depends on."""
    platform, package = target.platform, target.package
    facts = [platform.facts(), plan.phrase, target.compiler, package.name, manifests.FIRMWARE_FACTS]
    return [__version__, sources_of(platform), *facts]


def _firmware(stages: Stages, target: Target, plan: RunPlan, model: str, detector: DetectorConfig) -> dict[str, Any]:
    parts = [sha256_of(stages.folder / MODEL), detector.model_dump(), plan.config.budget.model_dump()]
    work = partial(make_firmware, stages, target, plan, model, detector)
    inputs = [_made_of(target, plan), parts]
    firmware = stages.run("firmware", "C project and image", inputs, work, sealed_only=True)
    _report_use(stages, "firmware", firmware)
    return firmware


def _finished(stages: Stages, manifest: dict[str, Any]) -> dict[str, Any]:
    write_json(stages.root / MANIFEST, sealed_manifest(manifest))
    write_report(stages.root / REPORT, manifest, stages.folder)
    write_card(stages.root, manifest)
    return manifest


def _calibration(stages: Stages) -> Calibration | None:
    """The run's calibration, if it is for the model that the run has now."""
    calibration = read_calibration(stages.folder)
    if calibration is None or calibration.model_sha256 == sha256_of(stages.folder / MODEL):
        return calibration
    text = f"{stages.folder / CALIBRATION} is for another model and is left out; run wwtool evaluate --calibrate again"
    stages.tell(events.Warning(text))
    return None


def _report_use(stages: Stages, stage: str, result: dict[str, Any]) -> None:
    """Reports what a firmware uses of each limit, such as "flash" in bytes and "latency" in ms."""
    stages.report(stage, {line["name"]: line["used"] for line in result["limits"]})
