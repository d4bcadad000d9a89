"""Constants as arguments of kernels: tensors with values lie in flash, and equal arrays share one place there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from wwtool.compiler.calls import Call, Constant, Span
from wwtool.tflite.graph import Graph, Tensor

_C_TYPES = {"int8": "int8_t", "uint8": "uint8_t", "int16": "int16_t", "int32": "int32_t"}


def constants_in_flash(graph: Graph, calls: list[Call]) -> list[Call]:
    """Returns the calls with a constant in the place of every tensor that has values."""

    def visit(value: Any) -> Any:
        if not isinstance(value, Span) or value.tensor < 0 or graph.tensor(value.tensor).data is None:
            return value
        assert value.offset == 0  # folding has cut constants already
        return _constant(graph.tensor(value.tensor))

    result = []
    for call in calls:
        reads = tuple(t for t in call.reads if t < 0 or graph.tensor(t).data is None)
        result.append(replace(_mapped(call, visit), reads=reads))
    return result


def _constant(t: Tensor) -> Constant:
    assert t.data is not None
    ctype = _C_TYPES.get(t.dtype)
    values = np.ascontiguousarray(t.data).ravel()
    if ctype is None:  # other types are only read as bytes, or from an aligned address
        ctype, values = (
            ("int32_t", values.view(np.int32)) if values.itemsize >= 4 else ("uint8_t", values.view(np.uint8))
        )
    return Constant(f"tensor{t.index}", ctype, values)


def shared_constants(calls: list[Call]) -> list[Call]:
    """Returns the calls with one constant in the place of all equal ones that may be shared."""
    first: dict[tuple[str, int, bytes], Constant] = {}

    def visit(value: Any) -> Any:
        if not isinstance(value, Constant) or not value.shared:
            return value
        return first.setdefault((value.ctype, value.alignment, value.values.tobytes()), value)

    return [_mapped(call, visit) for call in calls]


def _mapped(call: Call, visit: Callable[[Any], Any]) -> Call:
    def inside(fields: dict[str, Any]) -> dict[str, Any]:
        return {k: inside(v) if isinstance(v, dict) else visit(v) for k, v in fields.items()}

    return replace(call, arguments=tuple(visit(a) for a in call.arguments), fields=inside(call.fields))
