"""Functions of one int8 value that LiteRT computes in float32, and RSQRT, which it computes in fixed point.

All are tables of shape (256,) for -128..127 in this order. Each value is computed in float64 and rounded, which equals
the result of a correctly rounded float32 function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.activations import Format, rounded_away
from wwtool.int8.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    IntArray,
    add_zero_point,
    multiply_twice_rounded,
    quantize_multiplier,
    rounding_high_multiply,
)

Floats = npt.NDArray[np.float32]
_HALF_ROOT = np.float32(-math.sqrt(0.5))
_ROOT_OF_2_OVER_PI = np.float32(math.sqrt(2 / math.pi))
_SHIFT = 20  # RSQRT: fractional bits of its intermediate value


def _single(function: Callable[[Any], Any], x: Floats) -> Floats:
    return np.asarray(function(x.astype(np.float64)), np.float32)


def _elu(x: Floats) -> Floats:
    return np.where(x < 0, _single(np.expm1, np.minimum(x, np.float32(0))), x)


def _gelu(x: Floats) -> Floats:
    return np.float32(0.5) * x * _single(np.vectorize(math.erfc, otypes=[np.float64]), x * _HALF_ROOT)


def _approximate_gelu(x: Floats) -> Floats:
    inner = _ROOT_OF_2_OVER_PI * (x + np.float32(0.044715) * x * x * x)
    return np.float32(0.5) * x * (np.float32(1) + _single(np.tanh, inner))


def _centred(source: Format) -> IntArray:
    return np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64) - source[1]


def _tabulated(function: Callable[[Floats], Floats], source: Format, target: Format) -> IntArray:
    """As LUTPopulate in kernels/internal/common.h."""
    with np.errstate(all="ignore"):
        y = function(np.float32(source[0]) * _centred(source).astype(np.float32))
        steps = rounded_away(y * (np.float32(1) / np.float32(target[0]))) + np.float32(target[1])
    return np.asarray(np.clip(steps, INT8_MIN, INT8_MAX), np.int64)


def elu_table(source: Format, target: Format) -> IntArray:
    return _tabulated(_elu, source, target)


def exp_table(source: Format, target: Format) -> IntArray:
    return _tabulated(lambda x: _single(np.exp, x), source, target)


def gelu_table(source: Format, target: Format, approximate: bool) -> IntArray:
    return _tabulated(_approximate_gelu if approximate else _gelu, source, target)


def log_table(source: Format, target: Format) -> IntArray:
    """LOG of every int8 value; a value without a logarithm gives the least output."""
    least = np.float32(INT8_MIN - target[1]) * np.float32(target[0])
    return _tabulated(lambda x: np.where(x > 0, _single(np.log, x), least), source, target)


def sqrt_table(source: Format, target: Format) -> IntArray:
    """SQRT of every int8 value; fractions are dropped. Negative numbers, which LiteRT refuses, give the root of 0."""
    x = np.maximum(np.float32(source[0]) * _centred(source).astype(np.float32), np.float32(0))
    steps = np.trunc(np.sqrt(x) / np.float32(target[0])).astype(np.float64)
    return np.asarray(np.clip(steps + target[1], INT8_MIN, INT8_MAX), np.int64)


def rsqrt_table(source: Format, target: Format) -> IntArray:
    """RSQRT of every int8 value. 0 and negative numbers, which LiteRT refuses, give the greatest output.

    Raises:
        ValueError: the scales are too far apart for TFLite's fixed point.
    """
    mantissa, shift = quantize_multiplier(1.0 / (np.sqrt(np.float32(source[0])) * np.float32(target[0])))
    result = []
    for x in _centred(source):
        root, root_shift = inverse_root(max(int(x), 1))
        data = multiply_twice_rounded(1, root, root_shift + _SHIFT)
        value = add_zero_point(multiply_twice_rounded(data, mantissa, shift - _SHIFT), target[1])
        result.append(INT8_MAX if x <= 0 else int(np.clip(value, INT8_MIN, INT8_MAX)[0]))
    return np.asarray(result, np.int64)


def inverse_root(x: int) -> tuple[int, int]:
    """1 / sqrt(x) as (mantissa, shift), which stand for mantissa * 2^(shift - 31).

    Computed by five steps of Newton's method from 1 (GetInvSqrtQuantizedMultiplierExp).
    """
    if x <= 1:
        return 2**31 - 1, 0
    shift = 11
    while x >= 1 << 29:
        x, shift = x // 4, shift + 1
    pairs = (31 - x.bit_length()) // 2 - 1
    shift -= pairs
    x = (x << 2 * pairs) >> 1
    half = int((x + 1) >> 1)

    def times(a: int, b: int) -> int:
        return int(rounding_high_multiply(a, b))

    y = 1 << 28  # 1 with three bits before the point
    for _ in range(5):
        cube = min(times(times(y, y), y) << 6, 2**31 - 1)
        y = min((times(3 << 27, y) - times(half, cube)) << 3, 2**31 - 1)
    y = times(y, 1518500250)  # sqrt(1/2)
    return (y << -shift, 0) if shift < 0 else (y, -shift)
