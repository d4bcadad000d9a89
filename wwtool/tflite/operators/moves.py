"""What the operators that only move data do to arrays, in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.blocks import batch_blocks, depth_block, require_fill
from wwtool.tflite.operators.joins import joining_table
from wwtool.tflite.operators.positions import POSITION_RULES, at_positions, gather_axes
from wwtool.tflite.operators.slices import pad_value, paddings, permutation, pieces, plain_cut, strided_cut

Array = npt.NDArray[Any]


Move = Callable[[Graph, Operator, list[Array]], list[Array]]


def _reshape(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return x[:1]


def _strided_slice(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [x[0][strided_cut(graph, op)[0].indices()]]


def _slice(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [x[0][plain_cut(graph, op).indices()]]


def _pieces(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    axis, sizes = pieces(graph, op)
    ends = np.cumsum(sizes)
    return list(np.split(x[1 if op.kind == "SPLIT" else 0], ends[:-1], axis))


def _transpose(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [x[0].transpose(permutation(graph, op))]


def _concatenation(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    y = graph.tensor(op.outputs[0])
    tables = [joining_table(graph.tensor(i), y) for i in op.inputs]
    parts = [v if table is None else table[v].astype(np.uint8) for v, table in zip(x, tables, strict=True)]
    return [np.concatenate(parts, int(op.options["axis"]))]


def _pack(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [np.stack(x, int(op.options["axis"]))]


def _pad(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [np.pad(x[0], paddings(graph, op), constant_values=pad_value(graph, op))]


def _gather(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    """Gathers batch by batch; an index outside of the axis selects the nearest element."""
    axis, batch_dims = gather_axes(graph, op)
    indices = np.clip(x[1].astype(np.int64), 0, x[0].shape[axis] - 1)
    batches = x[0].shape[:batch_dims]
    parts = [np.take(x[0][b], indices[b], axis - batch_dims) for b in np.ndindex(*batches)]
    return [np.stack(parts).reshape((*batches, *parts[0].shape))]


def _fill(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    require_fill(graph, op)
    return [np.full(graph.tensor(op.outputs[0]).shape, x[1].ravel()[0], x[1].dtype)]


def _space_to_depth(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    size = depth_block(graph, op)
    batch, height, width, depth = graph.tensor(op.outputs[0]).shape
    blocks = x[0].reshape(batch, height, size, width, size, depth // size**2)
    return [blocks.transpose(0, 1, 3, 2, 4, 5).reshape(batch, height, width, depth)]


def _depth_to_space(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    size = depth_block(graph, op)
    batch, height, width, depth = x[0].shape
    blocks = x[0].reshape(batch, height, width, size, size, depth // size**2)
    return [blocks.transpose(0, 1, 3, 2, 4, 5).reshape(graph.tensor(op.outputs[0]).shape)]


def _space_to_batch(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    blocks, zero = batch_blocks(graph, op), graph.tensor(op.inputs[0]).zero_point
    whole = np.pad(x[0].reshape(blocks.picture), ((0, 0), *blocks.border, (0, 0)), constant_values=zero)
    _, rows, columns, depth = blocks.dealt
    parts = whole.reshape(blocks.picture[0], rows, blocks.block[0], columns, blocks.block[1], depth)
    return [parts.transpose(2, 4, 0, 1, 3, 5).reshape(graph.tensor(op.outputs[0]).shape)]


def _batch_to_space(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    blocks = batch_blocks(graph, op)
    _, rows, columns, depth = blocks.dealt
    parts = x[0].reshape(*blocks.block, blocks.picture[0], rows, columns, depth).transpose(2, 3, 0, 4, 1, 5)
    whole = parts.reshape(blocks.picture[0], rows * blocks.block[0], columns * blocks.block[1], depth)
    (top, bottom), (left, right) = blocks.border
    cropped = whole[:, top : whole.shape[1] - bottom, left : whole.shape[2] - right]
    return [cropped.reshape(graph.tensor(op.outputs[0]).shape)]


def _by_position(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [at_positions(graph, op, x[0])]


MOVES: dict[str, Move] = {
    "RESHAPE": _reshape,
    "EXPAND_DIMS": _reshape,
    "SQUEEZE": _reshape,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "SPLIT": _pieces,
    "SPLIT_V": _pieces,
    "UNPACK": _pieces,
    "TRANSPOSE": _transpose,
    "CONCATENATION": _concatenation,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    "GATHER": _gather,
    "FILL": _fill,
    "SPACE_TO_DEPTH": _space_to_depth,
    "DEPTH_TO_SPACE": _depth_to_space,
    "SPACE_TO_BATCH_ND": _space_to_batch,
    "BATCH_TO_SPACE_ND": _batch_to_space,
    **dict.fromkeys(POSITION_RULES, _by_position),
}
