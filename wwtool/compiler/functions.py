"""Lowers functions of one int8 tensor that are tables: ELU, EXP, GELU, LOG, SQRT, RSQRT, and L2_NORMALIZATION."""

from __future__ import annotations

from collections.abc import Callable

from wwtool.compiler.calls import Call, Field, Span
from wwtool.compiler.checks import format_of, require_int8, require_same_shape, scaled
from wwtool.compiler.elementwise import lookup
from wwtool.compiler.graph import Graph, Operator, Tensor
from wwtool.errors import InputError
from wwtool.int8 import float_tables as tables
from wwtool.int8.activations import Format
from wwtool.int8.arithmetic import IntArray

TABLES: dict[str, Callable[[Operator, Format, Format], IntArray]] = {
    "ELU": lambda op, x, y: tables.elu_table(x, y),
    "EXP": lambda op, x, y: tables.exp_table(x, y),
    "GELU": lambda op, x, y: tables.gelu_table(x, y, bool(op.options.get("approximate"))),
    "LOG": lambda op, x, y: tables.log_table(x, y),
    "SQRT": lambda op, x, y: tables.sqrt_table(x, y),
    "RSQRT": lambda op, x, y: tables.rsqrt_table(x, y),
}
_MOST_SQUARES = 1 << 15  # of 255 * 255, in 31 bits


def function_table(op: Operator, x: Tensor, y: Tensor) -> IntArray:
    """The outputs of an operator of TABLES for -128..127."""
    return TABLES[op.kind](op, format_of(x), format_of(y))


def lower_function(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_int8(op, x, y)
    return lookup(op, x, y, scaled(op, lambda: function_table(op, x, y)))


def lower_l2_normalization(graph: Graph, op: Operator) -> list[Call]:
    """Rows of the last axis, each to the length 1."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_int8(op, x, y)
    require_same_shape(op, x, y)
    if format_of(y) != (1 / 128, 0) or not x.shape or int(op.options.get("fusedActivationFunction", 0)):
        raise InputError(f"{op.where()} must have output scale 1/128, zero point 0 and no activation")
    if x.shape[-1] > _MOST_SQUARES:
        raise InputError(f"{op.where()} is over {x.shape[-1]} values; sums hold no more than {_MOST_SQUARES} squares")
    fields: dict[str, Field] = {
        "rows": x.size // x.shape[-1],
        "depth": x.shape[-1],
        "input_zero_point": x.zero_point,
    }
    arguments, name = (Span(x.index), Span(y.index)), "ww_l2_normalization"
    return [Call(op.index, op.kind, name, arguments, (x.index,), (y.index,), name, fields, in_place=True)]
