"""Exponential moving average of the weights."""

from __future__ import annotations

import torch
from torch import nn

from wwtool.config import TrainConfig


def ema(average: nn.Module, model: nn.Module, step: int, config: TrainConfig) -> None:
    """Keeps ``train.ema`` of the average; less in the first steps, so that it forgets where the weights began."""
    decay = min(config.ema, (step + 1) / (step + config.ema_warmup_steps))
    with torch.no_grad():
        for a, b in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1.0 - decay)
            else:
                a.copy_(b)
