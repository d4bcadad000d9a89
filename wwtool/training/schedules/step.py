"""A rate that drops at given times."""

from __future__ import annotations

from wwtool.training.course import Course


def step(course: Course) -> float:
    """The highest rate, times ``optimization.drop_factor`` for each of the ``drops`` that has passed."""
    settings = course.config.optimization
    passed = sum(course.step >= share * course.stage.steps for share in settings.drops)
    return course.stage.learning_rate * settings.drop_factor**passed
