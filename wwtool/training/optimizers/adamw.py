"""AdamW (Loshchilov and Hutter 2019)."""

from __future__ import annotations

import torch
from torch import nn

from wwtool.config import TrainConfig
from wwtool.training.optimizers.groups import decay_groups


def adamw(parameters: list[nn.Parameter], learning_rate: float, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW with PyTorch's moments; ``train.weight_decay`` is for matrices alone."""
    return torch.optim.AdamW(decay_groups(parameters, config.weight_decay), lr=learning_rate)
