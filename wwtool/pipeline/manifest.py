"""``manifest.json`` of a build: what went in, what came out, what it costs and how well it detects."""

from __future__ import annotations

import platform as host_platform
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from wwtool import __version__
from wwtool.base.files import sha256_of
from wwtool.base.records import read_json
from wwtool.base.text import printable
from wwtool.pipeline.firmware import Target
from wwtool.pipeline.preparation import DATASET, RunPlan
from wwtool.pipeline.stages import Stages
from wwtool.pipeline.training_run import MODEL, Trained
from wwtool.platforms.profile import Platform
from wwtool.platforms.wiring import wiring_lines

NAME = "manifest.json"
VERSION = 1
FINAL_FIELDS = (
    "sizes", "cycles", "stack_bytes", "energy", "estimated", "flash_wait_cycles", "limits", "arena_bytes",
    "state_bytes",
)  # fmt: skip
_PACKAGES = ("torch", "numpy", "ai-edge-litert", "pymicro-features", "espeakng-loader")


def make_manifest(
    stages: Stages, target: Target, plan: RunPlan, budget: dict[str, Any], trained: Trained, firmware: dict[str, Any]
) -> dict[str, Any]:
    """The manifest of a build whose ``stages`` are done; ``budget`` and ``firmware`` are the facts of two of them."""
    folder, run, platform, package = stages.root, stages.folder, target.platform, target.package
    evaluation, choice = trained.evaluation, budget["choice"]
    outputs = [folder / MODEL, *(folder / name for name in firmware["image"].values())]
    return {
        "schema": "wwtool.manifest",
        "version": VERSION,
        "wwtool": __version__,
        "platform": platform.name,
        "profile": platform.recorded(),
        "board": board_facts(platform),
        "phrase": plan.phrase,
        "inputs": {
            "config": plan.config.model_dump(mode="json"),
            "data": _data_inputs(plan, run),
            "synthesised": plan.synthesise,
            "clips": trained.clips,
        },
        "model": {
            "path": MODEL,
            "name": trained.model,
            "sha256": sha256_of(folder / MODEL),
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
        "final": {key: firmware[key] for key in FINAL_FIELDS},
        "detector": evaluation["detector"],
        "evaluation": {k: v for k, v in evaluation.items() if k != "detector"},
        "tools": _tools(target.compiler),
    }


def board_facts(platform: Platform) -> dict[str, Any] | None:
    """The chosen board; None where a platform has only one."""
    wiring = platform.wiring
    return {**wiring.model_dump(mode="json"), "wiring": wiring_lines(wiring)} if wiring else None


def _tools(compiler: str) -> dict[str, str]:
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {"python": host_platform.python_version(), "compiler": compiler, **versions}


def _data_inputs(plan: RunPlan, run: Path) -> dict[str, Any] | None:
    if plan.data is None:
        return None
    dataset = read_json(run / DATASET)
    notes = {key: dataset.get(key, []) for key in ("skipped", "doubtful")}
    return {"path": printable(str(plan.data)), "dataset_sha256": sha256_of(run / DATASET), **notes}
