"""What no longer changes towards the end of a stage: statistics of batch norms, ranges of activations."""

from __future__ import annotations

from torch import nn

from wwtool.training.course import Course
from wwtool.training.fake_quantization import ActivationQuantizer


def freeze(model: nn.Module, course: Course) -> None:
    """Takes the parts of a model in training mode that are due at the course's step out of training."""
    settings, passed = course.config.quantization, course.step / course.stage.steps
    norms, scales = passed >= settings.freeze_norms, passed >= settings.freeze_scales and course.step > 0
    if not norms and not scales:
        return
    for module in model.modules():
        if norms and isinstance(module, nn.BatchNorm2d):
            module.eval()
        elif scales and isinstance(module, ActivationQuantizer):
            module.log_scale.requires_grad_(False)
