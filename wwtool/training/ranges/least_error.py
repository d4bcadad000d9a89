"""The range with the least mean squared error of rounding and clipping together."""

from __future__ import annotations

import torch
from torch import Tensor

_TRIED = 48  # ranges, from the whole one down to a tenth of it
_SMALLEST = 0.1
_LEAST = 1e-6  # of a range


def least_error(values: Tensor, zero_point: int) -> tuple[float, float]:
    """The best of some ranges that are parts of the whole one."""
    low, high = float(values.min()), float(values.max())
    low_steps, high_steps = -128 - zero_point, 127 - zero_point
    whole = max(high / high_steps if high_steps else 0.0, low / low_steps if low_steps else 0.0, _LEAST)
    best, least = whole, float("inf")
    for share in torch.linspace(1.0, _SMALLEST, _TRIED).tolist():
        scale = whole * share
        error = float(
            (torch.clamp(torch.round(values / scale), low_steps, high_steps) * scale - values).square().mean()
        )
        if error < least:
            best, least = scale, error
    return best * low_steps, best * high_steps
