"""The table of two quantized models, layer by layer, that ``wwtool quantize --against`` prints."""

from __future__ import annotations

from wwtool.base.text import counted
from wwtool.cli.terminal import Table, console, say
from wwtool.quantizer.against import Against, WeightScales

_WIDEST = 20  # of a column
_NAMES = ("OPERATOR", "TENSOR")


def print_against(against: Against) -> None:
    """The table, and the sentence that sums it up."""
    table = Table(box=None, pad_edge=False)
    for column in _NAMES:
        table.add_column(column, no_wrap=True, max_width=_WIDEST)
    for column in ("SCALE", "THERE", "ZERO", "THERE", "SNR dB", "THERE", "DIFFER", "BY", "WEIGHTS"):
        table.add_column(column, justify="right", no_wrap=True, min_width=len(column))
    for layer in against.layers:
        table.add_row(
            layer.operator, layer.tensor, f"{layer.scale:.4g}", f"{layer.scale_there:.4g}",
            str(layer.zero_point), str(layer.zero_point_there), decibels(layer.snr_db), decibels(layer.snr_db_there),
            f"{layer.differing:.1%}", str(layer.largest), _weights(layer.weights),
        )  # fmt: skip
    console().print(table)
    if against.missing:
        say(f"{counted(len(against.missing), 'tensor')} of the float model without a counterpart in {against.name}")
    say(f"against {against.name}: {against.verdict}")


def decibels(value: float | None) -> str:
    """Signal to noise; a dash of a tensor that is always 0."""
    return "-" if value is None else f"{value:.1f}"


def _weights(scales: WeightScales | None) -> str:
    """How the scales of a layer's weights there are to those here."""
    if scales is None:
        return ""
    if scales.same == scales.count:
        return "same"
    low, high = f"{scales.lowest:.3g}", f"{scales.highest:.3g}"
    return f"x {low}" if low == high else f"x {low} to {high}"
