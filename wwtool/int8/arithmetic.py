"""TFLite's fixed-point arithmetic on NumPy integers: the definition that every engine is held to.

The rules are those of TensorFlow Lite's reference kernels (quantization_util.cc, common.h): a real multiplier becomes
a 31-bit mantissa and a power of two, and a product is rounded either twice (convolutions) or once (fully connected).
Values wrap at 32 bits where they wrap in the kernels; models with sane scales never reach that.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
INT8_MIN, INT8_MAX = -128, 127
MAX_MULTIPLIER = 2.0**30 - 1.0


def limits(dtype: str) -> tuple[int, int]:
    """The least and the greatest value of an integer type.

    >>> limits("int8")
    (-128, 127)
    """
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


def quantize_multiplier(real: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Splits real multipliers M into (mantissa, shift) with M = mantissa * 2^(shift - 31).

    ``real`` holds non-negative float64; both results have its shape (at least one dimension). Mantissas lie in
    [2^30, 2^31); multipliers below 2^-32 become (0, 0), as in QuantizeMultiplier().

    >>> mantissa, shift = quantize_multiplier(0.75)
    >>> int(mantissa[0]) * 2.0 ** (int(shift[0]) - 31)
    0.75

    Raises:
        ValueError: a multiplier is negative, not finite, or at least 2^30, which the kernels cannot apply.
    """
    values = np.atleast_1d(np.asarray(real, np.float64))
    if not np.all((values >= 0.0) & (values < MAX_MULTIPLIER)):
        raise ValueError(f"multipliers must lie in [0, {MAX_MULTIPLIER}), not {values.min()} to {values.max()}")
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
    scaled = _wrapped(np.asarray(x, np.int64) << left)
    return rounding_divide_by_power_of_two(rounding_high_multiply(scaled, mantissa), right)


def multiply_once_rounded(x: npt.ArrayLike, mantissa: npt.ArrayLike, shift: npt.ArrayLike) -> IntArray:
    """Returns x * M rounded once, halves away from zero: the rule of FULLY_CONNECTED in LiteRT's reference kernels.

    LiteRT multiplies in double precision. A mantissa of 31 bits gives the same result unless a sum lies so close to the
    border between two outputs that the last half bit of the mantissa decides. Around sums of 2^24, one border in
    hundreds has a single sum for which it does.
    """
    total = 31 - np.asarray(shift, np.int64)
    product = np.asarray(x, np.int64) * np.asarray(mantissa, np.int64)
    return _wrapped((product + (np.int64(1) << (total - 1)) - (product < 0)) >> total)


def reduced_mantissa(mantissa: npt.ArrayLike) -> IntArray:
    """Shortens a mantissa of 31 bits to 15 bits, by which TFLite multiplies sums of 64 bits."""
    value = np.asarray(mantissa, np.int64)
    return np.where(value < 0x7FFF0000, (value + (1 << 15)) >> 16, 0x7FFF)


def multiply_wide(x: npt.ArrayLike, mantissa: npt.ArrayLike, shift: npt.ArrayLike) -> IntArray:
    """Returns x * M for |x| below 2^47, rounded once, halves upwards: the rule of convolutions with sums of 64 bits."""
    bits = 15 - np.asarray(shift, np.int64)
    product = np.asarray(x, np.int64) * reduced_mantissa(mantissa)
    return _wrapped((product + (np.int64(1) << (bits - 1))) >> bits)


def multiply_as_double(x: npt.ArrayLike, real: npt.ArrayLike) -> IntArray:
    """Returns x * real in double precision, then rounded, halves away from zero: LiteRT's reference FULLY_CONNECTED.

    multiply_once_rounded() does the same with 31 bits of the multiplier.
    """
    product = np.asarray(x, np.float64) * np.asarray(real, np.float64)
    down = np.trunc(product)
    return np.asarray(down + np.where(np.abs(product - down) >= 0.5, np.sign(product), 0.0), np.int64)


def double_parts(real: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Splits positive doubles into (mantissa, shift), real = mantissa * 2^-shift; mantissas have 53 bits."""
    fraction, exponent = np.frexp(np.asarray(real, np.float64))
    return (fraction * 2.0**53).astype(np.int64), 53 - exponent.astype(np.int64)


def add_zero_point(x: npt.ArrayLike, zero_point: int) -> IntArray:
    """Returns x + zero_point in 32 bits."""
    return _wrapped(np.asarray(x, np.int64) + zero_point)


def _wrapped(x: npt.ArrayLike) -> IntArray:
    """The value that an int32 holds of x."""
    return np.asarray(x, np.int64).astype(np.int32).astype(np.int64)


def requantize_table(
    scale: float, zero_point: int, out_scale: float, out_zero_point: int, out_min: int, out_max: int
) -> npt.NDArray[np.int64]:
    """QUANTIZE of every int8 value, in the order -128..127, shape (256,) (reference_ops::Requantize)."""
    mantissa, shift = quantize_multiplier(float(np.float32(scale)) / float(np.float32(out_scale)))
    x = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64) - zero_point
    return np.clip(add_zero_point(multiply_twice_rounded(x, mantissa, shift), out_zero_point), out_min, out_max)


@lru_cache(maxsize=64)
def logistic_table(scale: float, zero_point: int) -> npt.NDArray[np.int64]:
    """LOGISTIC of every int8 value, in the order -128..127, shape (256,), at output scale 1/256, zero point -128.

    LiteRT computes a table in float32 (LUTPopulate in kernels/internal/common.h), for its reference kernels as well.
    TFLM uses gemmlowp's fixed-point function instead; some of its results differ by one step.
    """
    one = np.float32(1.0)
    x = np.float32(scale) * (np.arange(INT8_MIN, INT8_MAX + 1) - zero_point).astype(np.float32)
    with np.errstate(over="ignore"):
        # The rounded float64 result equals that of a correctly rounded expf.
        exponential = np.exp(-x.astype(np.float64)).astype(np.float32)
    rescaled = one / (one + exponential) * np.float32(256.0)
    return np.asarray(np.clip(np.floor(rescaled + np.float32(0.5)) + INT8_MIN, INT8_MIN, INT8_MAX), np.int64)


def quantized(real: Any, scale: float, zero_point: int) -> npt.NDArray[np.int8]:
    """Quantizes real values to int8: rounds halves away from zero, then clamps (TFLite's AffineQuantize)."""
    x = np.asarray(real, np.float64) / float(scale)
    q = np.sign(x) * np.floor(np.abs(x) + 0.5) + zero_point
    return np.asarray(np.clip(q, INT8_MIN, INT8_MAX), np.int8)
