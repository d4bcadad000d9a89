"""Convolutions, plain and transposed, and FULLY_CONNECTED of uint8 and int16: sanitized C, torch and LiteRT agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_pictures import made_of

from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.int8.arithmetic import double_parts, multiply_as_double
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=4, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
NARROW: dict[str, Any] = {"quantizedBiasType": 2}  # TensorType_INT32: sums of 32 bits

bytes_ = st.one_of(st.sampled_from([0, 255, 128, 127]), st.integers(0, 255))
activations = st.sampled_from([NONE, NONE, RELU, RELU6, RELU_N1_TO_1])
paddings = st.sampled_from([SAME, VALID])


def scale(draw: st.DrawFn, dtype: str, factor: float = 1.0) -> Scale:
    """A scale of activations of the type; int16 takes steps of a 256th."""
    step = draw(st.sampled_from([26 / 255, 1 / 128, 1.0, 3e-6, 0.0235])) * factor
    return Scale(float32(step), draw(bytes_)) if dtype == "uint8" else Scale(float32(step / 256), 0)


@st.composite
def layers(draw: st.DrawFn, dtype: str, kind: str) -> Model:
    """Several layers side by side on one input, from outputs that are all saturated to outputs all zero."""
    h, w = (1, draw(st.sampled_from([1, 3]))) if kind == "dense" else (draw(st.integers(1, 8)), draw(st.integers(1, 8)))
    channels = draw(st.integers(1, 40)) if kind == "dense" else draw(st.integers(1, 6))
    net = Net((1, h, w, channels), scale(draw, dtype), dtype)
    outputs = []
    for _ in range(5):
        padding = draw(paddings)
        kernel = (1, 1) if kind == "dense" else (draw(st.integers(1, min(h, 4))), draw(st.integers(1, min(w, 4))))
        dilation = tuple(
            draw(st.integers(1, max((size - 1) // max(k - 1, 1), 1))) if padding == VALID else draw(st.integers(1, 3))
            for k, size in zip(kernel, (h, w), strict=True)
        )
        made = channels * draw(st.sampled_from([1, 1, 2, 3])) if kind == "depthwise" else draw(st.integers(1, 9))
        seen = 1 if kind == "depthwise" else channels
        shape = {"dense": (made, seen), "conv": (made, *kernel, seen), "depthwise": (1, *kernel, made)}.get(
            kind, (made, *kernel, seen)
        )
        random = np.random.default_rng(draw(st.integers(0, 2**32)))
        weights = random.integers(0, 256, shape, np.uint8)
        if draw(st.integers(0, 4)) == 0:
            weights[:] = np.where(random.random(shape) < 0.5, 1, 255)
        count = made if dtype == "int16" and draw(st.booleans()) else 1
        if dtype == "int16":
            weights = weights.view(np.int8)
        narrow = dtype == "int16" and kind != "depthwise" and draw(st.booleans())
        wide = dtype == "int16" and not narrow
        most = draw(
            st.sampled_from([0, 1000, 100_000, 2**28, *([2 ** (31 if kind == "dense" else 40)] if wide else [])])
        )
        bias = random.integers(-most, most + 1, made)
        bias = bias.astype(np.int64 if wide else np.int32)
        multiplier = 10 ** draw(st.floats(-5.0, 0.5)) / np.sqrt(kernel[0] * kernel[1] * seen)
        weight_scale = (0.01 * 3 ** random.uniform(-1, 1, count)).astype(np.float32)
        output = scale(draw, dtype)
        output = Scale(float32(max(net.scales[net.input].scale * 0.01 / multiplier, 1e-8)), output.zero_point)
        if kind == "dense":  # LiteRT leaves to the machine what no int32 holds
            reach = most + 2**15 * 127 * seen
            output = Scale(
                max(output.scale, float32(reach * net.scales[net.input].scale * 0.03 / 2**29)), output.zero_point
            )
        more = NARROW if narrow else {}
        zero = draw(bytes_) if dtype == "uint8" else 0
        if kind == "dense":
            with_bias = bias if draw(st.integers(0, 3)) else None
            y = net.dense(
                net.input, weights, with_bias, weight_scale, output, draw(activations), weight_zero_point=zero, **more
            )
        else:
            stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        if kind == "transpose":
            size = tuple(
                draw(st.sampled_from(made_of(n, k, s, padding))) for n, k, s in zip((h, w), kernel, stride, strict=True)
            )
            y = net.transpose_conv(
                net.input, weights, bias if draw(st.booleans()) else None, weight_scale, output, size, stride, padding,
                draw(activations), zero, **more,
            )  # fmt: skip
        elif kind != "dense":
            y = net.conv(
                net.input, weights, bias, weight_scale, output, stride, dilation, padding, draw(activations),
                kind == "depthwise", zero, **more,
            )  # fmt: skip
        outputs.append(y)
    return net.pack(*outputs)


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
@pytest.mark.parametrize("kind", ["conv", "depthwise", "dense", "transpose"])
def test_layers(dtype: str, kind: str) -> None:
    @some
    @given(layers(dtype, kind))
    def check(content: Model) -> None:
        assert_engines_agree(content)

    check()


@pytest.mark.parametrize("divisor", [3, 6, 7, 10, 11, 12, 49])
def test_sums_of_int16_right_between_two_outputs(divisor: int) -> None:
    """A double that is a hair below a third makes a half of what would be a hair less than a half."""
    random = np.random.default_rng(divisor)
    middle = divisor * (2 * random.integers(-(2**15), 2**15, 400) + 1)
    bias = np.concatenate([middle, middle + 1, middle - 1])
    net = Net((1, 2), Scale(1.0, 0), "int16")
    weights = np.zeros((len(bias), 2), np.int8)
    y = [
        net.dense(net.input, weights, bias.astype(np.int64) << more, 2.0**-more, Scale(float(2 * divisor), 0))
        for more in (0, 1, 14)
    ]
    assert_engines_agree(net.pack(*y))


def test_doubles_in_two_words() -> None:
    random = np.random.default_rng(0)
    reals = 10 ** random.uniform(-30, 5, 1000)
    mantissa, shift = double_parts(reals)
    assert np.array_equal(mantissa * 2.0**-shift, reals)
    assert mantissa.min() >= 2**52 and mantissa.max() < 2**53
    assert multiply_as_double([5, -5, 4, 7], 0.5).tolist() == [3, -3, 2, 4]


def refused(content: Model) -> str:
    with pytest.raises(InputError) as caught:
        compile_graph(parse_model(content), "model")
    return str(caught.value)


def int16_conv(dtype: str = "int16", bias: Any = None, output: float = 0.5, **more: Any) -> Model:
    net = Net((1, 3, 3, 2), Scale(0.5, 0), dtype)
    weights = np.ones((3, 2, 2, 2), np.int8 if dtype == "int16" else np.uint8)
    bias = np.zeros(3, np.int64) if bias is None else np.asarray(bias)
    return net.pack(net.conv(net.input, weights, bias, np.full(1, 0.01, np.float32), Scale(output, 0), **more))


def test_what_litert_cannot_either_is_refused() -> None:
    assert "needs a bias of 3 int64 values (or int32, if the option" in refused(int16_conv(bias=np.zeros(3, np.int32)))
    assert "needs a bias of 3 int32 values, not 3 int64" in refused(int16_conv(**NARROW))
    assert "output scale too small" in refused(int16_conv(output=1e-6))
    assert "sums overflow" in refused(int16_conv(bias=[2**47, 0, 0]))
    assert "must be symmetric" in refused(int16_conv(weight_zero_point=3))
    assert "activation" in refused(int16_conv(activation=4))
    assert "sums overflow" in refused(int16_conv("uint8", np.full(3, 2**31 - 1, np.int32)))
    net = Net((1, 4), Scale(0.5, 0), "uint8")
    assert "turns uint8 with weights of type int8 into uint8" in refused(
        net.pack(net.dense(net.input, np.ones((3, 4), np.int8), None, 0.5, Scale(0.5, 0)))
    )
    net = Net((1, 4), Scale(0.5, 0), "int16")
    assert "output scale too small" in refused(
        net.pack(net.dense(net.input, np.ones((3, 4), np.int8), None, 0.5, Scale(1e-9, 0)))
    )


@pytest.mark.parametrize("dtype", ["uint8", "int16"])
def test_convolutions_in_groups(dtype: str) -> None:
    random = np.random.default_rng(1)
    net = Net((1, 5, 4, 6), Scale(0.02, 17 if dtype == "uint8" else 0), dtype)
    weights = random.integers(0, 256, (9, 3, 2, 2), np.uint8).view(np.int8 if dtype == "int16" else np.uint8)
    bias = random.integers(-999, 999, 9).astype(np.int32 if dtype == "uint8" else np.int64)
    zero = 120 if dtype == "uint8" else 0
    y = net.conv(net.input, weights, bias, 0.01, Scale(0.3, zero), padding=SAME, weight_zero_point=zero)
    assert_engines_agree(net.pack(y))


def test_resizing_int16() -> None:
    net = Net((1, 4, 5, 3), Scale(0.001, 0), "int16")
    sizes = [(8, 10), (4, 1), (3, 7), (1, 1), (9, 5)]
    y = [
        net.resize(net.input, size, nearest, corners, centers)
        for size in sizes
        for nearest, corners, centers in ((False, False, False), (False, True, False), (False, False, True))
    ]
    assert_engines_agree(net.pack(*y), rows=5)
    net = Net((1, 4, 5, 3), Scale(0.1, 7), "uint8")
    assert "type uint8; only int8, int16" in refused(net.pack(net.resize(net.input, (8, 10), False)))
