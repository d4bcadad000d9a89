"""What is constant in fact: the arithmetic of shapes, constants that are moved, and dimensions that are left open."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import RELU6, SAME, Model, Net, assert_engines_agree
from hypothesis import Phase, given, settings
from random_graphs import random_graphs
from test_reader import edited

from wwtool.compiler.lowering import lower
from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

NUMBER = Scale(0.0, 0)
SCALE = Scale(0.1, 3)


class Plain(Net):
    """A net with plain numbers beside its quantized tensors."""

    def plain(self, values: Any, dtype: str = "int32") -> int:
        data = np.asarray(values, dtype)
        index = self.constant(data)
        self.shapes[index], self.types[index] = data.shape, dtype
        return index

    def fold(self, kind: str, inputs: list[int], shape: tuple[int, ...], dtype: str = "int32", **options: Any) -> int:
        """An operator on plain numbers; ``options`` with the name of their table as ``table``."""
        table = options.pop("table", None)
        y = self.main.activation(f"f{len(self.shapes)}", shape, None, dtype)
        self.shapes[y], self.types[y] = shape, dtype
        self.main.operator(kind, inputs, [y], table, **options)
        return y

    def shape_of(self, x: int) -> int:
        return self.fold("SHAPE", [x], (len(self.shapes[x]),), table="ShapeOptions", outType=2)

    def part(self, x: int, first: int) -> int:
        """One number of a vector."""
        bounds = [self.plain([n]) for n in (first, first + 1, 1)]
        return self.fold("STRIDED_SLICE", [x, *bounds], (), table="StridedSliceOptions", shrinkAxisMask=1)

    def pack_numbers(self, numbers: list[int]) -> int:
        return self.fold("PACK", numbers, (len(numbers),), table="PackOptions", valuesCount=len(numbers), axis=0)

    def reshape_to(self, x: int, dims: int, shape: tuple[int, ...]) -> int:
        return self.move("RESHAPE", [x, dims], shape, x, "ReshapeOptions")


def left_open(content: bytes) -> bytes:
    """The model with every shape that follows from others left open: ones, and -1 where the file has a signature."""

    def edit(model: Any) -> None:
        graph = model.subgraphs[0]
        given = {*graph.inputs, *(i for op in graph.operators for i in op.inputs)} - {
            i for op in graph.operators for i in op.outputs
        }
        for index, tensor in enumerate(graph.tensors):
            rank = len(tensor.shape)
            computed = index not in given and model.buffers[tensor.buffer].data is None
            if computed and rank and 0 not in tensor.shape:
                tensor.shape, tensor.shapeSignature = np.ones(rank, np.int32), np.full(rank, -1, np.int32)

    return edited(edit, content)


def flatten(net: Plain, x: int) -> int:
    """As Keras has it exported."""
    batch, size = net.shapes[x][0], int(np.prod(net.shapes[x][1:]))
    dims = net.pack_numbers([net.part(net.shape_of(x), 0), net.plain(-1)])
    return net.reshape_to(x, dims, (batch, size))


def dense_over_the_last_axis(net: Plain, x: int) -> int:
    """As Keras has a Dense layer on more than two dimensions exported."""
    shape = net.shapes[x]
    whole = net.shape_of(x)
    outer = net.fold("GATHER", [whole, net.plain(range(len(shape) - 1))], (len(shape) - 1,), table="GatherOptions")
    rows = net.fold("REDUCE_PROD", [outer, net.plain([0])], (), table="ReducerOptions")
    depth = net.fold("GATHER", [whole, net.plain([len(shape) - 1])], (1,), table="GatherOptions")
    depth = net.fold("REDUCE_PROD", [depth, net.plain([0])], (), table="ReducerOptions")
    flat = net.reshape_to(x, net.pack_numbers([rows, depth]), (int(np.prod(shape[:-1])), shape[-1]))
    weights = np.arange(3 * shape[-1], dtype=np.int8).reshape(3, shape[-1])
    y = net.dense(flat, weights, np.arange(3, dtype=np.int32), 0.02, SCALE)
    to = net.fold("CONCATENATION", [outer, net.plain([3])], (len(shape),), table="ConcatenationOptions", axis=0)
    return net.reshape_to(y, to, (*shape[:-1], 3))


def repeated(net: Plain, x: int, axis: int, times: int) -> int:
    """As Keras has UpSampling along an axis exported: an axis behind it, repeated."""
    shape = net.shapes[x]
    apart = (*shape[: axis + 1], 1, *shape[axis + 1 :])
    y = net.move("EXPAND_DIMS", [x, net.plain(axis + 1)], apart, x, "ExpandDimsOptions")
    counts = [times if n == axis + 1 else 1 for n in range(len(apart))]
    tiled = tuple(a * b for a, b in zip(apart, counts, strict=True))
    y = net.move("TILE", [y, net.plain(counts)], tiled, x, "TileOptions")
    joined = (*shape[:axis], shape[axis] * times, *shape[axis + 1 :])
    product = net.fold("MUL", [net.part(net.shape_of(x), axis), net.plain(times)], (), table="MulOptions")
    dims = [net.part(net.shape_of(x), n) if n != axis else product for n in range(len(shape))]
    return net.reshape_to(y, net.pack_numbers(dims), joined)


def broadcast(net: Plain, x: int) -> int:
    """The means of a picture's channels, over the whole of it."""
    y = net.mean(x, [1, 2], True, SCALE)
    return net.move("BROADCAST_TO", [y, net.shape_of(x)], net.shapes[x], y, "BroadcastToOptions")


def zeros_beside(net: Plain, x: int) -> int:
    shape = (*net.shapes[x][:-1], 2)
    dims = net.pack_numbers([*(net.part(net.shape_of(x), n) for n in range(3)), net.plain(2)])
    value = net.number(np.asarray(5, np.int8), net.scales[x])
    return net.concatenate([x, net.move("FILL", [dims, value], shape, x, "FillOptions")], 3)


KERAS = {
    "flatten": flatten,
    "dense": dense_over_the_last_axis,
    "rows": lambda net, x: repeated(net, x, 1, 2),
    "both": lambda net, x: repeated(net, repeated(net, x, 1, 3), 2, 2),
    "broadcast": broadcast,
    "zeros": zeros_beside,
    "gather": lambda net, x: net.move(
        "GATHER", [x, net.plain([3, 1, 0, 2, 2])], (1, 4, 5, 2), x, "GatherOptions", axis=2
    ),
}


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("kind", KERAS)
def test_what_keras_exports(kind: str, opened: bool) -> None:
    net = Plain((1, 4, 5, 3), SCALE)
    weights = np.random.default_rng(0).integers(-127, 128, (2, 3, 2, 3), np.int8)
    x = net.conv(net.input, weights, np.arange(2, dtype=np.int32), 0.02, SCALE, padding=SAME)
    y = KERAS[kind](net, x)
    y = net.op("TANH", [y], net.shapes[y], Scale(1 / 128, 0))
    content: bytes = net.pack(y)
    content = left_open(content) if opened else content
    graph = parse_model(content)
    assert graph.tensor(y).shape == net.shapes[y]
    assert not any(call.kind in ("SHAPE", "MUL", "PACK") for call in lower(graph).calls)
    assert_engines_agree(content)


@settings(max_examples=40, deadline=None, derandomize=True, database=None, phases=(Phase.explicit, Phase.generate))
@given(random_graphs())
def test_shapes_that_are_left_open_follow(content: Model) -> None:
    """Of everything that compiles: the same shapes, and the same C."""
    graph, opened = parse_model(content), parse_model(left_open(content))
    assert [t.shape for t in opened.tensors] == [t.shape for t in graph.tensors]
    one, other = (compile_graph(g, "model").files["model_weights.c"] for g in (graph, opened))
    assert one == other


def numbers(dtype: str = "int32", shape: tuple[int, ...] = (2, 3), seed: int = 0, low: int = -9) -> np.ndarray:
    random = np.random.default_rng(seed)
    values = random.integers(low, 10, shape)
    values[values == 0] = 1
    return values.astype(dtype) if dtype != "float32" else (values / 4).astype(dtype)


PAIRS = {
    "ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions", "FLOOR_DIV": "FloorDivOptions",
    "FLOOR_MOD": "FloorModOptions", "MINIMUM": "MaximumMinimumOptions", "MAXIMUM": "MaximumMinimumOptions",
    "SQUARED_DIFFERENCE": "SquaredDifferenceOptions",
}  # fmt: skip
COMPARISONS = ["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"]
FLOATS = {"FLOOR": None, "SQRT": None, "SQUARE": "SquareOptions", "NEG": "NegOptions",
          "ABS": "AbsOptions"}  # fmt: skip


def assert_folded(net: Plain, *outputs: int) -> None:
    """Outputs of plain numbers are constants, and LiteRT's."""
    outputs = tuple(
        y if net.types[y] in ("int32", "float32") else net.fold("CAST", [y], net.shapes[y], table="CastOptions")
        for y in outputs
    )
    content = net.pack(*outputs, net.op("RELU", [net.input], (1, 4), SCALE))
    calls = lower(parse_model(content)).calls
    assert [call.function for call in calls] == [*["ww_copy_rows"] * len(outputs), "ww_lookup"]
    assert_engines_agree(content)


@pytest.mark.parametrize("dtype", ["int32", "int64", "float32"])
@pytest.mark.parametrize("kind", PAIRS)
def test_pairs_of_numbers(kind: str, dtype: str) -> None:
    wide = ("DIV", "SQUARED_DIFFERENCE", "FLOOR_DIV")
    if (kind, dtype) in {("FLOOR_MOD", "float32"), *((kind, "int64") for kind in wide)}:
        pytest.skip("LiteRT has no such kernel, or its own remainder")
    net = Plain((1, 4), SCALE)
    divisors = np.asarray([0.5, -2, 4], np.float32) if "DIV" in kind and dtype == "float32" else numbers(dtype, (3,), 1)
    a, b = net.plain(numbers(dtype), dtype), net.plain(divisors, dtype)
    assert_folded(net, net.fold(kind, [a, b], (2, 3), dtype, table=PAIRS[kind]))


@pytest.mark.parametrize("kind", COMPARISONS)
def test_comparisons(kind: str) -> None:
    net = Plain((1, 4), SCALE)
    a, b = net.plain([1, 2, 3]), net.plain([3, 2, 1])
    less = net.fold(kind, [a, b], (3,), "bool", table=f"{kind.title().replace('_', '')}Options")
    other = net.fold("LOGICAL_NOT", [less], (3,), "bool", table="LogicalNotOptions")
    both = net.fold("LOGICAL_AND", [less, other], (3,), "bool", table="LogicalAndOptions")
    either = net.fold("LOGICAL_OR", [both, less], (3,), "bool", table="LogicalOrOptions")
    chosen = net.fold("SELECT_V2", [either, a, net.plain(7)], (3,), table="SelectV2Options")
    assert_folded(net, less, either, chosen, net.fold("SELECT", [less, a, b], (3,), table="SelectOptions"))


@pytest.mark.parametrize("kind", FLOATS)
def test_functions_of_floats(kind: str) -> None:
    net = Plain((1, 4), SCALE)
    values = [0.5, 1.5, 2.5, 7.25, 100.75] if kind == "SQRT" else [-2.5, -1.5, -0.25, 0.5, 2.5, 3.75]
    x = net.plain(values, "float32")
    y = net.fold(kind, [x], (len(values),), "float32", table=FLOATS[kind])
    assert_folded(net, y, net.fold("CAST", [y], (len(values),), table="CastOptions"))


def test_rounding() -> None:
    """CEIL and ROUND, which LiteRT's reference kernels lack: halves go to the even number."""
    net = Plain((1, 4), SCALE)
    x = net.plain([-2.5, -1.25, 0.5, 1.5, 2.75], "float32")
    found = [net.fold(kind, [x], (5,), "float32") for kind in ("CEIL", "ROUND")]
    graph = lower(parse_model(net.pack(*found, net.op("RELU", [net.input], (1, 4), SCALE)))).graph
    constants = [graph.tensor(op.inputs[0]).data for op in graph.operators[:2]]
    assert np.array_equal(np.stack([c for c in constants if c is not None]), [[-2, -1, 1, 2, 3], [-2, -1, 0, 2, 3]])


def test_reductions() -> None:
    net = Plain((1, 4), SCALE)
    x, axes = net.plain(numbers(shape=(2, 3, 4))), net.plain([-1, 0])
    found = [
        net.fold(kind, [x, axes], (1, 3, 1), table="ReducerOptions", keepDims=True)
        for kind in ("SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN")
    ]
    true = net.fold("GREATER", [x, net.plain(0)], (2, 3, 4), "bool", table="GreaterOptions")
    found += [
        net.fold(kind, [true, axes], (3,), "bool", table="ReducerOptions") for kind in ("REDUCE_ANY", "REDUCE_ALL")
    ]
    assert_folded(net, *found)


def test_numbers_from_nothing_but_numbers() -> None:
    net = Plain((1, 4), SCALE)
    steps = net.fold("RANGE", [net.plain(n) for n in (7, -2, -3)], (3,), table="RangeOptions")
    real = net.fold("RANGE", [net.plain(n, "float32") for n in (0.5, 2, 0.25)], (6,), "float32", table="RangeOptions")
    shape = net.fold("BROADCAST_ARGS", [net.plain([3, 1]), net.plain([2, 1, 4])], (3,))
    wide = net.fold("BROADCAST_TO", [steps, net.plain([2, 3])], (2, 3), table="BroadcastToOptions")
    tiled = net.fold("TILE", [wide, net.plain([1, 2])], (2, 6), table="TileOptions")
    filled = net.fold("FILL", [net.plain([2, 2]), net.plain(9)], (2, 2), table="FillOptions")
    none = net.fold("ZEROS_LIKE", [tiled], (2, 6), table="ZerosLikeOptions")
    turned = net.fold("REVERSE_V2", [tiled, net.plain([1])], (2, 6), table="ReverseV2Options")
    some = net.fold("GATHER_ND", [tiled, net.plain([[1, 2], [0, 5]])], (2,), table="GatherNdOptions")
    rank = net.fold("RANK", [net.input], (), table="RankOptions")
    whole = net.fold("CAST", [net.plain([-1.75, 2.5], "float32")], (2,), "int64", table="CastOptions")
    assert_folded(net, steps, real, shape, tiled, filled, none, turned, some, rank, whole, net.shape_of(net.input))


def test_sums_wrap_and_activations_hold() -> None:
    net = Plain((1, 4), SCALE)
    most = net.plain([2**31 - 1, -(2**31), 3])
    wrapped = net.fold("ADD", [most, most], (3,), table="AddOptions")
    held = net.fold("MUL", [most, net.plain([1, 1, -4])], (3,), table="MulOptions", fusedActivationFunction=RELU6)
    assert_folded(net, wrapped, held)


def test_a_constant_is_an_output() -> None:
    """As it stands in the file, and as it is found; what reads it too goes on."""
    net = Plain((1, 4), Scale(0.5, 3))
    table = net.number(np.arange(4, dtype=np.int8).reshape(1, 4), Scale(0.5, 3))
    turned = net.slice(table, [0, 3], [1, 0], [1, -1], endMask=2)
    total = net.binary("ADD", net.input, turned, Scale(0.5, 0))
    assert_engines_agree(net.pack(turned, total, turned))
    content = net.pack(turned, total, table)
    with pytest.raises(AssertionError):  # no operator writes the table, and nothing compares it
        assert lower(parse_model(content)).graph.tensor(table).data is not None
    compile_graph(parse_model(content), "model")


def refusal(net: Plain, *outputs: int) -> str:
    with pytest.raises(InputError) as caught:
        compile_graph(parse_model(net.pack(*outputs)), "model")
    return str(caught.value)


def test_what_cannot_be_worked_out_is_refused() -> None:
    def said(kind: str, values: list[Any], shape: tuple[int, ...] = (3,), dtype: str = "int32", **options: Any) -> str:
        net = Plain((1, 4), SCALE)
        return refusal(net, net.fold(kind, [net.plain(v, dtype) for v in values], shape, **options))

    assert "divides by 0" in said("DIV", [[1, 2, 3], [0, 1, 2]], table="DivOptions")
    assert "a step of 0" in said("RANGE", [1, 2, 0], table="RangeOptions")
    assert "do not fit together" in said("ADD", [[1, 2, 3], [1, 2]], table="AddOptions")
    assert "does not fit its input" in said("ADD", [[1, 2], [1, 2]], table="AddOptions")
    assert "do not fit together" in said("POW", [[1, 2, 3], [-1, 1, 1]], table="PowOptions")
    assert "do not fit together" in said("GATHER", [[1, 2], [0, 1, 2]], table="GatherOptions")
    assert "does not hold" in said("CAST", [[1e20, 0, 0]], dtype="float32", table="CastOptions")
    net = Plain((1, 4), SCALE)
    given = net.add_input((2, 3), Scale(1.0, 0), "int32")
    runs = net.fold("SUM", [given, net.plain([0])], (3,), table="ReducerOptions")
    assert "of type int32; only int8, uint8" in refusal(net, runs)
