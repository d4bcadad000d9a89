"""Functions of two int8 tensors, and means, as TFLite's reference kernels compute them.

Each function uses the multipliers that the compiler emits for the same operator: scales are split into mantissas and
shifts here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.int8.activations import Format
from wwtool.int8.arithmetic import (
    MAX_MULTIPLIER,
    IntArray,
    add_zero_point,
    multiply_twice_rounded,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
)

# ADD and SUB: both operands are shifted left by so many bits before they are brought to one scale.
FRACTION_BITS = 20
FRACTION_BITS_INT16 = 15


@dataclass(frozen=True)
class Multiplier:
    """A positive real number: mantissa * 2^(shift - 31)."""

    mantissa: int
    shift: int

    def times(self, x: npt.ArrayLike) -> IntArray:
        return multiply_twice_rounded(x, self.mantissa, self.shift)


def multiplier(real: float | np.floating) -> Multiplier:
    """Splits a positive real number into a mantissa and a shift.

    Raises:
        ValueError: the number is too large for TFLite's fixed point.

    >>> multiplier(0.5)
    Multiplier(mantissa=1073741824, shift=0)
    """
    mantissa, shift = quantize_multiplier(float(real))
    return Multiplier(int(mantissa[0]), int(shift[0]))


def add_multipliers(
    a: Format, b: Format, out: Format, bits: int = FRACTION_BITS
) -> tuple[Multiplier, Multiplier, Multiplier]:
    """Multipliers of ADD and SUB (Prepare in add.cc).

    Returns:
        Two that bring the operands to twice the larger scale, and one from there to the output.

    Raises:
        ValueError: the output scale is so small that TFLite refuses it as well.
    """
    common = 2.0 * max(a[0], b[0])
    last = common / (2**bits * out[0])
    if last >= 1.0:
        raise ValueError("the output multiplier must be below 1")
    return multiplier(a[0] / common), multiplier(b[0] / common), multiplier(last)


def add(
    a: IntArray, b: IntArray, formats: tuple[Format, Format, Format], sign: int, bits: int = FRACTION_BITS
) -> IntArray:
    """Returns a + sign * b in the output's format, not yet clamped."""
    first, second, last = add_multipliers(*formats, bits)
    x = first.times((a - formats[0][1]) << bits)
    y = second.times((b - formats[1][1]) << bits)
    return add_zero_point(last.times(x + sign * y), formats[2][1])


def add_powers(a: IntArray, b: IntArray, shifts: tuple[int, int], sign: int) -> IntArray:
    """Returns a + sign * b of int16 tensors whose scales are powers of two, not yet clamped.

    ``shifts``: how far the operands are shifted to the right.
    """
    first, second = (rounding_divide_by_power_of_two(x, by) for x, by in zip((a, b), shifts, strict=True))
    return np.asarray(first + sign * second)


def mul_multiplier(a: Format, b: Format, out: Format) -> Multiplier:
    """The scales are multiplied and divided in float32 (Prepare in mul.cc)."""
    return multiplier(np.float32(a[0]) * np.float32(b[0]) / np.float32(out[0]))


def mul(a: IntArray, b: IntArray, formats: tuple[Format, Format, Format]) -> IntArray:
    """Returns a * b in the output's format, not yet clamped."""
    product = (a - formats[0][1]) * (b - formats[1][1])
    return add_zero_point(mul_multiplier(*formats).times(product), formats[2][1])


def prelu_multipliers(x: Format, alpha: Format, out: Format) -> tuple[Multiplier, Multiplier]:
    """One multiplier for values that are not negative, and one for negative values."""
    return multiplier(np.float32(x[0]) / np.float32(out[0])), mul_multiplier(x, alpha, out)


def prelu(x: IntArray, alpha: IntArray, formats: tuple[Format, Format, Format]) -> IntArray:
    """Returns x, multiplied by alpha where it is negative, in the output's format, not yet clamped."""
    above, below = prelu_multipliers(*formats)
    value = x - formats[0][1]
    scaled = np.where(value >= 0, above.times(value), below.times(value * (alpha - formats[1][1])))
    return add_zero_point(scaled, formats[2][1])


def mean_multiplier(x: Format, out: Format, count: int) -> Multiplier:
    """The multiplier that turns a sum of ``count`` values into their mean.

    As in reference_integer_ops, the mantissa of the scale is divided by the count.
    """
    of_scale = multiplier(x[0] / out[0])
    bits = min(count.bit_length() - 1, 32, 31 + of_scale.shift)
    return Multiplier((of_scale.mantissa << bits) // count, of_scale.shift - bits)


def fits(real: float | np.floating) -> bool:
    """Whether TFLite's fixed point can hold the multiplier."""
    return bool(0 <= float(real) < MAX_MULTIPLIER)
