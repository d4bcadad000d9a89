"""A rate that drops when the loss no longer falls."""

from __future__ import annotations

from collections.abc import Sequence

from wwtool.training.course import Course


def plateau(course: Course) -> float:
    """The highest rate, times ``optimization.drop_factor`` for each time that the loss has stopped to fall."""
    settings = course.config.optimization
    count = times_stuck(course.means.tolist(), settings.plateau_patience, settings.plateau_gain)
    return course.stage.learning_rate * settings.drop_factor**count


def times_stuck(means: Sequence[float], patience: int, gain: float) -> int:
    """How often ``patience`` means in a row have not been lower than the best before them by the share ``gain``.

    >>> times_stuck([1.0, 0.8, 0.9, 0.9, 0.9, 0.9], 2, 0.01)
    2
    """
    best, waited, count = float("inf"), 0, 0
    for mean in means:
        if mean < best * (1.0 - gain):
            best, waited = mean, 0
        else:
            waited += 1
        if waited == patience:
            count, waited = count + 1, 0
    return count
