"""Writes a trained model as a file. ``MODEL_FORMATS`` is the registry of the kinds of file."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.export.model_format import ModelFormat
from wwtool.export.onnx_format import FloatOnnx, Onnx
from wwtool.export.tflite_format import Tflite
from wwtool.export.torch_formats import TorchExport, TorchScript

DEFAULT = Tflite.name

_ALL: tuple[ModelFormat, ...] = (Tflite(), Onnx(), FloatOnnx(), TorchScript(), TorchExport())
MODEL_FORMATS: Registry[ModelFormat] = Registry("formats", {kind.name: kind for kind in _ALL})
