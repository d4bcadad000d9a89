"""ONNX for PCs and phones: INT8 with all learned scales (QDQ), or floats."""

from __future__ import annotations

import numpy as np

from wwtool.errors import InputError
from wwtool.export.model_format import ModelFile, ModelFormat, TrainedModel, require_types
from wwtool.export.onnx_graph import LAYERS, proof_features, to_onnx
from wwtool.export.onnx_proof import compare_layers, probabilities, runtime

_NOT_COMPARED = "not compared with onnxruntime, which is not installed"


class Onnx(ModelFormat):
    """The integer model as a QDQ graph of whole clips."""

    name = "onnx"
    suffix = ".onnx"

    def is_one(self, content: bytes) -> bool:
        return is_onnx(content)

    def make(self, model: TrainedModel) -> ModelFile:
        require_types(model, LAYERS, self.name)
        content = to_onnx(model.quantized, quantized=True, description=f"wwtool {model.name}, INT8")
        if runtime() is None:
            return ModelFile(content, _NOT_COMPARED)
        rows = compare_layers(model.quantized, proof_features(model.quantized))
        differ, count = sum(row.differ for row in rows), sum(row.count for row in rows)
        if differ == 0:
            return ModelFile(content, f"{len(rows)} layers equal in onnxruntime")
        return ModelFile(
            content,
            f"{len(rows)} layers in onnxruntime differ by one step in {differ} of {count:,} values, as it rounds "
            "halves to even",
        )


class FloatOnnx(ModelFormat):
    """The same weights without quantized activations."""

    name = "onnx-float"
    suffix = ".float.onnx"

    def is_one(self, content: bytes) -> bool:
        return is_onnx(content)

    def make(self, model: TrainedModel) -> ModelFile:
        require_types(model, LAYERS, self.name)
        content = to_onnx(model.quantized, quantized=False, description=f"wwtool {model.name}, float")
        if runtime() is None:
            return ModelFile(content, _NOT_COMPARED)
        features = proof_features(model.quantized)
        got = probabilities(content, features)
        want = (model.quantized.evaluate(features)["probability"][:, 0].astype(np.float32) + 128.0) / 256.0
        if got.shape != want.shape or not np.isfinite(got).all():
            raise InputError("export: onnxruntime gives other outputs than the model; the model was not written")
        return ModelFile(content, f"probabilities within {np.abs(got - want).max():.3f} of the INT8 model's")


def is_onnx(content: bytes) -> bool:
    """Whether a file begins as an ONNX model does: with its IR version as the first field."""
    return content[:1] == b"\x08" and len(content) > 2 and 0 < content[1] < 32
