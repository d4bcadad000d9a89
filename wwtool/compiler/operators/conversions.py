"""Lowers QUANTIZE and DEQUANTIZE between floats and integers of any width that LiteRT has."""

from __future__ import annotations

import numpy as np

from wwtool.compiler.calls import Call, Field, Span
from wwtool.compiler.operators.elementwise import lookup, multiplier_fields
from wwtool.errors import InputError
from wwtool.int8.arithmetic import MAX_MULTIPLIER, IntArray, limits, requantize_table
from wwtool.int8.elementwise import multiplier
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import require_same_shape

# enum ww_type of ww_kernels.h
TYPES = {"int8": 0, "uint8": 1, "int16": 2, "int32": 3, "int64": 4, "bool": 5}
# Source and target types of LiteRT's QUANTIZE (Prepare in quantize.cc).
_TARGETS = {
    "float32": ("int8", "uint8", "int16"),
    "int8": ("int8", "uint8", "int16"),
    "uint8": ("int8", "uint8", "int16"),
    "int16": ("int8", "int16", "int32"),
    "int32": ("int8", "int16"),
}


def lower_quantize(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if y.dtype not in _TARGETS.get(x.dtype, ()):
        pairs = "; ".join(f"{source} to {', '.join(targets)}" for source, targets in _TARGETS.items())
        raise InputError(f"{op.where()} converts {x.dtype} to {y.dtype}; the supported conversions are {pairs}")
    _require_scale(op, *((y,) if x.dtype == "float32" else (x, y)))
    require_same_shape(op, x, y)
    if x.dtype == "float32":
        return _from_float(op, x, y)
    if x.scale / y.scale >= MAX_MULTIPLIER:
        raise InputError(f"{op.where()} has an output scale too small for its input; export it with sane scales")
    if x.dtype == y.dtype == "int16" and (x.zero_point or y.zero_point):
        raise InputError(f"{op.where()} has an int16 zero point other than 0, which is not supported")
    if {x.dtype, y.dtype} <= {"int8", "uint8"}:
        return lookup(op, x, y, quantize_table(x, y))
    low, high = limits(y.dtype)
    fields: dict[str, Field] = {
        "multiplier": multiplier_fields(multiplier(x.scale / y.scale)),
        "input_zero_point": x.zero_point,
        "output_zero_point": y.zero_point,
        "min": low,
        "max": high,
        "count": x.size,
        "input_type": TYPES[x.dtype],
        "output_type": TYPES[y.dtype],
    }
    return [_call(op, "ww_rescale", x, y, fields)]


def quantize_table(x: Tensor, y: Tensor) -> IntArray:
    """QUANTIZE of every byte; bytes are read as int8, from -128 on."""
    if x.dtype == "int8":
        return requantize_table(x.scale, x.zero_point, y.scale, y.zero_point, *limits(y.dtype))
    # Computed as int8 with a shifted zero point, then brought to the order of int8: bytes 128 to 255, then 0 to 127.
    table = requantize_table(x.scale, x.zero_point - 128, y.scale, y.zero_point, *limits(y.dtype))
    return np.roll(table, 128)


def lower_dequantize(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if x.dtype not in ("int8", "uint8", "int16") or y.dtype != "float32":
        raise InputError(
            f"{op.where()} converts {x.dtype} to {y.dtype}; only int8, uint8 and int16 to float32 are supported"
        )
    _require_scale(op, x)
    require_same_shape(op, x, y)
    if x.dtype == "int16" and x.zero_point:
        raise InputError(f"{op.where()} has an int16 zero point other than 0, which is not supported")
    fields: dict[str, Field] = {
        "scale": x.scale,
        "zero_point": x.zero_point,
        "count": x.size,
        "type": TYPES[x.dtype],
    }
    return [_call(op, "ww_dequantize", x, y, fields)]


def _from_float(op: Operator, x: Tensor, y: Tensor) -> list[Call]:
    low, high = limits(y.dtype)
    fields: dict[str, Field] = {
        "scale": y.scale,
        "zero_point": y.zero_point,
        "min": low,
        "max": high,
        "count": x.size,
        "type": TYPES[y.dtype],
    }
    return [_call(op, "ww_quantize", x, y, fields)]


def _require_scale(op: Operator, *tensors: Tensor) -> None:
    for t in tensors:
        if t.quantization is None or t.quantization.per_channel:
            raise InputError(f"{op.where()} uses tensor {t.index} ({t.name}); the tensor must have a single scale")


def _call(op: Operator, function: str, x: Tensor, y: Tensor, fields: dict[str, Field]) -> Call:
    arguments = (Span(x.index), Span(y.index))
    in_place = x.nbytes == y.nbytes
    return Call(op.index, op.kind, function, arguments, (x.index,), (y.index,), function, fields, in_place=in_place)
