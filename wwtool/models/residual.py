"""The family res: blocks of depthwise-separable convolutions over time, with a connection around each block.

After TC-ResNet (Choi et al. 2019), made causal and separable: one strided convolution, then blocks whose input is added
to their output before a ReLU, then a linear head over the last ``head_steps`` outputs. The width is the same
throughout, so that the input can be added as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head, separable
from wwtool.models.layers import Convolution, Layer, Sum


@dataclass(frozen=True)
class ResidualArchitecture(Architecture):
    """``kernels`` holds those of each block."""

    family = "res"
    width: int = 48
    first_kernel: int = 5
    stride: int = 3
    kernels: tuple[tuple[int, ...], ...] = ((5, 7), (9, 9), (11, 13))
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        width, skip = self.width, "first"
        layers: list[Layer] = [Convolution("first", "conv", self.channels, width, self.first_kernel, self.stride)]
        number = 0
        for block, kernels in enumerate(self.kernels):
            for position, kernel in enumerate(kernels, 1):
                layers += separable(number, width, width, kernel, relu=position < len(kernels))
                number += 1
            layers.append(Sum(f"sum{block}", skip))
            skip = f"sum{block}"
        return (*layers, head(width, self.head_steps))
