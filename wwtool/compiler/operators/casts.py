"""Lowers CAST, which converts the stored numbers without regard to their scale."""

from __future__ import annotations

from wwtool.compiler.calls import Call, Field, Span
from wwtool.compiler.operators.conversions import TYPES
from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.checks import require_same_shape

CAST_TYPES = (*TYPES, "float32")


def lower_cast(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if not {x.dtype, y.dtype} <= set(CAST_TYPES):
        raise InputError(
            f"{op.where()} converts {x.dtype} to {y.dtype}; the supported types are {', '.join(CAST_TYPES)}"
        )
    require_same_shape(op, x, y)
    ends = (Span(x.index), Span(y.index))
    if x.dtype == y.dtype:
        arguments = (ends[1], x.nbytes, ends[0], x.nbytes, x.nbytes, 1)
        return [Call(op.index, op.kind, "ww_copy_rows", arguments, (x.index,), (y.index,))]
    fields: dict[str, Field] = {"count": x.size}
    fields |= {f"{end}_type": TYPES[t.dtype] for end, t in (("input", x), ("output", y)) if t.dtype in TYPES}
    function = {x.dtype: "ww_cast_from_float", y.dtype: "ww_cast_to_float"}.get("float32", "ww_cast")
    in_place = x.nbytes == y.nbytes
    return [Call(op.index, op.kind, function, ends, (x.index,), (y.index,), "ww_cast", fields, in_place=in_place)]
