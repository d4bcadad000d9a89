"""Lowers QUANTIZE."""

from __future__ import annotations

from wwtool.arithmetic import MAX_MULTIPLIER, requantize_table
from wwtool.compiler.calls import Call
from wwtool.compiler.elementwise import lookup
from wwtool.compiler.graph import Graph, Operator
from wwtool.errors import InputError

LIMITS = {"int8": (-128, 127), "uint8": (0, 255)}


def lower_quantize(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if x.dtype != "int8" or y.dtype not in LIMITS or x.quantization is None or y.quantization is None:
        raise InputError(f"{op.where()} turns {x.dtype} into {y.dtype}; only int8 to int8 or uint8 is supported")
    if x.scale / y.scale >= MAX_MULTIPLIER:
        raise InputError(f"{op.where()} has an output scale too small for its input; export it with sane scales")
    table = requantize_table(x.scale, x.zero_point, y.scale, y.zero_point, *LIMITS[y.dtype])
    return lookup(op, x, y, table)
