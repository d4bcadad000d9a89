"""``wwtool run``."""

from __future__ import annotations

from pathlib import Path

import click

from wwtool.cli.common import FILE
from wwtool.cli.terminal import say
from wwtool.engines.registry import DEFAULT_ENGINE, ENGINES
from wwtool.engines.rows import read_rows, write_rows
from wwtool.tflite.reader import read_model


@click.command()
@click.argument("model", type=FILE)
@click.argument("input_file", metavar="INPUT", type=FILE)
@click.option(
    "-o", "--out", type=FILE, required=True, help="Where the output rows go: .npy, or .npz if the model has several."
)
@click.option(
    "--engine", type=click.Choice(list(ENGINES)), default=DEFAULT_ENGINE, show_default=True,
    help="The generated C on this machine, LiteRT's reference kernels, exact PyTorch, or TFLM's interpreter.",
)  # fmt: skip
def run(model: Path, input_file: Path, out: Path, engine: str) -> None:
    """Run an INT8 .tflite MODEL on INPUT, state carried from row to row.

    INPUT is a .npy file of shape (N, *input); a model of several inputs takes a .npz file with an array for each,
    called by the input's name, or input_0, input_1 and so on.
    """
    graph = read_model(model)
    rows = read_rows(input_file, graph)
    results = ENGINES[engine](model.read_bytes(), rows)
    write_rows(out, results)
    shapes = ", ".join(f"{result.dtype} {result.shape}" for result in results)
    say(f"{len(rows[0])} rows through {engine}: {out}, {shapes}")
