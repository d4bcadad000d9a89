"""The family tcn: depthwise convolutions over time with mixed kernel sizes, pointwise mixing.

One strided convolution (an output every ``stride`` frames), then blocks of a depthwise time-convolution and a
pointwise convolution with batch norm and ReLU, then a linear head over the last ``head_steps`` outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head, separable
from wwtool.models.layers import Convolution, Layer


@dataclass(frozen=True)
class TemporalArchitecture(Architecture):
    """A chain of layers, wider after the first block."""

    family = "tcn"
    first_channels: int = 32
    width: int = 64
    first_kernel: int = 5
    stride: int = 3
    kernels: tuple[int, ...] = (5, 9, 13, 21)
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        channels = self.first_channels
        layers: list[Layer] = [Convolution("first", "conv", self.channels, channels, self.first_kernel, self.stride)]
        for number, kernel in enumerate(self.kernels):
            layers += separable(number, channels, self.width, kernel)
            channels = self.width
        return (*layers, head(channels, self.head_steps))
