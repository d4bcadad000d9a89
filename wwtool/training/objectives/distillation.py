"""Cross-entropy with the labels, and with what a teacher says (Hinton et al. 2015, arXiv:1503.02531)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from wwtool.training.objectives.objective import Objective, Predictions


class Distillation(Objective):
    """The mean over a batch of the cross-entropy with the label and that with the teacher, in nats.

    The teacher has the share ``train.teacher.weight``. Where it says nothing, the label has all of it.
    """

    def forward(self, predictions: Predictions) -> Tensor:
        labels = self.smoothed(predictions.labels)
        hard = F.binary_cross_entropy_with_logits(predictions.logits, labels, reduction="none")
        if predictions.soft is None:
            return predictions.mean(hard)
        teacher = self.config.teacher
        speaks = torch.isfinite(predictions.soft)
        target = torch.sigmoid(torch.where(speaks, predictions.soft, 0.0) / teacher.temperature)
        soft = F.binary_cross_entropy_with_logits(predictions.logits / teacher.temperature, target, reduction="none")
        weight = teacher.weight * speaks
        # Gradients shrink with the square of the temperature.
        return predictions.mean((1.0 - weight) * hard + weight * teacher.temperature**2 * soft)
