"""One limit for the whole training (Pascanu et al. 2013)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from wwtool.training.course import Course


def norm(parameters: Sequence[nn.Parameter], course: Course) -> Tensor:
    """Shortens the gradient to ``train.clip_norm``."""
    return nn.utils.clip_grad_norm_(parameters, course.config.clip_norm)
