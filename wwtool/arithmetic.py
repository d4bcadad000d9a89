"""TFLite's INT8 fixed-point arithmetic on NumPy integers: the definition every engine is held to.

The rules are those of TensorFlow Lite's reference kernels (quantization_util.cc, common.h, and gemmlowp's
fixedpoint.h for the transcendental functions): a real multiplier becomes a 31-bit mantissa and a power of two, and a
product is rounded either twice (convolutions) or once (fully connected).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
INT8_MIN, INT8_MAX = -128, 127


def quantize_multiplier(real: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Splits real multipliers M into (mantissa, shift) with M = mantissa * 2^(shift - 31).

    ``real`` holds non-negative float64; both results have its shape (at least one dimension). Mantissas lie in
    [2^30, 2^31); multipliers below 2^-32 become (0, 0), as in QuantizeMultiplier().
    """
    values = np.atleast_1d(np.asarray(real, np.float64))
    fraction, exponent = np.frexp(values)
    mantissa = np.floor(fraction * 2.0**31 + 0.5).astype(np.int64)
    shift = exponent.astype(np.int64)
    carried = mantissa == 1 << 31
    mantissa = np.where(carried, 1 << 30, mantissa)
    shift = np.where(carried, shift + 1, shift)
    vanished = shift < -31
    return np.where(vanished, 0, mantissa), np.where(vanished, 0, shift)


def rounding_high_multiply(a: npt.ArrayLike, b: npt.ArrayLike) -> IntArray:
    """Returns round(a * b / 2^31), halves upwards (SaturatingRoundingDoublingHighMul without its one saturation)."""
    return np.asarray((np.asarray(a, np.int64) * np.asarray(b, np.int64) + (1 << 30)) >> 31)


def rounding_divide_by_power_of_two(x: npt.ArrayLike, exponent: npt.ArrayLike) -> IntArray:
    """Returns round(x / 2^exponent), halves away from zero (RoundingDivideByPOT)."""
    value, bits = np.asarray(x, np.int64), np.asarray(exponent, np.int64)
    mask = (np.int64(1) << bits) - 1
    remainder = value & mask
    threshold = (mask >> 1) + (value < 0)
    return np.asarray((value >> bits) + (remainder > threshold))


def multiply_twice_rounded(x: npt.ArrayLike, mantissa: npt.ArrayLike, shift: npt.ArrayLike) -> IntArray:
    """Returns x * M rounded in two steps, the rule of the convolution kernels (MultiplyByQuantizedMultiplier)."""
    shift = np.asarray(shift, np.int64)
    left, right = np.maximum(shift, 0), np.maximum(-shift, 0)
    return rounding_divide_by_power_of_two(rounding_high_multiply(np.asarray(x, np.int64) << left, mantissa), right)


def multiply_once_rounded(x: npt.ArrayLike, mantissa: npt.ArrayLike, shift: npt.ArrayLike) -> IntArray:
    """Returns x * M rounded once, halves upwards: the rule of FULLY_CONNECTED in LiteRT's reference kernels."""
    total = 31 - np.asarray(shift, np.int64)
    return np.asarray(
        (np.asarray(x, np.int64) * np.asarray(mantissa, np.int64) + (np.int64(1) << (total - 1))) >> total
    )


def requantize_table(
    scale: float, zero_point: int, out_scale: float, out_zero_point: int, out_min: int, out_max: int
) -> npt.NDArray[np.int64]:
    """QUANTIZE of every int8 value, in the order -128..127, shape (256,) (reference_ops::Requantize)."""
    mantissa, shift = quantize_multiplier(float(np.float32(scale)) / float(np.float32(out_scale)))
    x = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64) - zero_point
    return np.clip(multiply_twice_rounded(x, mantissa, shift) + out_zero_point, out_min, out_max)


@lru_cache(maxsize=64)
def logistic_table(scale: float, zero_point: int) -> npt.NDArray[np.int64]:
    """LOGISTIC of every int8 value, in the order -128..127, shape (256,), at output scale 1/256, zero point -128.

    The fixed-point rule of reference_integer_ops::Logistic: the input in Q4.27, gemmlowp's logistic, the result
    rounded to 8 bits.
    """
    fraction, left_shift = math.frexp(float(np.float32(scale)) * (1 << 27))
    mantissa = int(fraction * (1 << 31) + 0.5)
    radius = math.floor(15.0 * (1 << 27) / 2.0**left_shift)
    table = np.empty(256, np.int64)
    for i, x in enumerate(range(INT8_MIN - zero_point, INT8_MAX + 1 - zero_point)):
        if x <= -radius:
            table[i] = INT8_MIN
        elif x >= radius:
            table[i] = INT8_MAX
        else:
            q4 = int(multiply_twice_rounded(x, mantissa, left_shift))
            table[i] = min(max(_divide(_logistic_q4(q4), 23) + INT8_MIN, INT8_MIN), INT8_MAX)
    return table


def _multiply(a: int, b: int) -> int:
    return (a * b + (1 << 30)) >> 31


def _divide(x: int, exponent: int) -> int:
    return int(rounding_divide_by_power_of_two(x, exponent))


def _saturate(x: int) -> int:
    return min(max(x, -(1 << 31)), (1 << 31) - 1)


def _exp_between_minus_quarter_and_0(a: int) -> int:
    """exp(a) for a Q0.31 in [-1/4, 0): a Taylor polynomial of degree 4 about -1/8."""
    exp_minus_eighth, third = 1895147668, 715827883
    x = a + (1 << 28)
    x2 = _multiply(x, x)
    x3 = _multiply(x2, x)
    x4 = _multiply(x2, x2)
    tail = _divide(_multiply(_divide(x4, 2) + x3, third) + x2, 1)
    return exp_minus_eighth + _multiply(exp_minus_eighth, x + tail)


# exp(-2^k) in Q0.31 for k = -2..3
_EXP_OF_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401)


def _exp_of_negative_q4(a: int) -> int:
    """exp(a) in Q0.31 for a <= 0 in Q4.27: the last quarter by polynomial, the rest by known powers."""
    if a == 0:
        return (1 << 31) - 1
    quarter = 1 << 25
    inside = (a & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_0(inside << 4)
    remainder = inside - a
    for k, power in enumerate(_EXP_OF_POWERS):
        if remainder >> (25 + k) & 1:
            result = _multiply(result, power)
    return result


def _one_over_one_plus(a: int) -> int:
    """1 / (1 + a) in Q0.31 for a Q0.31 in [0, 1], by three Newton steps in Q2.29."""
    one = (1 << 31) - 1
    half_denominator = (a + one + 1) >> 1
    x = 1515870810 + _multiply(half_denominator, -1010580540)
    for _ in range(3):
        residue = (1 << 29) - _multiply(half_denominator, x)
        x += _saturate(_multiply(x, residue) << 2)
    return _saturate(x << 1)


def _logistic_q4(a: int) -> int:
    """1 / (1 + exp(-a)) in Q0.31 for a in Q4.27 (gemmlowp::logistic)."""
    if a == 0:
        return 1 << 30
    positive = _one_over_one_plus(_exp_of_negative_q4(-abs(a)))
    return positive if a > 0 else (1 << 31) - 1 - positive


def quantized(real: Any, scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Real values to int8: round half away from zero, then clamp (TFLite's AffineQuantize)."""
    x = np.asarray(real, np.float64) / float(scale)
    q = np.sign(x) * np.floor(np.abs(x) + 0.5) + zero_point
    return np.asarray(np.clip(q, INT8_MIN, INT8_MAX), np.int8)
