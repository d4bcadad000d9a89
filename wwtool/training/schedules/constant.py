"""One rate from the first step to the last."""

from __future__ import annotations

from wwtool.training.course import Course


def constant(course: Course) -> float:
    """The stage's highest rate."""
    return course.stage.learning_rate
