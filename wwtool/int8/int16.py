"""Functions of int16 tensors as TFLite's reference kernels compute them: RELU and its like, LOGISTIC, TANH, SOFTMAX.

RELU, LEAKY_RELU and ABS multiply. LOGISTIC and TANH interpolate between 256 values of the logistic function, SOFTMAX
between 512 values of exp and of 1 / (1 + x) (kernels/internal/common.h, reference/integer_ops, reference/softmax.h).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.activations import rounded_away, steps_of
from wwtool.int8.arithmetic import IntArray, limits
from wwtool.int8.elementwise import Multiplier, multiplier

LOW, HIGH = limits("int16")
_STEPS = 24  # entries of the table of the logistic function from 0 to 1
_POWER_TOLERANCE = np.float32(1e-3)  # of a logarithm to base 2 (CheckedLog2)


@dataclass(frozen=True)
class Slopes:
    """A function of two slopes, limited to the range from ``low`` to ``high``.

    ``above`` multiplies values that are not negative, ``below`` the others. ``negate_below`` negates the others before
    they are multiplied, ``negate_scaled`` afterwards.
    """

    above: Multiplier
    below: Multiplier
    low: int = LOW
    high: int = HIGH
    negate_below: bool = False
    negate_scaled: bool = False

    def of(self, x: IntArray) -> IntArray:
        below = self.below.times(-x if self.negate_below else x)
        below = -below if self.negate_scaled else below
        return np.clip(np.where(x >= 0, self.above.times(x), below), self.low, self.high)


def relu(source: float, target: float, low: float, high: float | None) -> Slopes:
    """RELU, limited to the real range from ``low`` to ``high`` (None: no upper limit)."""
    factor = multiplier(np.float32(source) / np.float32(target))
    least = max(LOW, steps_of(low, target))
    most = HIGH if high is None else min(HIGH, steps_of(high, target))
    return Slopes(factor, factor, least, most)


def leaky_relu(source: float, target: float, alpha: float) -> Slopes:
    """LEAKY_RELU; for a negative slope, the product with a positive one is negated."""
    scale = np.float32(source)
    below = multiplier(abs(scale * np.float32(alpha) / np.float32(target)))
    return Slopes(multiplier(scale / np.float32(target)), below, negate_scaled=alpha < 0)


def absolute(source: float, target: float) -> Slopes:
    factor = multiplier(1.0 if source == target else np.float32(source) / np.float32(target))
    return Slopes(factor, factor, negate_below=True)


@dataclass(frozen=True)
class Sigmoid:
    """Brings an input to the scale of the table, 1 / 12288: (x * multiplier) * 2^-shift, halves rounded upwards."""

    multiplier: int
    shift: int

    def argument(self, x: IntArray) -> IntArray:
        half = (1 << self.shift) >> 1
        return (x * self.multiplier + half) >> self.shift


def sigmoid(scale: float, most_power: int) -> Sigmoid:
    """The scaling for an input scale; scales from 2^-12 to 2^(most_power - 12) need no shift.

    Raises:
        ValueError: the scale is so large that LiteRT's product does not fit 32 bits.
    """
    power = checked_log2(scale)
    if power is not None and 0 <= power + 12 <= most_power:
        return Sigmoid(3 << (power + 12), 0)
    real, shift = float(np.float32(scale)) * 4096.0 * 3.0, 0
    while real <= 32767.0 / 2.0 and shift <= 30:
        real, shift = real * 2.0, shift + 1
    if real >= 65535.0:
        raise ValueError("the input scale must be below 5.3")
    return Sigmoid(int(real), shift)


def logistic(x: IntArray, factor: Sigmoid) -> IntArray:
    """LOGISTIC, with 15 fractional bits."""
    at = factor.argument(x)
    value = _interpolated(np.abs(at), 9, 0x7FFF << 10)
    return np.asarray(np.where(at >= 0, value + 512, (1 << 25) - value + 511) >> 10)


def tanh(x: IntArray, factor: Sigmoid) -> IntArray:
    """TANH, with 15 fractional bits, as 2 sigmoid(2 x) - 1."""
    at = factor.argument(x)
    value = _interpolated(np.abs(at), 8, 0xFFFF << 8) - (1 << 23)
    return np.asarray(np.where(at >= 0, value + 128, 127 - value) >> 8)


@cache
def sigmoid_table() -> IntArray:
    """sigmoid(i / 24) with 16 fractional bits, shape (256,).

    A chord lies below the curve, so half of its largest error is added to both of its ends. TFLite saturates at the
    last entry.
    """
    y = 1.0 / (1.0 + np.exp(-np.arange(256) / _STEPS))
    bend = y * (1.0 - y) * (1.0 - 2.0 * y) / _STEPS**2
    table = np.floor(65536.0 * (y - bend / 16.0) + 0.5).astype(np.int64)
    table[255] = 65535
    return table


def _interpolated(size: IntArray, bits: int, saturated: int) -> IntArray:
    entry = size >> bits
    table = sigmoid_table()
    low, high = table[np.minimum(entry, 254)], table[np.minimum(entry, 254) + 1]
    value = (low << bits) + (size & ((1 << bits) - 1)) * (high - low)
    return np.where(entry >= 255, saturated, value)


def checked_log2(scale: float) -> int | None:
    """The exponent of a scale that is a power of two, within TFLite's tolerance (CheckedLog2); None for other scales.

    >>> checked_log2(0.25), checked_log2(0.3)
    (-2, None)
    """
    exact = np.float32(np.float32(np.log(np.float32(scale))) * (np.float32(1.0) / np.float32(math.log(2.0))))
    whole = rounded_away(exact)
    return int(whole) if abs(exact - whole) < _POWER_TOLERANCE else None


def softmax_multiplier(scale: float, beta: float) -> Multiplier:
    """The multiplier from differences of inputs to steps of 10 / 65535."""
    return multiplier(float(np.float32(scale) * np.float32(beta)) / (10.0 / 65535.0))


def softmax(x: IntArray, factor: Multiplier) -> IntArray:
    """SOFTMAX along the last axis of (rows, depth), with 15 fractional bits."""
    below = factor.times(x - x.max(axis=1, keepdims=True))
    each = _between(exponential_table(), np.clip(below + 32767, LOW, HIGH))
    total = each.sum(axis=1, keepdims=True)
    zeros = np.asarray([[32 - int(v).bit_length()] for v in total[:, 0]])
    mantissa = ((total << (zeros - 1)) + (1 << 13)) >> 14
    inverse = _between(inverse_table(), np.clip(mantissa - (1 << 15) - (1 << 16), LOW, HIGH))
    shift = 31 - zeros
    return np.asarray(np.clip((each * inverse + (np.int64(1) << (shift - 1))) >> shift, 0, HIGH))


@cache
def exponential_table() -> IntArray:
    """exp from -10 to 0, shape (513,)."""
    return _table(np.exp, 10.0 / 65535, HIGH)


@cache
def inverse_table() -> IntArray:
    """1 / (1 + x) from 0 to 1, shape (513,)."""
    return _table(lambda x: 1.0 / (1.0 + x), 1.0 / 65535, LOW)


def _between(table: IntArray, x: IntArray) -> IntArray:
    """The upper nine bits of int16 choose an entry, the lower seven interpolate (LUTLookup)."""
    entry = 256 + (x >> 7)
    return np.asarray(table[entry] + (((table[entry + 1] - table[entry]) * (x & 127) + 64) >> 7))


def _table(of: Callable[[npt.NDArray[Any]], npt.NDArray[Any]], source: float, zero_point: int) -> IntArray:
    """A function of inputs in steps of ``source`` to outputs in steps of 2 / 65535, at every 128th input.

    Each entry is corrected by half of the error in the middle between it and the next one (LUTPopulate).
    """
    start, end = source * (LOW - zero_point), source * (HIGH - zero_point)
    step, target = (end - start) / 512, 2.0 / 65535
    scale = 65536.0 / (target * HIGH - target * LOW)
    x = start + np.arange(512) * step
    entry, middle = of(x) * scale, of(x + step / 2) * scale
    following = of(start + np.arange(1, 513) * step) * scale
    error = _rounded((following + _rounded(entry)) / 2) - _rounded(middle)
    last = _rounded(of(np.asarray([end])) * scale)
    table = np.concatenate([_rounded(entry) - _rounded(error / 2), last])
    return np.asarray(np.clip(table, LOW, HIGH), np.int64)


def _rounded(x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Halves away from zero."""
    return np.asarray(np.sign(x) * np.floor(np.abs(x) + 0.5))
