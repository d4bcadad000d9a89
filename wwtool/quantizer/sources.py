"""The files that a float model may come in: one function for each kind. What is none of them is read as a .tflite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wwtool.quantizer.float_model import FloatModel, read_bounded
from wwtool.quantizer.onnx_source import from_onnx

SOURCES: dict[str, Callable[[Path], FloatModel]] = {".onnx": from_onnx}
"""By the ending of a file's name."""


def read_float_model(path: Path) -> FloatModel:
    """Reads a .tflite, or a file that becomes one.

    Raises:
        InputError: it cannot be read or converted.
        ToolError: a converter is missing.
    """
    return SOURCES.get(path.suffix.lower(), _from_tflite)(path)


def _from_tflite(path: Path) -> FloatModel:
    return FloatModel(read_bounded(path))
