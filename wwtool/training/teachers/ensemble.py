"""Several models of the zoo, each trained like the student but from another seed: together they err less than one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from wwtool.config.teacher import TeacherConfig
from wwtool.data.audio import Audio
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.zoo import ALL_MODELS
from wwtool.training.checkpoint import load_trained
from wwtool.training.loop import train
from wwtool.training.qat import QatNet
from wwtool.training.run import Run
from wwtool.training.scoring import window_scores
from wwtool.training.teachers.teacher import Soft, Teacher, spread
from wwtool.training.threads import pinned_threads

_FIRST_SEED = 1000  # added to the seed of the run, so that no member is the student itself
_OBJECTIVE = "cross_entropy"


class Ensemble(Teacher):
    """Hears what a model of the zoo hears. It costs as much as ``train.teacher.members`` trainings."""

    title = "an ensemble of models of the zoo"

    def receptive_seconds(self, run: Run) -> float:
        return ALL_MODELS[run.config.teacher.model].receptive_seconds

    def teach(self, run: Run) -> list[Soft]:
        nets = [train(_member(run, number)) for number in range(run.config.teacher.members)]
        with pinned_threads(run.config.threads):
            return [_soft_of(nets, weighted.pool.features, run) for weighted in run.pools]

    def opinion(self, run: Run, audio: Audio) -> Soft:
        nets = [load_trained(_member(run, number).folder)[0] for number in range(run.config.teacher.members)]
        with pinned_threads(run.config.threads):
            return _soft_of(nets, DEFAULT_FRONT_END.quantized([audio]), run)


def _member(run: Run, number: int) -> Run:
    """The training of one member, in a folder of its own. Nobody teaches it."""
    config = run.config.model_copy(
        update={
            "seed": run.config.seed + _FIRST_SEED + number,
            "objective": _OBJECTIVE,
            "teacher": TeacherConfig(name="none"),
        }
    )
    name = run.config.teacher.model
    return replace(
        run, folder=run.folder / f"{name}-{number}", architecture=ALL_MODELS[name], config=config, model=name
    )


def _soft_of(nets: list[QatNet], features: npt.NDArray[np.int8], run: Run) -> Soft:
    """The mean of the members' logits."""
    architecture = nets[0].architecture
    frames = architecture.receptive_frames
    scores = [window_scores(net.to(run.device), frames, features, run.device) for net in nets]
    logits = np.stack(scores).mean(axis=0)
    return spread(frames + architecture.stride * np.arange(len(logits)), logits, len(features))
