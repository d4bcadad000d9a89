"""What every objective is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from wwtool.config import TrainConfig


@dataclass(frozen=True)
class Predictions:
    """What the network says of a batch: ``logits`` (batch,); and the truth: ``labels`` (batch,), 1 for the phrase."""

    logits: Tensor
    labels: Tensor


class Objective(nn.Module, ABC):
    """What training makes small. Parameters of its own, if it has some, are trained and saved with the network's."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config

    @abstractmethod
    def forward(self, predictions: Predictions) -> Tensor:
        """The loss of a batch, a scalar."""
