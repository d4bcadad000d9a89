"""Functions of two int8 tensors, and means and SOFTMAX, as TFLite's reference kernels compute them.

Each takes the multipliers that the compiler emits for the same operator, so the splitting of scales into mantissas
and shifts is decided here once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.activations import Format
from wwtool.arithmetic import (
    MAX_MULTIPLIER,
    IntArray,
    add_zero_point,
    multiply_twice_rounded,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
    rounding_high_multiply,
)

# SOFTMAX: with 26 fractional bits 1/4, with 31 1/3, exp(-1/8) and exp(-2^k) for k = -2, -1, ... 4.
_QUARTER, _THIRD, _EXP_OF_EIGHTH = 1 << 24, 715827883, 1895147668
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
FRACTION_BITS = 20  # ADD and SUB: both operands gain them before they are brought to one scale


@dataclass(frozen=True)
class Multiplier:
    """A positive real number: mantissa * 2^(shift - 31)."""

    mantissa: int
    shift: int

    def times(self, x: npt.ArrayLike) -> IntArray:
        return multiply_twice_rounded(x, self.mantissa, self.shift)


def multiplier(real: float | np.floating) -> Multiplier:
    """
    Raises:
        ValueError: the number is too large for TFLite's fixed point.
    """
    mantissa, shift = quantize_multiplier(float(real))
    return Multiplier(int(mantissa[0]), int(shift[0]))


def add_multipliers(a: Format, b: Format, out: Format) -> tuple[Multiplier, Multiplier, Multiplier]:
    """For both operands of ADD and SUB, to twice the larger scale, and from there to the output (Prepare in add.cc).

    Raises:
        ValueError: the output scale is so small that TFLite refuses it, too.
    """
    common = 2.0 * max(a[0], b[0])
    last = common / (2**FRACTION_BITS * out[0])
    if last >= 1.0:
        raise ValueError("the output multiplier must be below 1")
    return multiplier(a[0] / common), multiplier(b[0] / common), multiplier(last)


def add(a: IntArray, b: IntArray, formats: tuple[Format, Format, Format], sign: int) -> IntArray:
    """a + sign * b in the output's format, not yet clamped."""
    first, second, last = add_multipliers(*formats)
    x = first.times((a - formats[0][1]) << FRACTION_BITS)
    y = second.times((b - formats[1][1]) << FRACTION_BITS)
    return add_zero_point(last.times(x + sign * y), formats[2][1])


def mul_multiplier(a: Format, b: Format, out: Format) -> Multiplier:
    """The scales are multiplied and divided in float32 (Prepare in mul.cc)."""
    return multiplier(np.float32(a[0]) * np.float32(b[0]) / np.float32(out[0]))


def mul(a: IntArray, b: IntArray, formats: tuple[Format, Format, Format]) -> IntArray:
    """a * b in the output's format, not yet clamped."""
    product = (a - formats[0][1]) * (b - formats[1][1])
    return add_zero_point(mul_multiplier(*formats).times(product), formats[2][1])


def prelu_multipliers(x: Format, alpha: Format, out: Format) -> tuple[Multiplier, Multiplier]:
    """For values from the zero point on, and for those below it."""
    return multiplier(np.float32(x[0]) / np.float32(out[0])), mul_multiplier(x, alpha, out)


def prelu(x: IntArray, alpha: IntArray, formats: tuple[Format, Format, Format]) -> IntArray:
    """x, times alpha where it is negative, in the output's format, not yet clamped."""
    above, below = prelu_multipliers(*formats)
    value = x - formats[0][1]
    scaled = np.where(value >= 0, above.times(value), below.times(value * (alpha - formats[1][1])))
    return add_zero_point(scaled, formats[2][1])


def mean_multiplier(x: Format, out: Format, count: int) -> Multiplier:
    """Of a sum of ``count`` values (reference_integer_ops: the scale's mantissa is divided by the count)."""
    of_scale = multiplier(x[0] / out[0])
    bits = min(count.bit_length() - 1, 32, 31 + of_scale.shift)
    return Multiplier((of_scale.mantissa << bits) // count, of_scale.shift - bits)


def exponentials(scale: float, beta: float) -> IntArray:
    """exp(-d * scale * beta) for d from 0 on, with 31 fractional bits, as far as LiteRT's SOFTMAX goes."""
    # PreprocessSoftmaxScaling and CalculateInputRadius: 5 integer bits.
    by = multiplier(min(np.float64(beta) * np.float64(scale) * 2.0**26, 2.0**31 - 1) / 4)
    shift = by.shift + 2
    most = int(np.floor(31 * 2.0**26 / 2.0**shift))
    below = -np.arange(min(most, 255) + 1, dtype=np.int64)
    return exp_of_negative(rounding_high_multiply(below << shift, by.mantissa))


def exp_of_negative(a: IntArray) -> IntArray:
    """exp of numbers up to 0 with 26 fractional bits, with 31, in gemmlowp's fixed point (fixedpoint.h).

    It is a series below 1/4, and factors for the bits above.
    """
    rest = (a & (_QUARTER - 1)) - _QUARTER
    x = (rest << 5) + (1 << 28)
    square = rounding_high_multiply(x, x)
    cube, fourth = rounding_high_multiply(square, x), rounding_high_multiply(square, square)
    tail = rounding_high_multiply(rounding_divide_by_power_of_two(fourth, 2) + cube, _THIRD) + square
    series = x + rounding_divide_by_power_of_two(tail, 1)
    result = _EXP_OF_EIGHTH + rounding_high_multiply(_EXP_OF_EIGHTH, series)
    for bit, power in enumerate(_POWERS):
        result = np.where((rest - a) >> (24 + bit) & 1, rounding_high_multiply(result, power), result)
    return np.asarray(np.where(a == 0, 2**31 - 1, result))


def softmax(x: IntArray, scale: float, beta: float) -> IntArray:
    """SOFTMAX along the last axis of (rows, depth), at output scale 1/256 and zero point -128."""
    table = np.zeros(256, np.int64)
    known = exponentials(scale, beta)
    table[: len(known)] = known
    each = table[x.max(axis=1, keepdims=True) - x]
    total = rounding_divide_by_power_of_two(each, 12).sum(axis=1, keepdims=True)
    bits = np.asarray([[int(v).bit_length()] for v in total[:, 0]])
    factor = reciprocal_of_one_plus((total << (32 - bits)) - 2**31)
    product = rounding_high_multiply(each, factor)
    whole = np.where(bits > 28, 0, rounding_divide_by_power_of_two(product, np.minimum(bits + 3, 31)))
    return np.asarray(np.clip(whole - 128, -128, 127))


def reciprocal_of_one_plus(a: IntArray) -> IntArray:
    """1 / (1 + a) for a in [0, 1), both with 31 fractional bits: three of Newton's steps from 48/17 - 32/17 d."""
    half = (a >> 1) + 2**30
    x = 1515870810 + rounding_high_multiply(half, -1010580540)
    for _ in range(3):
        x = x + (rounding_high_multiply(x, 2**29 - rounding_high_multiply(half, x)) << 2)
    return np.asarray(np.minimum(x << 1, 2**31 - 1))


def fits(real: float | np.floating) -> bool:
    """Whether TFLite's fixed point can hold the multiplier."""
    return bool(0 <= float(real) < MAX_MULTIPLIER)
