"""Graphs of uint8 and int16: joins that change scales, state, and whole networks; all engines agree."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import NONE, RELU, RELU6, SAME, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_graphs import check_memory
from random_typed_graphs import TypedNet, typed_graphs

from wwtool.compiler.package import compile_graph
from wwtool.compiler.targets import TARGETS, Target
from wwtool.engines.machines import emulated
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
TYPES = ["uint8", "int16"]


@st.composite
def joins(draw: st.DrawFn, dtype: str) -> Model:
    """CONCATENATION of tensors of several scales along every axis, computed, constant and given."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=2, max_size=4)))
    scales = [Scale(float32(0.02 * 10 ** draw(st.floats(-1, 1))), draw(st.integers(0, 255))) for _ in range(4)]
    if dtype == "int16":
        scales = [Scale(s.scale, 0) for s in scales]
    net = Net(shape, scales[0], dtype)
    random = np.random.default_rng(draw(st.integers(0, 99)))
    numbers = random.integers(0, 256, shape).astype(dtype)
    parts = [net.input, net.quantize(net.input, scales[1], dtype), net.number(numbers, scales[2])]
    parts.append(net.op("RELU", [net.input], shape, scales[3], None, dtype))
    outputs = []
    for axis in range(len(shape)):
        chosen = draw(st.lists(st.sampled_from(parts), min_size=1, max_size=4))
        joined = list(shape)
        joined[axis] *= len(chosen)
        scale = draw(st.sampled_from(scales))
        constants = [p for p in chosen if p == parts[2]]
        if len(constants) == len(chosen):
            chosen[0] = net.input
        outputs.append(net.op("CONCATENATION", chosen, tuple(joined), scale, "ConcatenationOptions", dtype, axis=axis))
    return net.pack(*outputs)


@pytest.mark.parametrize("dtype", TYPES)
def test_joins_of_several_scales(dtype: str) -> None:
    @settings(some, max_examples=5)
    @given(joins(dtype))
    def check(content: Model) -> None:
        assert_engines_agree(content)
        check_memory(compile_graph(parse_model(content), "model"))

    check()


def test_constants_of_several_scales_are_joined_beforehand() -> None:
    net = Net((1, 3), Scale(0.1, 9), "uint8")
    numbers = [net.number(np.asarray([[0, 100, 255]], np.uint8), Scale(scale, 7)) for scale in (0.1, 0.25)]
    joined = net.op("CONCATENATION", numbers, (1, 6), Scale(0.1, 7), "ConcatenationOptions", "uint8", axis=1)
    first = net.crop(joined, [0, 3], [1, 3])
    y = net.binary("ADD", net.input, first, Scale(0.2, 0), NONE, "uint8")
    assert_engines_agree(net.pack(y))


def test_int8_of_several_scales_are_not_joined() -> None:
    net = Net((1, 3), Scale(0.1, 9))
    other = net.quantize(net.input, Scale(0.2, 9))
    joined = net.op("CONCATENATION", [net.input, other], (1, 6), Scale(0.1, 9), "ConcatenationOptions", axis=1)
    with pytest.raises(InputError, match="different types or scales"):
        compile_graph(parse_model(net.pack(joined)), "model")


@pytest.mark.parametrize("dtype", TYPES)
def test_random_graphs(dtype: str) -> None:
    @settings(some, max_examples=4)
    @given(typed_graphs(dtype), st.integers(0, 99))
    def check(content: Model, seed: int) -> None:
        assert_engines_agree(content, rows=4, seed=seed)

    check()


@pytest.mark.parametrize("dtype", TYPES)
def test_memory_is_not_written_over_before_it_is_read(dtype: str) -> None:
    @settings(some, max_examples=20)
    @given(typed_graphs(dtype))
    def check(content: Model) -> None:
        for target in TARGETS:
            check_memory(compile_graph(parse_model(content), "model", target))

    check()


def network(dtype: str, floats: bool = True) -> Model:
    """A small keyword spotter as converters make it: features in, a depthwise-separable network, a softmax."""
    random = np.random.default_rng(7)
    wide = dtype == "int16"

    def scale(real: float) -> Scale:
        """That of a tensor that reaches from 0, or -real, to real."""
        return Scale(float32(real / 32768), 0) if wide else Scale(float32(2 * real / 255), 128)

    net = TypedNet((1, 49, 10, 1), scale(3.0), dtype)
    x = net.input

    def conv(x: int, kernel: tuple[int, int], made: int, stride: int, depthwise: bool) -> int:
        depth = net.shapes[x][3]
        shape = (1, *kernel, depth) if depthwise else (made, *kernel, depth)
        weights = np.clip(random.normal(0, 40, shape), -127, 127).astype(np.int8)
        bias = random.integers(-2000, 2000, depth if depthwise else made).astype(np.int32)
        steps = np.full(len(bias), 0.01, np.float32) * random.uniform(0.5, 1.5, len(bias)).astype(np.float32)
        return net.conv(x, weights, bias, steps, scale(6.0), (stride, stride), (1, 1), SAME, RELU6, depthwise)

    x = conv(x, (10, 4), 12, 2, False)
    for _ in range(2):
        kept = x
        x = conv(conv(x, (3, 3), 12, 1, True), (1, 1), 12, 1, False)
        x = net.binary("ADD", x, kept, scale(8.0), RELU, dtype)
    x = net.pool(x, (25, 5), (1, 1), 1, NONE)
    x = net.reshape(x, (1, 12))
    weights = random.integers(-127, 128, (8, 12)).astype(np.int8)
    x = net.dense(x, weights, random.integers(-99, 99, 8).astype(np.int32), 0.02, scale(20.0))
    return net.pack(
        net.op("SOFTMAX", [x], (1, 8), Scale(1 / 32768 if wide else 1 / 256, 0), "SoftmaxOptions", dtype, beta=1.0),
        net.op("LOGISTIC", [x], (1, 8), Scale(1 / 32768 if wide else 1 / 256, 0), None, dtype),
        net.dequantize(x) if floats else net.quantize(x, Scale(0.25, 3), "int8"),
    )


@pytest.mark.parametrize("dtype", TYPES)
def test_a_whole_network(dtype: str) -> None:
    assert_engines_agree(network(dtype), rows=4)


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m0plus", "xtensa"])
@pytest.mark.parametrize("dtype", TYPES)
def test_on_an_emulated_core(dtype: str, core: Target) -> None:
    machine = emulated(core)
    if not machine.available:
        pytest.skip(f"{machine.compiler} or {machine.emulator[0]} is not installed")
    assert_engines_agree(network(dtype, floats=core != "xtensa"), rows=3, machine=machine)
