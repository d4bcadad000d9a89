"""Several models of the zoo, each trained like the student but from another seed: together they err less than one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from wwtool.base.threads import pinned_threads
from wwtool.config.selection import SelectionConfig
from wwtool.config.teacher import TeacherConfig
from wwtool.data.audio import Audio
from wwtool.frontend.front_end import FrontEnd
from wwtool.models import pretrained
from wwtool.models.architecture import Architecture
from wwtool.models.names import architecture_of
from wwtool.training.checkpoint import NAME, load_float
from wwtool.training.loop import train
from wwtool.training.run import Listener, Run
from wwtool.training.scoring import window_scores
from wwtool.training.teachers.teacher import Soft, Teacher, spread

_FIRST_SEED = 1000  # added to the seed of the run, so that no member is the student itself
_OBJECTIVE = "cross_entropy"
_MOST_STEPS = 2500  # the student can go on for longer: it has somebody to ask
_QAT_STEPS = 10  # nobody quantizes a teacher


class Ensemble(Teacher):
    """Hears what a model of the zoo hears. It costs as much as ``train.teacher.members`` trainings.

    The members teach with real numbers, all of them or the mean of their weights, and answer about the very windows of
    which the student is asked.
    """

    title = "an ensemble of models of the zoo"

    def began_with(self, config: TeacherConfig, front_end: FrontEnd) -> pretrained.Origin | None:
        return pretrained.origin(architecture_of(config.model, front_end))

    def fingerprint(self, config: TeacherConfig) -> str:
        return pretrained.fingerprint(architecture_of(config.model))

    def receptive_seconds(self, run: Run) -> float:
        return _architecture(run).receptive_seconds

    def teach(self, run: Run) -> list[Soft | None]:
        for member in _members(run):
            train(member)
        return of_unlabelled(self.listeners(run), run)

    def weights(self, run: Run) -> tuple[Path, ...]:
        return tuple(member.folder / NAME for member in _members(run))

    def listeners(self, run: Run) -> list[Listener]:
        return [load_float(member.folder) for member in _members(run)]

    def opinion(self, run: Run, audio: Audio) -> Soft:
        with pinned_threads(run.config.threads):
            return soft_of(self.listeners(run), run.architecture.front_end.quantized([audio]), run)


def _architecture(run: Run) -> Architecture:
    return architecture_of(run.config.teacher.model, run.architecture.front_end)


def _members(run: Run) -> list[Run]:
    """The trainings of the networks that teach."""
    members = run.config.teacher.members
    mean = _member(run, 0, members)
    if run.config.teacher.average == "weights" and mean.knows_speech:
        return [mean]
    return [_member(run, number) for number in range(members)]


def _member(run: Run, number: int, soup: int = 1) -> Run:
    """The training of one network, in a folder of its own. Nobody teaches it, and nothing of it is pruned."""
    optimization = run.config.optimization.model_copy(update={"prune": 0.0, "soup": soup})
    config = run.config.model_copy(
        update={
            "seed": run.config.seed + _FIRST_SEED + number,
            "objective": _OBJECTIVE,
            "steps": run.config.teacher.steps or min(run.config.steps, _MOST_STEPS),
            "qat_steps": _QAT_STEPS,
            "selection": SelectionConfig(),
            "optimization": optimization,
            "teacher": TeacherConfig(name="none"),
        }
    )
    name = run.config.teacher.model
    folder = run.folder / f"{name}-{number}"
    return replace(run, folder=folder, architecture=_architecture(run), config=config, model=name)


def of_unlabelled(nets: Sequence[Listener], run: Run) -> list[Soft | None]:
    """What networks say of the pools that nobody has labelled; None for the others."""
    with pinned_threads(run.config.threads):
        return [None if w.pool.labelled else soft_of(nets, w.pool.features, run) for w in run.pools]


def soft_of(nets: Sequence[Listener], features: npt.NDArray[np.int8], run: Run) -> Soft:
    """The mean of the members' logits at every frame, where all of them have heard enough."""
    said = []
    for net in nets:
        frames, stride = net.architecture.receptive_frames, net.architecture.stride
        logits = window_scores(net.to(run.device), frames, features, run.device)
        said.append((frames + stride * np.arange(len(logits)), logits))
    if all(np.array_equal(stops, said[0][0]) for stops, _ in said):
        return spread(said[0][0], np.stack([logits for _, logits in said]).mean(axis=0), len(features))
    spreads = [spread(stops, logits, len(features)) for stops, logits in said]
    return np.asarray(np.mean(spreads, axis=0), np.float32)
