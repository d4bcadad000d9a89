"""The logistic function and tanh in 16-bit fixed point: the definition that every LSTM is held to.

TFLite's integer LSTM uses those of gemmlowp (fixedpoint.h): exp is a polynomial within a quarter times powers of e, and
a division is three steps of Newton's method. A number Qm.n has a sign, m integer bits and n = 15 - m fractional bits.
Additions wrap at 16 bits, products are rounded and shifts to the left saturate.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from wwtool.int8.arithmetic import IntArray, rounding_divide_by_power_of_two

_ONE = 2**15 - 1  # Q0.15 has no 1
# exp(-2^k) in Q0.15 for k = -2, -1, ... 4.
_POWERS = (25520, 19875, 12055, 4435, 600, 11, 0)
_THIRD, _EXP_OF_EIGHTH = 10923, 28918  # 1/3 and exp(-1/8) in Q0.15
_A, _B = 23130, -15420  # 48/17 and -32/17 in Q2.13


def logistic_16(x: IntArray) -> IntArray:
    """The logistic function, from Q3.12 to Q0.15."""
    return _logistic_table()[np.asarray(x, np.int64) + 2**15]


def tanh_16(x: IntArray, integer_bits: int) -> IntArray:
    """tanh, from Q(integer_bits) to Q0.15; ``integer_bits`` are 0 to 6."""
    return _tanh_table(integer_bits)[np.asarray(x, np.int64) + 2**15]


@cache
def _logistic_table() -> IntArray:
    x = np.arange(-(2**15), 2**15, dtype=np.int64)
    positive = _shift_left(_two_over_one_plus(_exp(-np.abs(x), 3)), 1)
    return np.where(x == 0, 2**14, np.where(x > 0, positive, _ONE - positive))


@cache
def _tanh_table(integer_bits: int) -> IntArray:
    x = np.arange(-(2**15), 2**15, dtype=np.int64)
    # The exponent is -2 |x|: one more integer bit doubles it.
    positive = _shift_left(_two_over_one_plus(_exp(-np.abs(x), integer_bits + 1)) - 2**13, 2)
    return np.where(x == 0, 0, np.where(x > 0, positive, -positive))


def _exp(x: IntArray, integer_bits: int) -> IntArray:
    """exp of x <= 0, Q(integer_bits) to Q0.15."""
    fraction = 15 - integer_bits
    quarter = 1 << (fraction - 2)
    within = (x & (quarter - 1)) - quarter  # [-1/4, 0)
    result = _exp_of_quarter(_shift_left(within, integer_bits))
    beyond = _wrapped(within - x)
    for k, power in enumerate(_POWERS[: integer_bits + 2]):
        result = np.where(beyond >> (fraction - 2 + k) & 1, _product(result, power), result)
    if integer_bits > 5:
        result = np.where(x < -(32 << fraction), 0, result)
    return np.where(x == 0, _ONE, result)


def _exp_of_quarter(a: IntArray) -> IntArray:
    """exp of a in [-1/4, 0), both Q0.15: the Taylor series around -1/8."""
    x = _wrapped(a + 2**12)
    square = _product(x, x)
    cube, fourth = _product(square, x), _product(square, square)
    tail = _wrapped(_product(_wrapped(rounding_divide_by_power_of_two(fourth, 2) + cube), _THIRD) + square)
    series = _wrapped(x + rounding_divide_by_power_of_two(tail, 1))
    return _saturated(_EXP_OF_EIGHTH + _product(_EXP_OF_EIGHTH, series))


def _two_over_one_plus(a: IntArray) -> IntArray:
    """2 / (1 + a) for a in [0, 1), Q0.15 to Q2.13."""
    half = (a + _ONE + 1) // 2
    x = _wrapped(_A + _product(half, _B))
    for _ in range(3):
        x = _wrapped(x + _shift_left(_product(x, _wrapped(2**13 - _product(half, x))), 2))
    return x


def _product(a: IntArray | int, b: IntArray | int) -> IntArray:
    """round(a * b / 2^15), halves upwards."""
    return _saturated((np.asarray(a, np.int64) * b + 2**14) >> 15)


def _shift_left(x: IntArray, bits: int) -> IntArray:
    return _saturated(x << bits)


def _saturated(x: IntArray) -> IntArray:
    return np.clip(x, -(2**15), 2**15 - 1)


def _wrapped(x: IntArray) -> IntArray:
    return np.asarray(x, np.int64).astype(np.int16).astype(np.int64)
