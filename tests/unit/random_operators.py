"""Operators that random graphs have beside the common ones: each makes one, or a few, and returns what may be used
further. Not a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from graphs import SAME, VALID
from hypothesis import strategies as st

from wwtool.models.quantized import Scale

if TYPE_CHECKING:
    from random_graphs import RandomGraph

Maker = Callable[["RandomGraph"], list[int]]


def transpose_conv(graph: RandomGraph) -> list[int]:
    x, draw = graph.pick(4), graph.draw
    _, h, w, depth = graph.net.shapes[x]
    kernel, stride = ((draw(st.integers(1, 3)), draw(st.integers(1, 3))) for _ in range(2))
    padding, channels = draw(st.sampled_from([SAME, VALID])), draw(st.integers(1, 4))
    size = tuple(
        n * s if padding == SAME else n * s - s + k for n, k, s in zip((h, w), kernel, stride, strict=True)
    )  # fmt: skip
    if np.prod(size) * channels > 3000:
        return []
    bias, scales, output = graph.layer(x, kernel[0] * kernel[1] * depth, channels)
    weights = graph.weights(channels, *kernel, depth)
    return [
        graph.net.transpose_conv(x, weights, draw(st.sampled_from([None, bias])), scales, output, size, stride, padding)
    ]


def resize(graph: RandomGraph) -> list[int]:
    x, draw = graph.pick(4), graph.draw
    _, h, w, depth = graph.net.shapes[x]
    size = draw(st.sampled_from([(h, w), (2 * h, 2 * w), (h, 1), ((h + 1) // 2, w + 2), (5, 3)]))
    if np.prod(size) * depth > 3000:
        return []
    corners, centers = draw(st.sampled_from([(False, False), (True, False), (False, True)]))
    return [graph.net.resize(x, size, draw(st.booleans()), corners, centers)]


def reduce(graph: RandomGraph) -> list[int]:
    """REDUCE_MAX or REDUCE_MIN over one axis, or its ARG_MAX, turned into int8."""
    x, net = graph.pick(), graph.net
    shape = net.shapes[x]
    axis = graph.draw(st.integers(0, len(shape) - 1))
    if len(shape) == 1:
        return []
    place = net.constant(np.asarray([axis], np.int32))
    if graph.draw(st.integers(0, 2)) == 0:
        made = (*shape[:axis], *shape[axis + 1 :])
        found = net.op("ARG_MAX", [x, place], made, Scale(1.0, 0), "ArgMaxOptions", "int32", outputType=2)
        y = net.tensor(made, net.scales[x])
        net.main.operator("CAST", [found], [y], "CastOptions")
        return [y]
    made = (*shape[:axis], 1, *shape[axis + 1 :])
    kind = graph.draw(st.sampled_from(["REDUCE_MAX", "REDUCE_MIN"]))
    return [net.op(kind, [x, place], made, net.scales[x], "ReducerOptions", keepDims=True)]


def pick(graph: RandomGraph) -> list[int]:
    """Elements by position along one axis: GATHER, TILE or MIRROR_PAD."""
    x, net, draw = graph.pick(), graph.net, graph.draw
    shape = net.shapes[x]
    axis = draw(st.integers(0, len(shape) - 1))
    kind = draw(st.sampled_from(["GATHER", "TILE", "MIRROR_PAD"]))
    count = {"GATHER": draw(st.integers(1, 4)), "TILE": 2 * shape[axis], "MIRROR_PAD": 2 * shape[axis] + 1}[kind]
    made = (*shape[:axis], count, *shape[axis + 1 :])
    if np.prod(made) > 3000:
        return []
    if kind == "GATHER":
        values, options = graph.random.integers(0, shape[axis], count), {"axis": axis}
    elif kind == "TILE":
        values, options = np.where(np.arange(len(shape)) == axis, 2, 1), {}
    else:
        values, options = np.zeros((len(shape), 2), np.int32), {"mode": 1}
        values[axis] = 1, shape[axis]
    inputs = [x, net.constant(np.asarray(values, np.int32))]
    name = {"GATHER": "GatherOptions", "MIRROR_PAD": "MirrorPadOptions"}.get(kind)
    return [net.move(kind, inputs, made, x, name, **options)]


def blocks(graph: RandomGraph) -> list[int]:
    x, net = graph.pick(4), graph.net
    batch, h, w, depth = net.shapes[x]
    if graph.draw(st.booleans()):
        dealt = (4 * batch, (h + 3) // 2, (w + 3) // 2, depth)
        around = [[1, h % 2 + 1], [2, w % 2]]
        inputs = [x, *(net.constant(np.asarray(v, np.int32)) for v in ([2, 2], around))]
        return [net.move("SPACE_TO_BATCH_ND", inputs, dealt, x)]
    if h % 2 or w % 2:
        return []
    return [net.move("SPACE_TO_DEPTH", [x], (batch, h // 2, w // 2, 4 * depth), x, "SpaceToDepthOptions", blockSize=2)]


def function(graph: RandomGraph) -> list[int]:
    x, net = graph.pick(), graph.net
    shape, source = net.shapes[x], net.scales[x]
    kind = graph.draw(st.sampled_from(["EXP", "GELU", "LOG", "L2_NORMALIZATION", "SQUARED_DIFFERENCE", "SELECT_V2"]))
    if kind == "L2_NORMALIZATION":
        return [net.op(kind, [x], shape, Scale(1 / 128, 0), "L2NormOptions")]
    last = net.slice(x, [0] * len(shape), [*[1] * (len(shape) - 1), shape[-1]])
    if kind == "SQUARED_DIFFERENCE":
        return [net.op(kind, [x, last], shape, graph.near(source.scale**2 * 100), "SquaredDifferenceOptions")]
    if kind == "SELECT_V2":
        if source.scale >= 1.0:  # which the compiler refuses to compare
            return []
        holds = net.op("GREATER", [x, last], shape, Scale(1.0, 0), "GreaterOptions", "bool")
        return [net.move(kind, [holds, x, last], shape, x, "SelectV2Options")]
    return [net.op(kind, [x], shape, graph.near(source.scale), {"GELU": "GeluOptions"}.get(kind))]


def matmul(graph: RandomGraph) -> list[int]:
    """A tensor with its own transpose."""
    x, net = graph.pick(), graph.net
    shape = net.shapes[x]
    if len(shape) < 2 or shape[-2] ** 2 * np.prod(shape[:-2]) > 2000:
        return []
    made = (*shape[:-1], shape[-2])
    output = graph.near(net.scales[x].scale ** 2 * 5000 * np.sqrt(shape[-1]) / 60)
    return [net.op("BATCH_MATMUL", [x, x], made, output, "BatchMatMulOptions", adjY=True)]


MAKERS: tuple[Maker, ...] = (transpose_conv, resize, reduce, pick, blocks, function, matmul)
