"""A small head on Google's speech_embedding, which has learnt from the speech of many people."""

from __future__ import annotations

import numpy as np

from wwtool.base.tools import Tool
from wwtool.data.audio import Audio
from wwtool.features.embeddings import EMBEDDINGS
from wwtool.features.embeddings.speech_embedding import SpeechEmbedding
from wwtool.features.pools import Heard
from wwtool.frontend.geometry import MICRO
from wwtool.training.run import Run
from wwtool.training.teachers.head import STEPS, heard_by, load_head, save_head, soft_of, train_head
from wwtool.training.teachers.teacher import Soft, Teacher

_WEIGHTS = "head.safetensors"


class SpeechEmbeddingTeacher(Teacher):
    """Hears 2 s. The embedding costs 2 ms for a second of audio, the head some seconds for a phrase."""

    title = "a head on Google's speech_embedding"
    licence = SpeechEmbedding.licence
    embedding = "speech_embedding"
    automatic = True

    @property
    def tools(self) -> tuple[Tool, ...]:
        return EMBEDDINGS.member(self.embedding).tools

    @property
    def version(self) -> str:
        return EMBEDDINGS.member(self.embedding).version

    def receptive_seconds(self, run: Run) -> float:
        return SpeechEmbedding.steps.seconds(STEPS)

    def teach(self, run: Run) -> list[Soft]:
        head = train_head(run)
        save_head(run.folder / _WEIGHTS, head)
        return [soft_of(head, heard_by(weighted.pool), len(weighted.pool.features)) for weighted in run.pools]

    def opinion(self, run: Run, audio: Audio) -> Soft:
        embedding = EMBEDDINGS.member(self.embedding)
        stream = embedding.stream()
        stream.process(audio)
        heard = Heard(stream.finish().astype(np.float16), embedding.steps)
        return soft_of(load_head(run.folder / _WEIGHTS), heard, MICRO.frames_of(len(audio)))
