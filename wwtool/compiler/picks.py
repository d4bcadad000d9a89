"""Which positions of their input the operators take along every axis: RESIZE_NEAREST_NEIGHBOR, GATHER and the like."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.activations import rounded_away
from wwtool.compiler.graph import Graph, Operator
from wwtool.compiler.slices import constants
from wwtool.errors import InputError

Positions = list[npt.NDArray[np.int64]]
# The positions along every axis of the input; what they give has as many elements as the output.
Pick = Callable[[Graph, Operator], Positions]


def require_shape(graph: Graph, op: Operator, shape: Sequence[int]) -> None:
    """The output has the shape that its inputs give; asked before anything of that size is made."""
    y = graph.tensor(op.outputs[0])
    if tuple(shape) != y.shape:
        raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, its inputs give {list(shape)}")


def resized_shape(graph: Graph, op: Operator) -> tuple[int, int, int, int]:
    """What RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR make of a picture."""
    x = graph.tensor(op.inputs[0])
    if len(x.shape) != 4:
        raise InputError(f"{op.where()} has an input of shape {list(x.shape)}; it must have four dimensions")
    height, width = constants(graph, op, 1, 2)
    if height < 1 or width < 1:
        raise InputError(f"{op.where()} resizes to {height} x {width}, which is not valid")
    return x.shape[0], height, width, x.shape[3]


def _resize_nearest_neighbor(graph: Graph, op: Operator) -> Positions:
    x, shape = graph.tensor(op.inputs[0]), resized_shape(graph, op)
    require_shape(graph, op, shape)
    corners, centers = bool(op.options["alignCorners"]), bool(op.options["halfPixelCenters"])
    along = [np.arange(size) for size in x.shape]
    for axis in (1, 2):
        along[axis] = _nearest(x.shape[axis], shape[axis], corners, centers)
    return along


def _nearest(size: int, target: int, corners: bool, centers: bool) -> npt.NDArray[np.int64]:
    """In float32, as TFLite has it (GetNearestNeighbor)."""
    one = np.float32(1.0)
    scale = one * size / np.float32(target)
    if corners and target > 1:
        scale = one * (size - 1) / np.float32(target - 1)
    at = (np.arange(target).astype(np.float32) + np.float32(0.5 if centers else 0.0)) * np.float32(scale)
    nearest = (rounded_away(at) if corners else np.floor(at)).astype(np.int64)
    return np.minimum(nearest, size - 1)


PICKS: dict[str, Pick] = {
    "RESIZE_NEAREST_NEIGHBOR": _resize_nearest_neighbor,
}


def picked(graph: Graph, op: Operator, x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What an operator of PICKS gives, in NumPy."""
    positions = PICKS[op.kind](graph, op)
    return np.asarray(x[np.ix_(*positions)]) if positions else x
