"""Lowers REDUCE_MAX, REDUCE_MIN, SUM and REDUCE_PROD, ARG_MAX and ARG_MIN."""

from __future__ import annotations

import numpy as np

from wwtool.compiler.calls import Call, Field, Span
from wwtool.compiler.checks import kernel, require_int8, require_type, scaled
from wwtool.compiler.conversions import TYPES
from wwtool.compiler.elementwise import multiplier_fields, range_fields
from wwtool.compiler.graph import Graph, Operator, Tensor
from wwtool.compiler.pooling import mean_axes, walk_over
from wwtool.compiler.slices import axis_of, constants
from wwtool.compiler.walks import strides
from wwtool.errors import InputError
from wwtool.int8 import elementwise as rules
from wwtool.int8.arithmetic import quantize_multiplier, reduced_mantissa

_COMPARED = {"int8": "int8", "uint8": "uint8", "int16": "int16", "int32": "int32", "bool": "uint8"}


def lower_reduce_extreme(graph: Graph, op: Operator) -> list[Call]:
    """REDUCE_MAX, REDUCE_MIN, and on bool REDUCE_ANY, REDUCE_ALL: the stored numbers, as LiteRT has it."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    allowed = ("bool",) if op.kind in ("REDUCE_ANY", "REDUCE_ALL") else ("int8", "uint8", "int16", "int32")
    if x.dtype not in allowed or y.dtype != x.dtype:
        raise InputError(f"{op.where()} turns {x.dtype} into {y.dtype}; supported are {', '.join(allowed)}")
    fields: dict[str, Field] = {
        **_walks(graph, op),
        "type": TYPES[_COMPARED[x.dtype]],
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
    multiplier = scaled(op, lambda: rules.multiplier(np.float64(x.scale) / np.float64(y.scale)))
    fields: dict[str, Field] = {
        "kept": walks["kept"],
        "summed": walks["reduced"],
        "multiplier": multiplier_fields(multiplier),
        "bias": -x.zero_point * count,
        "output": range_fields(y),
    }
    arguments = (Span(x.index), Span(y.index))
    return [Call(op.index, op.kind, kernel("ww_mean", dtype), arguments, (x.index,), (y.index,), "ww_mean", fields)]


def product_multiplier(graph: Graph, op: Operator) -> tuple[int, int]:
    """What REDUCE_PROD multiplies by after every factor: mantissa * 2^-shift, a mantissa of 15 bits.

    It is the input's scale, and for n factors the n-th root of the output's (GetQuantProdScaling).

    Raises:
        InputError: LiteRT has no such multiplier.
    """
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    real = np.float64(x.scale) / np.power(np.float64(y.scale), 1.0 / (x.size // y.size))
    if not real < 2.0**7:
        raise InputError(f"{op.where()} has an output scale too small for its inputs; export it with sane scales")
    mantissa, shift = quantize_multiplier(real)
    return int(reduced_mantissa(mantissa)[0]), 15 - int(shift[0])


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


def arg_axis(graph: Graph, op: Operator) -> int:
    """The axis of an ARG_MAX or ARG_MIN.

    Raises:
        InputError: it is not constant, or the output does not follow from it.
    """
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    axis = axis_of(op, constants(graph, op, 1, 1)[0], len(x.shape))
    if x.dtype not in _COMPARED or y.dtype not in ("int32", "int64"):
        raise InputError(f"{op.where()} turns {x.dtype} into {y.dtype}, which is not supported")
    if y.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        raise InputError(f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, which its axis does not give")
    return axis


def lower_arg_extreme(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    axis = arg_axis(graph, op)
    fields: dict[str, Field] = {
        "kept": walk_over(op, x, [other for other in range(len(x.shape)) if other != axis]),
        "size": x.shape[axis],
        "step": strides(x.shape)[axis],
        "input_type": TYPES[_COMPARED[x.dtype]],
        "output_type": TYPES[y.dtype],
        "maximum": int(op.kind == "ARG_MAX"),
    }
    return [_call(op, "ww_arg_extreme", x, y, fields)]


def _walks(graph: Graph, op: Operator) -> dict[str, Field]:
    x, axes = graph.tensor(op.inputs[0]), mean_axes(graph, op)
    kept = [axis for axis in range(len(x.shape)) if axis not in axes]
    return {"kept": walk_over(op, x, kept), "reduced": walk_over(op, x, list(axes))}


def _call(op: Operator, function: str, x: Tensor, y: Tensor, fields: dict[str, Field]) -> Call:
    arguments = (Span(x.index), Span(y.index))
    return Call(op.index, op.kind, function, arguments, (x.index,), (y.index,), function, fields)
