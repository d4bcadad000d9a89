"""Stochastic weight averaging (Izmailov et al. 2018): the plain mean of models from the end of a stage."""

from __future__ import annotations

from torch import nn

from wwtool.training.averaging.blend import blend
from wwtool.training.course import Course


def swa(average: nn.Module, model: nn.Module, course: Course) -> None:
    """The mean of every ``optimization.swa_steps``-th model after the share ``swa_start`` of the stage.

    Batch norms' statistics are averaged like weights. Before that share, the average is the model itself.
    """
    settings = course.config.optimization
    after = course.step - round(settings.swa_start * course.stage.steps)
    if after <= 0:
        blend(average, model, 1.0)
    elif after % settings.swa_steps == 0:
        blend(average, model, 1.0 / (after // settings.swa_steps + 1))
