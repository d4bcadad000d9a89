"""Lion (Chen et al. 2023, arXiv:2302.06675): every weight moves by the learning rate, up or down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from wwtool.config import TrainConfig
from wwtool.training.optimizers.groups import decay_groups

_BLEND = 0.9  # of the average in the sign that decides a step


class Lion(torch.optim.Optimizer):
    """The sign of a blend of gradient and averaged gradient, times the rate. The state is that average."""

    def __init__(self, groups: list[dict[str, Any]], learning_rate: float, decay: float) -> None:
        super().__init__(groups, {"lr": learning_rate, "weight_decay": 0.0, "decay": decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            rate, weight_decay, decay = group["lr"], group["weight_decay"], group["decay"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if "average" not in state:
                    state["average"] = torch.zeros_like(parameter)
                average = state["average"]
                parameter.mul_(1.0 - rate * weight_decay)
                parameter.add_(torch.sign(average.lerp(parameter.grad, 1.0 - _BLEND)), alpha=-rate)
                average.lerp_(parameter.grad, 1.0 - decay)


def lion(parameters: list[nn.Parameter], learning_rate: float, config: TrainConfig) -> torch.optim.Optimizer:
    """It needs a learning rate some five times smaller than AdamW's, and as much more weight decay."""
    return Lion(decay_groups(parameters, config.weight_decay), learning_rate, config.optimization.lion_decay)
