"""The files that a float model may come in: one function for each kind. What is none of them is read as a .tflite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wwtool.quantizer.float_model import FloatModel, read_bounded
from wwtool.quantizer.onnx_source import from_onnx

SOURCES: dict[str, Callable[[Path, Path], FloatModel]] = {".onnx": from_onnx}
"""By the ending of a file's name; each is also given the calibration data."""


def read_float_model(path: Path, data: Path) -> FloatModel:
    """Reads a .tflite, or a file that becomes one; ``data``: the calibration data, whose rows say what it leaves open.

    Raises:
        InputError: it cannot be read or converted.
        ToolError: a converter is missing.
    """
    return SOURCES.get(path.suffix.lower(), _from_tflite)(path, data)


def _from_tflite(path: Path, data: Path) -> FloatModel:
    return FloatModel(read_bounded(path))
