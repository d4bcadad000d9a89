"""Compile: an INT8 .tflite becomes C99 sources in a folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import Field

from wwtool import events
from wwtool.base.cancellation import Cancellation
from wwtool.base.ownership import Rule, owned_folder, refuse_changes
from wwtool.base.records import json_of
from wwtool.compiler.package import compile_graph, write_package
from wwtool.compiler.report import ArenaRegion, Layer, Report, StateRegion, make_report
from wwtool.compiler.targets import TARGETS, Optimize, Target
from wwtool.engines.measure import measure
from wwtool.jobs.request import Request, reported
from wwtool.reports.compile_page import write_report
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import read_model

__all__ = ["OPTIMIZATIONS", "TARGETS", "CompilePlan", "CompileRequest", "CompileResult", "plan", "run"]

OPTIMIZATIONS: tuple[Optimize, ...] = get_args(Optimize)


class CompileRequest(Request):
    """A compilation."""

    model: Path = Field(description="The .tflite.")
    target: Target = Field(TARGETS[0], description="The core to compile for.")
    optimize: Optimize = Field(
        "speed", description="Speed packs weights for the target's fast kernels; size takes the portable kernels."
    )
    measure: bool | None = Field(
        None,
        description="Measure code sizes and instructions with the target's compiler and emulator. By default, if both "
        "are installed and it takes only a moment.",
    )
    prefix: str | None = Field(
        None,
        description="The beginning of every name and file of the model, so that several fit into one program.  "
        "[default: ww_model, model]",
    )
    out: Path = Field(description="The folder for the C sources. An older one is replaced.")
    overwrite: bool = Field(False, description="Replace folders whole, with what you have changed or added in them.")


@dataclass(frozen=True)
class CompilePlan:
    """A model that can be read, and what to make of it."""

    request: CompileRequest
    graph: Graph


@dataclass(frozen=True)
class CompileOutput:
    """``compile --json``. ``code``: bytes by object file."""

    target: Target
    optimize: Optimize
    model_sha256: str
    macs: int
    instructions: int | None
    instructions_after: int | None
    tflite_weight_bytes: int
    idle_channels: int
    weight_bytes: int
    table_bytes: int
    code_bytes: int | None
    arena_bytes: int
    arena_lower_bound_bytes: int
    state_bytes: int
    kernels: list[str]
    code: dict[str, int] | None
    layers: tuple[Layer, ...]
    arena: tuple[ArenaRegion, ...]
    state: tuple[StateRegion, ...]
    note: str
    out: str


@dataclass(frozen=True)
class CompileResult:
    """The package's folder, and what is in it."""

    folder: Path
    report: Report

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        report = self.report
        output = CompileOutput(
            target=report.target,
            optimize=report.optimize,
            model_sha256=report.model_sha256,
            macs=report.macs,
            instructions=report.instructions,
            instructions_after=report.instructions_after,
            tflite_weight_bytes=report.tflite_weight_bytes,
            idle_channels=report.idle_channels,
            weight_bytes=report.weight_bytes,
            table_bytes=report.table_bytes,
            code_bytes=report.code_bytes,
            arena_bytes=report.arena_bytes,
            arena_lower_bound_bytes=report.lower_bound_bytes,
            state_bytes=report.state_bytes,
            kernels=list(report.kernels),
            code=None if report.code is None else {entry.file: entry.nbytes for entry in report.code},
            layers=report.layers,
            arena=report.regions,
            state=report.states,
            note=report.note,
            out=str(self.folder),
        )
        return json_of(output)


def plan(request: CompileRequest, listener: events.Listener = events.ignore) -> CompilePlan:
    """Checks a request; changes nothing.

    Raises:
        InputError: the model cannot be read, or somebody has changed the folder that would be replaced.
    """
    refuse_changes(request.out, Rule(overwrite=request.overwrite))
    return CompilePlan(request, read_model(request.model))


def run(
    plan: CompilePlan, listener: events.Listener = events.ignore, cancel: Cancellation | None = None
) -> CompileResult:
    """Compiles.

    Raises:
        InputError: the model has something that cannot be compiled, or the prefix is no C name.
        ToolError: a tool that was asked for is missing.
        CancelledError: somebody has cancelled; nothing is written.
    """
    request, cancel = plan.request, cancel or Cancellation()
    with reported("compile", request.model.name, listener):
        compiled = compile_graph(plan.graph, request.model.stem, request.target, request.optimize, request.prefix)
        cancel.check()
        report = make_report(compiled, measure(compiled, request.measure))
        cancel.check()
        with owned_folder(request.out, Rule(overwrite=request.overwrite)) as folder:
            write_package(compiled, folder)
            write_report(report, folder)
    return CompileResult(request.out, report)
