"""Cross-entropy with a margin: being right is not enough (after CosFace, Wang et al. 2018, for two classes)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from wwtool.training.objectives.objective import Objective, Predictions


class Margin(Objective):
    """Cross-entropy of logits that are first moved by ``train.loss.margin`` towards the wrong side."""

    def forward(self, predictions: Predictions) -> Tensor:
        moved = predictions.logits - self.config.loss.margin * (2.0 * predictions.labels - 1.0)
        labels = self.smoothed(predictions.labels)
        return predictions.mean(F.binary_cross_entropy_with_logits(moved, labels, reduction="none"))
