"""TRANSPOSE_CONV and resizing in random shapes, scales and extremes: C, torch and LiteRT agree byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import SAME, VALID, Model, Net, assert_engines_agree
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_elementwise import refused
from test_compiler_operators import activations, paddings, scales, weights_and_scale

from wwtool.compiler.package import compile_graph
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))


def made_of(size: int, kernel: int, stride: int, padding: int) -> range:
    """The sizes of an output that a convolution would make the input of."""
    most = size * stride if padding == SAME else size * stride + kernel - 1
    return range(most - stride + 1, most + 1)


@st.composite
def transposed(draw: st.DrawFn) -> Model:
    """Strides beyond the kernel and kernels beyond the picture, too; outputs of every size that LiteRT takes."""
    source = draw(scales)
    h, w, channels = draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 5))
    net = Net((1, h, w, channels), source)
    outputs = []
    for _ in range(6):
        padding = draw(paddings)
        kernel = draw(st.integers(1, 5)), draw(st.integers(1, 5))
        stride = draw(st.integers(1, 4)), draw(st.integers(1, 4))
        made = draw(st.integers(1, 6))
        weights, bias, weight_scale, output = draw(
            weights_and_scale((made, *kernel, channels), 0, source, kernel[0] * kernel[1] * channels)
        )
        size = tuple(
            draw(st.sampled_from(made_of(n, k, s, padding))) for n, k, s in zip((h, w), kernel, stride, strict=True)
        )
        outputs.append(
            net.transpose_conv(
                net.input, weights, bias if draw(st.booleans()) else None, weight_scale, output, size, stride, padding,
                draw(activations),
            )
        )  # fmt: skip
    return net.pack(*outputs)


@settings(some, max_examples=8)
@given(transposed())
def test_transpose_conv(content: Model) -> None:
    assert_engines_agree(content)


@st.composite
def resized(draw: st.DrawFn) -> Model:
    """Both ways of resizing, up and down and by fractions, with every choice of corners and centers."""
    shape = (
        draw(st.sampled_from([1, 1, 2])),
        draw(st.integers(1, 7)),
        draw(st.integers(1, 7)),
        draw(st.integers(1, 4)),
    )
    net = Net(shape, draw(scales))
    outputs = []
    for _ in range(8):
        size = draw(st.integers(1, 15)), draw(st.integers(1, 15))
        if draw(st.integers(0, 2)) == 0:
            factor = draw(st.integers(1, 3))
            size = shape[1] * factor, shape[2] * factor
        nearest = draw(st.booleans())
        corners, centers = draw(st.sampled_from([(False, False), (True, False), (False, True)]))
        if nearest and draw(st.integers(0, 3)) == 0:
            corners = centers = True
        outputs.append(net.resize(net.input, size, nearest, corners, centers))
    return net.pack(*outputs)


@settings(some, max_examples=10)
@given(resized())
def test_resizing(content: Model) -> None:
    assert_engines_agree(content, rows=4)


@pytest.mark.parametrize(("source", "target"), [(7, 1000), (1000, 7), (96, 224), (3, 64), (255, 256)])
@pytest.mark.parametrize("nearest", [False, True])
def test_long_axes(source: int, target: int, nearest: bool) -> None:
    """Rounding errors of a position add up along an axis."""
    net = Net((1, source, 2, 1), Scale(0.5, 3))
    choices = [(False, False), (True, False), (False, True)]
    assert_engines_agree(net.pack(*(net.resize(net.input, (target, 2), nearest, *choice) for choice in choices)))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32", "bool"])
def test_nearest_neighbours_of_every_type(dtype: str) -> None:
    net = Net((1, 3, 4, 2), Scale(0.5, 0))
    x = net.cast(net.input, dtype)
    assert_engines_agree(net.pack(*(net.cast(net.resize(x, size, True), "int32") for size in ((6, 8), (5, 3)))))


def test_whole_factors_need_no_table() -> None:
    net = Net((1, 3, 4, 2), Scale(0.5, 3))
    model = compile_graph(parse_model(net.pack(net.resize(net.input, (6, 8), True))), "model")
    assert model.kernels == ("ww_elements.h", "ww_kernels.h", "ww_requantize.h", "ww_strided_copy.c")
    assert model.table_bytes == 0


def test_a_picture_resized_to_its_own_size_is_no_work() -> None:
    net = Net((1, 3, 4, 2), Scale(0.5, 3))
    x = net.binary("ADD", net.input, net.input, Scale(1.0, 0))
    y = net.binary("ADD", net.resize(x, (3, 4), True), x, Scale(1.0, 0))
    model = compile_graph(parse_model(net.pack(y)), "model")
    assert [call.kind for call in model.program.calls] == ["ADD", "ADD"]


def test_resized_constants_are_constants() -> None:
    net = Net((1, 4, 6, 1), Scale(0.5, 3))
    small = net.number(np.arange(6, dtype=np.int8).reshape(1, 2, 3, 1), Scale(0.5, 3))
    y = net.binary("ADD", net.input, net.resize(small, (4, 6), True), Scale(0.5, 0))
    assert_engines_agree(net.pack(y))


def test_what_is_refused() -> None:
    net = Net((1, 3, 4, 2), Scale(0.5, 3))
    assert "both align_corners and half_pixel_centers" in refused(net, net.resize(net.input, (6, 8), False, True, True))
    net = Net((1, 3, 1, 1), Scale(0.5, 3))
    assert "fractional bits are too few" in refused(net, net.resize(net.input, (2000, 1), False))
    net = Net((1, 3, 4, 2), Scale(0.5, 3))
    size = net.constant(np.asarray([2**31 - 1, 2**31 - 1], np.int32))
    y = net.move("RESIZE_NEAREST_NEIGHBOR", [net.input, size], (1, 6, 8, 2), net.input, "ResizeNearestNeighborOptions")
    assert "but its inputs give [1, 2147483647, 2147483647, 2]" in refused(net, y)
    for change, said in (
        ({"weights": np.ones((3, 2, 2, 1), np.int8)}, "which is not supported"),
        ({"bias": np.full(3, 2**31 - 1, np.int32)}, "32 bits"),
        ({"stride": (0, 1)}, "which is not supported"),
        ({"size": (6, 5)}, "an output of 6 along an axis"),
        ({"output": Scale(1e-30, 0)}, "output scale too small"),
    ):
        net = Net((1, 3, 4, 2), Scale(0.5, 3))
        arguments = {
            "weights": np.full((3, 2, 2, 2), 100, np.int8), "bias": None, "weight_scale": 0.01,
            "output": Scale(0.5, 0), "size": (4, 5), "padding": VALID,
        }  # fmt: skip
        assert said in refused(net, net.transpose_conv(net.input, **(arguments | change)))
