"""Every operator in random shapes, scales and extremes: sanitized C, exact torch and LiteRT agree byte for byte.

A graph holds several operators side by side on one input, since compiling is what takes the time.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graphs import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, Net, assert_engines_agree, float32, out_size
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from wwtool.compiler.lowering import supported_operators
from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.int8.arithmetic import multiply_once_rounded, quantize_multiplier
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))

zero_points = st.one_of(st.sampled_from([-128, 127, 0]), st.integers(-128, 127))
activations = st.sampled_from([NONE, NONE, RELU, RELU6, RELU_N1_TO_1])
paddings = st.sampled_from([SAME, VALID])
scales = st.builds(
    Scale,
    st.sampled_from([26 / 255, 1 / 256, 1.0, 3e-6, 40.0, 0.0235]).map(float32),
    zero_points,
)


@st.composite
def weights_and_scale(draw: st.DrawFn, shape: tuple[int, ...], axis: int, source: Scale, reach: int) -> tuple[Any, ...]:
    """int8 weights, int32 bias, weight scales and output scale; ``reach`` inputs make one output."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = random.integers(-127, 128, shape, np.int8)
    if draw(st.integers(0, 4)) == 0:
        weights[:] = np.where(random.random(shape) < 0.5, -127, 127)
    channels = shape[axis]
    most = draw(st.sampled_from([0, 1000, 100_000, 2**30]))
    bias = random.integers(-most, most + 1, channels, np.int32)
    spread = draw(st.sampled_from([1.0, 30.0]))
    count = channels if draw(st.booleans()) else 1
    weight_scale = (0.01 * spread ** random.uniform(-1, 1, count)).astype(np.float32)
    # From all outputs saturated to all of them zero.
    multiplier = 10 ** draw(st.floats(-7.0, 1.0)) / np.sqrt(reach)
    output = Scale(float32(source.scale * 0.01 / multiplier), draw(zero_points))
    return weights, bias, weight_scale, output


@st.composite
def convolutions(draw: st.DrawFn, depthwise: bool) -> bytes:
    source = draw(scales)
    kind = draw(st.sampled_from(["plane", "height", "width"]))
    h = 1 if kind == "width" else draw(st.integers(2, 9))
    w = 1 if kind == "height" else draw(st.integers(2, 9))
    channels = draw(st.integers(1, 7))
    net = Net((1, h, w, channels), source)
    outputs = []
    for _ in range(6):
        padding = draw(paddings)
        kernel = draw(st.integers(1, min(h, 5))), draw(st.integers(1, min(w, 5)))
        if draw(st.integers(0, 4)) == 0:
            kernel = (1, 1)
        dilated = draw(st.booleans())
        dilation = tuple(draw(st.integers(1, 3)) if dilated else 1 for _ in range(2))
        if padding == VALID:
            dilation = tuple(
                min(d, (size - 1) // max(k - 1, 1)) or 1 for d, k, size in zip(dilation, kernel, (h, w), strict=True)
            )
        # LiteRT takes strides or dilations; both at once are legal and exercise the general kernel.
        stride = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        reach = kernel[0] * kernel[1] * (1 if depthwise else channels)
        made = channels * draw(st.sampled_from([1, 1, 2, 3])) if depthwise else draw(st.integers(1, 9))
        shape = (1, *kernel, made) if depthwise else (made, *kernel, channels)
        weights, bias, weight_scale, output = draw(weights_and_scale(shape, 3 if depthwise else 0, source, reach))
        outputs.append(
            net.conv(
                net.input, weights, bias, weight_scale, output, stride, dilation, padding, draw(activations), depthwise
            )
        )
    return net.pack(*outputs)


@some
@given(convolutions(depthwise=False))
def test_conv_2d(content: bytes) -> None:
    assert_engines_agree(content)


@some
@given(convolutions(depthwise=True))
def test_depthwise_conv_2d(content: bytes) -> None:
    assert_engines_agree(content)


@st.composite
def dense(draw: st.DrawFn) -> bytes:
    source = draw(scales)
    depth, rows = draw(st.integers(1, 40)), draw(st.sampled_from([1, 1, 3]))
    net = Net((1, rows * depth), source)
    x = net.reshape(net.input, (rows, depth)) if rows > 1 else net.input
    outputs = []
    for _ in range(6):
        shape = (draw(st.integers(1, 12)), depth)
        weights, bias, weight_scale, output = draw(weights_and_scale(shape, 0, source, depth))
        # LiteRT's convolutions insist on a bias, this layer does not.
        outputs.append(
            net.dense(x, weights, bias if draw(st.integers(0, 3)) else None, weight_scale, output, draw(activations))
        )
    return net.pack(*outputs)


@some
@given(dense())
def test_fully_connected(content: bytes) -> None:
    assert_engines_agree(content)


@pytest.mark.parametrize("seed", [0, 2])
def test_the_scales_of_fully_connected_are_multiplied_in_double_precision(seed: int) -> None:
    """Sums right at the border of two outputs, on which the last bit of the multiplier decides."""
    random = np.random.default_rng(seed)
    source, weight = (float32(10 ** random.uniform(-3, -1)) for _ in range(2))
    output = float32(source * weight * 1e6)
    borders = np.rint((np.arange(-100, 100) + 0.5) * output / (source * weight)).astype(np.int64)
    candidates = np.concatenate([borders + step for step in range(-3, 4)])
    single = float(np.float32(source) * np.float32(weight)) / output
    values = [multiply_once_rounded(candidates, *quantize_multiplier(m)) for m in (single, source * weight / output)]
    bias = candidates[values[0] != values[1]][:64].astype(np.int32)
    assert len(bias)
    net = Net((1, 4), Scale(source, 0))
    y = net.dense(net.input, np.zeros((len(bias), 4), np.int8), bias, weight, Scale(output, 0))
    assert_engines_agree(net.pack(y))


@pytest.mark.parametrize("zero_point", [0, 3])
def test_sums_of_fully_connected_right_between_two_outputs(zero_point: int) -> None:
    """Scales that are powers of two make exact halves, which go away from zero."""
    net = Net((1, 4), Scale(0.5, 0))
    bias = np.arange(-200, 200, dtype=np.int32)
    y = [
        net.dense(net.input, np.zeros((400, 4), np.int8), bias, 0.5, Scale(scale, zero_point))
        for scale in (0.25, 0.5, 1.0, 4.0)
    ]
    assert_engines_agree(net.pack(*y))


@st.composite
def pools(draw: st.DrawFn) -> bytes:
    h, w = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    net = Net((1, h, w, draw(st.integers(1, 5))), draw(scales))
    outputs = []
    for _ in range(6):
        padding = draw(paddings)
        kernel = draw(st.integers(1, h)), draw(st.integers(1, w))
        stride = draw(st.integers(1, 4)), draw(st.integers(1, 4))
        kind = draw(st.sampled_from(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
        outputs.append(net.pool(net.input, kernel, stride, padding, draw(activations), kind))
    return net.pack(*outputs)


@some
@given(pools())
def test_pools(content: bytes) -> None:
    assert_engines_agree(content)


@st.composite
def means(draw: st.DrawFn) -> bytes:
    """MEAN over every choice of axes; at times of many values, and always of the same shape in several scales."""
    source = draw(scales)
    rank = draw(st.integers(1, 4))
    shape = draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank))
    if draw(st.integers(0, 3)) == 0:
        shape[draw(st.integers(0, rank - 1))] = draw(st.integers(30, 300))
    net = Net((1, int(np.prod(shape))), source)
    x = net.reshape(net.input, tuple(shape))
    outputs = []
    for _ in range(8):
        axes = draw(st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank, unique=True))
        axes = [axis - rank * draw(st.booleans()) for axis in axes]
        same = Scale(source.scale, draw(zero_points))
        scale = draw(st.sampled_from([source, same, Scale(float32(source.scale * 0.3), draw(zero_points))]))
        outputs.append(net.mean(x, axes, draw(st.booleans()), scale))
    return net.pack(*outputs)


@some
@given(means())
def test_mean(content: bytes) -> None:
    assert_engines_agree(content)


@st.composite
def element_wise(draw: st.DrawFn) -> bytes:
    """QUANTIZE to int8 and uint8 and LOGISTIC over all int8 values."""
    source = draw(scales)
    net = Net((1, 64), source)
    outputs = []
    for _ in range(4):
        ratio = 10 ** draw(st.floats(-2.5, 2.5))
        middle = net.quantize(net.input, Scale(float32(source.scale * ratio), draw(zero_points)))
        target = Scale(float32(source.scale * 10 ** draw(st.floats(-2.5, 2.5))), draw(st.integers(0, 255)))
        outputs += [net.logistic(middle), net.quantize(middle, target, "uint8")]
    return net.pack(*outputs)


@some
@given(element_wise())
def test_quantize_and_logistic(content: bytes) -> None:
    assert_engines_agree(content, rows=9)


@st.composite
def movements(draw: st.DrawFn) -> bytes:
    """CONCATENATION, STRIDED_SLICE and RESHAPE, in random order, each on what came before."""
    shape = (1, draw(st.integers(1, 4)), draw(st.integers(1, 5)), draw(st.integers(1, 4)))
    net = Net(shape, Scale(0.5, 3))
    values = [net.input]
    for _ in range(draw(st.integers(3, 8))):
        x = draw(st.sampled_from(values))
        own = net.shapes[x]
        kind = draw(st.sampled_from(["concatenate", "slice", "reshape"]))
        if kind == "concatenate" and np.prod(own) < 500:
            axis = draw(st.integers(0, len(own) - 1))
            same = [v for v in values if [*net.shapes[v][:axis], *net.shapes[v][axis + 1 :]]
                    == [*own[:axis], *own[axis + 1 :]] and len(net.shapes[v]) == len(own)]  # fmt: skip
            parts = draw(st.lists(st.sampled_from(same), min_size=1, max_size=3))
            y = net.concatenate([x, *parts], axis - len(own) if draw(st.booleans()) else axis)
        elif kind == "slice":
            axis = draw(st.integers(0, len(own) - 1))
            begin, end = [0] * len(own), list(own)
            begin[axis] = draw(st.integers(0, own[axis] - 1))
            end[axis] = draw(st.integers(begin[axis] + 1, own[axis]))
            strides = [1] * len(own)
            if int(np.prod(own[:axis])) == 1:
                strides[axis] = draw(st.integers(1, 3))
            if draw(st.booleans()):
                begin[axis] -= own[axis]
            y = net.slice(x, begin, end, strides)
        else:
            flat = int(np.prod(own))
            first = draw(st.sampled_from([d for d in range(1, flat + 1) if flat % d == 0]))
            y = net.reshape(x, (first, flat // first))
        values.append(y)
    return net.pack(*values[1:][-2:])


@settings(some, max_examples=20)
@given(movements())
def test_concatenation_slice_and_reshape(content: bytes) -> None:
    assert_engines_agree(content)


def test_slice_masks_and_ends_past_the_tensor() -> None:
    net = Net((1, 6, 2, 3))
    parts = [
        net.slice(net.input, [0, -4, 0, 0], [0, 0, 0, 0], beginMask=0b1101, endMask=0b1111),
        net.slice(net.input, [0, -99, 0, 0], [1, 99, 2, 3]),
        net.slice(net.input, [0, 0, 0, 0], [1, -2, 2, 3]),
        net.slice(net.input, [0, 1, 0, 0], [1, 6, 2, 3], [1, 2, 1, 1]),
        net.slice(net.input, [0, 0, 0, 0], [1, 6, 2, 3]),
    ]
    assert_engines_agree(net.pack(*parts))


@st.composite
def chains(draw: st.DrawFn) -> bytes:
    """Whole little networks: memory is shared between layers, and branches stay alive across others."""
    source = Scale(float32(26 / 255), -128)
    h, w, channels = draw(st.integers(4, 9)), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    net = Net((1, h, w, channels), source)
    x, kept = net.input, []
    for _ in range(draw(st.integers(2, 5))):
        _, h, w, channels = net.shapes[x]
        depthwise = draw(st.booleans())
        kernel = draw(st.integers(1, min(h, 3))), draw(st.integers(1, min(w, 3)))
        shape = (1, *kernel, channels) if depthwise else (draw(st.integers(1, 8)), *kernel, channels)
        reach = kernel[0] * kernel[1] * (1 if depthwise else channels)
        random = np.random.default_rng(draw(st.integers(0, 2**32)))
        made = shape[3] if depthwise else shape[0]
        output = Scale(float32(net.scales[x].scale * 0.01 * 40 * np.sqrt(reach)), draw(zero_points))
        x = net.conv(
            x, random.integers(-127, 128, shape, np.int8), random.integers(-2000, 2000, made, np.int32),
            np.full(made, 0.01, np.float32), output, (1, 1), (1, 1), draw(paddings), draw(activations), depthwise,
        )  # fmt: skip
        kept.append(x)
    first = draw(st.sampled_from(kept))
    flat = [net.reshape(t, (1, int(np.prod(net.shapes[t])))) for t in (first, x)]
    joined = net.concatenate([net.quantize(t, Scale(0.25, 1)) for t in flat], 1)
    depth = net.shapes[joined][1]
    random = np.random.default_rng(depth)
    logit = net.dense(
        joined, random.integers(-127, 128, (1, depth), np.int8), np.asarray([5], np.int32), 0.01, Scale(1 / 16, 0)
    )
    return net.pack(net.quantize(net.logistic(logit), Scale(1 / 256, 0), "uint8"))


@settings(some, max_examples=12)
@given(chains())
def test_chains(content: bytes) -> None:
    assert_engines_agree(content)


def _conv(shape: tuple[int, ...] = (1, 5, 5, 2), **change: Any) -> bytes:
    net = Net(shape, Scale(0.5, 0))
    arguments: dict[str, Any] = {
        "weights": np.full((3, 2, 2, 2), 100, np.int8),
        "bias": np.zeros(3, np.int32),
        "weight_scale": np.full(3, 0.01, np.float32),
        "output": Scale(0.5, 0),
    }
    return net.pack(net.conv(net.input, **(arguments | change)))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_conv(output=Scale(1e-30, 0)), "output scale too small"),
        (_conv(weights=np.ones((3, 2, 2, 1), np.int8)), "grouped convolution"),
        (_conv(bias=np.zeros(2, np.int32)), "bias of 3"),
        (_conv(weight_scale=np.full(2, 0.01, np.float32)), "scales"),
        (_conv(bias=np.full(3, 2**31 - 1, np.int32)), "32 bits"),
        (_conv(activation=4), "activation"),
        (_conv(dilation=(2**30, 1), padding=SAME), "reaches too far"),
    ],
)
def test_what_cannot_be_exact_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        compile_graph(parse_model(content), "model")
    assert "operator 0 (CONV_2D)" in str(caught.value)


def test_supported_operators_are_listed() -> None:
    assert {"CONV_2D", "CALL_ONCE", "LOGISTIC", "RESHAPE"} <= set(supported_operators())


def test_the_reference_names_every_supported_operator() -> None:
    text = (Path(__file__).parents[2] / "docs/reference/operators.md").read_text()
    named = re.search(r"^## int8\n\n(.*?)\.\n", text, re.MULTILINE | re.DOTALL)
    assert named is not None
    assert re.findall(r"\w+", named[1]) == supported_operators()


def test_out_size_of_the_helper() -> None:
    assert [out_size(9, 3, 2, 1, VALID), out_size(9, 3, 2, 1, SAME), out_size(9, 3, 1, 2, VALID)] == [4, 5, 5]
