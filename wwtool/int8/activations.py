"""Element-wise functions of one int8 value as TFLite computes them: tables of shape (256,) for -128..127 in this order.

RELU, LEAKY_RELU and HARD_SWISH follow the fixed-point rules of reference/integer_ops and reference/hard_swish.h;
TANH and LOGISTIC are tables in LiteRT as well, computed in float32 (LUTPopulate in kernels/internal/common.h). TFLM
uses gemmlowp's fixed-point functions for these two; some of their results differ by one step.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from wwtool.int8.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    IntArray,
    add_zero_point,
    multiply_twice_rounded,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
)

Format = tuple[float, int]  # scale and zero point


def _centred(zero_point: int) -> IntArray:
    return np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64) - zero_point


def rounded_away(x: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Rounds float32 to the nearest whole number, halves away from zero (TfLiteRound).

    >>> rounded_away([0.5, -0.5, 1.4]).tolist()
    [1.0, -1.0, 1.0]
    """
    value = np.asarray(x, np.float32)
    down = np.trunc(value)
    return np.asarray(down + np.where(np.abs(value - down) >= 0.5, np.sign(value), 0), np.float32)


@lru_cache(maxsize=64)
def tanh_table(source: Format, target: Format) -> IntArray:
    """TANH of every int8 value, shape (256,).

    Raises:
        ValueError: the output scale is so small that its inverse does not fit int32.
    """
    if target[0] < 2.0**-30:
        raise ValueError("the output scale must be at least 2^-30")
    x = np.float32(source[0]) * _centred(source[1]).astype(np.float32)
    return _quantized_float(np.tanh(x.astype(np.float64)).astype(np.float32), target)


def _quantized_float(y: npt.NDArray[np.float32], target: Format) -> IntArray:
    rescaled = rounded_away(y * (np.float32(1.0) / np.float32(target[0])))
    return np.asarray(np.clip(rescaled.astype(np.int64) + target[1], INT8_MIN, INT8_MAX))


def steps_of(bound: float, scale: float) -> int:
    """Converts a real bound to steps of an output.

    Raises:
        ValueError: it does not fit int32; what LiteRT computes then depends on the machine.
    """
    steps = rounded_away(np.float32(bound) / np.float32(scale))
    if not abs(steps) < 2.0**31:
        raise ValueError("the output scale is too small for its bounds")
    return int(steps)


def relu_table(source: Format, target: Format, low: float, high: float | None) -> IntArray:
    """RELU of every int8 value: limits it to the range from ``low`` to ``high`` (None: no upper limit)."""
    mantissa, shift = quantize_multiplier(float(np.float32(source[0]) / np.float32(target[0])))
    scaled = add_zero_point(multiply_twice_rounded(_centred(source[1]), mantissa, shift), target[1])
    least = max(INT8_MIN, target[1] + steps_of(low, target[0]))
    most = INT8_MAX
    if high is not None:
        most = min(INT8_MAX, target[1] + steps_of(high, target[0]))
    return np.minimum(np.maximum(scaled, least), most)


def leaky_relu_table(source: Format, target: Format, alpha: float) -> IntArray:
    """LEAKY_RELU of every int8 value: multiplies negative values by ``alpha``, which may be negative as well."""
    x = _centred(source[1])
    scale = np.float32(source[0])
    above = multiply_twice_rounded(x, *quantize_multiplier(float(scale / np.float32(target[0]))))
    slope = float(scale * np.float32(alpha) / np.float32(target[0]))
    below = multiply_twice_rounded(x, *quantize_multiplier(abs(slope)))
    below = -below if slope < 0 else below
    return np.clip(add_zero_point(np.where(x >= 0, above, below), target[1]), INT8_MIN, INT8_MAX)


def hard_swish_exponent(source: Format, target: Format) -> int:
    """The shift of the output multiplier, which TFLite requires to be at most 0."""
    return int(quantize_multiplier(float(np.float32(source[0]) / np.float32(128) / np.float32(target[0])))[1][0])


def hard_swish_table(source: Format, target: Format) -> IntArray:
    """HARD_SWISH of every int8 value, x * clip(x + 3, 0, 6) / 6 in 16-bit fixed point."""
    fine_scale = np.float32(source[0]) / np.float32(128)
    out_mantissa, out_shift = _multiplier16(float(fine_scale / np.float32(target[0])))
    gate_mantissa, gate_shift = _multiplier16(float(fine_scale / (np.float32(3) / np.float32(32768))))
    fine = _centred(source[1]) * 128
    value = _high_multiply16(fine, out_mantissa)
    gate = fine
    if gate_shift > 0:
        gate = _saturated16(gate << (gate_shift - 1))
    gate = _high_multiply16(gate, gate_mantissa)
    if gate_shift > 0:
        gate = _saturated16(gate << 1)
    elif gate_shift < 0:
        gate = rounding_divide_by_power_of_two(gate, -gate_shift)
    gate = (gate + (1 << 15)) >> 1
    product = gate * value
    product = np.sign(product) * (np.abs(product) >> 15)  # towards zero
    return np.clip(rounding_divide_by_power_of_two(product, -out_shift) + target[1], INT8_MIN, INT8_MAX)


def _multiplier16(real: float) -> tuple[int, int]:
    mantissa, shift = quantize_multiplier(real)
    return min(int(mantissa[0]) + (1 << 15) >> 16, 32767), int(shift[0])


def _high_multiply16(a: IntArray, b: int) -> IntArray:
    product = a * b
    product += np.where(product >= 0, 1 << 14, 1 - (1 << 14))
    return _saturated16(np.sign(product) * (np.abs(product) >> 15))


def _saturated16(x: IntArray) -> IntArray:
    return np.clip(x, -(1 << 15), (1 << 15) - 1)
