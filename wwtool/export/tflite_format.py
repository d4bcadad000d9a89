"""The INT8 .tflite, proved layer by layer against LiteRT."""

from __future__ import annotations

import numpy as np

from wwtool.export.builder import IDENTIFIER
from wwtool.export.model_format import ModelFile, ModelFormat, TrainedModel
from wwtool.export.tflite import to_tflite, verify
from wwtool.export.thinning import without_pruned_channels

_PROOF_FRAMES = 900


class Tflite(ModelFormat):
    """The streaming model with its state, as ESPHome and the compiler take it."""

    name = "tflite"
    suffix = ".tflite"

    def is_one(self, content: bytes) -> bool:
        return content[4:8] == IDENTIFIER

    def make(self, model: TrainedModel) -> ModelFile:
        content, outputs = to_tflite(model.quantized, f"wwtool {model.name}")
        noise = np.random.default_rng(0).integers(-128, 128, (_PROOF_FRAMES, model.quantized.channels)).astype(np.int8)
        verify(content, model.quantized, outputs, noise)
        content = without_pruned_channels(content) if model.pruned else content
        return ModelFile(content, f"{len(outputs)} layers equal to LiteRT's reference kernels")
