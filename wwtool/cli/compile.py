"""``wwtool compile``."""

from __future__ import annotations

from typing import Any

import click

from wwtool.cli.common import FILE, FOLDER, complain_of_warnings, json_option, make, option
from wwtool.cli.terminal import Table, console, print_json
from wwtool.jobs.compile import OPTIMIZATIONS, TARGETS, CompileRequest, CompileResult, plan, run
from wwtool.reports.compile_page import layer_headings, layer_rows, size_rows


@click.command(name="compile")
@click.argument("model", type=FILE)
@option(CompileRequest, "target", type=click.Choice(TARGETS), default="host", show_default=True)
@option(CompileRequest, "optimize", type=click.Choice(OPTIMIZATIONS), default="speed", show_default=True)
@option(CompileRequest, "measure", "--measure/--no-measure", default=None)
@option(CompileRequest, "prefix", metavar="NAME")
@option(CompileRequest, "out", "-o", "--out", type=FOLDER, required=True)
@option(CompileRequest, "overwrite", is_flag=True)
@json_option
def compile_(as_json: bool, **options: Any) -> None:
    """Compile an INT8 .tflite MODEL to C99: no interpreter, no heap, a static arena.

    The folder builds as a CMake project, an ESP-IDF component, a Zephyr module, an Arduino library or from a Makefile;
    report.html in it shows layers, sizes and the memory map.
    """
    result = run(plan(make(CompileRequest, **options), complain_of_warnings), complain_of_warnings)
    if as_json:
        print_json("compile", 1, result.as_dict())
    else:
        _print(result)


def _print(result: CompileResult) -> None:
    report = result.report
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
    terminal.print(f"written to {result.folder}; see report.html there", soft_wrap=True)
