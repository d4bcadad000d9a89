"""Stochastic gradient descent with Nesterov's momentum (Sutskever et al. 2013)."""

from __future__ import annotations

import torch
from torch import nn

from wwtool.config import TrainConfig
from wwtool.training.optimizers.groups import decay_groups


def sgd(parameters: list[nn.Parameter], learning_rate: float, config: TrainConfig) -> torch.optim.Optimizer:
    """It needs a learning rate some ten times that of AdamW; ``train.weight_decay`` is for matrices alone."""
    groups, momentum = decay_groups(parameters, config.weight_decay), config.optimization.momentum
    return torch.optim.SGD(groups, lr=learning_rate, momentum=momentum, nesterov=momentum > 0.0)
