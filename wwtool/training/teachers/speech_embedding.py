"""Small heads on Google's speech_embedding, which has learnt from the speech of many people."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wwtool.base.tools import Tool
from wwtool.data.audio import Audio
from wwtool.features.embeddings import EMBEDDINGS
from wwtool.features.embeddings.speech_embedding import SpeechEmbedding
from wwtool.features.pools import Heard
from wwtool.training.run import Run
from wwtool.training.teachers.head import STEPS, Head, heard_by, load_head, save_head, soft_of, train_head
from wwtool.training.teachers.teacher import Soft, Teacher


class SpeechEmbeddingTeacher(Teacher):
    """The mean of ``train.teacher.members`` heads, because one alone depends on its seed.

    It hears 2 s. The embedding costs 2 ms of a CPU for a second of audio, a head ten seconds for a phrase.
    """

    title = "heads on Google's speech_embedding"
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

    def teach(self, run: Run) -> list[Soft | None]:
        heads = [train_head(run, number) for number in range(run.config.teacher.members)]
        for number, head in enumerate(heads):
            save_head(_weights(run, number), head)
        return [_mean(heads, heard_by(w.pool), len(w.pool.features)) for w in run.pools]

    def opinion(self, run: Run, audio: Audio) -> Soft:
        embedding = EMBEDDINGS.member(self.embedding)
        stream = embedding.stream()
        stream.process(audio)
        heard = Heard(stream.finish().astype(np.float16), embedding.steps, run.architecture.front_end.geometry)
        heads = [load_head(_weights(run, number)) for number in range(run.config.teacher.members)]
        return _mean(heads, heard, run.architecture.front_end.geometry.frames_of(len(audio)))


def _weights(run: Run, number: int) -> Path:
    return run.folder / f"head-{number}.safetensors"


def _mean(heads: list[Head], heard: Heard, frames: int) -> Soft:
    return np.asarray(np.mean([soft_of(head, heard, frames) for head in heads], axis=0), np.float32)
