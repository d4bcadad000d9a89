"""How the fast kernels bring a channel's sums to int8: in a few instructions wherever its numbers allow that.

Channels of no consequence, whose output is the same for every input, become constants: dead ones, which training leaves
with multipliers next to nothing and biases next to infinity, and those that are always cut off. What is left outside of
the few instructions' range is marked; the kernels rescale it as the portable ones do (ww_any.h).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.kernels.packing import Channels, IntArray
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, add_zero_point, multiply_once_rounded, multiply_twice_rounded

_ANY = 64  # what ww_any.h adds to a shift
_LONGEST_SHIFT = 31


def rescaled_channels(
    requantize: dict[str, Any], weights: npt.NDArray[np.int8], input_zero_point: int, once: bool, largest_sum: int
) -> Channels | None:
    """The channels of a layer with ``weights`` (channels, inputs), which are multiplied with input minus zero point.

    ``once``: rounded once instead of twice; ``largest_sum``: the few instructions hold sums below it.
    None if sums lie so far apart that the kernels cannot tell them from each other.
    """
    bias, mantissa, shift = (requantize[name].values.astype(np.int64) for name in ("bias", "mantissa", "shift"))
    zero_point, lowest, highest = (requantize[f"output_{name}"] for name in ("zero_point", "min", "max"))
    least, most = sums_of(bias, weights, input_zero_point)
    furthest = np.maximum(np.abs(least), np.abs(most))
    rule = multiply_once_rounded if once else multiply_twice_rounded
    first, last = (
        np.clip(add_zero_point(rule(sums, mantissa, shift), zero_point), lowest, highest) for sums in (least, most)
    )
    # Outputs grow with sums, unless these wrap as they are shifted to the left.
    grows = (least == most) | (mantissa == 0) | (shift < 0) | (furthest << np.maximum(shift, 0) < 2**30)
    constant = (first == last) & grows
    right = np.clip(-shift, 1, _LONGEST_SHIFT)
    rounding, fits = _roundings(mantissa, right, zero_point, furthest)
    ordinary = (shift <= -1) & (furthest < largest_sum) & fits

    if np.any(~constant & ~ordinary & (most - least >= 2**31)):
        return None

    def chosen(if_constant: Any, if_ordinary: Any, if_any: Any) -> IntArray:
        return np.asarray(np.where(constant, if_constant, np.where(ordinary, if_ordinary, if_any)), np.int64)

    return Channels(
        np.where(constant[:, None], np.int8(0), weights),
        chosen(0, bias, bias - least),
        chosen(0, mantissa, mantissa),
        chosen(2 * first + 1, rounding, least),
        chosen(1, right, shift + _ANY + ((zero_point & 0xFF) << 8)),
    )


def rounding_for(mantissa: int, shift: int, zero_point: int, furthest: int) -> int | None:
    """What is added to products before they are shifted to the right; None if a few instructions do not do.

    ``furthest`` is how far from zero sums may be.
    """
    if not 1 <= -shift <= _LONGEST_SHIFT:
        return None
    rounding, fits = _roundings(np.int64(mantissa), np.int64(-shift), zero_point, np.int64(furthest))
    return int(rounding) if fits else None


def _roundings(mantissa: Any, right: Any, zero_point: int, furthest: Any) -> tuple[Any, Any]:
    """Half of the last place and the output's zero point, and whether they fit 32 bits with every product."""
    rounding = (2 * zero_point + 1) << (right - 1)
    return rounding, np.abs(rounding) + (furthest * mantissa >> 31) + 2 < 2**31


def sums_of(bias: IntArray, weights: npt.NDArray[np.int8], input_zero_point: int) -> tuple[IntArray, IntArray]:
    """The least and the largest sum, (channels,), that any int8 inputs give."""
    wide = weights.astype(np.int64)
    above, below = np.maximum(wide, 0).sum(axis=1), np.minimum(wide, 0).sum(axis=1)
    low, high = INT8_MIN - input_zero_point, INT8_MAX - input_zero_point
    return bias + above * low + below * high, bias + above * high + below * low
