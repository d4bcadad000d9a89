"""Operators that select elements by positions along each axis: RESIZE_NEAREST_NEIGHBOR, TILE, GATHER and others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.int8.activations import rounded_away
from wwtool.tflite import limits
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.checks import require_shape
from wwtool.tflite.operators.resize import resized_shape
from wwtool.tflite.operators.slices import axis_of, constants, paddings

Positions = list[npt.NDArray[np.int64]]
# Gives the positions along each axis of the input; together they select as many elements as the output has.
PositionRule = Callable[[Graph, Operator], Positions]


def _resize_nearest_neighbor(graph: Graph, op: Operator) -> Positions:
    x, shape = graph.tensor(op.inputs[0]), resized_shape(graph, op)
    require_shape(graph, op, shape)
    corners, centers = bool(op.options["alignCorners"]), bool(op.options["halfPixelCenters"])
    along = [np.arange(size) for size in x.shape]
    for axis in (1, 2):
        along[axis] = _nearest(x.shape[axis], shape[axis], corners, centers)
    return along


def _nearest(size: int, target: int, corners: bool, centers: bool) -> npt.NDArray[np.int64]:
    """The nearest input positions, computed in float32 as in TFLite (GetNearestNeighbor)."""
    one = np.float32(1.0)
    scale = one * size / np.float32(target)
    if corners and target > 1:
        scale = one * (size - 1) / np.float32(target - 1)
    at = (np.arange(target).astype(np.float32) + np.float32(0.5 if centers else 0.0)) * np.float32(scale)
    nearest = (rounded_away(at) if corners else np.floor(at)).astype(np.int64)
    return np.minimum(nearest, size - 1)


def _gather(graph: Graph, op: Operator) -> Positions:
    """GATHER with constant indices."""
    x, index_tensor = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
    axis, batch_dims = gather_axes(graph, op)
    indices = np.asarray(constants(graph, op, 1), np.int64)
    if batch_dims:
        raise InputError(f"{op.where()} has constant indices for every batch, which is not supported")
    if np.any((indices < 0) | (indices >= x.shape[axis])):
        raise InputError(
            f"{op.where()} selects element {indices.min()} or {indices.max()} of an axis of {x.shape[axis]}"
        )
    along = [np.arange(size) for size in x.shape]
    along[axis] = indices
    require_shape(graph, op, (*x.shape[:axis], *index_tensor.shape, *x.shape[axis + 1 :]))
    return along


def gather_axes(graph: Graph, op: Operator) -> tuple[int, int]:
    """The axis of a GATHER, and the number of leading batch axes."""
    x, indices = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1])
    axis = axis_of(op, op.options["axis"], len(x.shape))
    batch_dims = int(op.options.get("batchDims", 0))
    batch_dims += len(indices.shape) * (batch_dims < 0)
    if not 0 <= batch_dims <= min(axis, len(indices.shape)) or x.shape[:batch_dims] != indices.shape[:batch_dims]:
        raise InputError(f"{op.where()} has {batch_dims} batch dimensions, which do not fit its shapes")
    return axis, batch_dims


def _tile(graph: Graph, op: Operator) -> Positions:
    x = graph.tensor(op.inputs[0])
    times = constants(graph, op, 1, len(x.shape))
    require_shape(graph, op, [size * n for size, n in zip(x.shape, times, strict=True)])
    return [np.tile(np.arange(size), n) for size, n in zip(x.shape, times, strict=True)]


def _broadcast_to(graph: Graph, op: Operator) -> Positions:
    """The input gets leading axes of size 1 for the axes that it lacks."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_shape(graph, op, constants(graph, op, 1))
    sizes = (1,) * (len(y.shape) - len(x.shape)) + x.shape
    if len(sizes) != len(y.shape) or any(size not in (1, target) for size, target in zip(sizes, y.shape, strict=True)):
        raise InputError(f"{op.where()} cannot make the shape {list(y.shape)} of {list(x.shape)}")
    return [
        np.zeros(target, np.int64) if size == 1 else np.arange(size)
        for size, target in zip(sizes, y.shape, strict=True)
    ]


def _reverse(graph: Graph, op: Operator) -> Positions:
    x = graph.tensor(op.inputs[0])
    require_shape(graph, op, x.shape)
    axes = {axis_of(op, axis, len(x.shape)) for axis in constants(graph, op, 1)}
    return [np.arange(size)[:: -1 if axis in axes else 1] for axis, size in enumerate(x.shape)]


def _mirror_pad(graph: Graph, op: Operator) -> Positions:
    """REFLECT does not repeat the element at the border, SYMMETRIC does."""
    x = graph.tensor(op.inputs[0])
    around = paddings(graph, op)
    border = 1 - int(op.options["mode"])
    if border not in (0, 1) or any(max(pair) > size - border for pair, size in zip(around, x.shape, strict=True)):
        raise InputError(f"{op.where()} mirrors more elements than the shape {list(x.shape)} has")
    require_shape(graph, op, [a + size + b for (a, b), size in zip(around, x.shape, strict=True)])
    positions = []
    for (before, behind), size in zip(around, x.shape, strict=True):
        first = border + np.arange(before)[::-1]
        last = size - 1 - border - np.arange(behind)
        positions.append(np.concatenate([first, np.arange(size), last]))
    return positions


POSITION_RULES: dict[str, PositionRule] = {
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest_neighbor,
    "TILE": _tile,
    "BROADCAST_TO": _broadcast_to,
    "REVERSE_V2": _reverse,
    "MIRROR_PAD": _mirror_pad,
}


def positions_of(graph: Graph, op: Operator) -> Positions:
    """The positions that an operator of POSITION_RULES, or a GATHER with constant indices, selects along each axis.

    Raises:
        InputError: the positions are not valid, or an axis has too many of them.
    """
    longest = max((*graph.tensor(op.inputs[0]).shape, *graph.tensor(op.outputs[0]).shape), default=1)
    if longest > limits.AXIS:
        raise InputError(f"{op.where()} has an axis of {longest} elements, more than the {limits.AXIS} supported there")
    return _gather(graph, op) if op.kind == "GATHER" else POSITION_RULES[op.kind](graph, op)


def at_positions(graph: Graph, op: Operator, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Computes an operator of POSITION_RULES in NumPy."""
    positions = positions_of(graph, op)
    x = x.reshape((1,) * (len(positions) - x.ndim) + x.shape)
    return np.asarray(x[np.ix_(*positions)]) if positions else x
