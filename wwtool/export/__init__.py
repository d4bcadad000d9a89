"""Writes a trained model as a file. ``MODEL_FORMATS`` is the registry of the kinds of file."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.export.model_format import ModelFormat
from wwtool.export.tflite_format import Tflite

DEFAULT = Tflite.name

MODEL_FORMATS: Registry[ModelFormat] = Registry("formats", {kind.name: kind for kind in (Tflite(),)})
