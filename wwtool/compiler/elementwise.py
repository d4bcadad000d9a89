"""Lowers element-wise operators: functions of one tensor, or of a tensor and one number, become tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Constant, Field, Span
from wwtool.compiler.checks import format_of, kernel, require_same_shape, require_type, scaled
from wwtool.compiler.convolutions import activation_range
from wwtool.compiler.graph import Graph, Operator, Tensor
from wwtool.compiler.walks import broadcast_strides, merged, walk_fields
from wwtool.errors import InputError
from wwtool.int8 import elementwise as rules
from wwtool.int8.activations import hard_swish_exponent, hard_swish_table, leaky_relu_table, relu_table, tanh_table
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, IntArray, add_zero_point, limits, logistic_table
from wwtool.int8.int16 import checked_log2

ALL_INT8: IntArray = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
_PROBABILITIES = (1 / 256, -128)


def lookup(op: Operator, x: Tensor, y: Tensor, table: npt.NDArray[Any]) -> list[Call]:
    """A call that maps every byte of x; ``table`` is in the order of x read as int8, -128 first."""
    require_same_shape(op, x, y)
    constant = Constant(f"op{op.index}_table", "uint8_t", table.astype(np.int16).astype(np.uint8), weights=False)
    arguments = (constant, Span(x.index), Span(y.index), x.size)
    return [Call(op.index, op.kind, "ww_lookup", arguments, (x.index,), (y.index,), in_place=True)]


def byte_table(op: Operator, x: Tensor, y: Tensor) -> IntArray:
    """The outputs of an operator of one int8 or uint8 input for every byte, read as int8, from -128 on."""
    if x.dtype == "int8":
        return unary_table(op, x, y)
    # As int8, with zero points moved along; then the bytes in the order of int8: 128 to 255, 0 to 127.
    return np.roll(unary_table(op, _recentred(x), _recentred(y)) + 128, 128)


def _recentred(t: Tensor) -> Tensor:
    """A uint8 tensor as the int8 tensor of the same real values."""
    assert t.quantization is not None
    return replace(t, dtype="int8", quantization=replace(t.quantization, zero_point=t.quantization.zero_point - 128))


def unary_table(op: Operator, x: Tensor, y: Tensor) -> IntArray:
    """The outputs of an operator of one int8 input for -128..127."""
    source, target = format_of(x), format_of(y)
    if op.kind == "LOGISTIC":
        if target != _PROBABILITIES:
            raise InputError(
                f"{op.where()} must be int8 with output scale 1/256 and zero point -128, or uint8 with zero point 0"
            )
        return logistic_table(*source)
    if op.kind == "TANH":
        return tanh_table(source, target)
    if op.kind == "NEG":  # LiteRT negates the stored number
        return np.asarray((-ALL_INT8).astype(np.int8), np.int64)
    if op.kind == "ABS":
        distance = np.abs(ALL_INT8 - source[1])
        if source[0] != target[0]:
            distance = rules.multiplier(np.float32(source[0]) / np.float32(target[0])).times(distance)
        return np.clip(add_zero_point(distance, target[1]), INT8_MIN, INT8_MAX)
    if op.kind == "LEAKY_RELU":
        return leaky_relu_table(source, target, float(op.options["alpha"]))
    if op.kind == "HARD_SWISH":
        if hard_swish_exponent(source, target) > 0:
            raise ValueError("the output multiplier must be below 1")
        return hard_swish_table(source, target)
    low, high = RELU_BOUNDS[op.kind]
    return relu_table(source, target, low, high)


RELU_BOUNDS: dict[str, tuple[float, float | None]] = {
    "RELU": (0.0, None),
    "RELU6": (0.0, 6.0),
    "RELU_N1_TO_1": (-1.0, 1.0),
    "RELU_0_TO_1": (0.0, 1.0),
}


def check_slope(op: Operator) -> None:
    if op.kind == "LEAKY_RELU" and not abs(float(op.options["alpha"])) < 2.0**20:
        raise InputError(f"{op.where()} has the slope {op.options['alpha']}; it must be a number below 2^20")


def lower_unary(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_type(op, x, y, types=("int8",) if op.kind in ("ABS", "NEG") else ("int8", "uint8"))
    check_slope(op)
    return lookup(op, x, y, scaled(op, lambda: byte_table(op, x, y)))


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
    rules_of = POWERS if shifts_of_powers(op, a, b, y) else _BINARY
    fields = scaled(op, lambda: rules_of[op.kind](op, a, b, y))
    single = _by_table(op, a, b, y)
    if single is not None:
        return single
    axes = merged(y.shape, broadcast_strides(a.shape, y.shape), broadcast_strides(b.shape, y.shape))
    struct = {"SUB": "ww_add", "MINIMUM": "ww_extreme", "MAXIMUM": "ww_extreme"}.get(op.kind, f"ww_{op.kind.lower()}")
    struct = "ww_add_powers" if rules_of is POWERS else struct
    name = kernel(struct, dtype)
    arguments = (Span(a.index), Span(b.index), Span(y.index))
    fields = {"walk": walk_fields(op, axes), **fields}
    in_place = a.size == y.size
    return [Call(op.index, op.kind, name, arguments, (a.index, b.index), (y.index,), struct, fields, in_place=in_place)]


def _by_table(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> list[Call] | None:
    """A tensor of bytes and one constant number, in either order."""
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


def binary_values(op: Operator, a: Tensor, b: Tensor, y: Tensor, x1: IntArray, x2: IntArray) -> IntArray:
    """The output values of a binary operator for operand values x1 and x2, which are broadcast."""
    formats = format_of(a), format_of(b), format_of(y)
    if op.kind == "MINIMUM":
        return np.minimum(x1, x2)
    if op.kind == "MAXIMUM":
        return np.maximum(x1, x2)
    if op.kind == "PRELU":
        return np.clip(rules.prelu(x1, x2, formats), *limits(y.dtype))
    low, high = activation_range(op, y)
    if op.kind == "MUL":
        value = rules.mul(x1, x2, formats)
    else:
        sign, shifts = 1 if op.kind == "ADD" else -1, shifts_of_powers(op, a, b, y)
        if shifts is None:
            value = rules.add(x1, x2, formats, sign, _fraction_bits(y))
        else:
            value = rules.add_powers(x1, x2, shifts, sign)
    return np.minimum(np.maximum(value, low), high)


def multiplier_fields(m: rules.Multiplier) -> dict[str, Field]:
    return {"mantissa": m.mantissa, "shift": m.shift}


def range_fields(y: Tensor, low: int | None = None, high: int | None = None) -> dict[str, Field]:
    """struct ww_range of ww_kernels.h; by default all that the tensor's type holds."""
    low, high = limits(y.dtype) if low is None or high is None else (low, high)
    return {"zero_point": y.zero_point, "min": low, "max": high}


def _fraction_bits(t: Tensor) -> int:
    return rules.FRACTION_BITS_INT16 if t.dtype == "int16" else rules.FRACTION_BITS


def shifts_of_powers(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> tuple[int, int] | None:
    """How far the operands of an ADD or SUB of int16 are shifted to the right, if all scales are powers of two and the
    operator says that this is to be made use of (pot_scale_int16)."""
    if op.kind not in ("ADD", "SUB") or y.dtype != "int16" or not op.options.get("potScaleInt16", False):
        return None
    of_a, of_b, of_y = (checked_log2(t.scale) for t in (a, b, y))
    if of_a is None or of_b is None or of_y is None:
        return None
    shifts = of_y - of_a, of_y - of_b
    if min(shifts) != 0 or max(shifts) > 15 or (op.kind == "ADD" and a.shape != b.shape):
        raise InputError(
            f"{op.where()} adds int16 tensors whose scales are powers of two; one of them must have the output's scale "
            "and none a larger one, and ADD cannot broadcast then; export it with pot_scale_int16 off"
        )
    return shifts


def _add_powers_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    a_shift, b_shift = shifts_of_powers(op, a, b, y) or (0, 0)
    low, high = activation_range(op, y)
    return {"a_shift": a_shift, "b_shift": b_shift, "subtract": int(op.kind == "SUB"), "min": low, "max": high}


def _add_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    first, second, last = rules.add_multipliers(format_of(a), format_of(b), format_of(y), _fraction_bits(y))
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
        "multiplier": multiplier_fields(rules.mul_multiplier(format_of(a), format_of(b), format_of(y))),
        "a_zero_point": a.zero_point,
        "b_zero_point": b.zero_point,
        "output": range_fields(y, *activation_range(op, y)),
    }


def _prelu_fields(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    above, below = rules.prelu_multipliers(format_of(a), format_of(b), format_of(y))
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
