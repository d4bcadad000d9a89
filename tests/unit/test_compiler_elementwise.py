"""Element-wise operators and SOFTMAX in random shapes, scales and extremes: C, torch and LiteRT agree byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_operators import activations, scales, zero_points

from wwtool.compiler.lowering import lower
from wwtool.compiler.package import compile_graph
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.errors import InputError
from wwtool.int8.softmax import exponentials, softmax
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))

UNARY = ["LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU", "HARD_SWISH", "ABS", "NEG"]
BINARY = ["ADD", "SUB", "MUL", "PRELU", "MINIMUM", "MAXIMUM"]


@st.composite
def unary(draw: st.DrawFn) -> Model:
    """Every function of one tensor, over all int8 values, each at two output scales."""
    source = draw(scales)
    net = Net((1, 4, 16), source)
    outputs = []
    for kind in UNARY * 2:
        target = Scale(float32(source.scale * 10 ** draw(st.floats(-1.5, 1.5))), draw(zero_points))
        if kind == "LOGISTIC":
            target = Scale(1 / 256, -128)
        if draw(st.integers(0, 3)) == 0 and kind != "LOGISTIC":
            target = Scale(source.scale, draw(zero_points))
        options: dict[str, Any] = {}
        if kind == "LEAKY_RELU":
            options = {"options_kind": "LeakyReluOptions", "alpha": float32(draw(st.floats(-3.0, 3.0)))}
        outputs.append(net.op(kind, [net.input], (1, 4, 16), target, **options))
    return net.pack(*outputs)


@some
@given(unary())
def test_functions_of_one_tensor(content: Model) -> None:
    assert_engines_agree(content, rows=9)


@pytest.mark.parametrize("alpha", [-0.25, -1.0, -(1 - 2**-24), -1e-9, -1e-12, -100.0, 100.0, 1.0])
def test_slopes_of_leaky_relu(alpha: float) -> None:
    """Powers of two and what is next to them, what vanishes, and what saturates."""
    net = Net((1, 256), Scale(0.5, 0))
    outputs = [
        net.op("LEAKY_RELU", [net.input], (1, 256), Scale(scale, 3), "LeakyReluOptions", alpha=float32(alpha))
        for scale in (0.5, 0.25, 8.0, float32(0.37))
    ]
    assert_engines_agree(net.pack(*outputs))


@st.composite
def binary(draw: st.DrawFn) -> Model:
    """Functions of two tensors, of which one may be broadcast, a constant, a single number, or the other one again."""
    source = draw(scales)
    rank = draw(st.integers(1, 4))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank)))
    net = Net(shape, source)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    outputs = []
    for kind in (*BINARY, "ADD", "MUL", draw(st.sampled_from(BINARY)), draw(st.sampled_from(BINARY))):
        compare = kind in ("MINIMUM", "MAXIMUM")
        near = st.sampled_from([0.05, 0.5, 1.0, 3.0]).map(lambda factor: float32(source.scale * factor))
        other = source if compare else Scale(draw(near), draw(zero_points))
        smaller = tuple(size if draw(st.booleans()) else 1 for size in shape)[draw(st.integers(0, rank - 1)) :]
        form = draw(st.sampled_from(["constant", "constant", "number", "computed", "same", "both"]))
        a = net.input
        if form == "same":
            b = a
        elif form == "number":
            b = net.number(random.integers(-128, 128, (1,) * draw(st.integers(0, rank)), np.int8), other)
        elif form == "computed":
            cut = net.slice(
                net.input,
                [0] * rank,
                [
                    min(1, n) if s == 1 else n
                    for n, s in zip(shape, (1,) * (rank - len(smaller)) + smaller, strict=True)
                ],
            )
            b = cut if compare else net.quantize(cut, other)
        else:
            b = net.number(random.integers(-128, 128, smaller, np.int8), other)
            if form == "both":
                a = net.number(random.integers(-128, 128, shape, np.int8), source)
        if draw(st.booleans()) and kind != "PRELU":
            a, b = b, a
        factor = net.scales[b].scale if kind == "MUL" else 1.0
        scale = source if compare else Scale(float32(max(factor * draw(near), 1e-7)), draw(zero_points))
        outputs.append(net.binary(kind, a, b, scale, draw(activations)))
    return net.pack(*outputs)


@settings(some, max_examples=16)
@given(binary())
def test_functions_of_two_tensors(content: Model) -> None:
    assert_engines_agree(content, rows=4)


def test_the_same_memory_twice_is_not_overwritten_while_it_is_read() -> None:
    net = Net((1, 4, 3), Scale(0.5, 3))
    x = net.op("RELU", [net.input], (1, 4, 3), Scale(0.5, -3))
    first = net.slice(x, [0, 0, 0], [1, 1, 3])
    y = net.binary("ADD", x, first, Scale(0.5, 0))
    content = net.pack(net.op("TANH", [y], (1, 4, 3), Scale(1 / 128, 0)))
    calls = {call.kind: call for call in lower(parse_model(content)).calls}
    assert not calls["ADD"].in_place
    assert calls["TANH"].in_place
    assert_engines_agree(content)


def test_one_number_makes_a_table_and_equal_tables_are_one() -> None:
    net = Net((1, 8), Scale(0.5, 3))
    number = net.number(np.asarray([17], np.int8), Scale(0.25, 1))
    y = [net.binary("ADD", net.input, number, Scale(0.5, 0)) for _ in range(3)]
    model = compile_graph(parse_model(net.pack(*y)), "model")
    assert model.kernels == ("ww_kernels.h", "ww_lookup.c")
    assert model.table_bytes == 256


@st.composite
def softmaxes(draw: st.DrawFn) -> Model:
    source = draw(scales)
    depth, rows = draw(st.sampled_from([1, 2, 3, 12, 35, 200])), draw(st.integers(1, 4))
    net = Net((1, rows * depth), source)
    x = net.reshape(net.input, draw(st.sampled_from([(rows, depth), (1, rows, 1, depth), (rows * depth,)])))
    outputs = [net.softmax(x, float32(draw(st.sampled_from([1.0, 0.5, 2.0, 30.0])))) for _ in range(4)]
    wide = Scale(float32(draw(st.sampled_from([0.02, 0.1, 0.7, 4.0]))), draw(zero_points))
    outputs.append(net.softmax(net.quantize(x, wide)))
    return net.pack(*outputs)


@settings(some, max_examples=12)
@given(softmaxes())
def test_softmax(content: Model) -> None:
    assert_engines_agree(content, rows=5)


@pytest.mark.parametrize("scale", [0.02, 0.05, 0.1])
def test_softmax_is_gemmlowps_fixed_point(scale: float) -> None:
    """Float32 arithmetic would be one unit away for one value in a hundred thousand."""
    net = Net((1, 13), Scale(float32(scale), -128))
    content = net.pack(net.softmax(net.input))
    rows = np.random.default_rng(3).integers(-128, 128, (20_000, 13)).astype(np.int8)
    expected = LiteRtEngine(content).run(rows)
    assert np.array_equal(softmax(rows.astype(np.int64), float32(scale), 1.0), expected)
    with NativeEngine(content) as native:
        assert np.array_equal(native.run(rows), expected)


def test_softmax_of_many_equal_values() -> None:
    """LiteRT's sum leaves 32 bits beyond 8191; from 512 on a probability is no more than half a unit."""
    assert softmax(np.zeros((1, 8191), np.int64), 0.1, 1.0).max() == -128
    net = Net((1, 8192), Scale(0.1, 0))
    assert "over 8192 values" in refused(net, net.softmax(net.input))


def test_exponentials_end_where_the_fixed_point_does() -> None:
    assert len(exponentials(10.0, 1.0)) == 2
    assert len(exponentials(0.05, 1.0)) == 256


def refused(net: Net, *outputs: int) -> str:
    with pytest.raises(InputError) as caught:
        compile_graph(parse_model(net.pack(*outputs)), "model")
    return str(caught.value)


def test_what_is_refused() -> None:
    shape, scale = (1, 4), Scale(0.5, 3)

    def said(kind: str, *more: tuple[int, ...], out: Scale = scale, to: tuple[int, ...] = shape, **options: Any) -> str:
        net = Net(shape, scale)
        inputs = [net.input, *(net.number(np.ones(s, np.int8), scale) for s in more)]
        return refused(net, net.op(kind, inputs, to, out, **options))

    assert "operator 0 (LOGISTIC) must be int8 with output scale 1/256" in said("LOGISTIC")
    assert "operator 0 (TANH) turns the shape [1, 4] into [4, 1]" in said("TANH", to=(4, 1))
    assert "output scale too small" in said("RELU", out=Scale(1e-30, 0))
    assert "output scale too small" in said("TANH", out=Scale(1e-30, 0))
    assert "output scale too small" in said("HARD_SWISH", out=Scale(1e-6, 0))
    assert "output scale too small" in said("ADD", (4,), out=Scale(1e-7, 0), options_kind="AddOptions")
    assert "output scale too small" in said("MUL", (4,), out=Scale(1e-30, 0), options_kind="MulOptions")
    assert "combines the shapes [1, 4] and [3]" in said("ADD", (3,), options_kind="AddOptions")
    assert "combines the shapes [1, 4] and [2, 4]" in said("PRELU", (2, 4), to=(2, 4))
    assert "compares tensors of different scales" in said("MAXIMUM", (4,), out=Scale(0.25, 3))
    assert "activation" in said("ADD", (4,), options_kind="AddOptions", fusedActivationFunction=5)
    assert "has no option beta" in said("SOFTMAX", out=Scale(1 / 256, -128))
    assert "output scale 1/256" in said("SOFTMAX", options_kind="SoftmaxOptions", beta=1.0)
    assert "out of bounds" in said("SOFTMAX", out=Scale(1 / 256, -128), options_kind="SoftmaxOptions", beta=-1.0)
    assert "has no option alpha" in said("LEAKY_RELU")
    assert "slope nan" in said("LEAKY_RELU", options_kind="LeakyReluOptions", alpha=float("nan"))
    assert "slope 1048576.0" in said("LEAKY_RELU", options_kind="LeakyReluOptions", alpha=2.0**20)
    net = Net(shape, scale)
    assert "axes between -2 and 1" in refused(net, net.op(
        "MEAN", [net.input, net.constant(np.asarray([2], np.int32))], (1, 1), scale, "ReducerOptions", keepDims=True
    ))  # fmt: skip
    net = Net(shape, scale)
    assert "its input and axes give [1]" in refused(net, net.op(
        "MEAN", [net.input, net.constant(np.asarray([1], np.int32))], (1, 1), scale, "ReducerOptions", keepDims=False
    ))  # fmt: skip
