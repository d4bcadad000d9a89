"""Lowers the operators that select elements by positions along each axis.

Along each axis, the output is a list of positions of the input. If these are evenly spaced, perhaps with repetitions, a
strided copy (movement.py) is enough. Otherwise the kernel reads a table of positions.
"""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Constant, Field, Span
from wwtool.compiler.operators.conversions import TYPES
from wwtool.compiler.operators.movement import ends, move, require_same_type
from wwtool.compiler.operators.walks import MAX_AXES, merged, strides
from wwtool.compiler.program import Program
from wwtool.errors import InputError
from wwtool.tflite.graph import ITEM_BYTES, Operator
from wwtool.tflite.operators.checks import require_shape
from wwtool.tflite.operators.positions import Positions, gather_axes, positions_of


def lower_by_position(program: Program, op: Operator) -> list[Call]:
    """An operator of POSITION_RULES, or a GATHER with constant indices."""
    x, y = ends(program, op)
    require_same_type(op, x, y)
    positions = positions_of(program.graph, op)
    shape = (1,) * (len(positions) - len(x.shape)) + x.shape
    walks = [_even(along, step) for along, step in zip(positions, strides(shape), strict=True)]
    if all(walk is not None for walk in walks):
        axes = [axis for walk in walks if walk is not None for axis in walk[1]]
        start, sizes, steps = sum(walk[0] for walk in walks if walk is not None), *_transposed(axes)
        if len(merged(sizes, steps, strides(sizes))) <= MAX_AXES:
            return move(program, op, x, y, sizes, (start, steps), (0, strides(sizes)))
    return [_by_table(op, x.index, y.index, ITEM_BYTES[x.dtype], positions, shape)]


def lower_gather(program: Program, op: Operator) -> list[Call]:
    """GATHER, also with computed indices."""
    graph = program.graph
    x, indices, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    axis, batch_dims = gather_axes(graph, op)
    if indices.data is not None and not batch_dims:
        return lower_by_position(program, op)
    require_same_type(op, x, y)
    if indices.dtype not in ("int16", "int32", "int64"):
        raise InputError(f"{op.where()} has indices of type {indices.dtype}, which is not supported")
    require_shape(graph, op, x.shape[:axis] + indices.shape[batch_dims:] + x.shape[axis + 1 :])
    fields: dict[str, Field] = {
        "batches": prod(x.shape[:batch_dims]),
        "outer": prod(x.shape[batch_dims:axis]),
        "size": x.shape[axis],
        "count": prod(indices.shape[batch_dims:]),
        "bytes": ITEM_BYTES[x.dtype] * prod(x.shape[axis + 1 :]),
        "index_type": TYPES[indices.dtype],
    }
    arguments = (Span(x.index), Span(indices.index), Span(y.index))
    return [
        Call(op.index, op.kind, "ww_gather", arguments, (x.index, indices.index), (y.index,), "ww_gather", fields)
    ]  # fmt: skip


def _transposed(axes: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [size for size, _ in axes], [step for _, step in axes]


def _even(along: npt.NDArray[np.int64], step: int) -> tuple[int, list[tuple[int, int]]] | None:
    """The first element, and sizes and steps of evenly spaced positions; None for other positions.

    Each position may be repeated, and so may the whole list.
    """
    count = len(along)
    changes = np.flatnonzero(np.diff(along))
    repeat = int(changes[0]) + 1 if len(changes) else count
    each = along[::repeat]
    repeats = np.flatnonzero(each == each[0])
    period = int(repeats[1]) if len(repeats) > 1 else len(each)
    once = each[:period]
    distances = np.unique(np.diff(once))
    whole = np.tile(np.repeat(once, repeat), len(each) // period)
    if len(distances) > 1 or not np.array_equal(whole, along):
        return None
    distance = int(distances[0]) * step if len(distances) else 0
    return int(along[0]) * step, [(len(each) // period, 0), (period, distance), (repeat, 0)]


def _by_table(op: Operator, x: int, y: int, item: int, positions: Positions, shape: tuple[int, ...]) -> Call:
    """A call with a table of positions; the axes after the last incomplete one form one item."""
    whole = [np.array_equal(along, np.arange(size)) for along, size in zip(positions, shape, strict=True)]
    tabled = max(axis for axis, same in enumerate(whole) if not same) + 1
    step = [item * s for s in strides(shape)]
    offsets = [along * s for along, s in zip(positions[:tabled], step, strict=False)]
    offsets = _joined(offsets)
    if len(offsets) > MAX_AXES:
        raise InputError(f"{op.where()} works along {len(offsets)} axes, more than the {MAX_AXES} that are supported")
    table = np.concatenate(offsets).astype(np.int32)
    fields: dict[str, Field] = {
        "offsets": Constant(f"op{op.index}_offsets", "int32_t", table, weights=False),
        "rank": len(offsets),
        "sizes": tuple(len(along) for along in offsets),
        "bytes": item * prod(shape[tabled:]),
    }
    return Call(op.index, op.kind, "ww_pick", (Span(x), Span(y)), (x,), (y,), "ww_pick", fields)


def _joined(offsets: list[npt.NDArray[np.int64]]) -> list[npt.NDArray[np.int64]]:
    """Merges axes of a single position with their neighbours."""
    result = [offsets[0]]
    for along in offsets[1:]:
        if len(along) == 1 or len(result[-1]) == 1:
            result[-1] = (result[-1][:, None] + along[None, :]).ravel()
        else:
            result.append(along)
    return result
