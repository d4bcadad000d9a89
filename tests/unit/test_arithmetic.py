"""The fixed-point arithmetic against LiteRT's kernels, and against arithmetic without any fixed width."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import pytest
from graphs import Net, float32
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.engines.litert import LiteRtEngine
from wwtool.int8.arithmetic import (
    MAX_MULTIPLIER,
    add_zero_point,
    logistic_table,
    multiply_once_rounded,
    multiply_twice_rounded,
    quantize_multiplier,
    quantized,
    requantize_table,
    rounding_divide_by_power_of_two,
    rounding_high_multiply,
)
from wwtool.models.quantized import Scale

ALL = np.arange(-128, 128).astype(np.int8)[None, None]
ZERO_POINTS = (-128, -127, -1, 0, 5, 127)

accumulators = st.integers(-(2**31), 2**31 - 1)
mantissas = st.integers(2**30, 2**31 - 1)


def wrapped(x: int) -> int:
    return (x + 2**31) % 2**32 - 2**31


def half_up(x: Fraction) -> int:
    return floor(x + Fraction(1, 2))


def half_away(x: Fraction) -> int:
    return half_up(x) if x >= 0 else -half_up(-x)


@pytest.mark.parametrize("zero_point", ZERO_POINTS)
def test_logistic_equals_litert(zero_point: int) -> None:
    random = np.random.default_rng(zero_point + 128)
    scales = [2.0**n for n in range(-16, 8)] + list(2 ** random.uniform(-12, 6, 20))
    for scale in map(float32, [*scales, 26 / 255, 1e-9, 7.5, 15.0, 1000.0]):
        net = Net((1, 256), Scale(scale, zero_point))
        got = LiteRtEngine(net.pack(net.logistic(net.input))).run(ALL)[0]
        assert np.array_equal(got, logistic_table(scale, zero_point)), scale


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
def test_requantize_equals_litert(dtype: str) -> None:
    random = np.random.default_rng(7)
    low, high = (-128, 127) if dtype == "int8" else (0, 255)
    for n in range(150):
        # Powers of two land on halves, where roundings differ.
        spread = 2.0 ** random.integers(-12, 6) if n % 2 else 2 ** random.uniform(-20, 12)
        source = Scale(float32(2.0 ** random.integers(-8, 3)), int(random.integers(-128, 128)))
        target = Scale(float32(source.scale * spread), int(random.integers(low, high + 1)))
        net = Net((1, 256), source)
        got = LiteRtEngine(net.pack(net.quantize(net.input, target, dtype))).run(ALL)[0]
        table = requantize_table(source.scale, source.zero_point, target.scale, target.zero_point, low, high)
        assert np.array_equal(got, table), (source, target)


@settings(max_examples=500, deadline=None)
@given(accumulators, mantissas, st.integers(-31, 30))
def test_twice_rounded(x: int, mantissa: int, shift: int) -> None:
    high = half_up(Fraction(wrapped(x << max(shift, 0)) * mantissa, 2**31))
    assert multiply_twice_rounded(x, mantissa, shift) == half_away(Fraction(high, 2 ** max(-shift, 0)))


@settings(max_examples=500, deadline=None)
@given(accumulators, mantissas, st.integers(-31, 30))
def test_once_rounded(x: int, mantissa: int, shift: int) -> None:
    assert multiply_once_rounded(x, mantissa, shift) == wrapped(half_away(Fraction(x * mantissa, 2 ** (31 - shift))))


@settings(max_examples=300, deadline=None)
@given(accumulators, st.integers(0, 2**31 - 1), st.integers(0, 31))
def test_the_two_roundings(x: int, factor: int, bits: int) -> None:
    assert rounding_high_multiply(x, factor) == half_up(Fraction(x * factor, 2**31))
    assert rounding_divide_by_power_of_two(x, bits) == half_away(Fraction(x, 2**bits))


def test_the_two_rules_differ() -> None:
    """A product just below a half is rounded up to it first, and then away from zero."""
    assert multiply_twice_rounded(2, 2**31 - 1, -2) == 1
    assert multiply_once_rounded(2, 2**31 - 1, -2) == 0


@settings(max_examples=300, deadline=None)
@given(st.floats(2.0**-32, MAX_MULTIPLIER, exclude_max=True))
def test_a_multiplier_is_kept_to_31_bits(real: float) -> None:
    mantissa, shift = (int(v[0]) for v in quantize_multiplier(real))
    assert 2**30 <= mantissa < 2**31
    assert -31 <= shift <= 30
    exact = Fraction(real) * 2**31 / Fraction(2) ** shift
    assert abs(exact - mantissa) <= Fraction(1, 2)


def test_multipliers_at_the_edges() -> None:
    mantissa, shift = quantize_multiplier([0.0, 2.0**-33, 2.0**-32, 0.5, 1.0, 1.0 - 2.0**-40, 3.0])
    assert mantissa.tolist() == [0, 0, 2**30, 2**30, 2**30, 2**30, 3 * 2**29]
    assert shift.tolist() == [0, 0, -31, 0, 1, 1, 2]
    assert quantize_multiplier(0.25)[0].shape == (1,)


@pytest.mark.parametrize("real", [-0.1, float("nan"), float("inf"), 2.0**30, [0.5, 2.0**40]])
def test_a_multiplier_that_cannot_be_applied_is_refused(real: float) -> None:
    with pytest.raises(ValueError, match="multipliers must lie"):
        quantize_multiplier(real)


def test_zero_points_wrap_like_the_kernels() -> None:
    assert add_zero_point([2**31 - 1, -5, 0], 127).tolist() == [-(2**31) + 126, 122, 127]


def test_quantized_rounds_halves_away_from_zero_and_clamps() -> None:
    assert quantized([0.5, -0.5, 1.5, -1.5, 0.49, 1e9, -1e9], 1.0, 0).tolist() == [1, -1, 2, -2, 0, 127, -128]
    assert quantized(0.0, 0.1, -7) == -7
