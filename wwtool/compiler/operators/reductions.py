"""Lowers REDUCE_MAX, REDUCE_MIN, SUM and REDUCE_PROD, ARG_MAX and ARG_MIN."""

from __future__ import annotations

import numpy as np

from wwtool.compiler.calls import Call, Field, Span, kernel_name
from wwtool.compiler.operators.conversions import TYPES
from wwtool.compiler.operators.elementwise import multiplier_fields, range_fields
from wwtool.compiler.operators.pooling import walk_over
from wwtool.compiler.operators.walks import strides
from wwtool.errors import InputError
from wwtool.int8 import elementwise
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import require_int8, require_type, with_sane_scales
from wwtool.tflite.operators.reductions import COMPARED, arg_axis, mean_axes, product_multiplier


def lower_reduce_extreme(graph: Graph, op: Operator) -> list[Call]:
    """REDUCE_MAX and REDUCE_MIN, and REDUCE_ANY and REDUCE_ALL of bools, on the stored numbers as in LiteRT."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    allowed = ("bool",) if op.kind in ("REDUCE_ANY", "REDUCE_ALL") else ("int8", "uint8", "int16", "int32")
    if x.dtype not in allowed or y.dtype != x.dtype:
        raise InputError(f"{op.where()} converts {x.dtype} to {y.dtype}; the supported types are {', '.join(allowed)}")
    fields: dict[str, Field] = {
        **_walks(graph, op),
        "type": TYPES[COMPARED[x.dtype]],
        "maximum": int(op.kind in ("REDUCE_MAX", "REDUCE_ANY")),
    }
    return [_call(op, "ww_reduce_extreme", x, y, fields)]


def lower_sum(graph: Graph, op: Operator) -> list[Call]:
    """MEAN without the division."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    dtype = require_type(op, x, y, types=("int8", "uint8"))
    walks = _walks(graph, op)
    count = x.size // y.size
    if count >= 1 << 23:
        raise InputError(f"{op.where()} sums over {count} values, more than 32 bits hold")
    multiplier = with_sane_scales(op, lambda: elementwise.multiplier(np.float64(x.scale) / np.float64(y.scale)))
    fields: dict[str, Field] = {
        "kept": walks["kept"],
        "summed": walks["reduced"],
        "multiplier": multiplier_fields(multiplier),
        "bias": -x.zero_point * count,
        "output": range_fields(y),
    }
    arguments = (Span(x.index), Span(y.index))
    return [
        Call(op.index, op.kind, kernel_name("ww_mean", dtype), arguments, (x.index,), (y.index,), "ww_mean", fields)
    ]


def lower_reduce_prod(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    require_int8(op, x, y)
    walks = _walks(graph, op)
    mantissa, shift = product_multiplier(graph, op)
    fields: dict[str, Field] = {
        **walks,
        "mantissa": mantissa,
        "shift": shift,
        "input_zero_point": x.zero_point,
        "output": range_fields(y),
    }
    return [_call(op, "ww_reduce_prod", x, y, fields)]


def lower_arg_extreme(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    axis = arg_axis(graph, op)
    fields: dict[str, Field] = {
        "kept": walk_over(op, x, [other for other in range(len(x.shape)) if other != axis]),
        "size": x.shape[axis],
        "step": strides(x.shape)[axis],
        "input_type": TYPES[COMPARED[x.dtype]],
        "output_type": TYPES[y.dtype],
        "maximum": int(op.kind == "ARG_MAX"),
    }
    return [_call(op, "ww_arg_extreme", x, y, fields)]


def _walks(graph: Graph, op: Operator) -> dict[str, Field]:
    x, axes = graph.tensor(op.inputs[0]), mean_axes(graph, op)
    kept_axes = [axis for axis in range(len(x.shape)) if axis not in axes]
    return {"kept": walk_over(op, x, kept_axes), "reduced": walk_over(op, x, list(axes))}


def _call(op: Operator, function: str, x: Tensor, y: Tensor, fields: dict[str, Field]) -> Call:
    arguments = (Span(x.index), Span(y.index))
    return Call(op.index, op.kind, function, arguments, (x.index,), (y.index,), function, fields)
