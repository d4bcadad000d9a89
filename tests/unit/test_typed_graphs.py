"""Graphs of uint8 and int16: joins that change scales, state, and whole networks; all engines agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from graphs import NONE, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from random_graphs import check_memory

from wwtool.compiler.package import compile_graph
from wwtool.compiler.reader import parse_model
from wwtool.errors import InputError
from wwtool.models.quantized import Scale

Draw = Callable[[st.SearchStrategy], object]
some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
TYPES = ["uint8", "int16"]


@st.composite
def joins(draw: Draw, dtype: str) -> Model:
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
    @settings(some, max_examples=12)
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
