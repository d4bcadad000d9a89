"""Where a stage is, and what its steps have shown so far: all that schedules, clipping and averages may depend on."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from wwtool.config import TrainConfig
from wwtool.training.stages import Stage

_MOST_MEANS = 1000  # of a stage


def _none() -> Tensor:
    return torch.zeros(0)


@dataclass
class Course:
    """A stage on its way. Its tensors are saved in checkpoints.

    Attributes:
        stage: the stage.
        config: how it trains.
        step: the number of the step that is taken, from 0 on.
        norms: lengths of the gradients of the last ``optimization.clip_window`` steps, before they were shortened.
        means: the mean loss of every ``mean_steps`` steps so far.
        unfinished: the sum of the losses since the last mean.
    """

    stage: Stage
    config: TrainConfig
    step: int = 0
    norms: Tensor = field(default_factory=_none)
    means: Tensor = field(default_factory=_none)
    unfinished: Tensor = field(default_factory=lambda: torch.zeros(()))

    @property
    def mean_steps(self) -> int:
        return max(self.config.optimization.plateau_steps, -(-self.stage.steps // _MOST_MEANS))

    def took_step(self, loss: Tensor, norm: Tensor) -> None:
        """Remembers the loss and the gradient's length of the step."""
        window = self.config.optimization.clip_window
        self.norms = torch.cat([self.norms.to(norm.device), norm.detach().reshape(1)])[-window:]
        self.unfinished = self.unfinished.to(loss.device) + loss.detach()
        if (self.step + 1) % self.mean_steps == 0:
            mean = self.unfinished / self.mean_steps
            self.means = torch.cat([self.means.to(mean.device), mean.reshape(1)])
            self.unfinished = torch.zeros_like(self.unfinished)

    def tensors(self) -> dict[str, Tensor]:
        return {"norms": self.norms, "means": self.means, "unfinished": self.unfinished}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """The inverse of ``tensors``; raises KeyError or ValueError if these are not the tensors of a course."""
        norms, means, unfinished = tensors["norms"], tensors["means"], tensors["unfinished"]
        if (norms.ndim, means.ndim, unfinished.ndim) != (1, 1, 0):
            raise ValueError("the course of another stage")
        self.norms, self.means, self.unfinished = norms, means, unfinished
