"""Reductions in random shapes, axes and scales: C, torch and LiteRT agree byte for byte."""

from __future__ import annotations

import numpy as np
import pytest
from graphs import SANITIZED, Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_elementwise import refused
from test_compiler_operators import scales, zero_points

from wwtool.engines.diff import compare
from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.engines.random_rows import random_rows
from wwtool.engines.torch_engine import TorchEngine
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))


def reduce(net: Net, kind: str, x: int, axes: list[int], keep: bool, scale: Scale) -> int:
    shape = np.empty(net.shapes[x], np.bool_).sum(axis=tuple(axes), keepdims=keep).shape
    inputs = [x, net.constant(np.asarray(axes, np.int32))]
    return net.op(kind, inputs, shape, scale, "ReducerOptions", net.types[x], keepDims=keep)


def arg(net: Net, kind: str, x: int, axis: int, dtype: str) -> int:
    shape = net.shapes[x]
    options = f"{kind.title().replace('_', '')}Options"
    code = {"int32": 2, "int64": 4}[dtype]  # of the schema
    return net.op(
        kind, [x, net.constant(np.asarray(axis, np.int32))], (*shape[:axis], *shape[axis + 1 :]), Scale(1.0, 0),
        options, dtype, outputType=code,
    )  # fmt: skip


@st.composite
def shapes_and_axes(draw: st.DrawFn) -> tuple[tuple[int, ...], list[tuple[list[int], bool]]]:
    rank = draw(st.integers(1, 4))
    shape = tuple(draw(st.lists(st.integers(1, 6), min_size=rank, max_size=rank)))
    choices = []
    for _ in range(5):
        axes = draw(st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank, unique=True))
        choices.append(([axis - rank * draw(st.booleans()) for axis in axes], draw(st.booleans())))
    return shape, choices


@st.composite
def extremes(draw: st.DrawFn) -> Model:
    shape, choices = draw(shapes_and_axes())
    source = draw(scales)
    dtype = draw(st.sampled_from(["int8", "int8", "uint8", "int32"]))
    source = Scale(source.scale, max(source.zero_point, 0)) if dtype == "uint8" else source
    net = Net(shape, source, dtype)
    outputs = []
    for axes, keep in choices:
        outputs.append(reduce(net, draw(st.sampled_from(["REDUCE_MAX", "REDUCE_MIN"])), net.input, axes, keep, source))
        axis = axes[0] % len(shape)
        outputs.append(
            arg(net, draw(st.sampled_from(["ARG_MAX", "ARG_MIN"])), net.input, axis,
                draw(st.sampled_from(["int32", "int64"])))
        )  # fmt: skip
    return net.pack(*outputs)


@some
@given(extremes())
def test_extremes_and_where_they_are(content: Model) -> None:
    assert_engines_agree(content, rows=4)


@pytest.mark.parametrize("dtype", ["int16", "bool"])
def test_extremes_of_other_types(dtype: str) -> None:
    net = Net((2, 3, 4), Scale(0.5, 0), dtype)
    kinds = ("REDUCE_MAX", "REDUCE_MIN") if dtype == "int16" else ("REDUCE_ANY", "REDUCE_ALL")
    outputs = [reduce(net, kind, net.input, [1], False, Scale(0.5, 0)) for kind in kinds]
    if dtype == "bool":
        outputs += [arg(net, kind, net.input, 2, "int32") for kind in ("ARG_MAX", "ARG_MIN")]
    assert_engines_agree(net.pack(*outputs), rows=6)


@st.composite
def products(draw: st.DrawFn) -> Model:
    """From products that vanish to those that saturate, at every number of factors."""
    shape, choices = draw(shapes_and_axes())
    source = Scale(float32(draw(st.sampled_from([0.005, 0.01, 0.02, 1.0]))), draw(zero_points))
    net = Net(shape, source)
    outputs = []
    for axes, keep in choices:
        count = int(np.prod([shape[axis] for axis in axes]))
        typical = (source.scale * 60) ** min(count, 12) / 100 * 10 ** draw(st.floats(-1, 1))
        output = Scale(float32(max(typical, 1e-12)), draw(zero_points))
        outputs.append(reduce(net, "REDUCE_PROD", net.input, axes, keep, output))
    return net.pack(*outputs)


@some
@given(products())
def test_products(content: Model) -> None:
    assert_engines_agree(content, rows=6)


@st.composite
def sums(draw: st.DrawFn) -> tuple[Model, Model]:
    """One model on int8, and the same on uint8: all numbers and zero points are 128 more."""
    shape, choices = draw(shapes_and_axes())
    source = draw(scales)
    outputs = []
    for axes, _ in choices:
        count = int(np.prod([shape[axis] for axis in axes]))
        factor = draw(st.sampled_from([0.3, 1.0, float(np.sqrt(count)), 100.0]))
        outputs.append(Scale(float32(source.scale * factor), draw(zero_points)))
    outputs[0] = source
    models = []
    for dtype, move in (("int8", 0), ("uint8", 128)):
        net = Net(shape, Scale(source.scale, source.zero_point + move), dtype)
        made = [
            reduce(net, "SUM", net.input, axes, keep, Scale(output.scale, output.zero_point + move))
            for (axes, keep), output in zip(choices, outputs, strict=True)
        ]
        models.append(net.pack(*made))
    return models[0], models[1]


@some
@given(sums())
def test_sums_of_int8_are_those_that_litert_has_of_uint8(models: tuple[Model, Model]) -> None:
    """LiteRT's reference kernel takes int8 for uint8, of which it has the right sums."""
    content, unsigned = models
    assert_engines_agree(unsigned)
    rows = random_rows(parse_model(content), 6)
    rows[0][0], rows[0][1] = -128, 127
    expected = LiteRtEngine(unsigned).run_all([(r.astype(np.int16) + 128).astype(np.uint8) for r in rows])
    with NativeEngine(content, flags=SANITIZED) as native:
        for engine in (native, TorchEngine(content)):
            for mine, theirs in zip(engine.run_all(rows), expected, strict=True):
                assert np.array_equal(mine.astype(np.int16) + 128, theirs)


def test_sums_are_not_compared_with_litert() -> None:
    net = Net((1, 4), Scale(0.5, 0))
    content = net.pack(reduce(net, "SUM", net.input, [1], True, Scale(0.5, 0)))
    with pytest.raises(InputError, match="reference kernel reads as uint8"):
        compare(content, np.zeros((1, 4), np.int8))


def test_what_is_refused() -> None:
    net = Net((1, 4), Scale(40.0, 0))
    assert "scale too small" in refused(net, reduce(net, "REDUCE_PROD", net.input, [1], True, Scale(1e-12, 0)))
    net = Net((1, 4), Scale(0.5, 0))
    assert "does not fit its axis" in refused(
        net,
        net.op("ARG_MAX", [net.input, net.constant(np.asarray(1, np.int32))], (4,), Scale(1.0, 0),
               "ArgMaxOptions", "int32", outputType=2),
    )  # fmt: skip
    net = Net((1, 4), Scale(0.5, 0))
    assert "converts int8 to int8; the supported types are bool" in refused(
        net, reduce(net, "REDUCE_ANY", net.input, [1], True, Scale(0.5, 0))
    )
