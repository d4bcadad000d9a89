"""Where TFLite's engines do not agree with each other: the rule that is followed is LiteRT's, and how far others are.

docs/exactness.md quotes these counts.
"""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Net, float32

from wwtool.arithmetic import (
    logistic_table,
    multiply_once_rounded,
    multiply_twice_rounded,
    quantize_multiplier,
    rounding_high_multiply,
)
from wwtool.elementwise import exp_of_negative, reciprocal_of_one_plus
from wwtool.engines.litert import LiteRtEngine
from wwtool.models.quantized import Scale


def fixed_point_logistic(scale: float, zero_point: int) -> np.ndarray:
    """TFLM's int8 LOGISTIC (reference_integer_ops/logistic.h): gemmlowp on 4 integer bits, inputs beyond 8 cut off."""
    mantissa, shift = (int(v[0]) for v in quantize_multiplier(scale * 2.0**27))
    x = np.arange(-128, 128) - zero_point
    radius = int(np.floor(15 * 2.0**27 / 2.0**shift))
    scaled = rounding_high_multiply(np.clip(x, -radius, radius) << shift, mantissa)
    # exp_of_negative has 26 fractional bits; a bit of 27 changes no result by more than its own last place.
    positive = reciprocal_of_one_plus(exp_of_negative(-np.abs(scaled) >> 1))
    value = np.where(scaled > 0, positive, 2**31 - 1 - positive)
    value = np.where(scaled == 0, 1 << 30, value)
    rounded = (value + (1 << 22)) >> 23
    return np.where(x <= -radius, -128, np.where(x >= radius, 127, np.clip(rounded - 128, -128, 127)))


def test_logistic() -> None:
    """LiteRT fills a table in float32; the fixed point is a step away at most."""
    random = np.random.default_rng(0)
    differing = total = 0
    for _ in range(1000):
        scale, zero_point = float32(10 ** random.uniform(-3, -0.3)), int(random.integers(-128, 128))
        distance = np.abs(logistic_table(scale, zero_point) - fixed_point_logistic(scale, zero_point))
        assert distance.max() <= 1
        differing, total = differing + int(distance.sum()), total + 256
    assert (differing, total) == (1, 256_000)


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
