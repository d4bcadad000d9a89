"""How the learning rate changes during a stage: one schedule a file, all of them in the registry here.

A schedule is a function of the stage's course alone, so a training that is resumed has the same rates.
"""

from __future__ import annotations

from collections.abc import Callable

from wwtool.base.registry import Registry
from wwtool.training.course import Course
from wwtool.training.schedules.constant import constant
from wwtool.training.schedules.cosine import cosine
from wwtool.training.schedules.one_cycle import one_cycle
from wwtool.training.schedules.plateau import plateau
from wwtool.training.schedules.step import step

SCHEDULES: Registry[Callable[[Course], float]] = Registry(
    "train.schedule",
    {"one_cycle": one_cycle, "cosine": cosine, "step": step, "plateau": plateau, "constant": constant},
)
