"""One cycle (Smith 2018): the learning rate rises once, and falls to nothing."""

from __future__ import annotations

import math

from wwtool.training.course import Course

_FIRST = 1 / 25  # of the highest rate, where the rise begins


def one_cycle(course: Course) -> float:
    """A cosine from 1/25 of the highest rate up to it, over ``warmup`` of the steps, then a cosine down to 0."""
    step, stage = course.step, course.stage
    rise = max(1.0, stage.warmup * stage.steps)
    if step < rise:
        return stage.learning_rate * (1.0 - (1.0 - _FIRST) * (0.5 + 0.5 * math.cos(math.pi * step / rise)))
    return stage.learning_rate * (0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1.0, stage.steps - rise)))
