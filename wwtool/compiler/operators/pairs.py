"""Lowers further functions of two tensors: comparisons, SELECT, logic, SQUARED_DIFFERENCE, BATCH_MATMUL."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from wwtool.compiler.calls import Call, Constant, Field, Span
from wwtool.compiler.operators.conversions import TYPES
from wwtool.compiler.operators.elementwise import multiplier_fields, range_fields
from wwtool.compiler.operators.walks import MAX_AXES, broadcast_strides, merged, strides, walk_fields
from wwtool.errors import InputError
from wwtool.tflite.graph import ITEM_BYTES, Graph, Operator, Tensor
from wwtool.tflite.operators.binary import compared_multiplier, difference_multipliers, matmul_multiplier, select_shapes
from wwtool.tflite.operators.checks import require_int8, require_same_shape, with_sane_scales

# enum ww_relation of ww_kernels_functions.h.
RELATIONS = {"EQUAL": 0, "NOT_EQUAL": 1, "LESS": 2, "LESS_EQUAL": 3, "GREATER": 4, "GREATER_EQUAL": 5}
_QUANTIZED = ("int8", "uint8", "int16")


def _broadcast(op: Operator, y: Tensor, *inputs: Tensor) -> None:
    try:
        shape: Any = np.broadcast_shapes(*(t.shape for t in inputs))
    except ValueError:
        shape = None
    if shape != y.shape:
        shapes = " and ".join(str(list(t.shape)) for t in inputs)
        raise InputError(f"{op.where()} combines the shapes {shapes} to {list(y.shape)}, which is not valid")


def lower_comparison(graph: Graph, op: Operator) -> list[Call]:
    """EQUAL, GREATER and similar ones; quantized tensors are compared by their real values."""
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    types = (*_QUANTIZED[:2], "int32", *(("bool",) if op.kind in ("EQUAL", "NOT_EQUAL") else ()))
    if a.dtype != b.dtype or y.dtype != "bool" or a.dtype not in types:
        raise InputError(
            f"{op.where()} compares {a.dtype} with {b.dtype}; "
            f"only {', '.join(types)} with an output of bool are supported"
        )
    _broadcast(op, y, a, b)
    fields: dict[str, Field] = {
        "walk": _walk(op, a, b, y),
        "relation": RELATIONS[op.kind],
        "type": TYPES["uint8" if a.dtype == "bool" else a.dtype],
        "scaled": int(a.dtype in _QUANTIZED),
    }
    if a.dtype in _QUANTIZED:
        for name, t in (("a", a), ("b", b)):
            fields[f"{name}_multiplier"] = multiplier_fields(compared_multiplier(op, t))
            fields[f"{name}_zero_point"] = t.zero_point
    return [_call(op, "ww_compare", a, b, y, fields)]


def lower_logic(graph: Graph, op: Operator) -> list[Call]:
    """LOGICAL_AND is the minimum of two bools, LOGICAL_OR the maximum, LOGICAL_NOT a table."""
    tensors = [graph.tensor(i) for i in (*op.inputs, *op.outputs)]
    a, y = tensors[0], tensors[-1]
    if any(t.dtype != "bool" for t in tensors):
        raise InputError(f"{op.where()} uses types other than bool, which is not supported")
    if op.kind == "LOGICAL_NOT":
        require_same_shape(op, a, y)
        table = np.zeros(256, np.uint8)
        table[128] = 1
        constant = Constant(f"op{op.index}_table", "uint8_t", table, weights=False)
        arguments = (constant, Span(a.index), Span(y.index), a.size)
        return [Call(op.index, op.kind, "ww_lookup", arguments, (a.index,), (y.index,), in_place=True)]
    b = tensors[1]
    _broadcast(op, y, a, b)
    fields: dict[str, Field] = {"walk": _walk(op, a, b, y), "maximum": int(op.kind == "LOGICAL_OR")}
    return [_call(op, "ww_extreme_uint8", a, b, y, fields, "ww_extreme")]


def lower_select(graph: Graph, op: Operator) -> list[Call]:
    """SELECT, SELECT_V2, which copy the stored numbers."""
    condition, a, b = (graph.tensor(i) for i in op.inputs)
    y = graph.tensor(op.outputs[0])
    shape = select_shapes(graph, op)
    if condition.dtype != "bool" or not a.dtype == b.dtype == y.dtype:
        raise InputError(
            f"{op.where()} selects by {condition.dtype} from {a.dtype} and {b.dtype}, which is not supported"
        )
    if op.kind == "SELECT" and not a.shape == b.shape == y.shape:
        raise InputError(f"{op.where()} selects from {list(a.shape)} and {list(b.shape)}, which is not valid")
    try:
        fits = np.broadcast_shapes(shape, a.shape, b.shape) == y.shape
    except ValueError:
        fits = False
    if not fits or len(y.shape) > MAX_AXES:
        raise InputError(f"{op.where()} has shapes that do not fit together, or more than {MAX_AXES} axes")
    sizes = y.shape or (1,)
    steps = [broadcast_strides(s, y.shape) or [0] for s in (a.shape, b.shape, shape)]
    item = ITEM_BYTES[y.dtype]
    fields: dict[str, Field] = {
        "walk": {
            "rank": len(sizes),
            "sizes": tuple(sizes),
            "a": tuple(item * s for s in steps[0]),
            "b": tuple(item * s for s in steps[1]),
        },
        "condition": tuple(steps[2]),
        "bytes": item,
    }
    arguments = (Span(condition.index), Span(a.index), Span(b.index), Span(y.index))
    reads = (condition.index, a.index, b.index)
    return [Call(op.index, op.kind, "ww_select", arguments, reads, (y.index,), "ww_select", fields)]


def lower_squared_difference(graph: Graph, op: Operator) -> list[Call]:
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    require_int8(op, a, b, y)
    _broadcast(op, y, a, b)
    first, second, last = with_sane_scales(op, lambda: difference_multipliers(a, b, y))
    fields: dict[str, Field] = {
        "walk": _walk(op, a, b, y),
        "a_multiplier": multiplier_fields(first),
        "b_multiplier": multiplier_fields(second),
        "output_multiplier": multiplier_fields(last),
        "a_zero_point": a.zero_point,
        "b_zero_point": b.zero_point,
        "output": range_fields(y),
    }
    return [_call(op, "ww_squared_difference", a, b, y, fields)]


def matrices(graph: Graph, op: Operator) -> tuple[tuple[int, ...], int, int, int]:
    """The batches of a BATCH_MATMUL, and the rows, columns and depth of its matrices."""
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    if min(len(a.shape), len(b.shape)) < 2:
        raise InputError(f"{op.where()} multiplies {list(a.shape)} by {list(b.shape)}, which are not matrices")
    rows, depth = a.shape[-2:] if not op.options.get("adjX") else a.shape[:-3:-1]
    inner, columns = b.shape[-2:] if not op.options.get("adjY") else b.shape[:-3:-1]
    try:
        batches = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    except ValueError:
        batches = (-1,)
    if inner != depth or (*batches, rows, columns) != y.shape:
        raise InputError(
            f"{op.where()} multiplies {list(a.shape)} by {list(b.shape)} to {list(y.shape)}, which is not valid"
        )
    return batches, rows, columns, depth


def lower_batch_matmul(graph: Graph, op: Operator) -> list[Call]:
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    require_int8(op, a, b, y)
    batches, rows, columns, depth = matrices(graph, op)
    if depth >= 1 << 15:
        raise InputError(f"{op.where()} sums over {depth} products, more than 32 bits hold")
    a_steps, b_steps = strides(a.shape), strides(b.shape)
    a_batch, b_batch = (
        [step * prod(t.shape[-2:]) for step in broadcast_strides(t.shape[:-2], batches)] for t in (a, b)
    )
    fields: dict[str, Field] = {
        "batches": walk_fields(op, merged(batches, a_batch, b_batch)),
        "rows": rows,
        "columns": columns,
        "depth": depth,
        "a_row": a_steps[-1] if op.options.get("adjX") else a_steps[-2],
        "a_depth": a_steps[-2] if op.options.get("adjX") else a_steps[-1],
        "b_depth": b_steps[-1] if op.options.get("adjY") else b_steps[-2],
        "b_column": b_steps[-2] if op.options.get("adjY") else b_steps[-1],
        "multiplier": multiplier_fields(with_sane_scales(op, lambda: matmul_multiplier(a, b, y))),
        "a_zero_point": a.zero_point,
        "b_zero_point": b.zero_point,
        "output": range_fields(y),
    }
    return [_call(op, "ww_batch_matmul", a, b, y, fields, macs=y.size * depth)]


def _walk(op: Operator, a: Tensor, b: Tensor, y: Tensor) -> dict[str, Field]:
    return walk_fields(op, merged(y.shape, broadcast_strides(a.shape, y.shape), broadcast_strides(b.shape, y.shape)))


def _call(
    op: Operator, function: str, a: Tensor, b: Tensor, y: Tensor, fields: dict[str, Field], struct: str = "",
    macs: int = 0,
) -> Call:  # fmt: skip
    arguments, reads = (Span(a.index), Span(b.index), Span(y.index)), (a.index, b.index)
    return Call(op.index, op.kind, function, arguments, reads, (y.index,), struct or function, fields, macs)
