"""Binary cross-entropy: the phrase, or not."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from wwtool.training.objectives.objective import Objective, Predictions


class CrossEntropy(Objective):
    """The mean cross-entropy of the windows of a batch, in nats."""

    def forward(self, predictions: Predictions) -> Tensor:
        labels = self.smoothed(predictions.labels)
        losses = F.binary_cross_entropy_with_logits(predictions.logits, labels, reduction="none")
        return predictions.mean(losses)
