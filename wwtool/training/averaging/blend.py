"""What every average does in a step."""

from __future__ import annotations

import torch
from torch import nn


def blend(average: nn.Module, model: nn.Module, share: float) -> None:
    """Moves the average towards the model by a share of the way, with its batch norms; counters are copied."""
    with torch.no_grad():
        for a, b in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, share)
            else:
                a.copy_(b)
