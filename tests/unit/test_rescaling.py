"""What the fast kernels' arithmetic makes of channels is what the portable rules make of them, over all their sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.compiler.calls import int8_array, int32_array
from wwtool.compiler.kernels.packing import Channels
from wwtool.compiler.kernels.rescaling import rescaled_channels, sums_of
from wwtool.int8.arithmetic import add_zero_point, multiply_once_rounded, multiply_twice_rounded


def in_few_instructions(channels: Channels, channel: int, sums: np.ndarray, once: bool) -> np.ndarray:
    """ww_scale_doubled of ww_dsp.h; nothing may leave 32 bits."""
    product = sums * channels.mantissa[channel]
    scaled = (product - (product < 0)) >> 31 if once else (product + 2**30) >> 31
    scaled = (scaled if once else scaled - (scaled < 0)) + channels.rounding[channel]
    assert np.all(np.abs(scaled) < 2**31)
    return np.asarray(np.clip(scaled >> channels.shift[channel], -128, 127))


def layer(
    draw: Callable[[st.SearchStrategy[int]], int], random: np.random.Generator
) -> tuple[dict[str, Any], np.ndarray, int]:
    channels, depth = 8, draw(st.integers(1, 40))
    weights = random.integers(-128, 128, (channels, depth)).astype(np.int8)
    weights[random.random(channels) < 0.2] = 0
    shift = np.where(
        random.random(channels) < 0.5, random.integers(-12, 3, channels), random.integers(-31, 31, channels)
    )
    mantissa = np.where(random.random(channels) < 0.1, 2**30, random.integers(2**30, 2**31, channels))
    nothing = random.random(channels) < 0.1
    bias = random.integers(-(2**30), 2**30, channels) >> random.integers(0, 31, channels)
    low = draw(st.integers(-128, 127))
    requantize = {
        "bias": int32_array("bias", bias),
        "mantissa": int32_array("mantissa", np.where(nothing, 0, mantissa)),
        "shift": int8_array("shift", np.where(nothing, 0, shift)),
        "output_zero_point": draw(st.integers(-128, 127)),
        "output_min": low,
        "output_max": draw(st.integers(low, 127)),
    }
    return requantize, weights, draw(st.integers(-128, 127))


@settings(max_examples=150, deadline=None)
@given(st.data(), st.booleans(), st.sampled_from([2**29, 2**30]))
def test_all_sums(data: st.DataObject, once: bool, largest_sum: int) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    requantize, weights, zero_point = layer(data.draw, random)
    channels = rescaled_channels(requantize, weights, zero_point, once, largest_sum)
    assert channels is not None
    bias = requantize["bias"].values.astype(np.int64)
    least, most = sums_of(bias, weights, zero_point)
    rule = multiply_once_rounded if once else multiply_twice_rounded
    for c in range(len(bias)):
        sums = np.unique(np.concatenate([[least[c], most[c]], random.integers(least[c], most[c] + 1, 300)]))
        mantissa, shift = (int(requantize[name].values[c]) for name in ("mantissa", "shift"))
        output = add_zero_point(rule(sums, mantissa, shift), requantize["output_zero_point"])
        expected = np.clip(output, requantize["output_min"], requantize["output_max"])
        if channels.shift[c] > 31:
            assert channels.rounding[c] == least[c] and channels.bias[c] == bias[c] - least[c]
            assert (channels.shift[c] & 0xFF) - 64 == shift
            continue
        own = sums if np.any(channels.weights[c]) else np.asarray([channels.bias[c]])
        assert np.all(np.abs(own) < largest_sum)
        made = in_few_instructions(channels, c, own, once)
        assert np.all(np.clip(made, requantize["output_min"], requantize["output_max"]) == expected)


def test_least_and_largest_sums() -> None:
    random = np.random.default_rng(0)
    weights = random.integers(-128, 128, (5, 3)).astype(np.int8)
    inputs = np.stack(np.meshgrid(*[[-128, 0, 127]] * 3), axis=-1).reshape(-1, 3)
    bias = random.integers(-1000, 1000, 5)
    for zero_point in (-128, 7, 127):
        sums = bias + (inputs - zero_point) @ weights.T.astype(np.int64)
        least, most = sums_of(bias, weights, zero_point)
        assert np.array_equal(sums.min(axis=0), least) and np.array_equal(sums.max(axis=0), most)
