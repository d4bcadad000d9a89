"""Operators that only move data, in random order on one another: C, torch and LiteRT agree byte for byte.

Pieces that are one run of memory cost nothing; these tests hold that to be invisible, with computed tensors between,
states, and outputs of the model among the pieces.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graphs import Model, Net, assert_engines_agree
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from test_compiler_state import SCALE, mix, start, window

from wwtool.compiler.lowering import lower
from wwtool.compiler.package import compile_graph
from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.tflite.reader import parse_model

some = settings(max_examples=30, deadline=None, derandomize=True, phases=(Phase.explicit, Phase.generate))


def functions(content: Model) -> list[str]:
    return [call.function for call in lower(parse_model(content)).calls]


def strided(draw: st.DrawFn, net: Net, x: int) -> int:
    """Bounds of any sign, steps either way, and all of the masks."""
    shape = net.shapes[x]
    begin: list[int] = []
    end: list[int] = []
    step: list[int] = []
    cut: list[Any] = []
    masks = dict.fromkeys(("beginMask", "endMask", "shrinkAxisMask", "newAxisMask", "ellipsisMask"), 0)
    dots = draw(st.sampled_from([None, None, *range(len(shape))]))
    axis = 0
    while axis < len(shape):
        bit, size = 1 << len(begin), shape[axis]
        form = draw(st.sampled_from(["range", "range", "range", "shrink", "new"]))
        if axis == dots and not masks["ellipsisMask"]:
            masks["ellipsisMask"] |= bit
            skipped = draw(st.integers(1, len(shape) - axis))  # LiteRT takes an ellipsis for one axis at least
            cut.append(Ellipsis)
            begin, end, step = [*begin, 0], [*end, 0], [*step, 1]
            axis += skipped
            continue
        if form == "new" and len(shape) + bin(masks["newAxisMask"]).count("1") < 4:
            masks["newAxisMask"] |= bit
            cut.append(None)
            begin, end, step = [*begin, 0], [*end, 0], [*step, 1]
            continue
        axis += 1
        if form == "shrink":
            b = draw(st.integers(-size, size - 1))
            masks["shrinkAxisMask"] |= bit
            cut.append(b)
            begin, end, step = [*begin, b], [*end, b + 1], [*step, 1]
            continue
        s = draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
        b, e = draw(st.integers(-size - 2, size + 2)), draw(st.integers(-size - 2, size + 2))
        b_masked, e_masked = draw(st.booleans()), draw(st.booleans())
        if not range(size)[slice(None if b_masked else b, None if e_masked else e, s)]:
            b_masked = e_masked = True
        masks["beginMask"] |= bit * b_masked
        masks["endMask"] |= bit * e_masked
        cut.append(slice(None if b_masked else b, None if e_masked else e, s))
        begin, end, step = [*begin, b], [*end, e], [*step, s]
    made = np.empty(shape, np.bool_)[tuple(cut)].shape
    return net.strided(x, begin, end, step, made, **masks)


@st.composite
def movements(draw: st.DrawFn, dtype: str = "int8") -> Model:
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    scale = Scale(0.5, 0 if dtype == "int16" else 3)
    net = Net(shape, scale, dtype)
    values = [net.input]
    for _ in range(draw(st.integers(4, 12))):
        x = draw(st.sampled_from(values[-4:]))
        own = net.shapes[x]
        rank, size = len(own), int(np.prod(own))
        axis = draw(st.integers(-rank, rank - 1)) if rank else 0
        kinds = ["strided", "transpose", "pad", "crop", "split", "split_v", "unpack", "pack", "concat", "reshape"]
        kind = draw(st.sampled_from(kinds if rank else ["reshape", "pack"]))
        made: list[int] = []
        if kind == "strided":
            made = [strided(draw, net, x)]
        elif kind == "transpose":
            made = [net.transpose(x, draw(st.permutations(range(rank))))]
        elif kind == "pad" and size < 300:
            around = [(draw(st.integers(0, 2)), draw(st.integers(0, 1))) for _ in own]
            made = [net.pad(x, around, draw(st.sampled_from([None, 5, 7])))]
        elif kind == "crop":
            begin = [draw(st.integers(0, n - 1)) for n in own]
            left = [n - b for n, b in zip(own, begin, strict=True)]
            made = [net.crop(x, begin, [draw(st.sampled_from([-1, 1, n])) for n in left])]
        elif kind == "split":
            count = draw(st.sampled_from([d for d in range(1, own[axis] + 1) if own[axis] % d == 0]))
            made = net.pieces(x, axis, count)
        elif kind == "split_v":
            first = draw(st.integers(1, own[axis]))
            made = net.pieces(x, axis, [first, own[axis] - first] if first < own[axis] else [first])
        elif kind == "unpack":
            made = net.pieces(x, axis, None)
        elif kind == "pack" and rank < 4 and size < 300:
            same = [v for v in values if net.shapes[v] == own]
            parts = draw(st.lists(st.sampled_from(same), min_size=1, max_size=3))
            made = [net.pack_of(parts, draw(st.integers(-rank - 1, rank)))]
        elif kind == "concat" and size < 300:
            same = [v for v in values if net.shapes[v] == own]
            parts = draw(st.lists(st.sampled_from(same), min_size=1, max_size=3))
            if draw(st.booleans()):
                random = np.random.default_rng(size)
                parts.insert(
                    draw(st.integers(0, len(parts))),
                    net.number(random.integers(0, 99, own).astype(dtype), scale),
                )
            made = [net.concatenate(parts, axis)]
        else:
            first = draw(st.sampled_from([d for d in range(1, size + 1) if size % d == 0]))
            made = [net.reshape(x, (first, size // first))]
        values += made
        if dtype == "int8" and draw(st.booleans()):
            # A computed tensor, which may be computed in place of where it goes.
            y = draw(st.sampled_from(made))
            values.append(net.op("NEG", [y], net.shapes[y], scale))
    return net.pack(*dict.fromkeys(draw(st.lists(st.sampled_from(values[1:]), min_size=1, max_size=3))))


@some
@given(movements())
def test_movements(content: Model) -> None:
    assert_engines_agree(content)


def relu(net: Net, x: int) -> int:
    return net.op("RELU", [x], net.shapes[x], net.scales[x])


def test_pieces_that_are_one_run_cost_nothing() -> None:
    net = Net((1, 4, 6), Scale(0.5, 3))
    x = net.reshape(relu(net, net.input), (4, 6))
    first, second = net.pieces(x, 0, 2)
    third = net.pieces(first, 0, None)[1]
    rows = [relu(net, second), relu(net, net.crop(x, [1, 0], [1, -1])), relu(net, third)]
    content = net.pack(*rows, relu(net, net.slice(x, [2, 2], [3, 5])))
    assert functions(content) == ["ww_lookup"] * 5
    assert_engines_agree(content)


def test_parts_are_computed_where_they_are_joined() -> None:
    net = Net((1, 4, 3), Scale(0.5, 3))
    a, b = relu(net, net.input), net.op("NEG", [net.input], (1, 4, 3), Scale(0.5, 3))
    inner = net.concatenate([a, b], 1)
    outer = net.concatenate([inner, net.op("NEG", [b], (1, 4, 3), Scale(0.5, 3))], 1)
    content = net.pack(relu(net, outer), a)
    assert functions(content) == ["ww_lookup"] * 4
    assert_engines_agree(content)


def test_what_is_joined_twice_or_is_the_callers_is_copied() -> None:
    net = Net((1, 4, 3), Scale(0.5, 3))
    a = relu(net, net.input)
    content = net.pack(net.concatenate([a, a, net.input], 1), net.concatenate([a, net.input], 1))
    assert functions(content).count("ww_copy_rows") == 4
    assert_engines_agree(content)


def test_outputs_are_no_pieces_of_inputs() -> None:
    """Else writing the next input would change them."""
    net = Net((1, 4, 3), Scale(0.5, 3))
    content = net.pack(net.reshape(net.input, (12, 1)), net.slice(net.input, [0, 1, 0], [1, 2, 3]))
    assert functions(content) == ["ww_copy_rows"] * 2
    assert_engines_agree(content)


@pytest.mark.parametrize("cut", [(0, 2), (1, 4), (0, 5), (3, 5)])
def test_pieces_of_a_window(cut: tuple[int, int]) -> None:
    """An output has to outlive the shift of the window; what is only read in between need not."""
    net = Net((1, 2, 1, 3), SCALE)
    _, whole, _ = window(net, "state", net.input, 3, start((1, 3, 1, 3)))
    piece = net.slice(whole, [0, cut[0], 0, 0], [1, cut[1], 1, 3])
    flat = net.reshape(whole, (1, 15))
    content = net.pack(piece, mix(net, piece), flat)
    assert len(lower(parse_model(content)).windows) == 1
    assert_engines_agree(content, rows=8)


def test_new_steps_of_a_window_that_are_a_piece_or_joined() -> None:
    net = Net((1, 4, 1, 3), SCALE)
    first, second = net.pieces(relu(net, net.input), 1, 2)
    _, a, _ = window(net, "a", first, 3, start((1, 3, 1, 3)))
    _, b, _ = window(net, "b", net.concatenate([second, relu(net, first)], 1), 3, start((1, 3, 1, 3), 1))
    content = net.pack(mix(net, a), mix(net, b))
    assert len(lower(parse_model(content)).windows) == 2
    assert_engines_agree(content, rows=8)


def test_a_piece_is_assigned_to_a_variable() -> None:
    net = Net((1, 4, 1, 3), SCALE)
    handle = net.variable("state", start((1, 2, 1, 3)), SCALE)
    old = net.read(handle, (1, 2, 1, 3), SCALE)
    joined = net.concatenate([old, net.input], 1)
    net.assign(handle, net.pieces(joined, 1, 3)[1])
    assert_engines_agree(net.pack(mix(net, joined)), rows=6)


def test_movements_of_constants_are_folded() -> None:
    net = Net((2, 3), Scale(0.5, 3))
    table = net.number(np.arange(12, dtype=np.int8).reshape(3, 4), Scale(0.5, 3))
    turned = net.transpose(net.pad(table, [(0, 0), (1, 1)]), [1, 0])
    cut = net.strided(turned, [4, 0], [0, 3], [-2, 1], (2, 3))
    both = net.concatenate([net.pack_of([net.reshape(cut, (6,)), net.pieces(table, 1, 2)[0]][:1], 0), cut][1:], 0)
    content = net.pack(net.binary("ADD", net.input, both, Scale(0.5, 0)))
    assert functions(content) == ["ww_add"]
    assert_engines_agree(content)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "float32"])
def test_walks_over_several_axes(dtype: str) -> None:
    """Steps of more than one element in either tensor, at every width of an element."""
    scale = Scale(0.5, 0)
    net = Net((2, 3, 4, 1), scale, dtype)
    parts = [
        net.transpose(net.input, [2, 1, 0, 3]),
        net.transpose(net.input, [1, 0, 2, 3]),
        net.pad(net.input, [(0, 1), (1, 1), (2, 0), (1, 2)]),
        net.slice(net.input, [1, 2, 3, 0], [0, 0, 0, 1], [-1, -1, -2, 1], beginMask=15, endMask=15),
        net.concatenate([net.input, net.transpose(net.input, [0, 1, 2, 3])], 3),
        net.pack_of([net.input, net.input], 2),
    ]
    content = net.pack(*parts)
    assert functions(content).count("ww_strided_copy") == 4
    assert_engines_agree(content)


def test_a_constant_is_assigned_to_a_variable() -> None:
    net = Net((1, 2, 1, 3), SCALE)
    handle = net.variable("state", start((1, 2, 1, 3)), SCALE)
    old = net.read(handle, (1, 2, 1, 3), SCALE)
    net.assign(handle, net.number(start((1, 2, 1, 3), 5), SCALE))
    assert_engines_agree(net.pack(mix(net, net.concatenate([old, net.input], 1))), rows=4)


def refused(net: Net, *outputs: int) -> str:
    with pytest.raises(InputError) as caught:
        compile_graph(parse_model(net.pack(*outputs)), "model")
    return str(caught.value)


def test_what_is_refused() -> None:
    def said(kind: str, *bounds: list[Any], to: tuple[int, ...], options: str | None = None, **values: Any) -> str:
        net = Net((1, 4), Scale(0.5, 3))
        inputs = [net.input, *(net.constant(np.asarray(b, np.int32)) for b in bounds)]
        return refused(net, net.op(kind, inputs, to, Scale(0.5, 3), options, **values))

    assert "cuts [1, 5] from [0, 0]" in said("SLICE", [0, 0], [1, 5], to=(1, 4))
    assert "its bounds give [1, 2]" in said("SLICE", [0, 0], [1, 2], to=(2, 1))
    assert "needs constant integers of 2 values as input 1" in said("SLICE", [0], [1, 2], to=(1, 2))
    assert "permutes 2 axes by [1, 1]" in said("TRANSPOSE", [1, 1], to=(4, 1))
    assert "does not follow from its permutation" in said("TRANSPOSE", [1, 0], to=(1, 4))
    assert "a negative padding" in said("PAD", [[0, 0], [0, -1]], to=(1, 3))
    assert "its paddings give [1, 5]" in said("PAD", [[0, 0], [0, 1]], to=(1, 4))
    assert "needs one constant int8 value" in said("PADV2", [[0, 0], [0, 1]], [3], to=(1, 5))
    assert "joins [[1, 4]] to [1, 4]" in said("PACK", to=(1, 4), options="PackOptions", axis=5)
    strided: dict[str, Any] = {"options": "StridedSliceOptions", "to": (1, 4)}
    assert "stride of 0" in said("STRIDED_SLICE", [0, 0], [1, 4], [1, 0], **strided)
    assert "selects nothing" in said("STRIDED_SLICE", [0, 3], [1, 2], [1, 1], **strided)
    assert "more dimensions than the 2" in said("STRIDED_SLICE", [0, 0, 0], [1, 4, 1], [1, 1, 1], **strided)
    assert "element 4 of an axis of 4" in said("STRIDED_SLICE", [0, 4], [1, 5], [1, 1], shrinkAxisMask=2, **strided)
    assert "stands for no axis" in said("STRIDED_SLICE", [0, 0, 0], [1, 0, 4], [1, 1, 1], ellipsisMask=2, **strided)
    net = Net((1, 4), Scale(0.5, 3))
    assert "into 3 pieces [1, 1, 1]" in refused(net, *net.pieces(net.input, 1, 3))
    net = Net((1, 4), Scale(0.5, 3))
    assert "into 2 pieces [1, 2]" in refused(net, *net.pieces(net.input, 1, [1, 2]))
    net = Net((2, 2, 2, 2, 2, 2, 2), Scale(0.5, 3))
    assert "more than the 6" in refused(net, net.transpose(net.input, [6, 5, 4, 3, 2, 1, 0]))
