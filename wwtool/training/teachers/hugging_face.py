"""Small heads on a speech encoder of Hugging Face, from a folder of the user's."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.tools import Tool
from wwtool.config.teacher import TeacherConfig
from wwtool.errors import InputError
from wwtool.features.embeddings.model_folder import KEY
from wwtool.features.embeddings.speech_encoder import TRANSFORMERS, SpeechEncoder, open_speech_encoder
from wwtool.training.teachers.heads import Heads

_UNKNOWN = "licence not stated"


class HuggingFaceTeacher(Heads):
    """It hears 2.2 s. The encoder costs as much as a dozen times its own reading of the audio."""

    title = "heads on a speech encoder"

    @property
    def tools(self) -> tuple[Tool, ...]:
        return (TRANSFORMERS,)

    def check(self, config: TeacherConfig) -> None:
        self.embedding(config)

    def embedding(self, config: TeacherConfig) -> SpeechEncoder:
        if config.path is None:
            raise InputError(f"{KEY}: names no folder; give one with a speech encoder of Hugging Face")
        return open_speech_encoder(Path(config.path), config.layer)

    def licence(self, config: TeacherConfig) -> str:
        return super().licence(config) or _UNKNOWN
