"""Finished runs as teachers: what was trained before teaches what is trained now, whatever its architecture."""

from __future__ import annotations

from pathlib import Path

from wwtool.base.files import hash_of, sha256_of
from wwtool.base.threads import pinned_threads
from wwtool.config.teacher import TeacherConfig
from wwtool.data.audio import Audio
from wwtool.errors import InputError
from wwtool.training.checkpoint import NAME, load_trained
from wwtool.training.qat import QatNet
from wwtool.training.run import Listener, Run
from wwtool.training.teachers.ensemble import of_unlabelled, soft_of
from wwtool.training.teachers.teacher import Soft, Teacher


class SavedRuns(Teacher):
    """The models in the folders ``train.teacher.runs``, together. They are not trained again."""

    title = "finished runs"

    def check(self, config: TeacherConfig) -> None:
        if not config.runs:
            raise InputError("train.teacher.runs: names no run; give the folders of finished runs or builds")
        for name in config.runs:
            checkpoint_folder(Path(name))

    def fingerprint(self, config: TeacherConfig) -> str:
        return hash_of([sha256_of(checkpoint_folder(Path(name)) / NAME) for name in config.runs])

    def receptive_seconds(self, run: Run) -> float:
        return max(net.architecture.receptive_seconds for net in _nets(run))

    def listeners(self, run: Run) -> list[Listener]:
        return [*_nets(run)]

    def teach(self, run: Run) -> list[Soft | None]:
        return of_unlabelled(_nets(run), run)

    def opinion(self, run: Run, audio: Audio) -> Soft:
        with pinned_threads(run.config.threads):
            return soft_of(_nets(run), run.architecture.front_end.quantized([audio]), run)


def checkpoint_folder(path: Path) -> Path:
    """The folder of a run or a build that has the checkpoint.

    Raises:
        InputError: there is none.
    """
    for folder in (path, path / "run"):
        if (folder / NAME).is_file():
            return folder
    raise InputError(f"train.teacher.runs: {path} holds no {NAME}; give a finished run or a build folder")


def _nets(run: Run) -> list[QatNet]:
    return [_net(name, run) for name in run.config.teacher.runs]


def _net(name: str, run: Run) -> QatNet:
    """The model in a folder, which must hear what the run's own hears."""
    net, own = load_trained(checkpoint_folder(Path(name)))[0], run.architecture.front_end
    if net.architecture.front_end != own:
        raise InputError(
            f"train.teacher.runs: the model of {name} reads the features of another front end; train it with the "
            "same settings and statistics under frontend, or leave it out"
        )
    return net
