"""What every objective is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from wwtool.config import TrainConfig


@dataclass(frozen=True)
class Predictions:
    """What the network says of a batch, the truth, and what a teacher says.

    Attributes:
        logits: the network's, (batch,).
        labels: 1 for the phrase, 0 for everything else, (batch,); between them for mixed windows.
        hidden: what the network's head reads, (batch, width).
        soft: the teacher's logits, (batch,), NaN where it says nothing; None: there is no teacher.
        vectors: what an embedding makes of the same audio, (batch, numbers), NaN where there is nothing; None: none.
        weights: of the windows, (batch,); None: all weigh the same.
    """

    logits: Tensor
    labels: Tensor
    hidden: Tensor | None = None
    soft: Tensor | None = None
    vectors: Tensor | None = None
    weights: Tensor | None = None

    @property
    def positive(self) -> Tensor:
        """Which windows hold the phrase, (batch,) of bools; mixed windows are what most of them is."""
        return self.labels > 0.5

    def mean(self, values: Tensor) -> Tensor:
        """The mean of a value of every window, (batch,), by their weights."""
        return values.mean() if self.weights is None else (values * self.weights).sum() / self.weights.sum()


@dataclass(frozen=True)
class Widths:
    """Numbers in ``Predictions.hidden``, and in ``vectors``, 0 if there are none."""

    hidden: int
    vectors: int


class Objective(nn.Module, ABC):
    """What training makes small. Parameters of its own, if it has some, are trained and saved with the network's.

    ``trains_head``: whether the network's last layer learns from it; without that, it is good as a part alone.
    """

    trains_head: ClassVar[bool] = True

    def __init__(self, config: TrainConfig) -> None:
        super().__init__()
        self.config = config

    def fit(self, widths: Widths) -> None:
        """Makes parameters whose shapes depend on the network or the embedding; called once, before training."""

    @abstractmethod
    def forward(self, predictions: Predictions) -> Tensor:
        """The loss of a batch, a scalar."""

    def smoothed(self, labels: Tensor) -> Tensor:
        """The labels, with ``train.loss.label_smoothing`` of each shared by both answers (Szegedy et al. 2016)."""
        smoothing = self.config.loss.label_smoothing
        return labels * (1.0 - smoothing) + smoothing / 2.0
