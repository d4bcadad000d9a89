"""Distillation, and a hidden layer that tells an embedding's vectors (Romero et al. 2015, arXiv:1412.6550)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.config import TrainConfig
from wwtool.training.objectives.distillation import Distillation
from wwtool.training.objectives.objective import Objective, Predictions, Widths

_LEAST_DEVIATION = 1e-3


class FeatureMatching(Objective):
    """Distillation plus ``train.teacher.feature_weight`` times a distance between hidden layer and embedding.

    A linear projection reads the vector from the hidden layer. It is trained with the network and then thrown away. The
    distance is the mean squared error of vectors that have mean 0 and deviation 1 over the batch, at most about 1.
    """

    def __init__(self, config: TrainConfig) -> None:
        super().__init__(config)
        self._distillation = Distillation(config)
        self.projection: nn.Linear | None = None

    def fit(self, widths: Widths) -> None:
        if widths.vectors:
            with torch.random.fork_rng(devices=()):
                torch.manual_seed(self.config.seed)  # the same projection whatever was drawn before
                self.projection = nn.Linear(widths.hidden, widths.vectors)

    def forward(self, predictions: Predictions) -> Tensor:
        loss: Tensor = self._distillation(predictions)
        if self.projection is None or predictions.hidden is None or predictions.vectors is None:
            return loss
        heard = torch.isfinite(predictions.vectors).all(dim=1)
        if heard.sum() < 2:  # of one vector there is no deviation
            return loss
        vectors = predictions.vectors[heard]
        vectors = (vectors - vectors.mean(dim=0)) / (vectors.std(dim=0) + _LEAST_DEVIATION)
        distance = F.mse_loss(self.projection(predictions.hidden[heard]), vectors)
        return loss + self.config.teacher.feature_weight * distance
