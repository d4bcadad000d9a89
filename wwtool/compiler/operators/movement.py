"""Lowers the operators that only move data: to nothing where a piece is contiguous memory, otherwise to copies.

Every such operator walks over elements of one tensor and over as many of another. ``move`` decides whether the walk
becomes an alias, a copy of rows or a copy over several axes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wwtool.compiler.calls import Call, Constant, Field, Span
from wwtool.compiler.operators.walks import merged, strides, walk_fields
from wwtool.compiler.program import Program
from wwtool.errors import InputError
from wwtool.int8.arithmetic import IntArray
from wwtool.tflite.graph import ITEM_BYTES, Graph, Operator, Tensor
from wwtool.tflite.operators.joins import check_join, joining_table
from wwtool.tflite.operators.slices import (
    Cut,
    axis_of,
    pad_value,
    paddings,
    permutation,
    pieces,
    plain_cut,
    strided_cut,
)


def lower_reshape(program: Program, op: Operator) -> list[Call]:
    """RESHAPE, EXPAND_DIMS, SQUEEZE, which keep all bytes."""
    x, y = ends(program, op)
    if x.size != y.size:
        raise InputError(f"{op.where()} changes the number of elements from {x.size} to {y.size}")
    require_same_type(op, x, y)
    return move(program, op, x, y, [x.size], (0, [1]), (0, [1]))


def lower_cut(program: Program, op: Operator) -> list[Call]:
    """SLICE, STRIDED_SLICE."""
    x, y = ends(program, op)
    cut, shape = strided_cut(program.graph, op) if op.kind == "STRIDED_SLICE" else _plain(program.graph, op)
    require_same_type(op, x, y)
    if shape != y.shape:
        raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, but its bounds give {list(shape)}")
    x_steps = strides(x.shape)
    start = sum(b * s for b, s in zip(cut.begin, x_steps, strict=True))
    steps = [a * s for a, s in zip(cut.step, x_steps, strict=True)]
    return move(program, op, x, y, cut.count, (start, steps), (0, strides(cut.count)))


def _plain(graph: Graph, op: Operator) -> tuple[Cut, tuple[int, ...]]:
    cut = plain_cut(graph, op)
    return cut, cut.count


def lower_pieces(program: Program, op: Operator) -> list[Call]:
    """SPLIT, SPLIT_V, UNPACK."""
    x = program.graph.tensor(op.inputs[1 if op.kind == "SPLIT" else 0])
    axis, sizes = pieces(program.graph, op)
    x_steps, calls, first = strides(x.shape), [], 0
    for index, size in zip(op.outputs, sizes, strict=True):
        y = program.graph.tensor(index)
        require_same_type(op, x, y)
        count = [*x.shape[:axis], size, *x.shape[axis + 1 :]]
        shape = count[:axis] + count[axis + 1 :] if op.kind == "UNPACK" else count
        if tuple(shape) != y.shape:
            raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, which should be {shape}")
        calls += move(program, op, x, y, count, (first * x_steps[axis], x_steps), (0, strides(count)))
        first += size
    return calls


def lower_transpose(program: Program, op: Operator) -> list[Call]:
    x, y = ends(program, op)
    order = permutation(program.graph, op)
    require_same_type(op, x, y)
    if tuple(x.shape[axis] for axis in order) != y.shape:
        raise InputError(
            f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, which does not follow from its permutation"
        )
    x_steps = strides(x.shape)
    return move(program, op, x, y, y.shape, (0, [x_steps[axis] for axis in order]), (0, strides(y.shape)))


def lower_join(program: Program, op: Operator) -> list[Call]:
    """CONCATENATION, PACK."""
    graph, y = program.graph, program.graph.tensor(op.outputs[0])
    check_join(graph, op)
    axis = axis_of(op, op.options["axis"], len(y.shape))
    y_steps, calls, first = strides(y.shape), [], 0
    for index in op.inputs:
        x = graph.tensor(index)
        size = 1 if op.kind == "PACK" else x.shape[axis]
        count = [*y.shape[:axis], size, *y.shape[axis + 1 :]]
        table = joining_table(x, y) if op.kind == "CONCATENATION" else None
        if table is None:
            calls += move(program, op, x, y, count, (0, strides(count)), (first * y_steps[axis], y_steps))
        else:
            calls.append(_lookup_rows(op, x, y, table, first * y_steps[axis], size * y_steps[axis]))
        first += size
    return calls


def _lookup_rows(op: Operator, x: Tensor, y: Tensor, table: IntArray, start: int, nbytes: int) -> Call:
    """Moves runs of ``nbytes`` bytes of x through a table to y, from byte ``start`` on."""
    rows = x.nbytes // nbytes
    constant = Constant(f"op{op.index}_table{x.index}", "uint8_t", table.astype(np.uint8), weights=False)
    arguments = (constant, Span(y.index, start), y.nbytes // rows, Span(x.index), nbytes, nbytes, rows)
    return Call(op.index, op.kind, "ww_lookup_rows_uint8", arguments, (x.index,), (y.index,))


def lower_pad(program: Program, op: Operator) -> list[Call]:
    """PAD, PADV2: fills the output with the value, then copies the input into the middle."""
    x, y = ends(program, op)
    require_same_type(op, x, y)
    if (x.scale, x.zero_point) != (y.scale, y.zero_point):
        raise InputError(f"{op.where()} changes the scale, which {op.kind} cannot; export it with equal scales")
    around = paddings(program.graph, op)
    shape = tuple(before + size + behind for (before, behind), size in zip(around, x.shape, strict=True))
    if shape != y.shape:
        raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, but its paddings give {list(shape)}")
    y_steps = strides(y.shape)
    start = sum(before * step for (before, _), step in zip(around, y_steps, strict=True))
    if x.size == y.size:
        return move(program, op, x, y, [x.size], (0, [1]), (0, [1]))
    value = np.asarray([pad_value(program.graph, op)], y.dtype).view(np.uint8)
    constant = Constant(f"op{op.index}_value", "uint8_t", value, weights=False)
    fill = Call(
        op.index, op.kind, "ww_fill", (Span(y.index), constant, ITEM_BYTES[y.dtype], y.size), (), (y.index,)
    )  # fmt: skip
    return [fill, *move(program, op, x, y, x.shape, (0, strides(x.shape)), (start, y_steps), in_place=False)]


def ends(program: Program, op: Operator) -> tuple[Tensor, Tensor]:
    return program.graph.tensor(op.inputs[0]), program.graph.tensor(op.outputs[0])


def require_same_type(op: Operator, x: Tensor, y: Tensor) -> None:
    if x.dtype != y.dtype or x.dtype == "resource":
        raise InputError(f"{op.where()} converts {x.dtype} to {y.dtype}, which is not supported")


def move(
    program: Program, op: Operator, x: Tensor, y: Tensor, sizes: Sequence[int],
    source: tuple[int, Sequence[int]], target: tuple[int, Sequence[int]], in_place: bool = True,
) -> list[Call]:  # fmt: skip
    """Moves elements from x to y.

    ``sizes``: elements along each axis. ``source`` and ``target``: the first element, and the step along each axis.
    """
    item = ITEM_BYTES[x.dtype]
    axes = merged(sizes, source[1], target[1])
    start, end = Span(x.index, source[0] * item), Span(y.index, target[0] * item)
    bytes_, run = item, False
    if not axes or (axes[-1].a == axes[-1].b == 1):
        bytes_, run = item * (axes[-1].size if axes else 1), True
        axes = axes[:-1]
    if in_place and run and not axes and _alias(program, start, end, bytes_):
        return []
    if len(axes) <= 1 and all(axis.a >= 0 and axis.b >= 0 for axis in axes):
        rows, a, b = (axes[0].size, axes[0].a * item, axes[0].b * item) if axes else (1, bytes_, bytes_)
        return [
            Call(op.index, op.kind, "ww_copy_rows", (end, b, start, a, bytes_, rows), (x.index,), (y.index,))
        ]  # fmt: skip
    walk = [type(axis)(axis.size, axis.a * item, axis.b * item) for axis in axes]
    fields: dict[str, Field] = {"walk": walk_fields(op, walk), "bytes": bytes_}
    return [Call(op.index, op.kind, "ww_strided_copy", (start, end), (x.index,), (y.index,), "ww_strided_copy", fields)]


def _alias(program: Program, start: Span, end: Span, nbytes: int) -> bool:
    """Puts one of two tensors into the memory of the other, if no one can see a difference; returns whether it did."""
    graph = program.graph
    x, y = graph.tensor(start.tensor), graph.tensor(end.tensor)
    if x.data is not None:
        return False
    if nbytes == y.nbytes:
        # y is a piece of x. An output of the model needs memory of its own: the caller owns inputs, and windows slide.
        root = program.place(x.index).tensor
        private = program.is_state(x.index) or root in graph.input_set
        if y.index in program.alias or (y.index in graph.output_set and private):
            return False
        program.alias[y.index] = start
        program.parts[y.index] = (x.index,)
        return True
    # y consists of x and others: x may be computed in place, if nothing else decides where it lies.
    place = program.place(x.index)
    root = place.tensor
    owned = root >= 0 and root not in graph.input_set and root not in program.kept
    if not owned or place.offset or graph.tensor(root).nbytes != nbytes or root == program.place(y.index).tensor:
        return False
    program.alias[root] = end
    program.parts[y.index] = (*program.parts.get(y.index, ()), x.index)
    return True
