"""Functions of one tensor: tables of all bytes, and functions of int16 values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from wwtool.errors import InputError
from wwtool.int8 import elementwise, int16
from wwtool.int8 import float_tables as tables
from wwtool.int8.activations import (
    Format,
    hard_swish_exponent,
    hard_swish_table,
    leaky_relu_table,
    relu_table,
    tanh_table,
)
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, IntArray, add_zero_point, logistic_table
from wwtool.tflite.graph import Operator, Tensor
from wwtool.tflite.operators.checks import format_of

ALL_INT8: IntArray = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)


_PROBABILITIES = (1 / 256, -128)


def byte_table(op: Operator, x: Tensor, y: Tensor) -> IntArray:
    """The outputs of an operator of one int8 or uint8 tensor for every byte. Bytes are read as int8, from -128 on."""
    if x.dtype == "int8":
        return unary_table(op, x, y)
    # Computed as int8 with shifted zero points, then brought to the order of int8: bytes 128 to 255, then 0 to 127.
    return np.roll(unary_table(op, _recentred(x), _recentred(y)) + 128, 128)


def _recentred(t: Tensor) -> Tensor:
    """A uint8 tensor as the int8 tensor of the same real values."""
    assert t.quantization is not None
    return replace(t, dtype="int8", quantization=replace(t.quantization, zero_point=t.quantization.zero_point - 128))


def unary_table(op: Operator, x: Tensor, y: Tensor) -> IntArray:
    """The outputs of an operator of one int8 tensor for -128..127."""
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
            distance = elementwise.multiplier(np.float32(source[0]) / np.float32(target[0])).times(distance)
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


SIGMOIDS = {"LOGISTIC": (int16.logistic, 0), "TANH": (int16.tanh, 1)}


def int16_values(op: Operator, x: Tensor, y: Tensor, values: IntArray) -> IntArray:
    """Computes a function of one int16 tensor."""
    if op.kind in SIGMOIDS:
        return SIGMOIDS[op.kind][0](values, sigmoid_of(op, x))
    if op.kind == "NEG":  # LiteRT negates the stored number
        return np.asarray((-values).astype(np.int16), np.int64)
    return slopes_of(op, x, y).of(values)


def slopes_of(op: Operator, x: Tensor, y: Tensor) -> int16.Slopes:
    if op.kind == "LEAKY_RELU":
        return int16.leaky_relu(x.scale, y.scale, float(op.options["alpha"]))
    if op.kind == "ABS":
        return int16.absolute(x.scale, y.scale)
    return int16.relu(x.scale, y.scale, *RELU_BOUNDS[op.kind])


def sigmoid_of(op: Operator, x: Tensor) -> int16.Sigmoid:
    try:
        return int16.sigmoid(x.scale, SIGMOIDS[op.kind][1])
    except ValueError as error:
        raise InputError(f"{op.where()} has an input of scale {x.scale}; it must be below 5.3") from error


TABLES: dict[str, Callable[[Operator, Format, Format], IntArray]] = {
    "ELU": lambda op, x, y: tables.elu_table(x, y),
    "EXP": lambda op, x, y: tables.exp_table(x, y),
    "GELU": lambda op, x, y: tables.gelu_table(x, y, bool(op.options.get("approximate"))),
    "LOG": lambda op, x, y: tables.log_table(x, y),
    "SQRT": lambda op, x, y: tables.sqrt_table(x, y),
    "RSQRT": lambda op, x, y: tables.rsqrt_table(x, y),
}


def function_table(op: Operator, x: Tensor, y: Tensor) -> IntArray:
    """The outputs of an operator of TABLES for -128..127."""
    return TABLES[op.kind](op, format_of(x), format_of(y))
