"""Random numbers are drawn on the CPU, the same whatever computes with them."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor


def beside(features: Tensor, values: npt.NDArray[Any]) -> Tensor:
    """The values as a tensor where the features are."""
    return torch.from_numpy(values).to(features.device, non_blocking=True)
