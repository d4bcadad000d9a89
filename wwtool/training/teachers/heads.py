"""Teachers that are heads on an embedding, which has heard more people than the recordings of the phrase have."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

import numpy as np

from wwtool.config.teacher import TeacherConfig
from wwtool.data.audio import Audio
from wwtool.features.embeddings.embedding import Embedding
from wwtool.features.pools import Heard
from wwtool.training.run import Run
from wwtool.training.teachers.head import STEPS, Head, heard_by, load_head, save_head, soft_of, train_head
from wwtool.training.teachers.teacher import Soft, Teacher


class Heads(Teacher):
    """The mean of ``train.teacher.members`` heads, because one alone depends on its seed.

    A head costs some ten seconds for a phrase.
    """

    @abstractmethod
    def embedding(self, config: TeacherConfig) -> Embedding:
        """What the heads stand on; raises InputError if its files cannot be used."""

    def licence(self, config: TeacherConfig) -> str:
        return self.embedding(config).licence

    def fingerprint(self, config: TeacherConfig) -> str:
        return self.embedding(config).version

    def receptive_seconds(self, run: Run) -> float:
        return self.embedding(run.config.teacher).steps.seconds(STEPS)

    def weights(self, run: Run) -> tuple[Path, ...]:
        return tuple(run.folder / f"head-{number}.safetensors" for number in range(run.config.teacher.members))

    def teach(self, run: Run) -> list[Soft | None]:
        heads = [train_head(run, number) for number in range(run.config.teacher.members)]
        for path, head in zip(self.weights(run), heads, strict=True):
            save_head(path, head)
        return [_mean(heads, heard_by(w.pool), len(w.pool.features)) for w in run.pools]

    def opinion(self, run: Run, audio: Audio) -> Soft:
        embedding = self.embedding(run.config.teacher)
        stream = embedding.stream()
        stream.process(audio)
        heard = Heard(stream.finish().astype(np.float16), embedding.steps, run.architecture.front_end.geometry)
        heads = [load_head(path) for path in self.weights(run)]
        return _mean(heads, heard, run.architecture.front_end.geometry.frames_of(len(audio)))


def _mean(heads: list[Head], heard: Heard, frames: int) -> Soft:
    return np.asarray(np.mean([soft_of(head, heard, frames) for head in heads], axis=0), np.float32)
