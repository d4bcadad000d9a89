"""Focal loss: windows that the model is sure of count less (Lin et al. 2017, arXiv:1708.02002)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from wwtool.training.objectives.objective import Objective, Predictions


class Focal(Objective):
    """Cross-entropy of each window, times the power ``train.loss.focal_power`` of how wrong the model is.

    Labels between 0 and 1 are taken as in the quality focal loss (Li et al. 2020): wrong is the distance to the label.
    """

    def forward(self, predictions: Predictions) -> Tensor:
        logits, labels = predictions.logits, predictions.labels
        losses = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
        wrong = (torch.sigmoid(logits) - labels).abs().clamp(min=1e-6)  # the power's slope at 0 may be infinite
        return predictions.mean(wrong**self.config.loss.focal_power * losses)
