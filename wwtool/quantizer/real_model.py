"""A .tflite that computes in floats, read as a graph whose constants are all real numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from wwtool.base.text import printable
from wwtool.compiler.precision import require_integers
from wwtool.errors import InputError
from wwtool.quantizer.arithmetic import Real, dequantized
from wwtool.quantizer.rules import RULES
from wwtool.tflite.folding import folded
from wwtool.tflite.graph import Graph, Operator, Tensor, variable_name
from wwtool.tflite.reader import parse_model

_INTEGERS = ("int8", "uint8", "int16")
_MOST_NAMED = 8
ENDLESS = 1e30


def read_real_model(content: bytes, name: str) -> Graph:
    """Reads a model in floats; its weights may be int8 (dynamic range) or float16.

    Raises:
        InputError: it cannot be read, computes in integers already, or has operators that cannot be quantized, all of
            which are named.
    """
    graph = folded(_with_real_constants(parse_model(content, name)))
    if _is_quantized(graph):
        raise InputError(f"{name} computes in integers already; compile it as it is")
    _require_rules(graph, name)
    _require_finite(graph, name)
    return graph


def is_real(t: Tensor) -> bool:
    """Whether a tensor is to be quantized."""
    return t.dtype == "float32"


def padded(graph: Graph) -> set[int]:
    """The outputs of PADV2: what they are padded with may stand for no value at all, as below a MAX_POOL_2D."""
    return {i for op in graph.operators if op.kind == "PADV2" for i in op.outputs}


def without_endless(values: Real) -> Real:
    """The numbers that are not infinite, nor as large as converters write for infinity; a zero without any."""
    near = np.abs(values) < ENDLESS
    return values[near] if near.any() else np.zeros(1, np.float32)


def _is_quantized(graph: Graph) -> bool:
    """Whether nothing is in floats, or only the ends of a model of integers."""
    if not any(is_real(t) for op in graph.operators for t in _tensors(graph, op)):
        return True
    try:
        require_integers(graph)
    except InputError:
        return False
    return any(op.kind in ("QUANTIZE", "DEQUANTIZE") for op in graph.operators)


def _tensors(graph: Graph, op: Operator) -> list[Tensor]:
    return [graph.tensor(i) for i in (*op.inputs, *op.outputs) if i >= 0]


def _with_real_constants(graph: Graph) -> Graph:
    """The graph with its integer and float16 weights as float32, and without the operators that convert them."""
    tensors, kept = list(graph.tensors), []

    def make_real(target: int, source: Tensor) -> None:
        assert source.data is not None
        form = source.quantization
        if form is not None and form.per_channel and form.scale.size != dict(enumerate(source.shape)).get(form.axis):
            raise InputError(
                f"tensor {source.index} has {form.scale.size} scales along axis {form.axis} of {list(source.shape)}; "
                "export the model again"
            )
        data = source.data if form is None else dequantized(source.data, form)
        tensors[target] = replace(tensors[target], dtype="float32", quantization=None, data=data.astype(np.float32))

    for op in graph.operators:
        source = tensors[op.inputs[0]] if op.inputs and op.inputs[0] >= 0 else None
        if op.kind == "DEQUANTIZE" and source is not None and source.data is not None:
            make_real(op.outputs[0], source)
            continue
        kept.append(op)
        if op.kind in ("QUANTIZE", "DEQUANTIZE") or not any(is_real(t) for t in _tensors(graph, op)):
            continue
        for index in (i for i in op.inputs if i >= 0):
            t = tensors[index]
            if t.data is not None and t.dtype in _INTEGERS and t.quantization is not None:
                make_real(index, t)
    return replace(graph, tensors=tuple(tensors), operators=tuple(kept))


def _require_finite(graph: Graph, name: str) -> None:
    pads = {op.inputs[2] for op in graph.operators if op.kind == "PADV2"}
    reals = (t for t in graph.tensors if is_real(t) and t.index not in pads)
    constants = [(t.name, t.data) for t in reals if t.data is not None]
    starts = [(variable_name(key), v.initial) for key, v in graph.variables.items() if v.initial.dtype.kind == "f"]
    for label, data in (*constants, *starts):
        if not np.isfinite(data).all():
            raise InputError(
                f"{name} has numbers that are not finite (tensor '{printable(label, 60)}'); train it again"
            )


def _require_rules(graph: Graph, name: str) -> None:
    wrong = []
    for op in graph.operators:
        tensors = _tensors(graph, op)
        if any(t.dtype == "float16" for t in tensors):
            raise InputError(f"{name} computes in float16 ({op.where()}); export it in float32")
        if op.kind in ("QUANTIZE", "DEQUANTIZE"):
            raise InputError(
                f"{name} is quantized in parts ({op.where()}); quantize the float model that it was made from"
            )
        if any(is_real(t) for t in tensors) and op.kind not in RULES:
            wrong.append(op.where())
    if wrong:
        more = f" and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        listed = printable(", ".join(wrong[:_MOST_NAMED]), 600)
        raise InputError(
            f"{name} has operators that cannot be quantized: {listed}{more}; "
            "replace them in the model, or leave them to the code around it"
        )
