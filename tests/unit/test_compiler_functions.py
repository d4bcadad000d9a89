"""Further functions of one and two tensors in random shapes and scales: C, torch and LiteRT agree byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from graphs import Model, Net, assert_engines_agree, float32
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_elementwise import refused
from test_compiler_operators import scales, zero_points

from wwtool.engines.litert import LiteRtEngine
from wwtool.engines.native import NativeEngine
from wwtool.engines.torch_engine import TorchEngine
from wwtool.int8.float_tables import inverse_root
from wwtool.models.quantized import Scale

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
RELATIONS = ["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]
below_one = st.builds(Scale, st.sampled_from([0.9, 0.1, 0.0235, 1 / 256, 3e-6]).map(float32), zero_points)


def relation(net: Net, kind: str, a: int, b: int) -> int:
    shape = np.broadcast_shapes(net.shapes[a], net.shapes[b])
    table = "".join(part.title() for part in kind.split("_")) + "Options"
    return net.op(kind, [a, b], shape, Scale(1.0, 0), table, "bool")


@st.composite
def functions(draw: st.DrawFn) -> Model:
    """Over all int8 values; those of roots start at the zero point, below which LiteRT gives up."""
    source = draw(scales)
    net = Net((1, 64), source)
    positive = net.quantize(net.input, Scale(draw(st.sampled_from([0.1, 3e-4, 2.0]).map(float32)), -128))
    outputs = []
    for kind in ("EXP", "GELU", "GELU", "LOG", "SQRT", "RSQRT"):
        x = positive if kind in ("SQRT", "RSQRT") else net.input
        target = Scale(float32(10 ** draw(st.floats(-3.0, 1.0))), draw(zero_points))
        table = {"EXP": "ExpOptions", "GELU": "GeluOptions"}.get(kind)
        options: dict[str, Any] = {"approximate": draw(st.booleans())} if kind == "GELU" else {}
        outputs.append(net.op(kind, [x], (1, 64), target, table, **options))
    return net.pack(*outputs)


@settings(some, max_examples=6)
@given(functions())
def test_functions_of_one_tensor(content: Model) -> None:
    assert_engines_agree(content, rows=9)


@pytest.mark.parametrize("scale", [0.02, 0.0371, 0.5])
def test_elu(scale: float) -> None:
    """LiteRT's reference kernels have none; its only kernel is among those that it runs by default."""
    net = Net((1, 256), Scale(float32(scale), 40))
    content = net.pack(*(net.op("ELU", [net.input], (1, 256), Scale(float32(s), -20)) for s in (scale, 0.01)))
    rows = np.arange(-128, 128).astype(np.int8).reshape(1, 256)
    default = Interpreter(
        model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    default.allocate_tensors()
    default.set_tensor(net.input, rows)
    default.invoke()
    expected = [default.get_tensor(port["index"]) for port in default.get_output_details()]
    with NativeEngine(content) as native:
        for engine in (native, TorchEngine(content)):
            for mine, theirs in zip(engine.run_all(rows), expected, strict=True):
                assert np.array_equal(mine, theirs.reshape(mine.shape))


@st.composite
def lengths(draw: st.DrawFn) -> Model:
    depth, rows = draw(st.sampled_from([1, 2, 3, 16, 300])), draw(st.integers(1, 4))
    net = Net((1, rows, depth), draw(scales))
    x = net.quantize(net.input, draw(scales))
    return net.pack(
        *(net.op("L2_NORMALIZATION", [t], (1, rows, depth), Scale(1 / 128, 0), "L2NormOptions") for t in (net.input, x))
    )


@some
@given(lengths())
def test_l2_normalization(content: Model) -> None:
    assert_engines_agree(content, rows=6)


def test_rows_of_next_to_nothing() -> None:
    """Sums of squares of 0, 1, 2 and so on."""
    net = Net((1, 40, 1), Scale(0.5, -3))
    content = net.pack(net.op("L2_NORMALIZATION", [net.input], (1, 40, 1), Scale(1 / 128, 0), "L2NormOptions"))
    rows = (np.arange(40) - 20).astype(np.int8).reshape(1, 40, 1)
    expected = LiteRtEngine(content).run(rows)
    assert np.array_equal(TorchEngine(content).run(rows), expected)
    with NativeEngine(content) as native:
        assert np.array_equal(native.run(rows), expected)


@pytest.mark.parametrize("x", [2, 3, 4, 100, 65025, 2**27, 2**29, 2**31 - 1])
def test_the_inverse_root_is_one(x: int) -> None:
    mantissa, shift = inverse_root(x)
    assert mantissa * 2.0 ** (shift - 31) == pytest.approx(x**-0.5, rel=2e-6)


@st.composite
def pairs(draw: st.DrawFn) -> Model:
    """Comparisons, choices and differences of tensors of which one may be broadcast, a constant, or the other again."""
    source, rank = draw(below_one), draw(st.integers(1, 4))
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=rank, max_size=rank)))
    net = Net(shape, source)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    other = net.quantize(net.input, draw(below_one))
    smaller = tuple(size if draw(st.booleans()) else 1 for size in shape)[draw(st.integers(0, rank - 1)) :]
    constant = net.number(random.integers(-128, 128, smaller, np.int8), draw(below_one))
    tensors = [other, constant, net.input]
    conditions = []
    for kind in RELATIONS:
        a, b = net.input, draw(st.sampled_from(tensors))
        conditions.append(relation(net, kind, *((b, a) if draw(st.booleans()) else (a, b))))
    both = net.op("LOGICAL_AND", conditions[:2], shape, Scale(1.0, 0), "LogicalAndOptions", "bool")
    either = net.op("LOGICAL_OR", conditions[2:4], shape, Scale(1.0, 0), "LogicalOrOptions", "bool")
    neither = net.op("LOGICAL_NOT", [either], shape, Scale(1.0, 0), "LogicalNotOptions", "bool")
    same = net.number(random.integers(-128, 128, smaller, np.int8), source)
    chosen = net.move("SELECT_V2", [both, net.input, same], shape, net.input, "SelectV2Options")
    plain = net.move("SELECT", [neither, chosen, net.input], shape, net.input, "SelectOptions")
    outputs = [*conditions, both, neither, chosen, plain]
    for b in tensors:
        scale = max(source.scale, net.scales[b].scale)
        target = Scale(float32(scale**2 * draw(st.sampled_from([0.05, 1.0, 80.0]))), draw(zero_points))
        outputs.append(
            net.op("SQUARED_DIFFERENCE", [net.input, b], shape, target, "SquaredDifferenceOptions")
        )  # fmt: skip
    return net.pack(*outputs)


@settings(some, max_examples=6)
@given(pairs())
def test_functions_of_two_tensors(content: Model) -> None:
    assert_engines_agree(content, rows=5)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool"])
def test_comparisons_of_other_types(dtype: str) -> None:
    net = Net((2, 3), Scale(0.5, 0), dtype)
    other = net.add_input((3,), Scale(0.25, 0), dtype)
    kinds = RELATIONS[:2] if dtype == "bool" else RELATIONS
    found = [relation(net, kind, net.input, other) for kind in kinds]
    chosen = net.move("SELECT_V2", [found[0], net.input, other], (2, 3), net.input, "SelectV2Options")
    assert_engines_agree(net.pack(*found, chosen), rows=6)


def test_a_condition_for_every_slice() -> None:
    net = Net((3, 2, 2), Scale(0.5, 0))
    condition = net.add_input((3,), Scale(1.0, 0), "bool")
    other = net.number(np.arange(12, dtype=np.int8).reshape(3, 2, 2), Scale(0.5, 0))
    assert_engines_agree(
        net.pack(net.move("SELECT", [condition, net.input, other], (3, 2, 2), net.input, "SelectOptions")), rows=6
    )


@st.composite
def products(draw: st.DrawFn) -> Model:
    """Matrices as they are and transposed, batches that are broadcast, constants on either side."""
    rows, columns, depth = (draw(st.integers(1, 5)) for _ in range(3))
    batches = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    adjoint = draw(st.booleans()), draw(st.booleans())
    left = (*batches, *((depth, rows) if adjoint[0] else (rows, depth)))
    fewer = tuple(n if draw(st.booleans()) else 1 for n in batches)[draw(st.integers(0, 1)) :]
    right = (*fewer, *((columns, depth) if adjoint[1] else (depth, columns)))
    source, other = draw(scales), draw(scales)
    net = Net(left, source)
    values = np.random.default_rng(draw(st.integers(0, 99))).integers(-128, 128, right, np.int8)
    sides = [net.add_input(right, other), net.number(values, other)]
    outputs = []
    for side in sides:
        typical = source.scale * other.scale * 3000 * np.sqrt(depth) / 10 ** draw(st.floats(0.0, 3.0))
        target = Scale(float32(max(typical, 1e-9)), draw(zero_points))
        outputs.append(
            net.op("BATCH_MATMUL", [net.input, side], (*batches, rows, columns), target, "BatchMatMulOptions",
                   adjX=adjoint[0], adjY=adjoint[1])
        )  # fmt: skip
    return net.pack(*outputs)


@settings(some, max_examples=6)
@given(products())
def test_batch_matmul(content: Model) -> None:
    assert_engines_agree(content, rows=4)


def test_what_is_refused() -> None:
    def said(kind: str, other: tuple[int, ...], to: tuple[int, ...], scale: Scale, dtype: str = "int8") -> str:
        net = Net((2, 4), scale)
        inputs = [net.input, net.number(np.ones(other, np.int8), scale)]
        return refused(net, net.op(kind, inputs, to, Scale(1e-9, 0), None, dtype))

    half = Scale(0.5, 0)
    assert "a single scale below 1" in said("EQUAL", (4,), (2, 4), Scale(1.0, 0), "bool")
    assert "compares int8 with int8" in said("EQUAL", (4,), (2, 4), half)
    assert "combines the shapes [2, 4] and [3]" in said("LESS", (3,), (2, 3), half, "bool")
    assert "output scale too small" in said("SQUARED_DIFFERENCE", (4,), (2, 4), half)
    assert "multiplies [2, 4] by [3, 2]" in said("BATCH_MATMUL", (3, 2), (2, 2), half)
    assert "types other than bool" in said("LOGICAL_AND", (4,), (2, 4), half)
    net = Net((1, 4), half)
    assert "output scale 1/128" in refused(net, net.op("L2_NORMALIZATION", [net.input], (1, 4), half, "L2NormOptions"))
