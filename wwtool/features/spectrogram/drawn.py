"""Random numbers are drawn on the CPU, the same whatever computes with them, and then moved."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor


def moved(values: npt.NDArray[Any], device: torch.device) -> Tensor:
    """The values as a tensor on a device. A GPU goes on with its work meanwhile: it fetches them from pinned memory."""
    tensor = torch.from_numpy(values)
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor


def beside(features: Tensor, values: npt.NDArray[Any]) -> Tensor:
    """The values as a tensor where the features are."""
    return moved(values, features.device)
