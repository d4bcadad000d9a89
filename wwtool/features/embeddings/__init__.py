"""Models of others that have heard many people: what they make of audio lies beside the features of a pool."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.features.embeddings.embedding import Embedding
from wwtool.features.embeddings.speech_embedding import SpeechEmbedding

EMBEDDINGS: Registry[Embedding] = Registry("the embedding of a pool", {"speech_embedding": SpeechEmbedding()})
