"""SOFTMAX and LOG_SOFTMAX along the last axis, in gemmlowp's fixed point as TFLite's reference kernels have them."""

from __future__ import annotations

import numpy as np

from wwtool.int8.arithmetic import IntArray, rounding_divide_by_power_of_two, rounding_high_multiply
from wwtool.int8.elementwise import Multiplier, multiplier

# SOFTMAX: 1/4 with 26 fractional bits; 1/3, exp(-1/8) and exp(-2^k) for k = -2, -1, ... 4 with 31.
_QUARTER, _THIRD, _EXP_OF_EIGHTH = 1 << 24, 715827883, 1895147668
_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)
# The logarithm, with 31 fractional bits:
# 2^-1/2, 2^-1/4, log 2, 11/240 * 2^1/4, 1/20 * 2^1/4, 2^3/4 - 2^1/4 and 1/4 * 2^1/4.
_HALF_ROOT, _QUARTER_ROOT, _LOG_OF_2 = 1518500250, 1805811301, 1488522236
_LOG_ABOVE, _LOG_SQUARE, _LOG_CONSTANT, _LOG_BELOW = 117049297, 127690142, 1057819769, 638450708


def exponentials(scale: float, beta: float) -> IntArray:
    """exp(-d * scale * beta) with 31 fractional bits, for d = 0, 1, ... up to the last one that LiteRT counts."""
    factor = difference_multiplier(scale, beta)
    below = -np.arange(min(furthest_difference(factor), 255) + 1, dtype=np.int64)
    return exp_of_negative(factor.times(below))


def difference_multiplier(scale: float, beta: float) -> Multiplier:
    """The multiplier from steps of the input to 26 fractional bits; it is at least 1 (PreprocessSoftmaxScaling)."""
    factor = multiplier(min(np.float64(beta) * np.float64(scale) * 2.0**26, 2.0**31 - 1) / 4)
    return Multiplier(factor.mantissa, factor.shift + 2)


def furthest_difference(factor: Multiplier) -> int:
    """How many steps a value may lie below the greatest one and still count (CalculateInputRadius, 5 integer bits)."""
    return int(np.floor(31 * 2.0**26 / 2.0**factor.shift))


def exp_of_negative(a: IntArray) -> IntArray:
    """exp of numbers up to 0, from 26 fractional bits to 31, in gemmlowp's fixed point (fixedpoint.h).

    A series gives exp of the part below 1/4; each bit above it is a factor.
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


def softmax(x: IntArray, scale: float, beta: float, bits: int = 8) -> IntArray:
    """SOFTMAX along the last axis of (rows, depth), to signed integers of ``bits`` bits.

    The least integer stands for 0; the integer after the greatest one would stand for 1.
    """
    each = _each(x, scale, beta)
    total = rounding_divide_by_power_of_two(each, 12).sum(axis=1, keepdims=True)
    width = _bit_lengths(total)
    factor = reciprocal_of_one_plus((total << (32 - width)) - 2**31)
    product = rounding_high_multiply(each, factor)
    shift = width + 11 - bits
    whole = np.where(shift > 31, 0, rounding_divide_by_power_of_two(product, np.minimum(shift, 31)))
    least = -(1 << (bits - 1))
    return np.asarray(np.clip(whole + least, least, -1 - least))


def log_softmax(x: IntArray, scale: float) -> IntArray:
    """LOG_SOFTMAX along the last axis of (rows, depth), at output scale 1/16 and zero point 127."""
    total = rounding_divide_by_power_of_two(_each(x, scale, 1.0), 12).sum(axis=1, keepdims=True)
    logarithm = log_of(total)
    factor = difference_multiplier(scale, 1.0)
    below = x.max(axis=1, keepdims=True) - x
    room = -steps_multiplier(factor).times(logarithm - 2**31)
    near = below < np.minimum(room, furthest_difference(factor) + 1)
    difference = factor.times(np.where(near, -below, 0)) - logarithm
    return np.where(near, np.clip(rounding_divide_by_power_of_two(difference, 22) + 127, -128, 127), -128)


def steps_multiplier(factor: Multiplier) -> Multiplier:
    """The inverse of ``difference_multiplier`` (PreprocessLogSoftmaxScalingExp)."""
    return multiplier(np.float64(2.0 ** (31 - factor.shift)) / factor.mantissa)


def _each(x: IntArray, scale: float, beta: float) -> IntArray:
    table = np.zeros(256, np.int64)
    nonzero = exponentials(scale, beta)
    table[: len(nonzero)] = nonzero
    return np.asarray(table[x.max(axis=1, keepdims=True) - x])


def log_of(x: IntArray) -> IntArray:
    """The natural logarithm of numbers that are at least 1, from 19 fractional bits to 26.

    A number is r * 2^k, k in steps of a half and r within a quarter of an octave around 2^-1/4
    (log_x_for_x_greater_than_or_equal_to_1 in kernels/internal/common.h).
    """
    a_zeros = 32 - _bit_lengths(x)
    b_zeros = 31 - _bit_lengths(rounding_high_multiply(x, _HALF_ROOT))
    a = np.minimum(rounding_high_multiply(x << (a_zeros - 1), _HALF_ROOT) << 1, 2**31 - 1)
    b = np.minimum(x << b_zeros, 2**31 - 1)
    exponent = np.maximum(((12 - a_zeros) << 25) + (1 << 23), ((12 - b_zeros) << 25) - (1 << 23))
    r = np.minimum(a, b)
    p = (r + _QUARTER_ROOT + 1) // 2
    q = 2 * (r - _QUARTER_ROOT)
    square = rounding_high_multiply(q, q)
    above = rounding_high_multiply(q, r) + rounding_high_multiply(rounding_high_multiply(q, square), _LOG_ABOVE)
    inner = _LOG_CONSTANT + q + rounding_high_multiply(_LOG_SQUARE, square)
    below = rounding_high_multiply(p, inner) + rounding_high_multiply(_LOG_BELOW, q)
    of_r = rounding_high_multiply(rounding_divide_by_power_of_two(above, 6), reciprocal_of_one_plus(below))
    return np.asarray(2 * (rounding_high_multiply(exponent, _LOG_OF_2) + of_r))


def _bit_lengths(x: IntArray) -> IntArray:
    return np.asarray(np.frompyfunc(lambda v: int(v).bit_length(), 1, 1)(x), np.int64)


def reciprocal_of_one_plus(a: IntArray) -> IntArray:
    """1 / (1 + a) for a in [0, 1), with 31 fractional bits: three steps of Newton's method from 48/17 - 32/17 d."""
    half = (a >> 1) + 2**30
    x = 1515870810 + rounding_high_multiply(half, -1010580540)
    for _ in range(3):
        x = x + (rounding_high_multiply(x, 2**29 - rounding_high_multiply(half, x)) << 2)
    return np.asarray(np.minimum(x << 1, 2**31 - 1))
