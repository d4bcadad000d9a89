"""How much memory a model's tensors take in TFLM."""

from __future__ import annotations

from wwtool.tflite.graph import Graph

_ALIGNMENT = 16
_TENSOR_BYTES, _BASE_BYTES = 96, 1024  # more than what TFLM keeps of a tensor, and besides


def arena_bytes(graph: Graph) -> int:
    """An upper bound: every computed tensor and every variable has a place of its own."""
    computed = [t.nbytes for t in graph.tensors if t.data is None]
    variables = [v.initial.nbytes for v in graph.variables.values()]
    places = sum(-(-nbytes // _ALIGNMENT) * _ALIGNMENT for nbytes in (*computed, *variables))
    return places + _TENSOR_BYTES * len(graph.tensors) + _BASE_BYTES
