"""Small heads on Google's speech_embedding, which has learnt from the speech of many people."""

from __future__ import annotations

from wwtool.base.tools import Tool
from wwtool.config.teacher import TeacherConfig
from wwtool.features.embeddings.embedding import Embedding
from wwtool.features.embeddings.speech_embedding import SpeechEmbedding
from wwtool.training.teachers.heads import Heads


class SpeechEmbeddingTeacher(Heads):
    """It hears 2 s. The embedding costs 2 ms of a CPU for a second of audio."""

    title = "heads on Google's speech_embedding"
    automatic = True

    @property
    def tools(self) -> tuple[Tool, ...]:
        return SpeechEmbedding.tools

    def embedding(self, config: TeacherConfig) -> Embedding:
        return SpeechEmbedding()
