"""``wwtool run``."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool.cli.common import FILE
from wwtool.compiler.reader import read_model
from wwtool.engines.rows import EngineName, read_rows, run_rows
from wwtool.files import write_array


@click.command()
@click.argument("model", type=FILE)
@click.argument("input_file", metavar="INPUT.npy", type=FILE)
@click.option("-o", "--out", type=FILE, required=True, help="Where the output rows go, as .npy.")
@click.option(
    "--engine", type=click.Choice(["c", "litert", "torch"]), default="c", show_default=True,
    help="The generated C on this machine, LiteRT's reference kernels, or exact PyTorch.",
)  # fmt: skip
def run(model: Path, input_file: Path, out: Path, engine: EngineName) -> None:
    """Run an INT8 .tflite MODEL on INPUT.npy of shape (N, *input), state carried from row to row."""
    graph = read_model(model)
    rows = read_rows(input_file, graph)
    result = run_rows(model.read_bytes(), rows, engine)
    write_array(out, result)
    click.echo(f"{len(rows)} rows through {engine}: {out}, {result.dtype} {result.shape}")
