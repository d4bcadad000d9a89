"""The encoder of Whisper (arXiv:2212.04356), which reads a mel spectrogram."""

from __future__ import annotations

from typing import Any

from wwtool.errors import InputError
from wwtool.features.embeddings.encoders.encoder import Encoder, Hidden, Windows, pretrained, unusable
from wwtool.features.embeddings.model_folder import KEY, ModelFolder

_STRIDE = 2  # of the encoder's own convolutions, in columns of the spectrogram


class Whisper(Encoder):
    """Whisper fills every window to 30 s. Here it hears the window alone: its table of positions is cut to it.

    That costs a thirtieth, and silence has no share in what the window attends to.
    """

    def width(self, folder: ModelFolder) -> int:
        return folder.number("d_model")

    def layers(self, folder: ModelFolder) -> int:
        return folder.number("encoder_layers")

    def frame_samples(self, folder: ModelFolder) -> int:
        hop = folder.extractor.get("hop_length")
        if type(hop) is not int or hop < 1:
            raise InputError(f"{KEY}: {folder.path} has no usable 'hop_length'; get the model again")
        return hop * _STRIDE

    def load(self, folder: ModelFolder, layer: int, samples: int) -> Hidden:
        import transformers
        from torch import nn

        positions = samples // self.frame_samples(folder)
        if folder.number("max_source_positions") < positions:
            raise InputError(f"{KEY}: the model in {folder.path} hears less than a window; give another")
        encoder = pretrained("WhisperModel", folder).get_encoder()
        try:
            settings = {**folder.extractor, "dither": 0.0}  # which would be noise
            extractor = transformers.WhisperFeatureExtractor.from_dict(settings)
        except Exception as error:
            raise unusable(folder, error) from error
        table = encoder.embed_positions.weight[:positions]
        encoder.embed_positions = nn.Embedding.from_pretrained(table)  # type: ignore[no-untyped-call]
        encoder.config.max_source_positions = positions

        def hidden(windows: Windows) -> Any:
            values = extractor(
                list(windows), sampling_rate=extractor.sampling_rate, return_tensors="pt", max_length=samples
            )
            return encoder(values.input_features, output_hidden_states=True).hidden_states[layer]

        return hidden
