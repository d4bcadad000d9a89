"""How the learning rate changes during a stage: one schedule a file, all of them in the registry here.

A schedule is a function of the step and the stage alone, so a training that is resumed has the same rates.
"""

from __future__ import annotations

from collections.abc import Callable

from wwtool.base.registry import Registry
from wwtool.training.schedules.one_cycle import one_cycle
from wwtool.training.stages import Stage

SCHEDULES: Registry[Callable[[int, Stage], float]] = Registry("train.schedule", {"one_cycle": one_cycle})
