"""Element-wise operators, pools, MEAN and SOFTMAX of uint8 and int16: sanitized C, exact torch and LiteRT agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import NONE, RELU, RELU6, RELU_N1_TO_1, SAME, VALID, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from wwtool.compiler.package import compile_graph
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.errors import InputError
from wwtool.int8 import int16
from wwtool.int8.arithmetic import limits
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))

activations = st.sampled_from([NONE, NONE, RELU, RELU6, RELU_N1_TO_1])
factors = st.floats(-1.5, 1.5).map(lambda power: 10**power)
TYPES = ["uint8", "int16"]
# What LiteRT's reference kernels run of each type.
UNARY = {
    "uint8": ["LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1", "LEAKY_RELU", "HARD_SWISH"],
    "int16": ["LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "ABS", "NEG"],
}
BINARY = ["ADD", "SUB", "MUL", "PRELU", "MINIMUM", "MAXIMUM"]


def scale_of(draw: st.DrawFn, dtype: str, factor: float = 1.0) -> Scale:
    step = draw(st.sampled_from([26 / 255, 1 / 128, 0.7, 0.0235])) * factor
    if dtype == "int16":
        return Scale(float32(step / 256), 0)
    return Scale(float32(step), draw(st.one_of(st.sampled_from([0, 255, 128]), st.integers(0, 255))))


@st.composite
def unary(draw: st.DrawFn, dtype: str) -> Model:
    shape = (1, 4, 16)
    source = scale_of(draw, dtype)
    net = Net(shape, source, dtype)
    outputs = []
    for kind in UNARY[dtype] * 2:
        target = Scale(float32(source.scale * draw(factors)), scale_of(draw, dtype).zero_point)
        if draw(st.integers(0, 3)) == 0:
            target = Scale(source.scale, target.zero_point)
        if kind == "LOGISTIC":
            target = Scale(1 / 256 if dtype == "uint8" else 1 / 32768, 0)
        if kind == "TANH" and dtype == "int16":
            target = Scale(1 / 32768, 0)
        options: dict[str, Any] = {}
        if kind == "LEAKY_RELU":
            options = {"options_kind": "LeakyReluOptions", "alpha": float32(draw(st.floats(-2.0, 2.0)))}
        outputs.append(net.op(kind, [net.input], shape, target, dtype=dtype, **options))
    return net.pack(*outputs)


def run(models: st.SearchStrategy, rows: int = 4, examples: int = 4) -> None:
    @settings(some, max_examples=examples)
    @given(models)
    def check(content: Model) -> None:
        assert_engines_agree(content, rows=rows)

    check()


@pytest.mark.parametrize("dtype", TYPES)
def test_functions_of_one_tensor(dtype: str) -> None:
    run(unary(dtype), rows=6)


@pytest.mark.parametrize("scale", [2.0**-12, 2.0**-11, 10.3 / 32768, 1e-7, 0.9])
def test_every_int16(scale: float) -> None:
    every = np.arange(-(2**15), 2**15).astype(np.int16).reshape(1, -1)
    net = Net(every.shape, Scale(float32(scale), 0), "int16")
    unit, other = Scale(1 / 32768, 0), Scale(float32(scale * 1.7), 0)
    targets = {"LOGISTIC": unit, "TANH": unit, "ABS": other, "RELU6": other}
    outputs = [net.op(kind, [net.input], every.shape, to, dtype="int16") for kind, to in targets.items()]
    content = net.pack(*outputs)
    with NativeEngine(content) as native:
        for mine, expected in zip(native.run_all(every), LiteRtEngine(content).run_all(every), strict=True):
            assert np.array_equal(mine, expected)


@st.composite
def binary(draw: st.DrawFn, dtype: str) -> Model:
    """Functions of two tensors, of which one may be broadcast, a constant, a single number, or the other one again."""
    source = scale_of(draw, dtype)
    rank = draw(st.integers(1, 4))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank)))
    net = Net(shape, source, dtype)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    outputs = []
    for kind in (*BINARY, "ADD", "MUL", "SUB"):
        compare = kind in ("MINIMUM", "MAXIMUM")
        slopes = dtype if kind != "PRELU" or dtype == "uint8" else "int8"
        other = source if compare else Scale(float32(source.scale * draw(factors)), scale_of(draw, dtype).zero_point)
        smaller = tuple(size if draw(st.booleans()) else 1 for size in shape)[draw(st.integers(0, rank - 1)) :]
        form = draw(st.sampled_from(["constant", "number", "same"]))
        low, high = limits(slopes)
        if form == "same" and slopes == dtype:
            b = net.input
        else:
            size = (1,) * draw(st.integers(0, rank)) if form == "number" else smaller
            b = net.number(random.integers(low, high + 1, size).astype(slopes), other)
        a = net.input
        if draw(st.booleans()) and kind != "PRELU":
            a, b = b, a
        real = other.scale * (256 if dtype == "int16" else 1) if kind in ("MUL", "PRELU") else 1.0
        target = Scale(float32(max(source.scale * real * draw(factors), 1e-6)), scale_of(draw, dtype).zero_point)
        outputs.append(net.binary(kind, a, b, source if compare else target, draw(activations), dtype))
    return net.pack(*outputs)


@pytest.mark.parametrize("dtype", TYPES)
def test_functions_of_two_tensors(dtype: str) -> None:
    run(binary(dtype))


@st.composite
def pools_and_means(draw: st.DrawFn, dtype: str) -> Model:
    h, w, channels = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 5))
    source = scale_of(draw, dtype)
    net = Net((1, h, w, channels), source, dtype)
    outputs = []
    for kind in ["AVERAGE_POOL_2D", "MAX_POOL_2D"] * 3:
        kernel = draw(st.integers(1, h)), draw(st.integers(1, w))
        stride = draw(st.integers(1, 4)), draw(st.integers(1, 4))
        padding = draw(st.sampled_from([SAME, VALID]))
        outputs.append(net.pool(net.input, kernel, stride, padding, draw(activations), kind))
    for _ in range(4):
        axes = draw(st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True))
        target = Scale(float32(source.scale * draw(factors)), scale_of(draw, dtype).zero_point)
        target = draw(st.sampled_from([source, target]))
        outputs.append(net.mean(net.input, axes, draw(st.booleans()), target))
    return net.pack(*outputs)


@pytest.mark.parametrize("dtype", TYPES)
def test_pools_and_means(dtype: str) -> None:
    run(pools_and_means(dtype), rows=4)


@st.composite
def softmaxes(draw: st.DrawFn, dtype: str) -> Model:
    depth, rows = draw(st.sampled_from([1, 2, 3, 12, 200])), draw(st.integers(1, 3))
    net = Net((1, rows * depth), scale_of(draw, dtype, draw(factors)), dtype)
    x = net.reshape(net.input, (rows, depth))
    targets = {
        "uint8": [("uint8", Scale(1 / 256, 0)), ("int16", Scale(1 / 65536, -32768))],
        "int16": [("int16", Scale(1 / 32768, 0))],
    }
    outputs = [
        net.op("SOFTMAX", [x], (rows, depth), target, "SoftmaxOptions", made, beta=float32(beta))
        for beta in (1.0, 0.05, 3.0)
        for made, target in targets[dtype]
    ]
    return net.pack(*outputs)


def test_log_softmax_of_uint8() -> None:
    net = Net((1, 20), Scale(0.1, 30), "uint8")
    wide = net.quantize(net.input, Scale(1.0, 0), "uint8")
    y = [net.op("LOG_SOFTMAX", [x], (1, 20), Scale(1 / 16, 255), None, "uint8") for x in (net.input, wide)]
    assert_engines_agree(net.pack(*y), rows=20)


@pytest.mark.parametrize("dtype", TYPES)
def test_softmax(dtype: str) -> None:
    run(softmaxes(dtype), rows=3, examples=4)


@pytest.mark.parametrize("kind", ["ADD", "SUB"])
def test_scales_that_are_powers_of_two(kind: str) -> None:
    """Where the operator allows it, LiteRT shifts one of two int16 operands instead of multiplying both."""
    net = Net((1, 500), Scale(2.0**-9, 0), "int16")
    random = np.random.default_rng(2)
    number = net.number(random.integers(-(2**15), 2**15, (1, 500)).astype(np.int16), Scale(2.0**-12, 0))
    near = net.number(random.integers(-99, 99, (1, 500)).astype(np.int16), Scale(2.0**-9, 0))
    y = [
        net.binary(kind, a, b, Scale(2.0**-9, 0), activation, "int16", potScaleInt16=True)
        for a, b in ((net.input, number), (number, net.input), (net.input, near))
        for activation in (NONE, RELU6)
    ]
    if kind == "SUB":  # which can broadcast then, unlike ADD
        row = net.number(random.integers(-(2**15), 2**15, (1, 1)).astype(np.int16), Scale(2.0**-11, 0))
        y.append(net.binary(kind, net.input, row, Scale(2.0**-9, 0), NONE, "int16", potScaleInt16=True))
    assert_engines_agree(net.pack(*y))


def test_tables_of_int16() -> None:
    assert int16.sigmoid_table()[[0, 24, 255]].tolist() == [32768, 47911, 65535]
    assert int16.exponential_table()[[0, 512]].tolist() == [2, 32767]
    assert int16.inverse_table()[[0, 512]].tolist() == [32767, 16384]


def refused(net: Net, *outputs: int) -> str:
    with pytest.raises(InputError) as caught:
        compile_graph(parse_model(net.pack(*outputs)), "model")
    return str(caught.value)


def test_what_litert_does_not_run_is_refused() -> None:
    shape = (1, 4)

    def said(kind: str, dtype: str, out: Scale, source: float = 0.001, **options: Any) -> str:
        net = Net(shape, Scale(source, 0), dtype)
        return refused(net, net.op(kind, [net.input], shape, out, dtype=dtype, **options))

    half, unit = Scale(0.5, 0), Scale(1 / 32768, 0)
    for kind in ("HARD_SWISH", "RELU_N1_TO_1"):
        assert "of type int16; only int8, uint8" in said(kind, "int16", half)
    assert "of type uint8; only int8" in said("ABS", "uint8", half)
    assert "or uint8 with zero point 0" in said("LOGISTIC", "uint8", half)
    assert "output scale 1/32768" in said("LOGISTIC", "int16", half)
    assert "output scale 1/32768" in said("TANH", "int16", half)
    assert "below 5.3" in said("TANH", "int16", unit, 6.0)
    assert "output scale 1/32768" in said("SOFTMAX", "int16", half, options_kind="SoftmaxOptions", beta=1.0)
    assert "out of bounds" in said("SOFTMAX", "int16", unit, 4.0, options_kind="SoftmaxOptions", beta=1.0)
    assert "int16 zero point" in said("RELU", "int16", Scale(0.5, 1))
    net = Net(shape, half, "int16")
    other = net.number(np.ones(4, np.int16), Scale(0.25, 0))
    assert "export the model with pot_scale_int16 off" in refused(
        net, net.binary("ADD", net.input, other, half, dtype="int16", potScaleInt16=True)
    )
    net = Net(shape, half, "uint8")
    assert "mixes uint8 and int8" in refused(
        net, net.binary("ADD", net.input, net.number(np.ones(4, np.int8), half), half)
    )


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["int8", *TYPES])
def test_scales_that_no_float_can_divide_are_refused_without_a_warning(dtype: str) -> None:
    tiny, huge = float32(1e-45), float32(3e38)
    for kind in ("RELU", "RELU6", "MUL", "PRELU"):
        net = Net((1, 4), Scale(huge, 0), dtype)
        slopes = "int8" if kind == "PRELU" and dtype == "int16" else dtype
        if kind.startswith("RELU"):
            y = net.op(kind, [net.input], (1, 4), Scale(tiny, 0), None, dtype)
        else:
            y = net.binary(kind, net.input, net.number(np.ones(4, slopes), Scale(huge, 0)), Scale(tiny, 0), NONE, dtype)
        assert "output scale too small" in refused(net, y)
    net = Net((1, 4), Scale(float32(1e-30), 0), dtype)
    y = net.op("RELU6", [net.input], (1, 4), Scale(float32(1e-30), 0), None, dtype)
    assert "output scale too small" in refused(net, y)
