"""How fast kernels rescale the sums of a channel to int8: in a few instructions wherever the numbers allow it.

A channel whose output is the same for every input becomes a constant. Such channels are dead, with tiny multipliers and
huge biases, or always at a limit of the output. Other channels outside of the range of these instructions are marked,
and the kernels rescale them as the portable ones do (ww_any.h).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.kernels.packing import Channels, IntArray
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, add_zero_point, multiply_once_rounded, multiply_twice_rounded

_ANY = 64  # ww_any.h adds it to the shift of a marked channel
_LONGEST_SHIFT = 31


def rescaled_channels(
    requantize: dict[str, Any], weights: npt.NDArray[np.int8], input_zero_point: int, once: bool, largest_sum: int
) -> Channels | None:
    """The channels of a layer.

    Args:
        requantize: the fields of struct ww_requantize.
        weights: (channels, inputs), which multiply inputs minus the zero point.
        input_zero_point: of the input.
        once: sums are rounded once instead of twice.
        largest_sum: the few instructions are exact for sums below it.

    Returns:
        None if sums lie so far apart that 32 bits do not distinguish them.
    """
    bias, mantissa, shift = (requantize[name].values.astype(np.int64) for name in ("bias", "mantissa", "shift"))
    zero_point, lowest, highest = (requantize[f"output_{name}"] for name in ("zero_point", "min", "max"))
    least, most = sums_of(bias, weights, input_zero_point)
    furthest = np.maximum(np.abs(least), np.abs(most))
    rule = multiply_once_rounded if once else multiply_twice_rounded
    first, last = (
        np.clip(add_zero_point(rule(sums, mantissa, shift), zero_point), lowest, highest) for sums in (least, most)
    )
    # Outputs grow with sums, unless sums wrap when they are shifted left.
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
        zero_point,
        lowest,
        highest,
        once,
    )


def rounding_for(mantissa: int, shift: int, zero_point: int, furthest: int) -> int | None:
    """The number that is added to products before their right shift; None if a few instructions are not exact.

    ``furthest`` is the greatest magnitude of a sum.
    """
    if not 1 <= -shift <= _LONGEST_SHIFT:
        return None
    rounding, fits = _roundings(np.int64(mantissa), np.int64(-shift), zero_point, np.int64(furthest))
    return int(rounding) if fits else None


def _roundings(mantissa: Any, right: Any, zero_point: int, furthest: Any) -> tuple[Any, Any]:
    """The rounding, half of the last place plus the zero point, and whether 32 bits hold it with any product."""
    rounding = (2 * zero_point + 1) << (right - 1)
    return rounding, np.abs(rounding) + (furthest * mantissa >> 31) + 2 < 2**31


def sums_of(bias: IntArray, weights: npt.NDArray[np.int8], input_zero_point: int) -> tuple[IntArray, IntArray]:
    """The least and the greatest sum of each channel, (channels,), over all int8 inputs."""
    wide = weights.astype(np.int64)
    above, below = np.maximum(wide, 0).sum(axis=1), np.minimum(wide, 0).sum(axis=1)
    low, high = INT8_MIN - input_zero_point, INT8_MAX - input_zero_point
    return bias + above * low + below * high, bias + above * high + below * low
