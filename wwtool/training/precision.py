"""The numbers that the float stage computes with. Weights, their averages and losses are always float32."""

from __future__ import annotations

import torch

from wwtool.training.stages import Stage

NUMBERS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def numbers_of(stage: Stage, precision: str) -> torch.dtype:
    """The type for a stage. Steps of 8 bits are finer than bfloat16's, so that the quantized stage keeps float32."""
    return NUMBERS[precision] if stage.network == "float" else torch.float32


def scaler_of(numbers: torch.dtype, device: torch.device) -> torch.amp.GradScaler:
    """Makes losses so large that gradients do not vanish in float16; with other numbers it does nothing."""
    return torch.amp.GradScaler(device.type, enabled=numbers is torch.float16)
