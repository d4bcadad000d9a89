"""The files that a float model may come in: one function for each kind. What is none of them is read as a .tflite."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from wwtool.base.text import printable
from wwtool.errors import InputError
from wwtool.quantizer.float_model import FloatModel, read_bounded
from wwtool.quantizer.onnx_source import from_onnx

SOURCES: dict[str, Callable[[Path, Path, int | None], FloatModel]] = {".onnx": from_onnx}
"""By the ending of a file's name; each is also given what `read_float_model` takes."""


def read_float_model(path: Path, data: Path, slices: int | None = None) -> FloatModel:
    """Reads a .tflite, or a file that becomes one.

    Args:
        path: the file.
        data: the calibration data. The sizes that the file leaves open are those of its rows.
        slices: the size that the file leaves open, in place of that of the rows.

    Raises:
        InputError: it cannot be read or converted.
        ToolError: a converter is missing.
    """
    return SOURCES.get(path.suffix.lower(), _from_tflite)(path, data, slices)


def _from_tflite(path: Path, data: Path, slices: int | None) -> FloatModel:
    if slices is not None:
        raise InputError(f"{printable(str(path))} leaves no size open; leave --slices out")
    return FloatModel(read_bounded(path))
