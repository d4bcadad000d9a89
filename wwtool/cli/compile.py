"""``wwtool compile``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import get_args

import click

from wwtool.base.ownership import Rule, owned_folder, refuse_changes
from wwtool.cli.common import FILE, FOLDER, overwrite_option
from wwtool.cli.terminal import Table, console, print_json
from wwtool.compiler.package import compile_graph, write_package
from wwtool.compiler.report import Report, make_report
from wwtool.compiler.targets import TARGETS, Optimize, Target
from wwtool.engines.measure import measure as measure_model
from wwtool.reports.compile_page import layer_headings, layer_rows, size_rows, write_report
from wwtool.tflite.reader import read_model


@click.command(name="compile")
@click.argument("model", type=FILE)
@click.option(
    "--target", type=click.Choice(TARGETS), default="host", show_default=True, help="The core to compile for."
)
@click.option(
    "--optimize", type=click.Choice(get_args(Optimize)), default="speed", show_default=True,
    help="Speed packs weights for the target's fast kernels; size takes the portable kernels.",
)  # fmt: skip
@click.option(
    "--measure/--no-measure", "measure", default=None,
    help="Measure code sizes and instructions with the target's compiler and emulator; by default if both are "
    "installed and it takes a moment.",
)  # fmt: skip
@click.option(
    "--prefix", metavar="NAME",
    help="Begins every name and file of the model, so that several fit into one program.  [default: ww_model, model]",
)  # fmt: skip
@click.option("-o", "--out", type=FOLDER, required=True, help="Folder for the C sources; an older one is replaced.")
@overwrite_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compile_(
    model: Path, target: Target, optimize: Optimize, measure: bool | None, prefix: str | None, out: Path,
    overwrite: bool, as_json: bool,
) -> None:  # fmt: skip
    """Compile an INT8 .tflite MODEL to C99: no interpreter, no heap, a static arena.

    The folder builds as a CMake project, an ESP-IDF component, a Zephyr module, an Arduino library or from a Makefile;
    report.html in it shows layers, sizes and the memory map.
    """
    rule = Rule(overwrite=overwrite)
    refuse_changes(out, rule)
    compiled = compile_graph(read_model(model), model.stem, target, optimize, prefix)
    report = make_report(compiled, measure_model(compiled, measure))
    with owned_folder(out, rule) as folder:
        write_package(compiled, folder)
        write_report(report, folder)
    if as_json:
        print_json("compile", 1, {**_summary(report), "out": str(out)})
    else:
        _print(report, out)


def _summary(report: Report) -> dict[str, object]:
    return {
        "target": report.target,
        "optimize": report.optimize,
        "model_sha256": report.model_sha256,
        "macs": report.macs,
        "instructions": report.instructions,
        "instructions_after": report.instructions_after,
        "tflite_weight_bytes": report.tflite_weight_bytes,
        "weight_bytes": report.weight_bytes,
        "table_bytes": report.table_bytes,
        "code_bytes": report.code_bytes,
        "arena_bytes": report.arena_bytes,
        "arena_lower_bound_bytes": report.lower_bound_bytes,
        "state_bytes": report.state_bytes,
        "kernels": list(report.kernels),
        "code": None if report.code is None else {entry.file: entry.nbytes for entry in report.code},
        "layers": [asdict(layer) for layer in report.layers],
        "arena": [asdict(region) for region in report.regions],
        "state": [asdict(region) for region in report.states],
        "note": report.note,
    }


def _print(report: Report, out: Path) -> None:
    layers = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for number, heading in enumerate(layer_headings(report)):
        short = {"instructions": "INSTR.", "per MAC": "/MAC"}.get(heading, heading.upper())
        layers.add_column(short, justify="left" if number in (1, 2, 3) else "right", overflow="fold")
    for cells in layer_rows(report):
        layers.add_row(*cells)
    sizes = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    sizes.add_column()
    sizes.add_column(justify="right")
    sizes.add_column()
    for row in size_rows(report):
        sizes.add_row(row.what, row.nbytes, row.remark)
    terminal = console()
    terminal.print(layers)
    terminal.print()
    terminal.print(sizes)
    if report.note:
        terminal.print(f"({report.note})")
    terminal.print(f"written to {out}; see report.html there", soft_wrap=True)
