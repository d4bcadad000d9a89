"""Cosine annealing after a linear warm-up (Loshchilov and Hutter 2017)."""

from __future__ import annotations

import math

from wwtool.training.course import Course


def cosine(course: Course) -> float:
    """A line up to the highest rate over ``warmup`` of the steps, then half a cosine down to 0."""
    step, stage = course.step, course.stage
    rise = stage.warmup * stage.steps
    if step < rise:
        return stage.learning_rate * (step + 1) / (rise + 1)
    return stage.learning_rate * (0.5 + 0.5 * math.cos(math.pi * (step - rise) / max(1.0, stage.steps - rise)))
