"""Lowers functions of one int16 tensor: RELU and similar ones, LOGISTIC, TANH and SOFTMAX."""

from __future__ import annotations

from dataclasses import replace

from wwtool.compiler.calls import Call, Constant, Field, Span, int16_array
from wwtool.compiler.operators.elementwise import multiplier_fields
from wwtool.errors import InputError
from wwtool.int8 import int16
from wwtool.int8.arithmetic import IntArray
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import require_same_shape, require_type, with_sane_scales
from wwtool.tflite.operators.unary import SIGMOIDS, check_slope, sigmoid_of, slopes_of

_LARGEST_EXPONENT = 2.0**14  # the multiplier of int16 differences in TFLite's SOFTMAX must be below it, or it overflows


def lower_unary_int16(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if op.kind not in (*SIGMOIDS, "RELU", "RELU6", "LEAKY_RELU", "ABS", "NEG"):
        require_type(op, x, types=("int8", "uint8"))
    require_type(op, x, y, types=("int16",))
    require_same_shape(op, x, y)
    check_slope(op)
    if op.kind in SIGMOIDS:
        return [_call(op, f"ww_{op.kind.lower()}_int16", "ww_sigmoid", x, y, _sigmoid_fields(op, x, y))]
    if op.kind == "NEG":
        ends = Span(x.index), Span(y.index)
        return [Call(op.index, op.kind, "ww_negate_int16", (*ends, x.size), (x.index,), (y.index,), in_place=True)]
    return [_call(op, "ww_slopes_int16", "ww_slopes", x, y, _slopes_fields(op, x, y))]


def lower_softmax_int16(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_type(op, x, y, types=("int16",))
    require_same_shape(op, x, y)
    beta = float(op.options["beta"])
    if abs(y.scale - 1 / 32768) > 0.001 / 32768 or not x.shape or x.shape[-1] > 65535:
        raise InputError(f"{op.where()} must be over at most 65535 values, with output scale 1/32768")
    by = with_sane_scales(op, lambda: int16.softmax_multiplier(x.scale, beta))
    if not by.mantissa * 2.0 ** (by.shift - 31) < _LARGEST_EXPONENT:
        raise InputError(f"{op.where()} has beta {beta} at scale {x.scale}, whose product is out of bounds")
    fields: dict[str, Field] = {
        "exponentials": _table(op, "exponentials", int16.exponential_table()),
        "inverses": _table(op, "inverses", int16.inverse_table()),
        "multiplier": multiplier_fields(by),
        "rows": x.size // x.shape[-1],
        "depth": x.shape[-1],
    }
    return [_call(op, "ww_softmax_int16", "ww_softmax_int16", x, y, fields)]


def _slopes_fields(op: Operator, x: Tensor, y: Tensor) -> dict[str, Field]:
    slopes = with_sane_scales(op, lambda: slopes_of(op, x, y))
    return {
        "above": multiplier_fields(slopes.above),
        "below": multiplier_fields(slopes.below),
        "count": x.size,
        "negate_below": int(slopes.negate_below),
        "negate_scaled": int(slopes.negate_scaled),
        "min": slopes.low,
        "max": slopes.high,
    }


def _sigmoid_fields(op: Operator, x: Tensor, y: Tensor) -> dict[str, Field]:
    exact = op.kind == "LOGISTIC"
    if y.scale != 1 / 32768 if exact else int16.checked_log2(y.scale) != -15:
        raise InputError(f"{op.where()} must have the output scale 1/32768 in int16")
    by = sigmoid_of(op, x)
    table = Constant(f"op{op.index}_sigmoid", "uint16_t", int16.sigmoid_table(), weights=False)
    return {"table": table, "multiplier": by.multiplier, "shift": by.shift, "count": x.size}


def _table(op: Operator, name: str, values: IntArray) -> Constant:
    return replace(int16_array(f"op{op.index}_{name}", values), weights=False)


def _call(op: Operator, function: str, struct: str, x: Tensor, y: Tensor, fields: dict[str, Field]) -> Call:
    arguments = Span(x.index), Span(y.index)
    return Call(op.index, op.kind, function, arguments, (x.index,), (y.index,), struct, fields, in_place=True)
