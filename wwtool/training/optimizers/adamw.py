"""AdamW (Loshchilov and Hutter 2019)."""

from __future__ import annotations

import torch
from torch import nn

from wwtool.config import TrainConfig
from wwtool.training.optimizers.groups import decay_groups


def adamw(parameters: list[nn.Parameter], learning_rate: float, config: TrainConfig) -> torch.optim.Optimizer:
    """AdamW with PyTorch's moments; ``train.weight_decay`` is for matrices alone. On a GPU, a step is one operator."""
    groups, fused = decay_groups(parameters, config.weight_decay), parameters[0].is_cuda or None
    return torch.optim.AdamW(groups, lr=learning_rate, fused=fused)
