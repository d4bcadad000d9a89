"""Lowers RESIZE_BILINEAR."""

from __future__ import annotations

from dataclasses import asdict

from wwtool.compiler.calls import Call, Field, Span, kernel_name
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.checks import require_type
from wwtool.tflite.operators.resize import resize_axes


def lower_resize_bilinear(graph: Graph, op: Operator) -> list[Call]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    dtype = require_type(op, x, y, types=("int8", "int16"))  # LiteRT resizes uint8 in floats
    height, width = resize_axes(graph, op)
    fields: dict[str, Field] = {
        "height": asdict(height),
        "width": asdict(width),
        "batches": x.shape[0],
        "depth": x.shape[3],
    }
    arguments, struct = (Span(x.index), Span(y.index)), "ww_resize_bilinear"
    return [Call(op.index, op.kind, kernel_name(struct, dtype), arguments, (x.index,), (y.index,), struct, fields)]
