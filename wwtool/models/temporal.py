"""A causal temporal convolutional network: depthwise convolutions over time with mixed kernel sizes, pointwise mixing.

Features (batch, frames, 40) go through one strided convolution (an output every ``stride`` frames), then blocks of a
depthwise time-convolution and a pointwise convolution with batch norm and ReLU, then a linear head over the last
``head_steps`` outputs. No layer sees the future and none pads, so the same weights run streaming: the state of a
layer with a kernel of k steps is its last k - 1 inputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CHANNELS = 40


@dataclass(frozen=True)
class Architecture:
    """The shape of a TemporalNet; everything budget and export need to know before training."""

    first_channels: int = 32
    width: int = 64
    first_kernel: int = 5
    stride: int = 3
    kernels: tuple[int, ...] = (5, 9, 13, 21)
    head_steps: int = 4

    @property
    def receptive_frames(self) -> int:
        """Feature frames that one output depends on."""
        steps = sum(k - 1 for k in self.kernels) + self.head_steps - 1
        return self.first_kernel + self.stride * steps

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one output."""
        total, channels = self.first_kernel * CHANNELS * self.first_channels, self.first_channels
        for kernel in self.kernels:
            total += channels * kernel + channels * self.width
            channels = self.width
        return total + channels * self.head_steps


class Block(nn.Module):
    """A depthwise convolution over time, then a pointwise one with batch norm and ReLU."""

    def __init__(self, channels: int, width: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, (kernel, 1), groups=channels)
        self.pointwise = nn.Conv2d(channels, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.pointwise(self.depthwise(x))))


class TemporalNet(nn.Module):
    """The float network. Convolutions are Conv2d with kernels (k, 1), which CPUs run faster than Conv1d."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        a = self.architecture = architecture
        self.first = nn.Conv2d(CHANNELS, a.first_channels, (a.first_kernel, 1), (a.stride, 1), bias=False)
        self.first_norm = nn.BatchNorm2d(a.first_channels)
        self.blocks = nn.ModuleList()
        channels = a.first_channels
        for kernel in a.kernels:
            self.blocks.append(Block(channels, a.width, kernel))
            channels = a.width
        self.head = nn.Conv2d(channels, 1, (a.head_steps, 1))
        nn.init.constant_(self.head.bias, -1.0)  # type: ignore[arg-type]  # most windows hold no wake word

    def forward(self, features: Tensor) -> Tensor:
        """(batch, frames, 40) real features to logits (batch, outputs)."""
        x = features.transpose(1, 2).unsqueeze(-1)
        x = F.relu(self.first_norm(self.first(x)))
        for block in self.blocks:
            x = block(x)
        return torch.as_tensor(self.head(x)[:, 0, :, 0])


ZOO: dict[str, Architecture] = {
    "tcn32": Architecture(first_channels=24, width=32),
    "tcn48": Architecture(first_channels=32, width=48),
    "tcn64": Architecture(first_channels=32, width=64),
}
