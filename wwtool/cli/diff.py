"""``wwtool diff``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from wwtool.base.records import json_of
from wwtool.cli.common import FILE, json_option
from wwtool.cli.terminal import Table, console, print_json
from wwtool.engines.diff import compare, first_difference
from wwtool.engines.random_rows import random_rows
from wwtool.engines.rows import read_rows
from wwtool.errors import DeviceError
from wwtool.tflite.reader import read_model


@dataclass(frozen=True)
class LayerRecord:
    """A ``LayerDiff``; ``differing`` (elements) and ``largest`` (units) by engine."""

    operator: str
    tensor: str
    compared: int
    in_c: bool
    differing: dict[str, int]
    largest: dict[str, int]


@dataclass(frozen=True)
class DiffOutput:
    """``diff --json``."""

    rows: int
    equal: bool
    layers: list[LayerRecord]


@click.command()
@click.argument("model", type=FILE)
@click.option(
    "--input", "input_file", type=FILE, help="Rows to compare on, as wwtool run takes them.  [default: random rows]"
)
@click.option("--rows", type=click.IntRange(1, 100_000), default=50, show_default=True, help="Number of random rows.")
@json_option
def diff(model: Path, input_file: Path | None, rows: int, as_json: bool) -> None:
    """Compare LiteRT's reference kernels, exact PyTorch and the generated C, layer by layer."""
    graph = read_model(model)
    inputs = read_rows(input_file, graph) if input_file else random_rows(graph, rows)
    layers = compare(model.read_bytes(), inputs)
    worst = first_difference(layers)
    if as_json:
        entries = [
            LayerRecord(layer.operator, layer.tensor.name, layer.compared, layer.in_c, layer.differing, layer.largest)
            for layer in layers
        ]
        print_json("diff", 1, json_of(DiffOutput(len(inputs[0]), worst is None, entries)))
    else:
        table = Table(box=None, pad_edge=False)
        for column in ("OPERATOR", "TENSOR", "COMPARED", "TORCH DIFFERS", "C DIFFERS"):
            table.add_column(column, justify="left" if column in ("OPERATOR", "TENSOR") else "right")
        for layer in layers:
            c = _count(layer.differing["c"], layer.largest["c"]) if layer.in_c else "in its window"
            torch = _count(layer.differing["torch"], layer.largest["torch"])
            table.add_row(layer.operator, layer.tensor.name, f"{layer.compared:,}", torch, c)
        console().print(table)
    if worst is not None:
        raise DeviceError(
            f"operator {worst.operator} (tensor '{worst.tensor.name}') is the first that differs from LiteRT"
        )
    if not as_json:
        console().print(f"all {len(layers)} tensors equal over {len(inputs[0])} rows")


def _count(differing: int, largest: int) -> str:
    return f"{differing} (by up to {largest})" if differing else "0"
