"""Exponential moving average of the weights."""

from __future__ import annotations

from torch import nn

from wwtool.training.averaging.blend import blend
from wwtool.training.course import Course


def ema(average: nn.Module, model: nn.Module, course: Course) -> None:
    """Keeps ``train.ema`` of the average; less in the first steps, so that it forgets where the weights began."""
    config, step = course.config, course.step
    blend(average, model, 1.0 - min(config.ema, (step + 1) / (step + config.ema_warmup_steps)))


def ema_power(average: nn.Module, model: nn.Module, course: Course) -> None:
    """Keeps a share that rises by a power of the steps up to ``train.ema``: the average reaches back ever further."""
    kept = 1.0 - (course.step + 1.0) ** -course.config.optimization.ema_power
    blend(average, model, 1.0 - min(course.config.ema, kept))
