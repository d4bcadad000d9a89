"""Pairwise ranking where false alarms come from: the phrase above the highest scores of everything else.

It is what the detector is judged by, recall at few false alarms, made smooth: a one-sided partial AUC (Narasimhan and
Agarwal 2013).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from wwtool.training.objectives.objective import Objective, Predictions


class Ranking(Objective):
    """The mean softplus of how far each window of the phrase is from ``ranking_margin`` above the hardest others.

    The hardest are the ``train.loss.ranking_share`` of the other windows with the highest logits, at least one.
    """

    def forward(self, predictions: Predictions) -> Tensor:
        logits, positive = predictions.logits, predictions.positive
        own, others = logits[positive], logits[~positive]
        if not len(own) or not len(others):
            return logits.sum() * 0.0
        settings = self.config.loss
        hardest = others.topk(max(1, round(settings.ranking_share * len(others)))).values
        return F.softplus(settings.ranking_margin - (own[:, None] - hardest[None, :])).mean()
