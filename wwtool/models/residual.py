"""The family res: blocks of two depthwise-separable convolutions over time, with a connection that skips the block.

After TC-ResNet (Choi et al. 2019), made causal and separable: one strided convolution, then blocks
relu(x + pointwise(depthwise(relu(pointwise(depthwise(x)))))), then a linear head over the last ``head_steps`` outputs.
The width is the same throughout, so that a block's input can be added to its output as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import CHANNELS, Architecture, Convolution, Layer, Sum, head, separable


@dataclass(frozen=True)
class ResidualArchitecture(Architecture):
    """``kernels`` holds the two of each block."""

    family = "res"
    width: int = 48
    first_kernel: int = 5
    stride: int = 3
    kernels: tuple[tuple[int, int], ...] = ((5, 7), (9, 9), (11, 13))
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        width, skip = self.width, "first"
        made: list[Layer] = [Convolution("first", "conv", CHANNELS, width, self.first_kernel, self.stride)]
        for number, (inner, outer) in enumerate(self.kernels):
            made += separable(2 * number, width, width, inner)
            made += separable(2 * number + 1, width, width, outer, relu=False)
            made.append(Sum(f"sum{number}", skip))
            skip = f"sum{number}"
        return (*made, head(width, self.head_steps))
