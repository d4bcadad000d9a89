"""What every objective is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn

from wwtool.config import TrainConfig


@dataclass(frozen=True)
class Predictions:
    """What the network says of a batch, the truth, and what a teacher says.

    Attributes:
        logits: the network's, (batch,).
        labels: 1 for the phrase, 0 for everything else, (batch,).
        hidden: what the network's head reads, (batch, width).
        soft: the teacher's logits, (batch,), NaN where it says nothing; None: there is no teacher.
        vectors: what an embedding makes of the same audio, (batch, numbers), NaN where there is nothing; None: none.
    """

    logits: Tensor
    labels: Tensor
    hidden: Tensor | None = None
    soft: Tensor | None = None
    vectors: Tensor | None = None


@dataclass(frozen=True)
class Widths:
    """Numbers in ``Predictions.hidden``, and in ``vectors``, 0 if there are none."""

    hidden: int
    vectors: int


class Objective(nn.Module, ABC):
    """What training makes small. Parameters of its own, if it has some, are trained and saved with the network's."""

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config

    def fit(self, widths: Widths) -> None:
        """Makes parameters whose shapes depend on the network or the embedding; called once, before training."""

    @abstractmethod
    def forward(self, predictions: Predictions) -> Tensor:
        """The loss of a batch, a scalar."""
