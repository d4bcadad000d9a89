"""SOFTMAX to int16 and LOG_SOFTMAX in random shapes and scales: C, torch and LiteRT agree byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_elementwise import refused
from test_compiler_operators import zero_points

from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.int8.softmax import log_of, log_softmax, softmax
from wwtool.models.quantized import Scale

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))

# From one that is next to nothing in 26 fractional bits to one at which a single step is beyond everything.
SCALES = st.one_of(st.sampled_from([1e-7, 3e-4, 0.02, 0.1, 0.7, 4.0, 35.0, 1000.0]), st.floats(1e-4, 30.0)).map(float32)


@st.composite
def models(draw: st.DrawFn) -> Model:
    depth, rows = draw(st.sampled_from([1, 2, 3, 4, 12, 35, 200, 1000])), draw(st.integers(1, 3))
    net = Net((1, rows * depth), Scale(draw(SCALES), draw(zero_points)))
    x = net.reshape(net.input, draw(st.sampled_from([(rows, depth), (1, rows, 1, depth), (rows * depth,)])))
    outputs = []
    for _ in range(3):
        x = net.quantize(x, Scale(draw(SCALES), draw(zero_points)))
        outputs.append(net.softmax(x, float32(draw(st.sampled_from([1.0, 0.5, 30.0]))), "int16"))
        outputs.append(net.log_softmax(x))
    return net.pack(*outputs)


@settings(some, max_examples=8)
@given(models())
def test_softmax_to_int16_and_log_softmax(content: Model) -> None:
    assert_engines_agree(content, rows=5)


@pytest.mark.parametrize("scale", [0.02, 0.0371, 0.25])
def test_many_rows(scale: float) -> None:
    """A wrong bit of an exponential, a sum or the logarithm shows in one value of ten thousand."""
    net = Net((1, 13), Scale(float32(scale), -128))
    content = net.pack(net.softmax(net.input, 1.0, "int16"), net.log_softmax(net.input))
    rows = np.random.default_rng(3).integers(-128, 128, (20_000, 13)).astype(np.int8)
    probabilities, logarithms = LiteRtEngine(content).run_all(rows)
    values = rows.astype(np.int64)
    assert np.array_equal(softmax(values, float32(scale), 1.0, 16), probabilities)
    assert np.array_equal(log_softmax(values, float32(scale)), logarithms)
    with NativeEngine(content) as native:
        first, second = native.run_all(rows)
    assert np.array_equal(first, probabilities) and np.array_equal(second, logarithms)


def test_a_greatest_value_far_above_all_others() -> None:
    """The table ends where exp() does; LOG_SOFTMAX goes on to where 26 fractional bits end."""
    for scale in (0.24, 0.25, 0.5, 10.0, 31.0, 32.0, 33.0):
        net = Net((1, 256), Scale(float32(scale), 0))
        content = net.pack(net.log_softmax(net.input), net.softmax(net.input, 1.0, "int16"))
        rows = np.arange(-128, 128, dtype=np.int8).reshape(1, 256)
        expected = LiteRtEngine(content).run_all(rows)
        with NativeEngine(content) as native:
            for mine, theirs in zip(native.run_all(rows), expected, strict=True):
                assert np.array_equal(mine, theirs), scale


def test_the_logarithm_is_one() -> None:
    x = np.linspace(1, 4000, 20_001)
    fixed = np.rint(x * 2**19).astype(np.int64)
    assert np.abs(log_of(fixed) / 2**26 - np.log(fixed / 2**19)).max() < 2e-7


def test_sums_that_no_integer_holds_are_refused() -> None:
    net = Net((1, 4096), Scale(0.1, 0))
    assert "over 4096 values" in refused(net, net.log_softmax(net.input))
    net = Net((1, 4095), Scale(0.1, 0))
    assert_engines_agree(net.pack(net.log_softmax(net.input), net.softmax(net.input, 1.0, "int16")))


def test_other_scales_are_refused() -> None:
    net = Net((1, 4), Scale(0.1, 0))
    wrong = Scale(1 / 250, -128)
    said = refused(net, net.op("SOFTMAX", [net.input], (1, 4), wrong, "SoftmaxOptions", "int16", beta=1.0))
    assert "or int16 with zero point -32768" in said
    net = Net((1, 4), Scale(0.1, 0))
    assert "scale 1/16 and zero point 127" in refused(net, net.op("LOG_SOFTMAX", [net.input], (1, 4), wrong))


def test_scales_that_litert_lets_pass() -> None:
    """1/65535 is what the keyword benchmark of TensorFlow Lite for Microcontrollers has."""
    net = Net((1, 4), Scale(0.1, 0))
    outputs = [
        net.op("SOFTMAX", [net.input], (1, 4), Scale(scale, zero_point), "SoftmaxOptions", dtype, beta=1.0)
        for scale, zero_point, dtype in ((1 / 65535, -32768, "int16"), (1.0009 / 256, -128, "int8"))
    ]
    assert_engines_agree(net.pack(*outputs))
