"""Teachers of the small model: one a file, all of them in the registry here."""

from __future__ import annotations

from wwtool.base.registry import Registry
from wwtool.config.teacher import TeacherConfig
from wwtool.errors import InputError
from wwtool.models.names import architecture_of, choices, is_model
from wwtool.training.teachers.ensemble import Ensemble
from wwtool.training.teachers.hugging_face import HuggingFaceTeacher
from wwtool.training.teachers.saved_runs import SavedRuns
from wwtool.training.teachers.speech_embedding import SpeechEmbeddingTeacher
from wwtool.training.teachers.teacher import Teacher

NONE, AUTO = "none", "auto"

TEACHERS: Registry[Teacher] = Registry(
    "train.teacher.name",
    {
        "speech_embedding": SpeechEmbeddingTeacher(),
        "ensemble": Ensemble(),
        "runs": SavedRuns(),
        "hugging_face": HuggingFaceTeacher(),
    },
    also=(NONE, AUTO),
)


def check_teacher(config: TeacherConfig) -> None:
    """Does nothing, unless a name in the config is that of no teacher or no model.

    Raises:
        InputError: it is; the message names the key and what it may be.
    """
    if config.name not in TEACHERS.also:
        TEACHERS.member(config.name).check(config)
    if not is_model(config.model):
        raise InputError(f"train.teacher.model: must be one of {choices()} (it is {config.model!r})")
    architecture_of(config.model)


def chosen_teacher(name: str) -> Teacher | None:
    """The teacher that a config names; None: nobody teaches.

    Raises:
        InputError: no teacher has that name.
        ToolError: it needs something that is not installed.
    """
    if name == NONE:
        return None
    if name == AUTO:
        return next((t for t in TEACHERS.values() if t.automatic and all(tool.is_there for tool in t.tools)), None)
    teacher = TEACHERS.member(name)
    for tool in teacher.tools:
        tool.find()
    return teacher
