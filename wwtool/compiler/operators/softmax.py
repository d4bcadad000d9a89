"""Lowers SOFTMAX and LOG_SOFTMAX."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Field, Span, int32_array, kernel_name
from wwtool.compiler.operators.conversions import TYPES
from wwtool.compiler.operators.elementwise import multiplier_fields
from wwtool.errors import InputError
from wwtool.int8.arithmetic import MAX_MULTIPLIER
from wwtool.int8.softmax import difference_multiplier, exponentials, furthest_difference, steps_multiplier
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import format_of, require_same_shape, require_type

_LOGARITHMS = {"int8": (1 / 16, 127), "uint8": (1 / 16, 255)}
# A sum of ones with 19 fractional bits must fit 32 bits, or 31 if it is signed.
_MOST_PROBABILITIES = 8191
_MOST_LOGARITHMS = 4095


def lower_softmax(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    dtype = require_type(op, x, types=("int8", "uint8"))
    require_same_shape(op, x, y)
    beta = float(op.options["beta"])
    if not _are_probabilities(y, dtype) or not x.shape:
        raise InputError(
            f"{op.where()} must give int8 with output scale 1/256 and zero point -128, "
            "or int16 with zero point -32768, or uint8 for uint8"
        )
    table = _table(op, x, beta, _MOST_PROBABILITIES)
    fields: dict[str, Field] = {**_rows(op, x, table), "output_type": TYPES[y.dtype]}
    return [_call(op, "ww_softmax", x, y, fields, dtype)]


def _are_probabilities(y: Tensor, source: str) -> bool:
    """Whether LiteRT accepts the output. It ignores scales of int16 (converters write 1/65536 or 1/65535) and uint8."""
    if y.dtype == "uint8":
        return source == "uint8"
    if y.dtype == "int8" and source == "int8":
        return y.zero_point == -128 and abs(y.scale - 1 / 256) <= 0.001 / 256
    return y.dtype == "int16" and y.zero_point == -32768


def lower_log_softmax(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    dtype = require_type(op, x, y, types=("int8", "uint8"))
    require_same_shape(op, x, y)
    if format_of(y) != _LOGARITHMS[dtype] or not x.shape:
        raise InputError(f"{op.where()} must be int8 with output scale 1/16 and zero point 127, or uint8 with 255")
    table = _table(op, x, 1.0, _MOST_LOGARITHMS)
    by = difference_multiplier(x.scale, 1.0)
    fields: dict[str, Field] = {
        **_rows(op, x, table),
        "furthest": furthest_difference(by),
        "difference": multiplier_fields(by),
        "steps": multiplier_fields(steps_multiplier(by)),
    }
    return [_call(op, "ww_log_softmax", x, y, fields, dtype)]


def _table(op: Operator, x: Tensor, beta: float, most: int) -> npt.NDArray[Any]:
    """The exponentials of all differences that are not zero."""
    if not 2.0**-26 < x.scale * beta < MAX_MULTIPLIER:  # LiteRT refuses smaller products (PreprocessSoftmaxScaling)
        raise InputError(f"{op.where()} has beta {beta} at scale {x.scale}, whose product is out of bounds")
    if x.shape[-1] > most:
        raise InputError(f"{op.where()} runs over {x.shape[-1]} values; LiteRT's sums hold at most {most}")
    table = exponentials(x.scale, beta)
    return table[: int(np.count_nonzero(table))]


def _rows(op: Operator, x: Tensor, table: npt.NDArray[Any]) -> dict[str, Field]:
    return {
        "table": replace(int32_array(f"op{op.index}_exponentials", table), weights=False),
        "exponentials": len(table),
        "rows": x.size // x.shape[-1],
        "depth": x.shape[-1],
    }


def _call(op: Operator, struct: str, x: Tensor, y: Tensor, fields: dict[str, Field], dtype: str) -> Call:
    arguments, in_place, function = (Span(x.index), Span(y.index)), x.nbytes == y.nbytes, kernel_name(struct, dtype)
    return Call(op.index, op.kind, function, arguments, (x.index,), (y.index,), struct, fields, in_place=in_place)
