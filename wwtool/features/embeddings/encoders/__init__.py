"""Kinds of speech encoders of transformers, by the ``model_type`` of their config.json."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.features.embeddings.encoders.encoder import Encoder
from wwtool.features.embeddings.encoders.waves import Waves
from wwtool.features.embeddings.encoders.whisper import Whisper

ENCODERS: Registry[Encoder] = Registry(
    "model_type",
    {
        "wav2vec2": Waves("Wav2Vec2Model"),
        "hubert": Waves("HubertModel"),
        "wavlm": Waves("WavLMModel"),
        "whisper": Whisper(),
    },
)
