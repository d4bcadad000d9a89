"""What every average does in a step."""

from __future__ import annotations

import torch
from torch import nn


def blend(average: nn.Module, model: nn.Module, share: float) -> None:
    """Moves the average towards the model by a share of the way, with its batch norms; counters are copied."""
    pairs = list(zip(average.state_dict().values(), model.state_dict().values(), strict=True))
    with torch.no_grad():
        moved, to = zip(*((a, b) for a, b in pairs if a.dtype.is_floating_point), strict=True)
        torch._foreach_lerp_(moved, to, share)  # one call for all of them: a GPU would wait for hundreds
        for a, b in pairs:
            if not a.dtype.is_floating_point:
                a.copy_(b)
