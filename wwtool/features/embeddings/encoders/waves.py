"""Encoders that convolve the waveform itself: wav2vec 2.0 (arXiv:2006.11477), HuBERT (arXiv:2106.07447), WavLM."""

from __future__ import annotations

import math
from typing import Any

from wwtool.errors import InputError
from wwtool.features.embeddings.encoders.encoder import Encoder, Hidden, Windows, pretrained, unusable
from wwtool.features.embeddings.model_folder import KEY, ModelFolder


class Waves(Encoder):
    """Normalises every window as its feature extractor says, and lets the whole window attend to itself."""

    def __init__(self, model: str) -> None:
        self._model = model  # the class of transformers

    def width(self, folder: ModelFolder) -> int:
        return folder.number("hidden_size")

    def layers(self, folder: ModelFolder) -> int:
        return folder.number("num_hidden_layers")

    def frame_samples(self, folder: ModelFolder) -> int:
        strides = folder.settings.get("conv_stride")
        if not isinstance(strides, list) or not all(type(stride) is int and stride > 0 for stride in strides):
            raise InputError(f"{KEY}: {folder.path} has no usable 'conv_stride' in its config; get the model again")
        return math.prod(strides)

    def load(self, folder: ModelFolder, layer: int, samples: int) -> Hidden:
        import transformers

        model = pretrained(self._model, folder)
        try:
            extractor = transformers.Wav2Vec2FeatureExtractor.from_dict(dict(folder.extractor))
        except Exception as error:
            raise unusable(folder, error) from error

        def hidden(windows: Windows) -> Any:
            values = extractor(list(windows), sampling_rate=extractor.sampling_rate, return_tensors="pt")
            return model(values.input_values, output_hidden_states=True).hidden_states[layer]

        return hidden
