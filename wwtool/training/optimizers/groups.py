"""Which parameters decay."""

from __future__ import annotations

from typing import Any

from torch import nn


def decay_groups(parameters: list[nn.Parameter], weight_decay: float) -> list[dict[str, Any]]:
    """Two parameter groups: weights decay; biases, batch norms and scales, which have one dimension or none, do not."""
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
