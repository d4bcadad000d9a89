"""Ranges by the outermost values."""

from __future__ import annotations

import torch
from torch import Tensor

# Share of the values at either end that are left out: the extremes of a large batch are outliers, and training widens
# the range again where that pays.
_TAIL = 2e-4


def percentile(values: Tensor, zero_point: int) -> tuple[float, float]:
    """All values but 0.02 % at either end."""
    tails = torch.quantile(values, torch.tensor([_TAIL, 1 - _TAIL], device=values.device))
    return float(tails[0]), float(tails[1])


def min_max(values: Tensor, zero_point: int) -> tuple[float, float]:
    """All values."""
    return float(values.min()), float(values.max())
