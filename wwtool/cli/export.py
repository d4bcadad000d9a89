"""``wwtool export``."""

from __future__ import annotations

from pathlib import Path

import click
import numpy as np

from wwtool.base.files import write_bytes
from wwtool.cli.common import FILE, FOLDER
from wwtool.cli.terminal import say
from wwtool.errors import InputError
from wwtool.export.builder import IDENTIFIER
from wwtool.export.tflite import to_tflite, verify
from wwtool.frontend.geometry import MICRO
from wwtool.training.checkpoint import load_trained


@click.command()
@click.argument("run", type=FOLDER)
@click.option("--format", "format_", type=click.Choice(["tflite"]), default="tflite", show_default=True)
@click.option("-o", "--out", type=FILE, help="Where the file goes.  [default: RUN/model.tflite]")
def export(run: Path, format_: str, out: Path | None) -> None:
    """Write the model of a finished training RUN from its learned scales, proved layer by layer against LiteRT."""
    target = out or run / "model.tflite"
    if target.is_file() and target.read_bytes()[4:8] != IDENTIFIER:
        raise InputError(f"{target} exists and is not a model; remove it, or choose another file with -o")
    net, state = load_trained(run)
    model = net.quantized()
    content, outputs = to_tflite(model, f"wwtool {state.model}")
    verify(content, model, outputs, np.random.default_rng(0).integers(-128, 128, (900, MICRO.channels)).astype(np.int8))
    write_bytes(target, content)
    say(f"{target}: {len(content):,} bytes, {len(outputs)} layers equal to LiteRT's reference kernels")
