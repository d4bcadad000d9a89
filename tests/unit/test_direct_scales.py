"""Straight lines in few bits climb the staircases of int8 outputs exactly: all sums of small layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import RELU, Net, float32
from hypothesis import given, settings
from hypothesis import strategies as st

from wwtool.compiler.calls import int8_array, int32_array
from wwtool.compiler.kernels.direct import Direct, direct_scales
from wwtool.compiler.kernels.packing import Channels
from wwtool.compiler.kernels.rescaling import rescaled_channels, sums_of
from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import Target
from wwtool.int8.arithmetic import add_zero_point, multiply_once_rounded, multiply_twice_rounded
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model


def layer(
    random: np.random.Generator, depth: int, steepness: float, output_zero_point: int, lowest: int
) -> dict[str, Any]:
    """``steepness``: how many steps of the output the sums of most inputs span."""
    count = 6
    scale = steepness / (40 * 74 * np.sqrt(depth)) * 2.0 ** random.uniform(-1, 1, count)
    shift = np.floor(np.log2(scale)).astype(np.int64) + 1
    mantissa = np.where(random.random(count) < 0.2, 2**30, np.round(scale / 2.0**shift * 2**31)).astype(np.int64)
    return {
        "bias": int32_array("bias", random.normal(0, 30, count) / scale),
        "mantissa": int32_array("mantissa", np.minimum(mantissa, 2**31 - 1)),
        "shift": int8_array("shift", shift),
        "output_zero_point": output_zero_point,
        "output_min": lowest,
        "output_max": 127,
    }


def directly(direct: Direct, channel: int, above: np.ndarray) -> np.ndarray:
    """ww_scale_bent and ww_scale_directly of ww_lanes.h; nothing may leave 32 bits but the top of the last sum."""
    x = np.clip(above, 0, direct.limit[channel])
    multiplier, start = int(direct.multiplier[channel]), direct.start[channel]
    if direct.bend:
        turn, drop = direct.bend
        start = start - (x < turn[channel]) * drop[channel]
    high, low = x * (multiplier >> 16), x * (multiplier & 0xFFFF)
    assert multiplier < 2**32 and direct.start[channel] < 2**32 and high.max() < 2**32 and low.max() < 2**32
    product = high + (low >> direct.low_shift) + start & 0xFFFFFFFF
    return np.asarray(product >> direct.shift & 0xFF, np.uint8).view(np.int8)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 3, 9, 40, 64, 200]), st.floats(-1, 5), st.data())
@pytest.mark.parametrize("bent", [False, True])
def test_every_step(bent: bool, seed: int, depth: int, exponent: float, data: st.DataObject) -> None:
    random, once = np.random.default_rng(seed), not bent and data.draw(st.booleans())
    zero_point = data.draw(st.sampled_from([-128, -128, -100, 0, 127]))
    lowest = data.draw(st.sampled_from([zero_point, -128]))
    requantize = layer(random, depth, 2.0**exponent * 16, zero_point, lowest)
    weights = random.integers(-127, 128, (6, depth)).astype(np.int8)
    input_zero_point = data.draw(st.integers(-128, 127))
    channels = rescaled_channels(requantize, weights, input_zero_point, once, 2**29)
    direct = direct_scales(channels, input_zero_point, bent) if channels else None
    if not channels or not direct:
        return
    bias = requantize["bias"].values.astype(np.int64)
    least, most = sums_of(bias, weights, input_zero_point)
    rule = multiply_once_rounded if once else multiply_twice_rounded
    for c in range(len(bias)):
        if most[c] - least[c] < 2**17:
            sums = np.arange(least[c], most[c] + 1)
        else:
            sums = np.unique(np.concatenate([[least[c], most[c]], random.integers(least[c], most[c] + 1, 20_000)]))
        mantissa, shift = (int(requantize[name].values[c]) for name in ("mantissa", "shift"))
        expected = np.clip(add_zero_point(rule(sums, mantissa, shift), zero_point), lowest, 127)
        # Constant channels have lost their weights.
        made = directly(direct, c, direct.bias[c] + (0 if channels.constant[c] else 1) * (sums - bias[c]))
        assert np.array_equal(made, expected)


@pytest.mark.parametrize(("bent", "zero_point"), [(False, -128), (True, 7)])
def test_lines_of_the_layers_that_networks_have(bent: bool, zero_point: int) -> None:
    """Layers from few inputs to many have such lines; bent ones, if they have no ReLU."""
    for depth in (9, 21, 40, 64):
        random = np.random.default_rng(depth)
        for _ in range(10):
            requantize = layer(random, depth, 400.0, zero_point, -128)
            weights = random.integers(-127, 128, (6, depth)).astype(np.int8)
            channels = rescaled_channels(requantize, weights, 0, False, 2**29)
            assert isinstance(channels, Channels) and direct_scales(channels, 0, bent)
            assert not bent or not direct_scales(channels, 0)


@pytest.mark.parametrize("core", ["cortex-m0plus", "xtensa"])
def test_such_a_layer_is_packed_with_lines(core: Target) -> None:
    random = np.random.default_rng(0)
    bias, scale = random.integers(-5000, 5000, 12, np.int32), np.full(12, 0.01, np.float32)
    for shape, depthwise in (((12, 1, 1, 12), False), ((1, 3, 3, 12), True), ((12, 3, 2, 12), False)):
        net, weights = Net((1, 5, 4, 12), Scale(float32(0.1), -7)), random.integers(-127, 128, shape, np.int8)
        x = net.conv(net.input, weights, bias, scale, Scale(float32(0.2), -128), activation=RELU, depthwise=depthwise)
        (call,) = compile_graph(parse_model(net.pack(x)), "model", core).program.calls
        records = call.fields["records"]
        assert isinstance(records, dict) and records["shift"] > 0
