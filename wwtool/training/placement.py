"""Where a network computes, and in which layout its weights lie."""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

_Net = TypeVar("_Net", bound=nn.Module)


def placed(net: _Net, device: torch.device) -> _Net:
    """On the device, weights in the layout that CPUs convolve fastest: the layout decides the order of sums."""
    return net.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
