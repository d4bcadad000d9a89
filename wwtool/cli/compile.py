"""``wwtool compile``."""

from __future__ import annotations

from pathlib import Path

import click
from rich.table import Table

from wwtool.cli.common import FILE, FOLDER, console, print_json
from wwtool.compiler.package import CompiledModel, compile_graph, write_package
from wwtool.compiler.reader import read_model
from wwtool.errors import InputError
from wwtool.files import replaced_folder

# All kernels are portable C so far; the target decides which of them may be replaced.
TARGETS = ("host", "cortex-m0plus", "cortex-m4", "xtensa")


@click.command(name="compile")
@click.argument("model", type=FILE)
@click.option(
    "--target", type=click.Choice(TARGETS), default="host", show_default=True, help="The core to compile for."
)
@click.option("-o", "--out", type=FOLDER, required=True, help="Folder for the C sources; an older one is replaced.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compile_(model: Path, target: str, out: Path, as_json: bool) -> None:
    """Compile an INT8 .tflite MODEL to C99: no interpreter, no heap, a static arena."""
    compiled = compile_graph(read_model(model), model.stem)
    if out.exists() and any(out.iterdir()) and not (out / "ww_requantize.h").is_file():
        raise InputError(f"{out} holds files that wwtool did not make; choose a new or an empty folder with --out")
    with replaced_folder(out) as folder:
        write_package(compiled, folder)
    summary = {
        "target": target,
        "model_sha256": compiled.program.graph.sha256,
        "macs": compiled.macs,
        "weight_bytes": compiled.weight_bytes,
        "table_bytes": compiled.table_bytes,
        "arena_bytes": compiled.memory.arena_bytes,
        "arena_lower_bound_bytes": compiled.memory.layout.lower_bound,
        "state_bytes": compiled.memory.state_bytes,
        "kernels": list(compiled.kernels),
    }
    if as_json:
        print_json("compile", 1, {**summary, "out": str(out)})
        return
    _print(compiled, out)


def _print(compiled: CompiledModel, out: Path) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("OPERATOR", "KERNEL", "OUTPUT", "MACS", "WEIGHTS"):
        table.add_column(column, justify="right" if column in ("MACS", "WEIGHTS") else "left")
    graph = compiled.program.graph
    for call in compiled.program.calls:
        shape = "x".join(map(str, graph.tensor(call.writes[0]).shape)) if call.writes[0] >= 0 else "state"
        weights = sum(c.nbytes for c in call.constants())
        table.add_row(f"{call.operator} {call.kind}", call.function, shape, f"{call.macs:,}", f"{weights:,}")
    terminal = console()
    terminal.print(table)
    memory = compiled.memory
    terminal.print(
        f"{compiled.macs:,} MACs; flash {compiled.weight_bytes + compiled.table_bytes:,} B of weights and tables; "
        f"RAM {memory.arena_bytes:,} B arena (at least {memory.layout.lower_bound:,}), {memory.state_bytes:,} B state"
    )
    terminal.print(f"written to {out}")
