"""Lowers element-wise operators: functions of one tensor, or of a tensor and one number, become tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Constant, Field, Span, kernel_name
from wwtool.compiler.operators.walks import broadcast_strides, merged, walk_fields
from wwtool.errors import InputError
from wwtool.int8 import elementwise
from wwtool.int8.arithmetic import limits
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.binary import binary_values, fraction_bits, shifts_of_powers
from wwtool.tflite.operators.checks import format_of, require_same_shape, require_type, with_sane_scales
from wwtool.tflite.operators.unary import ALL_INT8, byte_table, check_slope
from wwtool.tflite.operators.windows import activation_range


def lookup(op: Operator, x: Tensor, y: Tensor, table: npt.NDArray[Any]) -> list[Call]:
    """A call that maps every byte of x through a table, which is in the order of int8, -128 first."""
    require_same_shape(op, x, y)
    constant = Constant(f"op{op.index}_table", "uint8_t", table.astype(np.int16).astype(np.uint8), weights=False)
    arguments = (constant, Span(x.index), Span(y.index), x.size)
    return [Call(op.index, op.kind, "ww_lookup", arguments, (x.index,), (y.index,), in_place=True)]


def lower_unary(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_type(op, x, y, types=("int8",) if op.kind in ("ABS", "NEG") else ("int8", "uint8"))
    check_slope(op)
    return lookup(op, x, y, with_sane_scales(op, lambda: byte_table(op, x, y)))


def lower_binary(graph: Graph, op: Operator) -> list[Call]:
    """ADD, SUB, MUL, MINIMUM, MAXIMUM, PRELU with broadcasting."""
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    dtype = require_type(op, a, y)
    require_type(op, b, types=("int8",) if op.kind == "PRELU" and dtype == "int16" else (dtype,))
    try:
        shape = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        shape = ()
    if shape != y.shape or (op.kind == "PRELU" and a.shape != y.shape):
        raise InputError(
            f"{op.where()} combines the shapes {list(a.shape)} and {list(b.shape)} to {list(y.shape)}, "
            "which is not valid"
        )
    fields_of = POWERS if shifts_of_powers(op, a, b, y) else _BINARY
    fields = with_sane_scales(op, lambda: fields_of[op.kind](op, a, b, y))
    single = _by_table(op, a, b, y)
    if single is not None:
        return single
    axes = merged(y.shape, broadcast_strides(a.shape, y.shape), broadcast_strides(b.shape, y.shape))
    struct = {"SUB": "ww_add", "MINIMUM": "ww_extreme", "MAXIMUM": "ww_extreme"}.get(op.kind, f"ww_{op.kind.lower()}")
    struct = "ww_add_powers" if fields_of is POWERS else struct
    name = kernel_name(struct, dtype)
    arguments = (Span(a.index), Span(b.index), Span(y.index))
    fields = {"walk": walk_fields(op, axes), **fields}
    in_place = a.size == y.size
    return [Call(op.index, op.kind, name, arguments, (a.index, b.index), (y.index,), struct, fields, in_place=in_place)]


def _by_table(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> list[Call] | None:
    """A table for an operator of a tensor of bytes and one constant number, in either order; None for others."""
    if a.dtype == "int16":
        return None
    every = ALL_INT8 if a.dtype == "int8" else ALL_INT8 % 256
    for x, other, swapped in ((a, b, False), (b, a, True)):
        if other.data is None or other.data.size != 1 or x.data is not None or x.shape != y.shape:
            continue
        number = other.data.astype(np.int64).ravel()
        operands = (number, every) if swapped else (every, number)
        return lookup(op, x, y, binary_values(op, a, b, y, *operands))
    return None


def multiplier_fields(m: elementwise.Multiplier) -> dict[str, Field]:
    return {"mantissa": m.mantissa, "shift": m.shift}


def range_fields(y: Tensor, low: int | None = None, high: int | None = None) -> dict[str, Field]:
    """struct ww_range of ww_kernels.h; by default the full range of the tensor's type."""
    low, high = limits(y.dtype) if low is None or high is None else (low, high)
    return {"zero_point": y.zero_point, "min": low, "max": high}


def _add_powers_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    a_shift, b_shift = shifts_of_powers(op, a, b, y) or (0, 0)
    low, high = activation_range(op, y)
    return {"a_shift": a_shift, "b_shift": b_shift, "subtract": int(op.kind == "SUB"), "min": low, "max": high}


def _add_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    first, second, last = elementwise.add_multipliers(format_of(a), format_of(b), format_of(y), fraction_bits(y))
    return {
        "a_multiplier": multiplier_fields(first),
        "b_multiplier": multiplier_fields(second),
        "output_multiplier": multiplier_fields(last),
        "a_zero_point": a.zero_point,
        "b_zero_point": b.zero_point,
        "output": range_fields(y, *activation_range(op, y)),
        "subtract": int(op.kind == "SUB"),
    }


def _mul_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    return {
        "multiplier": multiplier_fields(elementwise.mul_multiplier(format_of(a), format_of(b), format_of(y))),
        "a_zero_point": a.zero_point,
        "b_zero_point": b.zero_point,
        "output": range_fields(y, *activation_range(op, y)),
    }


def _prelu_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    above, below = elementwise.prelu_multipliers(format_of(a), format_of(b), format_of(y))
    return {
        "above": multiplier_fields(above),
        "below": multiplier_fields(below),
        "input_zero_point": a.zero_point,
        "alpha_zero_point": b.zero_point,
        "output": range_fields(y),
    }


def _extreme_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    if len({format_of(t) for t in (a, b, y)}) != 1:
        raise InputError(f"{op.where()} compares tensors of different scales; export it with equal scales")
    return {"maximum": int(op.kind == "MAXIMUM")}


FieldsOf = Callable[[Operator, Tensor, Tensor, Tensor], dict[str, Field]]
POWERS: dict[str, FieldsOf] = {"ADD": _add_powers_fields, "SUB": _add_powers_fields}
_BINARY: dict[str, FieldsOf] = {
    "ADD": _add_fields,
    "SUB": _add_fields,
    "MUL": _mul_fields,
    "PRELU": _prelu_fields,
    "MINIMUM": _extreme_fields,
    "MAXIMUM": _extreme_fields,
}
