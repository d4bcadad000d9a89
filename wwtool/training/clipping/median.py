"""A limit that follows the gradients (after AutoClip, Seetharaman et al. 2020)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from wwtool.training.course import Course


def median(parameters: Sequence[nn.Parameter], course: Course) -> Tensor:
    """Shortens the gradient to a multiple of the median length of the steps before, and to ``train.clip_norm``."""
    settings, limit = course.config.optimization, course.config.clip_norm
    if len(course.norms) >= settings.clip_window:
        limit = min(limit, settings.clip_factor * float(course.norms.median()))
    return nn.utils.clip_grad_norm_(parameters, limit)
