"""Refuses models that compute in floats; the message says how to quantize them."""

from __future__ import annotations

from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.moves import MOVES

_REMEDY = (
    "'wwtool quantize MODEL --data CALIBRATION -o INT8.tflite' makes an INT8 model of it, as do TensorFlow Lite's "
    "post-training quantization (Optimize.DEFAULT, a representative_dataset and TFLITE_BUILTINS_INT8 as the only "
    "supported_ops) and quantization-aware training"
)
_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE", "CAST", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE")
_QUANTIZED = ("int8", "uint8", "int16")


def require_integers(graph: Graph) -> None:
    """Checks that a model only converts and moves floats.

    Raises:
        InputError: it is a float model, only its weights are quantized (to int8 or float16), or its converter left an
            operator in floats.
    """
    for op in graph.operators:
        types = {graph.tensor(i).dtype for i in (*op.inputs, *op.outputs) if i >= 0}
        if "float16" in types:
            raise InputError(f"the model has float16 weights ({op.where()}) and computes in floats; {_REMEDY}")
    for op in graph.operators:
        if op.kind not in _CONVERSIONS and op.kind not in MOVES and _computes_in_floats(graph, op):
            raise InputError(f"{_reason(graph, op)}; {_REMEDY}")


def _computes_in_floats(graph: Graph, op: Operator) -> bool:
    """Whether an output or the first input is of floats."""
    return any(graph.tensor(i).dtype == "float32" for i in (*op.outputs, *op.inputs[:1]) if i >= 0)


def _reason(graph: Graph, op: Operator) -> str:
    if _has_integer_weights(graph, op):
        return f"the model has integer weights but computes in float32 ({op.where()}; dynamic-range quantization)"
    produced = [graph.tensor(i) for other in graph.operators for i in other.outputs]
    if any(t.dtype in _QUANTIZED and t.quantization is not None for t in produced):
        return f"{op.where()} computes in float32 in a model that is quantized elsewhere"
    return f"the model computes in float32 ({op.where()})"


def _has_integer_weights(graph: Graph, op: Operator) -> bool:
    """Whether the operator reads integer constants, perhaps through a DEQUANTIZE."""
    for index in op.inputs:
        t = graph.tensor(index) if index >= 0 else None
        source = graph.producer(index)
        if t is not None and source is not None and source.kind == "DEQUANTIZE":
            t = graph.tensor(source.inputs[0])
        if t is not None and t.data is not None and t.dtype in _QUANTIZED and t.quantization is not None:
            return True
    return False
