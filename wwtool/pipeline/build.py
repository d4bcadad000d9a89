"""The whole build: budget by dry build, training run, package and image, test vectors, report, manifest."""

from __future__ import annotations

import platform as host_platform
from dataclasses import asdict, dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from wwtool import __version__
from wwtool.base.files import scratch_folder, sha256_of, working_folder, write_array, write_bytes, write_json
from wwtool.base.inside import refuse_links_out
from wwtool.base.ownership import Rule, owned_folder, refuse_changes
from wwtool.base.records import read_json
from wwtool.base.text import printable
from wwtool.budget.dry_build import assembled, run_image
from wwtool.budget.result import Line, flash_wait_cycles, judge
from wwtool.budget.selection import select
from wwtool.compiler.package import CompiledModel
from wwtool.compiler.reader import read_model, safe_identifier
from wwtool.data.audio import write_audio
from wwtool.data.store import ClipStore
from wwtool.engines.machines import host_compiler
from wwtool.errors import BudgetError
from wwtool.evaluation.detector import DetectorConfig
from wwtool.firmware.builds import sealed_manifest
from wwtool.firmware.sizes import Sizes
from wwtool.frontend.geometry import SAMPLE_RATE_HZ
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.accuracy import accuracy_table
from wwtool.packages.bare_metal.project import sources_of
from wwtool.packages.compiling import compile_for
from wwtool.packages.package_format import Content, PackageFormat
from wwtool.pipeline.preparation import CLIPS, DATASET, RunPlan
from wwtool.pipeline.stages import RECORD, Outcome, Progress, Stages, refuse_strangers
from wwtool.pipeline.training_run import MODEL, PLACES, Trained, training_run
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import wiring_lines
from wwtool.reports.build_report import write_report

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
RUN_FOLDER = "run"
REPORT = "report.html"
VECTORS = "hil"
FIRMWARE, IMAGE = "firmware", "image"
_NAMES = (RUN_FOLDER, FIRMWARE, IMAGE, VECTORS, MODEL, MANIFEST, REPORT)
_PLACES = (FIRMWARE, IMAGE, VECTORS, RUN_FOLDER, *(f"{RUN_FOLDER}/{place}" for place in PLACES))
_REAL_ROWS = 50
_FINAL = (
    "sizes", "cycles", "stack_bytes", "energy", "estimated", "flash_wait_cycles", "limits", "arena_bytes",
    "state_bytes",
)  # fmt: skip


@dataclass(frozen=True)
class Built:
    """A finished build."""

    manifest: dict[str, Any]
    folder: Path


def build(
    folder: Path, platform: Platform, plan: RunPlan, progress: Progress, overwrite: bool, package: PackageFormat
) -> Built:
    """Builds everything into ``folder``; stages whose inputs have not changed are skipped.

    Args:
        folder: what becomes the build folder.
        platform: the board.
        plan: what is trained, and on what.
        progress: hears of stages.
        overwrite: replace also what somebody has changed or added where wwtool replaces a folder whole.
        package: what the firmware is packed as.

    Raises:
        BudgetError: the model does not fit the platform; nothing has been trained.
        InputError: phrase, data, config or folder cannot be used.
        ToolError: the compiler is missing.
    """
    compiler = package.require_tools(platform)
    host_compiler()  # evaluation needs it; if it is missing, the user hears of it before the training
    rules = {FIRMWARE: Rule(package.products, overwrite=overwrite), IMAGE: Rule(edited=True, overwrite=overwrite)}
    refuse_links_out(folder, [folder / name for name in _NAMES])
    with working_folder(folder, _PLACES):
        refuse_strangers(folder, _NAMES, f"{RUN_FOLDER}/{RECORD}")
        for name, rule in rules.items():  # told before the training
            refuse_changes(folder / name, rule)
        return _build(folder, platform, package, compiler, plan, progress, rules)


def _build(
    folder: Path, platform: Platform, package: PackageFormat, compiler: str, plan: RunPlan, progress: Progress,
    rules: dict[str, Rule],
) -> Built:  # fmt: skip
    stages = Stages(folder / RUN_FOLDER, progress, folder)
    made_of = [__version__, sources_of(platform), platform.facts(), plan.phrase, compiler, package.name, _FINAL]
    config = plan.config
    wanted = [config.model, config.budget.model_dump(), config.select.model_dump(), accuracy_table().model_dump()]
    budget = stages.run("budget", "dry builds", [made_of, wanted], lambda: _budget(stages, platform, plan, package))
    trained = training_run(stages, plan, budget["finalists"])
    evaluation = trained.evaluation
    detector = DetectorConfig.model_validate(evaluation["detector"])
    parts = [sha256_of(stages.folder / MODEL), detector.model_dump(), plan.config.budget.model_dump()]
    work = partial(_firmware, stages, platform, package, plan, trained.model, detector, rules)
    firmware = stages.run("firmware", "C project and image", [made_of, parts], work, own=True)
    manifest = _manifest(folder, stages.folder, platform, plan, package, compiler, budget, trained, firmware)
    write_json(folder / MANIFEST, sealed_manifest(manifest))
    write_report(folder / REPORT, manifest, stages.folder)
    return Built(manifest, folder)


def _budget(stages: Stages, platform: Platform, plan: RunPlan, package: PackageFormat) -> Outcome:
    selection = select(platform, plan.config, plan.phrase, stages.progress.advance, package.name)
    first = selection.builds[selection.finalists[0]]
    used = ", ".join(_used(line) for line in first.lines[:2])
    facts = {
        "finalists": list(selection.finalists),
        "choice": selection.choice.as_dict() if selection.choice else None,
        "builds": {name: result.as_dict() for name, result in selection.builds.items()},
    }
    why = selection.choice.note if selection.choice else f"{first.model} fits"
    more = f"finalists: {', '.join(selection.finalists)}" if len(selection.finalists) > 1 else used
    return Outcome(f"{why}; {more}", facts, ())


def _used(line: Line) -> str:
    value = f"{line.used / 1024:.1f} KiB" if line.unit == "B" else f"{line.used:.2f} {line.unit}"
    return f"{line.name} {value}"


def _firmware(
    stages: Stages, platform: Platform, package: PackageFormat, plan: RunPlan, model: str, detector: DetectorConfig,
    rules: dict[str, Rule],
) -> Outcome:  # fmt: skip
    folder, tflite = stages.root, (stages.folder / MODEL).read_bytes()
    name = safe_identifier(plan.phrase)
    compiled = compile_for(platform, read_model(stages.folder / MODEL), name)
    content = Content(platform, compiled, tflite, plan.phrase, detector, name)
    package.check(content)
    with owned_folder(folder / FIRMWARE, rules[FIRMWARE]) as project_folder:
        package.render(project_folder, content)
        with (
            owned_folder(folder / IMAGE, rules[IMAGE]) as image_folder,
            scratch_folder(stages.folder, "objects") as objects,
        ):
            image = package.build(project_folder, content, objects, image_folder)
    write_bytes(folder / MODEL, tflite)
    files = {kind: folder / IMAGE / path.name for kind, path in image.files.items()}
    stride = compiled.program.graph.tensor(compiled.program.graph.inputs[0]).shape[1]
    run = run_image(platform, files, stride)
    cost = assembled(platform, model, stride, compiled, image.sizes, run)
    final = judge(platform, plan.config.budget, cost, package.name)
    _write_vectors(folder / VECTORS, stages, compiled)
    over = [line for line in final.lines if not line.fits]
    if over:
        raise BudgetError(
            f"the final firmware is over budget: {over[0].name} {over[0].used} of {over[0].limit} {over[0].unit}"
        )
    facts = {
        "image": {kind: str(path.relative_to(folder)) for kind, path in files.items()},
        "flash_wait_cycles": flash_wait_cycles(platform, image.sizes),
        **final.as_dict(),
    }
    written = [p for name in (FIRMWARE, VECTORS) for p in sorted((folder / name).rglob("*")) if p.is_file()]
    outputs = (*files.values(), folder / MODEL, *written)
    note = f"{package.main_file(platform, files).name}: {_sizes_note(image.sizes)}"
    return Outcome(note, facts, outputs)


def _sizes_note(sizes: Sizes) -> str:
    code, model, ram = (value / 1024 for value in (sizes.code_flash, sizes.model_flash, sizes.ram))
    return f"{code:.1f} KiB code, {model:.1f} KiB model, {ram:.1f} KiB RAM"


def _write_vectors(folder: Path, stages: Stages, compiled: CompiledModel) -> None:
    """What ``wwtool hil`` sends: a WAV with the phrase in it, and 50 inputs of real features."""
    clips = stages.folder / CLIPS
    words = ClipStore(
        clips / ("dev/positive" if (clips / "dev/positive.bounds.npy").exists() else "dev/positive_synthetic")
    )
    others = [
        ClipStore(clips / name) for name in ("dev/sentences", "dev/speech") if (clips / f"{name}.bounds.npy").exists()
    ]
    generator = np.random.default_rng(3)
    pieces = [np.zeros(SAMPLE_RATE_HZ, np.int16)]
    for i in range(3):
        pieces += [words[i % len(words)][: 3 * SAMPLE_RATE_HZ], np.zeros(SAMPLE_RATE_HZ // 2, np.int16)]
        if others:
            pieces += [others[0][i % len(others[0])][: 2 * SAMPLE_RATE_HZ], np.zeros(SAMPLE_RATE_HZ // 2, np.int16)]
    audio = np.concatenate(pieces)
    audio = np.clip(audio + generator.integers(-8, 9, len(audio)), -32768, 32767).astype(np.int16)
    write_audio(folder / "stream.wav", audio)
    frames = DEFAULT_FRONT_END.quantized([audio])
    shape = compiled.program.graph.tensor(compiled.program.graph.inputs[0]).shape[1:]
    rows = frames[: len(frames) // shape[0] * shape[0]].reshape(-1, *shape)
    write_array(folder / "real.npy", rows[np.linspace(0, len(rows) - 1, _REAL_ROWS).astype(int)])


def _data_inputs(plan: RunPlan, run: Path) -> dict[str, Any] | None:
    if plan.data is None:
        return None
    dataset = read_json(run / DATASET)
    notes = {key: dataset.get(key, []) for key in ("skipped", "doubtful")}
    return {"path": printable(str(plan.data)), "dataset_sha256": sha256_of(run / DATASET), **notes}


def _manifest(
    folder: Path, run: Path, platform: Platform, plan: RunPlan, package: PackageFormat, compiler: str,
    budget: dict[str, Any], trained: Trained, firmware: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    evaluation, choice = trained.evaluation, budget["choice"]
    outputs = [folder / "model.tflite", *(folder / name for name in firmware["image"].values())]
    return {
        "schema": "wwtool.manifest",
        "version": MANIFEST_VERSION,
        "wwtool": __version__,
        "platform": platform.name,
        "profile": platform.recorded(),
        "board": board_facts(platform),
        "phrase": plan.phrase,
        "inputs": {
            "config": plan.config.model_dump(mode="json"),
            "data": _data_inputs(plan, run),
            "synthesised": plan.synthesise,
        },
        "model": {
            "path": "model.tflite",
            "name": trained.model,
            "sha256": sha256_of(folder / "model.tflite"),
            "macs": firmware["macs"],
        },
        "image": firmware["image"],
        "framework": package.name,
        "flash": package.by_hand(platform, {kind: Path(path) for kind, path in firmware["image"].items()}),
        "outputs": {
            str(path.relative_to(folder)): {"sha256": sha256_of(path), "bytes": path.stat().st_size} for path in outputs
        },
        "choice": {**choice, "rungs": [asdict(rung) for rung in trained.rungs]} if choice else None,
        "budget": budget["builds"][trained.model],
        "final": {key: firmware[key] for key in _FINAL},
        "detector": evaluation["detector"],
        "evaluation": {k: v for k, v in evaluation.items() if k != "detector"},
        "tools": _tools(compiler),
    }


def board_facts(platform: Platform) -> dict[str, Any] | None:
    """What the manifest says of a chosen board; None where a platform has only one."""
    wiring = platform.wiring
    return {**wiring.model_dump(mode="json"), "wiring": wiring_lines(wiring)} if wiring else None


def _tools(compiler: str) -> dict[str, str]:
    packages = ("torch", "numpy", "ai-edge-litert", "pymicro-features", "espeakng-loader")
    versions = {name: metadata.version(name) for name in packages}
    return {"python": host_platform.python_version(), "compiler": compiler, **versions}
