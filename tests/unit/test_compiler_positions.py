"""Operators that take elements by position, or move blocks: C, torch and LiteRT agree byte for byte."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import Model, Net, assert_engines_agree
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_elementwise import refused

from wwtool.compiler.package import compile_graph
from wwtool.engines.native import NativeEngine
from wwtool.models.quantized import Scale
from wwtool.tflite import limits
from wwtool.tflite.reader import parse_model

some = settings(max_examples=8, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))
SCALE = Scale(0.5, 3)
types = st.sampled_from(["int8", "int8", "int8", "uint8", "int16", "int32", "bool"])


def integers(net: Net, values: Any, dtype: str = "int32") -> int:
    return net.constant(np.asarray(values, dtype))


def gather(net: Net, x: int, indices: int, shape: tuple[int, ...], axis: int, batch_dims: int = 0) -> int:
    made = (*net.shapes[x][:axis], *shape[batch_dims:], *net.shapes[x][axis + 1 :])
    return net.move("GATHER", [x, indices], made, x, "GatherOptions", axis=axis, batchDims=batch_dims)


def tile(net: Net, x: int, times: list[int]) -> int:
    shape = tuple(n * m for n, m in zip(net.shapes[x], times, strict=True))
    return net.move("TILE", [x, integers(net, times)], shape, x)


def mirror(net: Net, x: int, around: list[tuple[int, int]], symmetric: bool) -> int:
    shape = tuple(a + n + b for n, (a, b) in zip(net.shapes[x], around, strict=True))
    return net.move("MIRROR_PAD", [x, integers(net, around)], shape, x, "MirrorPadOptions", mode=int(symmetric))


@st.composite
def picks(draw: st.DrawFn) -> Model:
    rank = draw(st.integers(1, 4))
    shape = tuple(draw(st.lists(st.integers(1, 5), min_size=rank, max_size=rank)))
    dtype = draw(types)
    net = Net(shape, SCALE if dtype in ("int8", "uint8") else Scale(0.5, 0), dtype)
    x, outputs = net.input, []
    axis = draw(st.integers(0, rank - 1))
    count = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    indices = np.random.default_rng(draw(st.integers(0, 99))).integers(0, shape[axis], count)
    outputs.append(gather(net, x, integers(net, indices, draw(st.sampled_from(["int32", "int64"]))), count, axis))
    outputs.append(tile(net, x, [draw(st.integers(1, 3)) for _ in shape]))
    wider = (*(draw(st.integers(1, 3)) for _ in range(min(4 - rank, 2))), *shape)
    narrow = net.slice(x, [0] * rank, [n if draw(st.booleans()) else 1 for n in shape])
    outputs.append(net.move("BROADCAST_TO", [narrow, integers(net, wider)], wider, x))
    axes = draw(st.lists(st.integers(0, rank - 1), min_size=1, max_size=1))
    outputs.append(net.move("REVERSE_V2", [x, integers(net, axes)], shape, x, "ReverseV2Options"))
    symmetric = draw(st.booleans())
    most = [n if symmetric else n - 1 for n in shape]
    around = [(draw(st.integers(0, m)), draw(st.integers(0, m))) for m in most]
    if dtype != "bool":
        outputs.append(mirror(net, x, around, symmetric))
    value = net.strided(x, [0] * rank, [1] * rank, [1] * rank, (), shrinkAxisMask=2**rank - 1)
    outputs.append(net.move("FILL", [integers(net, [2, 3]), value], (2, 3), x, "FillOptions"))
    return net.pack(*outputs)


@some
@given(picks())
def test_picks(content: Model) -> None:
    assert_engines_agree(content)


@st.composite
def blocks(draw: st.DrawFn) -> Model:
    """Blocks of pictures, padded and cropped in every way, and there and back."""
    batch, size = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    h, w, depth = (draw(st.integers(1, 4)) for _ in range(3))
    net = Net((batch, h * size, w * size, depth), SCALE, draw(st.sampled_from(["int8", "int8", "uint8"])))
    x = net.input
    deep = net.move("SPACE_TO_DEPTH", [x], (batch, h, w, depth * size**2), x, "SpaceToDepthOptions", blockSize=size)
    flat = net.move("DEPTH_TO_SPACE", [deep], net.shapes[x], x, "DepthToSpaceOptions", blockSize=size)
    outputs = [deep, flat]
    for _ in range(3):
        _, height, width, _ = net.shapes[x]
        block = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        border = []
        for n, b in zip((height, width), block, strict=True):
            before = draw(st.integers(0, 3))
            border.append((before, (-(n + before)) % b + b * draw(st.integers(0, 1))))
        rows, columns = ((n + sum(p)) // b for n, p, b in zip((height, width), border, block, strict=True))
        inputs = [x, integers(net, block), integers(net, border)]
        dealt = net.move("SPACE_TO_BATCH_ND", inputs, (batch * block[0] * block[1], rows, columns, depth), x)
        crops = border if draw(st.booleans()) else [(0, 0), (0, 0)]
        shape = (batch, rows * block[0] - sum(crops[0]), columns * block[1] - sum(crops[1]), depth)
        inputs = [dealt, integers(net, block), integers(net, crops)]
        outputs += [dealt, net.move("BATCH_TO_SPACE_ND", inputs, shape, x)]
    return net.pack(*outputs)


@some
@given(blocks())
def test_blocks(content: Model) -> None:
    assert_engines_agree(content)


def test_blocks_of_rows() -> None:
    """SPACE_TO_BATCH_ND and back on three dimensions."""
    net = Net((2, 5, 3), SCALE)
    dealt = net.move(
        "SPACE_TO_BATCH_ND", [net.input, integers(net, [2]), integers(net, [[2, 1]])], (4, 4, 3), net.input
    )
    back = net.move("BATCH_TO_SPACE_ND", [dealt, integers(net, [2]), integers(net, [[2, 1]])], (2, 5, 3), net.input)
    assert_engines_agree(net.pack(dealt, back))


@pytest.mark.parametrize("dtype", ["int16", "int32", "int64"])
@pytest.mark.parametrize("batch_dims", [0, 1])
def test_computed_indices(dtype: str, batch_dims: int) -> None:
    """Of an input that is computed, and of a constant table; indices are where something is greatest."""
    net = Net((2, 4, 3), SCALE)
    place = net.constant(np.asarray(2, np.int32))
    wide = "int64" if dtype == "int64" else "int32"
    code = {"int32": 2, "int64": 4}[wide]
    found = net.op("ARG_MAX", [net.input, place], (2, 4), Scale(1.0, 0), "ArgMaxOptions", wide, outputType=code)
    indices = net.cast(found, "int16") if dtype == "int16" else found
    table = net.number(np.arange(24, dtype=np.int8).reshape(2, 4, 3), SCALE)
    outputs = [gather(net, x, indices, (2, 4), axis, batch_dims) for x in (net.input, table) for axis in (1, 2)]
    assert_engines_agree(net.pack(*outputs), rows=5)


def test_indices_that_lie_outside_take_the_nearest() -> None:
    """LiteRT ends with an error there; a board goes on, and reads nothing beyond the input."""
    net = Net((1, 4), Scale(1.0, 0), "int32")
    table = net.number(np.asarray([[10, 20], [30, 40]], np.int8), SCALE)
    y = gather(net, table, net.input, (1, 4), 0)
    with NativeEngine(net.pack(y)) as native:
        assert native.run(np.asarray([[-1, 0, 1, 2]], np.int32)).tolist() == [[[10, 20], [10, 20], [30, 40], [30, 40]]]


def test_even_picks_need_no_table() -> None:
    net = Net((1, 3, 4, 2), SCALE)
    outputs = [
        tile(net, net.input, [1, 2, 1, 3]),
        gather(net, net.input, integers(net, [3, 1]), (2,), 2),
        net.move("REVERSE_V2", [net.input, integers(net, [1])], (1, 3, 4, 2), net.input, "ReverseV2Options"),
    ]
    model = compile_graph(parse_model(net.pack(*outputs)), "model")
    assert {call.function for call in model.program.calls} == {"ww_strided_copy"}
    assert model.table_bytes == 0


def test_constants_are_folded() -> None:
    net = Net((1, 4, 4, 1), SCALE)
    small = net.number(np.arange(4, dtype=np.int8).reshape(1, 2, 2, 1), SCALE)
    value = net.number(np.asarray(7, np.int8), SCALE)
    parts = [
        tile(net, small, [1, 2, 2, 1]),
        mirror(net, small, [(0, 0), (1, 1), (1, 1), (0, 0)], False),
        net.move("FILL", [integers(net, [1, 4, 4, 1]), value], (1, 4, 4, 1), net.input, "FillOptions"),
    ]
    content = net.pack(*(net.binary("ADD", net.input, part, SCALE) for part in parts))
    assert [call.kind for call in compile_graph(parse_model(content), "model").program.calls] == ["ADD"] * 3
    assert_engines_agree(content)


def test_what_is_refused() -> None:
    def said(kind: str, more: list[Any], to: tuple[int, ...], options: str | None = None, **values: Any) -> str:
        net = Net((1, 4), SCALE)
        inputs = [net.input, *(integers(net, m) for m in more)]
        return refused(net, net.move(kind, inputs, to, net.input, options, **values))

    assert "selects element" in said("GATHER", [[4]], (1, 1), "GatherOptions", axis=1)
    assert "2 batch dimensions" in said("GATHER", [[[0]]], (1, 1), "GatherOptions", axis=1, batchDims=2)
    assert "but its inputs give [2000000000, 8000000000]" in said("TILE", [[2000000000, 2000000000]], (1, 4))
    assert "cannot make the shape [1, 5]" in said("BROADCAST_TO", [[1, 5]], (1, 5))
    assert "mirrors more" in said("MIRROR_PAD", [[[0, 0], [4, 0]]], (1, 8), "MirrorPadOptions", mode=0)
    assert "does not fit its block" in said("SPACE_TO_DEPTH", [], (1, 4), "SpaceToDepthOptions", blockSize=2)
    assert "names axis 2" in said("REVERSE_V2", [[2]], (1, 4), "ReverseV2Options")
    assert "or another scale" in said("SPACE_TO_BATCH_ND", [[1], [[0, 0]]], (1, 4))


def test_the_limit_of_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TABLE_BYTES", 100)
    net = Net((1, 5, 5, 1), SCALE)
    outputs = [net.resize(net.input, (3, n), True) for n in range(6, 10)]
    assert "need more than 100 bytes of tables" in refused(net, *outputs)
