"""``wwtool quantize``."""

from __future__ import annotations

from typing import Any

import click

from wwtool.base.records import json_of
from wwtool.base.text import printable
from wwtool.cli.common import ANY_PATH, FILE, complain_of_warnings, json_option, make, option
from wwtool.cli.progress import TerminalProgress
from wwtool.cli.quantize_against import decibels, print_against
from wwtool.cli.terminal import Table, console, print_json, say
from wwtool.jobs.quantize import (
    DEFAULT_QUANTIZER,
    DEFAULT_RANGES,
    FRONT_END_NAMES,
    QUANTIZER_NAMES,
    RANGE_NAMES,
    QuantizeOutput,
    QuantizeRequest,
    plan,
    run,
)

_WIDEST = 40  # of a column


@click.command()
@click.argument("model", type=FILE)
@option(QuantizeRequest, "data", type=ANY_PATH, required=True)
@option(QuantizeRequest, "out", "-o", "--out", type=FILE, required=True)
@option(QuantizeRequest, "ranges", type=click.Choice(RANGE_NAMES), default=DEFAULT_RANGES, show_default=True)
@option(QuantizeRequest, "front_end", type=click.Choice(FRONT_END_NAMES))
@option(QuantizeRequest, "slices", type=click.IntRange(1, 100_000))
@option(QuantizeRequest, "output_type", type=click.Choice(("int8", "uint8")), default="int8", show_default=True)
@option(QuantizeRequest, "quantizer", type=click.Choice(QUANTIZER_NAMES), default=DEFAULT_QUANTIZER, show_default=True)
@option(QuantizeRequest, "against", type=FILE)
@json_option
def quantize(as_json: bool, **options: Any) -> None:
    """Quantize a float .tflite or .onnx MODEL to INT8 with calibration data, without a training.

    A fifth of the data is held out, to compare the INT8 model with the float one, layer by layer.
    """
    work = plan(make(QuantizeRequest, **options), complain_of_warnings)
    if as_json:
        print_json("quantize", 1, json_of(run(work, complain_of_warnings)))
        return
    with TerminalProgress(console()) as progress:
        result = run(work, progress)
    _print(result)


def _print(result: QuantizeOutput) -> None:
    if result.against is None:
        _print_layers(result)
    else:
        print_against(result.against)
    on = "held-out rows" if result.held_out else "rows, none of them held out"
    for output in result.outputs:
        same = "" if output.agreement is None else f"same decision in {output.agreement:.1%}, "
        apart = f"{output.mean_difference:.4g} apart on average, {output.largest_difference:.4g} at most"
        say(f"output {output.output}: {same}{apart}, SNR {decibels(output.snr_db)} dB over {result.compared} {on}")
    say(f"{printable(result.out)}: {result.bytes:,} B, INT8 throughout, of {result.float_bytes:,} B")


def _print_layers(result: QuantizeOutput) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("OPERATOR", "TENSOR", "LOWEST", "HIGHEST", "SCALE", "ZERO", "SNR dB"):
        left = column in ("OPERATOR", "TENSOR")
        table.add_column(column, justify="left" if left else "right", no_wrap=True, max_width=_WIDEST if left else None)
    for layer in result.layers:
        numbers = (f"{layer.low:.4g}", f"{layer.high:.4g}", f"{layer.scale:.4g}", str(layer.zero_point))
        table.add_row(layer.operator, layer.tensor, *numbers, decibels(layer.snr_db))
    console().print(table)
