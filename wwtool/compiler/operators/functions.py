"""Lowers functions of one int8 tensor that are tables: ELU, EXP, GELU, LOG, SQRT, RSQRT, and L2_NORMALIZATION."""

from __future__ import annotations

from wwtool.compiler.calls import Call, Field, Span
from wwtool.compiler.operators.elementwise import lookup
from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.checks import format_of, require_int8, require_same_shape, with_sane_scales
from wwtool.tflite.operators.unary import function_table

_MOST_SQUARES = 1 << 15  # of at most 255 * 255 each: their sum fits 31 bits


def lower_function(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_int8(op, x, y)
    return lookup(op, x, y, with_sane_scales(op, lambda: function_table(op, x, y)))


def lower_l2_normalization(graph: Graph, op: Operator) -> list[Call]:
    """Scales each row of the last axis to the length 1."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_int8(op, x, y)
    require_same_shape(op, x, y)
    if format_of(y) != (1 / 128, 0) or not x.shape or int(op.options.get("fusedActivationFunction", 0)):
        raise InputError(f"{op.where()} must have output scale 1/128, zero point 0 and no activation")
    if x.shape[-1] > _MOST_SQUARES:
        raise InputError(f"{op.where()} runs over {x.shape[-1]} values; its sums hold at most {_MOST_SQUARES} squares")
    fields: dict[str, Field] = {
        "rows": x.size // x.shape[-1],
        "depth": x.shape[-1],
        "input_zero_point": x.zero_point,
    }
    arguments, name = (Span(x.index), Span(y.index)), "ww_l2_normalization"
    return [Call(op.index, op.kind, name, arguments, (x.index,), (y.index,), name, fields, in_place=True)]
