"""Triplets with semi-hard negatives (FaceNet, Schroff et al. 2015, arXiv:1503.03832)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from wwtool.training.objectives.objective import Objective, Predictions


class Triplet(Objective):
    """Two windows of the phrase lie closer to each other in the hidden layer than to a window of something else.

    Each window of the phrase is paired with the next one of the batch. Its negative is the closest of those that lie
    farther than the pair, or the farthest of all if none does. Distances are squares, of vectors of length 1.
    """

    trains_head = False

    def forward(self, predictions: Predictions) -> Tensor:
        assert predictions.hidden is not None
        vectors, positive = F.normalize(predictions.hidden), predictions.positive
        anchors, others = vectors[positive], vectors[~positive]
        if len(anchors) < 2 or not len(others):
            return predictions.hidden.sum() * 0.0
        pair = (anchors - anchors.roll(1, 0)).square().sum(dim=1)
        distances = 2.0 - 2.0 * anchors @ others.T
        farther = distances > pair[:, None]
        closest = torch.where(farther, distances, torch.inf).amin(dim=1)
        negative = torch.where(farther.any(dim=1), closest, distances.amax(dim=1))
        return F.relu(pair - negative + self.config.loss.triplet_margin).mean()
