"""The teacher stage: a teacher learns the phrase, and what it says of every pool is kept for all trainings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wwtool import __version__
from wwtool.base.files import hash_of, write_arrays
from wwtool.base.records import read_arrays
from wwtool.config import Config
from wwtool.errors import InputError
from wwtool.features.pools import PoolJob, WeightedPool
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.names import architecture_of
from wwtool.pipeline.pools import load_pools
from wwtool.pipeline.stages import Outcome, Stages
from wwtool.training.run import Listener, Run
from wwtool.training.teachers import TEACHERS
from wwtool.training.teachers.teacher import Teacher

TEACHER = "teacher"  # the folder
_SOFT = "soft.npz"
# What decides how the model learns from the teacher, and not what the teacher says.
_STUDENTS: Any = {
    "device": True, "objective": True, "trackers": True, "quantization": True, "steps": True, "qat_steps": True,
    "selection": True,
    "optimization": {"soup", "prune", "prune_at"},
    "teacher": {"weight", "temperature", "feature_weight", "unlabelled", "certainty"},
}  # fmt: skip


@dataclass(frozen=True)
class Teaching:
    """Who has taught a model.

    Attributes:
        name: that of the registry.
        licence: of what the teacher brings; "": nothing but what wwtool trains.
        receptive_seconds: how much audio one of its logits depends on.
        fingerprint: a hash of all that its logits depend on.
    """

    name: str
    licence: str
    receptive_seconds: float
    fingerprint: str


def learn_phrase(
    stages: Stages,
    plan: list[tuple[PoolJob, float]],
    pools: Path,
    config: Config,
    teacher: Teacher,
    front_end: FrontEnd = DEFAULT_FRONT_END,
) -> Teaching:
    """Lets the teacher learn the phrase from the pools in the folder ``pools``.

    Raises:
        InputError: the pools cannot be used.
        CancelledError: somebody has cancelled the job.
    """
    folder, train = stages.folder / TEACHER, config.train
    if teacher.embedding(train.teacher):
        plan = [(job, weight) for job, weight in plan if job.embedding]  # what it can hear
    name = next(name for name, member in TEACHERS.items() if member is teacher)
    settings = train.model_dump(exclude=_STUDENTS), config.augment.spectrogram.model_dump()
    inputs = [
        __version__,
        name,
        teacher.fingerprint(train.teacher),
        [job.key for job, _ in plan],
        [w for _, w in plan],
        settings,
    ]
    fingerprint = hash_of(inputs)

    def work() -> Outcome:
        run = teacher_run(stages, config, name, load_pools(plan, pools), front_end, fingerprint)
        said = zip((job.name for job, _ in plan), teacher.teach(run), strict=True)
        write_arrays(folder / _SOFT, **{name: soft for name, soft in said if soft is not None})
        seconds, licence = teacher.receptive_seconds(run), teacher.licence(train.teacher)
        facts = asdict(Teaching(name, licence, round(seconds, 3), fingerprint))
        outputs = folder / _SOFT, *teacher.weights(run)
        return Outcome(f"{teacher.title}{licence and f', {licence}'}, hears {seconds:.1f} s", facts, outputs)

    return Teaching(**stages.run("teacher", "a teacher learns the phrase", inputs, work))


def teacher_run(
    stages: Stages, config: Config, name: str, pools: Sequence[WeightedPool],
    front_end: FrontEnd = DEFAULT_FRONT_END, fingerprint: str = "",
) -> Run:  # fmt: skip
    """Where a teacher of the run works, and with which settings; without pools it can only give its opinion."""
    architecture = architecture_of(config.train.teacher.model, front_end)
    return Run(
        stages.folder / TEACHER, architecture, pools, config.train, fingerprint,
        config.augment.spectrogram, name, stages.tell, stages.cancel,
    )  # fmt: skip


def listeners_of(stages: Stages, config: Config, teaching: Teaching, front_end: FrontEnd) -> list[Listener]:
    """The networks of a run's teacher that hear what the student hears; empty: it has told all that it has to say.

    Raises:
        InputError: their weights are missing or damaged.
    """
    run = teacher_run(stages, config, teaching.name, (), front_end, teaching.fingerprint)
    return TEACHERS.member(teaching.name).listeners(run)


def taught(pools: Sequence[WeightedPool], folder: Path) -> list[WeightedPool]:
    """The pools with what the teacher of the run in ``folder`` says of them.

    Raises:
        InputError: its file is missing or does not fit the pools.
    """
    path = folder / TEACHER / _SOFT
    soft = read_arrays(path)
    result = []
    for weighted in pools:
        said = soft.get(weighted.pool.name)
        if said is None and weighted.pool.heard is None:  # ready-made features, of which there is no audio
            result.append(weighted)
            continue
        if said is None or said.dtype != np.float32 or said.shape != weighted.pool.features.shape[:1]:
            raise InputError(f"{path} does not fit the pool '{weighted.pool.name}'; delete it and run again")
        result.append(replace(weighted, pool=replace(weighted.pool, soft=said)))
    return result
