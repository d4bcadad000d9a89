"""Quantized models that others have made, to be held beside one: a class for each kind of file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wwtool.base.text import printable
from wwtool.errors import InputError
from wwtool.quantizer.float_model import read_bounded
from wwtool.quantizer.integer_model import Counterpart, IntegerModel
from wwtool.quantizer.matching import matched
from wwtool.quantizer.material import Material
from wwtool.quantizer.qdq_model import QdqModel
from wwtool.quantizer.tflite_model import TfliteModel
from wwtool.tflite.graph import Graph

OTHERS: dict[str, Callable[[bytes, str, Graph], IntegerModel]] = {".onnx": QdqModel}
"""By the ending of a file's name; what is none of them is read as a .tflite."""


def read_other(path: Path, source: Graph) -> IntegerModel:
    """A quantized model of the float model ``source``.

    Raises:
        InputError: it cannot be read, is not quantized, or reads something else than the float model.
        ToolError: what reads it is missing.
    """
    return OTHERS.get(path.suffix.lower(), TfliteModel)(read_bounded(path), printable(path.name), source)


def as_counterpart(other: IntegerModel, content: bytes, graph: Graph, material: Material) -> Counterpart:
    """The same model with the tensors that stand for those of the float model ``content``, ``graph``.

    Raises:
        InputError: none does.
    """
    found = matched(content, graph, other, material.streams)
    if not any(index in found.pairs for op in graph.operators for index in op.outputs):
        raise InputError(f"no tensor of {other.name} is near one of the float model; it was made from another model")
    return found
