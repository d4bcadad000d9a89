"""``manifest.json`` of a build: what went in, what came out, what it costs and how well it detects."""

from __future__ import annotations

import platform as host_platform
from dataclasses import dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any, cast

from wwtool import __version__
from wwtool.base.files import sha256_of
from wwtool.base.records import json_of, read_json
from wwtool.base.text import printable
from wwtool.budget.energy import EnergyUse
from wwtool.budget.result import DryBuildRecord, LimitRecord, Place
from wwtool.budget.selection import Choice
from wwtool.data.dataset import Note
from wwtool.data.voices import Voices
from wwtool.evaluation.assess import EvaluationOutput
from wwtool.evaluation.calibration import Calibration
from wwtool.evaluation.detector import DetectorConfig
from wwtool.evaluation.few_shot import FewShot
from wwtool.evaluation.metrics import Point
from wwtool.firmware.cycles import Cycles
from wwtool.firmware.sizes import SizesRecord
from wwtool.models.pretrained import Origin
from wwtool.pipeline.firmware import Target
from wwtool.pipeline.preparation import DATASET, RunPlan
from wwtool.pipeline.search import Rung
from wwtool.pipeline.stages import Stages
from wwtool.pipeline.teaching import Teaching
from wwtool.pipeline.training_run import MODEL, Imported, Trained
from wwtool.pipeline.voices_used import VoiceUse, voices_used, without_natural_voices
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import Wiring, wiring_lines

VERSION = 1
_PACKAGES = ("torch", "numpy", "ai-edge-litert", "pymicro-features", "espeakng-loader")


class BoardRecord(Wiring):
    """A board as built; ``wiring``: lines for a person."""

    wiring: list[str]


@dataclass(frozen=True)
class Recordings:
    """The data folder of a build."""

    path: str
    dataset_sha256: str
    skipped: list[Note]
    doubtful: list[Note]


@dataclass(frozen=True)
class Store:
    """The clips of one use in one split; who spoke them, where it is speech.

    Attributes:
        speakers: how many speakers there are by their names.
        distinct_voices: how many a speaker encoder tells apart.
        checked, left_out, checked_by: clips that a recognizer has heard, and how many of them did not say the phrase.
    """

    clips: int
    hours: float
    voices: Voices = "people"
    speakers: int | None = None
    distinct_voices: int | None = None
    checked: int = 0
    left_out: int = 0
    checked_by: str = ""


@dataclass(frozen=True)
class Inputs:
    """What went in. ``config`` has all keys of a config; ``clips`` is missing in builds of version 0.1.0.

    ``voices``: the voices that spoke, with their licences; ``warnings``: what the model will miss for want of some;
    ``pretrained``: the weights with which the training began; ``teacher``: who taught the model; ``imported``: the file
    that a model of others was read from.
    """

    config: dict[str, Any]
    data: Recordings | None
    synthesised: bool
    clips: dict[str, Store] = field(default_factory=dict)
    voices: list[VoiceUse] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    pretrained: Origin | None = None
    teacher: Teaching | None = None
    imported: Imported | None = None


@dataclass(frozen=True)
class ModelFile:
    """The model file; ``name`` is that of the zoo."""

    path: str
    name: str
    sha256: str
    macs: int


@dataclass(frozen=True)
class FileRecord:
    """A file of the build."""

    sha256: str
    bytes: int


@dataclass(frozen=True)
class ManifestChoice(Choice):
    """The choice, and the search among the finalists."""

    rungs: list[Rung]


@dataclass(frozen=True)
class Final:
    """What the finished firmware costs."""

    sizes: SizesRecord
    cycles: Cycles | None
    stack_bytes: int | None
    energy: EnergyUse | None
    estimated: list[str]
    flash_wait_cycles: int
    limits: list[LimitRecord]
    arena_bytes: int
    state_bytes: int
    flash_waits: Cycles | None = None
    weights_in: Place | None = None  # version 0.1 did not say it


FINAL_FIELDS = tuple(entry.name for entry in fields(Final))
FIRMWARE_FACTS = ("image", "files", *FINAL_FIELDS)  # what a manifest takes of those of the firmware


@dataclass(frozen=True, kw_only=True)
class ManifestEvaluation(EvaluationOutput):
    """An evaluation without its detector, which has a key of its own, and without its curve."""

    detector: DetectorConfig = field(init=False)
    curve: list[Point] = field(init=False)


@dataclass(frozen=True)
class Manifest:
    """What a build is made of. ``profile`` has the keys of a platform's profile.

    ``evaluation`` is None for an imported model, which nobody has evaluated here.
    """

    wwtool: str
    platform: str
    profile: dict[str, Any]
    board: BoardRecord | None
    phrase: str
    inputs: Inputs
    model: ModelFile
    image: dict[str, str]
    framework: str
    flash: str | None
    outputs: dict[str, FileRecord]
    choice: ManifestChoice | None
    budget: DryBuildRecord
    final: Final
    detector: DetectorConfig
    evaluation: ManifestEvaluation | None
    tools: dict[str, str]
    few_shot: FewShot | None = None
    calibration: Calibration | None = None


@dataclass(frozen=True, kw_only=True)
class ManifestRecord(Manifest):
    """``manifest.json``, with its seal. Builds of version 0.1.0 have no ``framework``."""

    framework: str = ""
    seal: str


def make_manifest(
    stages: Stages, target: Target, plan: RunPlan, budget: dict[str, Any], trained: Trained, firmware: dict[str, Any]
) -> dict[str, Any]:
    """The manifest of a build whose ``stages`` are done; ``budget`` and ``firmware`` are the facts of two of them."""
    folder, run, platform, package = stages.root, stages.folder, target.platform, target.package
    evaluation, choice = trained.evaluation, budget["choice"]
    outputs = [folder / MODEL, *(folder / name for name in firmware["files"])]
    output = Manifest(
        wwtool=__version__,
        platform=platform.name,
        profile=platform.recorded(),
        board=board_facts(platform),
        phrase=plan.phrase,
        inputs=Inputs(
            config=plan.config.model_dump(mode="json"),
            data=_data_inputs(plan, run),
            synthesised=plan.synthesise,
            clips=trained.clips,
            voices=voices_used(plan.config.synth) if plan.synthesise else [],
            warnings=[warning] if (warning := without_natural_voices(plan.config.synth)) and plan.synthesise else [],
            pretrained=trained.pretrained,
            teacher=trained.teaching,
            imported=trained.imported,
        ),
        model=ModelFile(MODEL, trained.model, sha256_of(folder / MODEL), firmware["macs"]),
        image=firmware["image"],
        framework=package.name,
        flash=package.by_hand(platform, {kind: Path(path) for kind, path in firmware["image"].items()}),
        outputs={str(path.relative_to(folder)): _file(path) for path in outputs},
        choice=ManifestChoice(**choice, rungs=trained.rungs) if choice else None,
        budget=budget["builds"][trained.model],
        final=Final(**{key: firmware[key] for key in FINAL_FIELDS}),
        detector=trained.detector,
        evaluation=cast("ManifestEvaluation | None", {k: v for k, v in evaluation.items() if k != "detector"} or None),
        tools=_tools(target.compiler),
        few_shot=cast("FewShot | None", trained.few_shot),
    )
    return {"schema": "wwtool.manifest", "version": VERSION, **json_of(output)}


def calibrated(
    manifest: dict[str, Any], folder: Path, calibration: Calibration, firmware: dict[str, Any]
) -> dict[str, Any]:
    """A build's manifest with the detector of a calibration, and the ``firmware`` that was made with it."""
    outputs = [folder / MODEL, *(folder / name for name in firmware["files"])]
    return {
        **{key: value for key, value in manifest.items() if key != "seal"},
        "image": firmware["image"],
        "outputs": {path.relative_to(folder).as_posix(): json_of(_file(path)) for path in outputs},
        "final": {key: firmware[key] for key in FINAL_FIELDS},
        "detector": calibration.detector.model_dump(),
        "calibration": json_of(calibration),
    }


def _file(path: Path) -> FileRecord:
    return FileRecord(sha256_of(path), path.stat().st_size)


def board_facts(platform: Platform) -> BoardRecord | None:
    """The chosen board; None where a platform has only one."""
    wiring = platform.wiring
    return BoardRecord(**wiring.model_dump(), wiring=wiring_lines(wiring)) if wiring else None


def _tools(compiler: str) -> dict[str, str]:
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {"python": host_platform.python_version(), "compiler": compiler, **versions}


def _data_inputs(plan: RunPlan, run: Path) -> Recordings | None:
    if plan.data is None:
        return None
    dataset = read_json(run / DATASET)
    notes = {key: dataset.get(key, []) for key in ("skipped", "doubtful")}
    return Recordings(printable(str(plan.data)), sha256_of(run / DATASET), **notes)
