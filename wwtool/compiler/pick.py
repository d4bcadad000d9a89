"""Lowers the operators that take elements by their positions along every axis, each from anywhere in the input.

What an output holds along one axis is a list of positions in the input. Where that is an even walk, or one on which
every position is taken several times, the strided copies of movement.py do; else a table of positions does.
"""

from __future__ import annotations

from math import prod

import numpy as np
import numpy.typing as npt

from wwtool.compiler.calls import Call, Constant, Field, Span
from wwtool.compiler.graph import ITEM_BYTES, Operator
from wwtool.compiler.movement import ends, move, require_same_type
from wwtool.compiler.picks import PICKS, Positions
from wwtool.compiler.program import Program
from wwtool.compiler.walks import MAX_AXES, merged, strides
from wwtool.errors import InputError


def lower_pick(program: Program, op: Operator) -> list[Call]:
    """An operator of PICKS."""
    x, y = ends(program, op)
    require_same_type(op, x, y)
    positions = PICKS[op.kind](program.graph, op)
    own = strides(x.shape)
    walks = [_even(along, step) for along, step in zip(positions, own, strict=True)]
    if all(walk is not None for walk in walks):
        steps = [step for walk in walks if walk is not None for step in walk[1]]
        start = sum(walk[0] for walk in walks if walk is not None)
        sizes = [size for size, _ in steps]
        found = merged(sizes, [step for _, step in steps], strides(sizes))
        if len(found) <= MAX_AXES:
            return move(program, op, x, y, sizes, (start, [step for _, step in steps]), (0, strides(sizes)))
    return [_by_table(op, x.index, y.index, ITEM_BYTES[x.dtype], positions, x.shape)]


def _even(along: npt.NDArray[np.int64], step: int) -> tuple[int, list[tuple[int, int]]] | None:
    """The first element, and sizes and steps of an even walk over the positions, in elements; None if there is none."""
    first, count = int(along[0]), len(along)
    changes = np.flatnonzero(np.diff(along))
    repeat = int(changes[0]) + 1 if len(changes) else count
    each = along[::repeat]
    if count % repeat or not np.array_equal(np.repeat(each, repeat), along):
        return None
    apart = np.diff(each)
    if len(set(apart.tolist())) > 1:
        return None
    return first * step, [(len(each), int(apart[0]) * step if len(apart) else 0), (repeat, 0)]


def _by_table(op: Operator, x: int, y: int, item: int, positions: Positions, shape: tuple[int, ...]) -> Call:
    """Axes behind the last one that is not taken whole are one item."""
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
    """Axes of one position add to their neighbours."""
    result = [offsets[0]]
    for along in offsets[1:]:
        if len(along) == 1 or len(result[-1]) == 1:
            result[-1] = (result[-1][:, None] + along[None, :]).ravel()
        else:
            result.append(along)
    return result
