"""Where TFLite's engines do not agree with each other: the rule that is followed is LiteRT's, and how far others are.

docs/explanation/exactness.md quotes these counts.
"""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Net, float32

from wwtool.engines.litert import LiteRtEngine
from wwtool.int8.arithmetic import (
    logistic_table,
    multiply_once_rounded,
    multiply_twice_rounded,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
)
from wwtool.int8.arithmetic import rounding_high_multiply as high
from wwtool.int8.softmax import reciprocal_of_one_plus, softmax
from wwtool.models.quantized import Scale

POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401)  # exp(-2^k) for k = -2 to 3, 31 bits


def exp_of_negative(a: np.ndarray) -> np.ndarray:
    """gemmlowp's exp of numbers up to 0 with 4 integer bits, 27 behind the point: 31 fractional bits."""
    quarter = 1 << 25
    rest = (a & (quarter - 1)) - quarter
    x = (rest << 4) + (1 << 28)
    square = high(x, x)
    cube, fourth = high(square, x), high(square, square)
    tail = high(rounding_divide_by_power_of_two(fourth, 2) + cube, 715827883) + square
    result = 1895147668 + high(1895147668, x + rounding_divide_by_power_of_two(tail, 1))
    for bit, power in enumerate(POWERS):
        result = np.where((rest - a) >> (25 + bit) & 1, high(result, power), result)
    return np.where(a == 0, 2**31 - 1, result)


def fixed_point_logistic(scale: float, zero_point: int) -> np.ndarray:
    """TFLM's int8 LOGISTIC (reference_integer_ops/logistic.h): gemmlowp's fixed point, large inputs cut off."""
    mantissa, shift = (int(v[0]) for v in quantize_multiplier(scale * 2.0**27))
    x = np.arange(-128, 128) - zero_point
    radius = int(np.floor(15 * 2.0**27 / 2.0**shift))
    scaled = high(np.clip(x, -radius, radius) << shift, mantissa)
    positive = reciprocal_of_one_plus(exp_of_negative(-np.abs(scaled)))
    value = np.where(scaled > 0, positive, 2**31 - 1 - positive)
    value = np.where(scaled == 0, 1 << 30, value)
    rounded = rounding_divide_by_power_of_two(value, 23)
    return np.where(x <= -radius, -128, np.where(x >= radius, 127, np.clip(rounded - 128, -128, 127)))


def test_logistic() -> None:
    """LiteRT fills a table in float32; the fixed point is a step away at most, and seldom."""
    random = np.random.default_rng(5)
    differing = total = 0
    for _ in range(1500):
        scale, zero_point = float32(10 ** random.uniform(-3, -0.3)), int(random.integers(-128, 128))
        distance = np.abs(logistic_table(scale, zero_point) - fixed_point_logistic(scale, zero_point))
        assert distance.max() <= 1
        differing, total = differing + int(distance.sum()), total + 256
    assert (differing, total) == (1, 384_000)


@pytest.mark.parametrize(
    ("scale", "zero_point", "x"),
    [(0.0175853930413723, -123, -127), (0.023641124367713928, -26, 69), (0.19911432266235352, -18, -12)],
)
def test_logistic_where_the_rules_differ(scale: float, zero_point: int, x: int) -> None:
    net = Net((1, 1), Scale(scale, zero_point))
    result = LiteRtEngine(net.pack(net.logistic(net.input))).run(np.asarray([[x]], np.int8))
    assert result == logistic_table(scale, zero_point)[x + 128] != fixed_point_logistic(scale, zero_point)[x + 128]


def float_softmax(x: np.ndarray, scale: float) -> np.ndarray:
    """SOFTMAX of rows from float32 exponentials, summed in order."""
    table = np.exp(-np.float32(scale) * np.arange(256, dtype=np.float32)).astype(np.float32)
    each = table[x.max(axis=1, keepdims=True) - x]
    total = np.cumsum(each, axis=1, dtype=np.float32)[:, -1:]
    factor = np.float32(1) / (total * np.float32(1 / 256))
    return np.asarray(np.clip(np.floor(each * factor + np.float32(0.5)) - 128, -128, 127).astype(np.int64))


def test_softmax() -> None:
    """LiteRT's reference kernel has gemmlowp's fixed point, as TFLM; floats are a step away now and then."""
    random = np.random.default_rng(0)
    differing = total = 0
    for scale in (0.01, 0.05, 0.1, 0.3):
        x = random.integers(-128, 128, (2000, 12))
        distance = np.abs(softmax(x, scale, 1.0) - float_softmax(x, scale))
        assert distance.max() <= 1
        differing, total = differing + int(distance.sum()), total + distance.size
    assert (differing, total) == (2, 96_000)


@pytest.mark.parametrize("scales", ["odd", "halves"])
def test_fully_connected(scales: str) -> None:
    """LiteRT rounds once, halves away from zero. Two roundings, the convolutions' rule, or halves upwards differ."""
    random = np.random.default_rng(1)
    source, weight = (0.05, 0.01) if scales == "odd" else (0.5, 0.5)
    counts = {"once": 0, "twice": 0, "upwards": 0}
    total = 0
    for _ in range(20):
        output = float32(random.uniform(0.05, 1.0)) if scales == "odd" else float(2.0 ** random.integers(2, 6))
        net = Net((1, 8), Scale(float32(source), 0))
        weights = random.integers(-127, 128, (64, 8), np.int8)
        content = net.pack(net.dense(net.input, weights, None, float32(weight), Scale(output, 0)))
        rows = random.integers(-128, 128, (20, 8), np.int8)
        expected = LiteRtEngine(content).run(rows).astype(np.int64)
        mantissa, shift = quantize_multiplier(np.float64(float32(source)) * float32(weight) / output)
        sums = rows.astype(np.int64) @ weights.astype(np.int64).T
        bits = 31 - shift
        results = {
            "once": multiply_once_rounded(sums, mantissa, shift),
            "twice": multiply_twice_rounded(sums, mantissa, shift),
            "upwards": (sums * mantissa + (np.int64(1) << (bits - 1))) >> bits,
        }
        for rule, values in results.items():
            distance = np.abs(np.clip(values, -128, 127) - expected)
            assert distance.max() <= 1
            counts[rule] += int(distance.sum())
        total += expected.size
    assert total == 25_600
    assert counts == (
        {"once": 0, "twice": 32, "upwards": 0} if scales == "odd" else {"once": 0, "twice": 64, "upwards": 93}
    )
