"""Types other than int8: QUANTIZE and DEQUANTIZE between them, inputs and outputs of all of them, their movements."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_movement import movements

from wwtool.compiler.package import compile_graph
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.engines.torch_engine import TorchEngine
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))

TARGETS = {
    "float32": ("int8", "uint8", "int16"),
    "int8": ("int8", "uint8", "int16"),
    "uint8": ("int8", "uint8", "int16"),
    "int16": ("int8", "int16", "int32"),
    "int32": ("int8", "int16"),
}


def zero_point(draw: st.DrawFn, dtype: str) -> int:
    if dtype in ("float32", "int16"):
        return 0
    limits = np.iinfo("int16" if dtype == "int32" else dtype)
    return draw(st.one_of(st.sampled_from([limits.min, limits.max, 0]), st.integers(limits.min, limits.max)))


@st.composite
def conversions(draw: st.DrawFn) -> Model:
    """Every conversion from an input of every type, and what comes out turned into floats again."""
    width = 33
    net = Net((1, width), Scale(0.5, zero_point(draw, "int8")))
    outputs = []
    for source, targets in TARGETS.items():
        scale = float32(10 ** draw(st.floats(-4.0, 1.0)))
        x = net.input
        if source != "int8":
            x = net.add_input((1, width), Scale(scale, zero_point(draw, source)), source)
        span = {"float32": 0.05, "int32": 1e7, "int16": 100.0}.get(source, 1.0) * net.scales[x].scale
        for target in targets:
            factor = 10 ** draw(st.floats(-1.0, 1.0)) * (0.01 if target == "int16" else 1.0)
            span = 0.1 if source == "float32" else span
            # No multiplier above 1 for int32, whose products LiteRT lets overflow.
            y = net.quantize(x, Scale(float32(max(span * factor, 1e-6)), zero_point(draw, target)), target)
            outputs.append(net.dequantize(y) if target != "int32" and draw(st.booleans()) else y)
    return net.pack(*outputs)


@some
@given(conversions())
def test_conversions(content: Model) -> None:
    assert_engines_agree(content, rows=5)


def test_floats_that_lie_between_two_steps_or_beyond_all() -> None:
    """Halves go away from zero. LiteRT leaves to the machine what no int32 holds; here it is cut off."""
    net = Net((1, 4), Scale(0.5, 0), "float32")
    content = net.pack(net.quantize(net.input, Scale(0.5, 3)), net.quantize(net.input, Scale(2.0, 100), "uint8"))
    halves = np.asarray([[0.25, -0.25, 0.75, -0.75], [1e3, -1e3, 64.0, -64.0]], np.float32)
    wild = np.asarray([[np.inf, -np.inf, 3e38, -3e38], [np.nan, 1e10, -1e10, 0.0]], np.float32)
    with NativeEngine(content) as native:
        first, second = native.run_all(halves)
        assert first.tolist() == [[4, 2, 5, 1], [127, -128, 127, -125]]
        assert second.tolist() == [[100, 100, 100, 100], [255, 0, 132, 68]]
        first, second = native.run_all(wild)
    assert first.tolist() == [[127, -128, 127, -128], [-128, 127, -128, 3]]
    assert second.tolist() == [[255, 0, 255, 0], [0, 255, 0, 100]]


def test_floats_right_between_two_steps() -> None:
    """Whether LiteRT divides by the scale or multiplies by its inverse is seen here."""
    random, scale = np.random.default_rng(0), float32(0.0371)
    border = ((random.integers(-100, 100, (3, 4000)) + 0.5) * scale).astype(np.float32)
    near = (border.view(np.int32) + random.integers(-1, 2, border.shape)).astype(np.int32).view(np.float32)
    net = Net((1, 4000), Scale(scale, 0), "float32")
    content = net.pack(net.quantize(net.input, Scale(scale, 0)))
    with NativeEngine(content) as native:
        assert np.array_equal(native.run(near), LiteRtEngine(content).run(near))
    assert np.array_equal(TorchEngine(content).run(near), LiteRtEngine(content).run(near))


@settings(some, max_examples=4)
@given(st.sampled_from(["int16", "int32", "float32", "uint8"]).flatmap(movements))
def test_movements_of_every_type(content: Model) -> None:
    assert_engines_agree(content)


@pytest.mark.parametrize(("source", "target"), [("int32", "uint8"), ("float32", "int32"), ("int16", "uint8")])
def test_conversions_that_litert_has_not_are_refused(source: str, target: str) -> None:
    net = Net((1, 4), Scale(0.5, 0), source)
    with pytest.raises(
        InputError, match=f"converts {source} to {target}; the supported conversions are float32 to int8"
    ):
        compile_graph(parse_model(net.pack(net.quantize(net.input, Scale(0.5, 0), target))), "model")


def test_types_that_an_operator_does_not_take_are_refused() -> None:
    for source in ("int32",):
        net = Net((1, 4), Scale(0.5, 0), source)
        y = net.op("ADD", [net.input, net.input], (1, 4), Scale(0.5, 0), "AddOptions", source)
        with pytest.raises(
            InputError, match=rf"operator 0 \(ADD\) uses tensor 0 .* type {source}; only int8, uint8, int16"
        ):
            compile_graph(parse_model(net.pack(y)), "model")
    net = Net((1, 4), Scale(0.5, 3), "int16")
    with pytest.raises(InputError, match="int16 zero point"):
        compile_graph(parse_model(net.pack(net.dequantize(net.input))), "model")
