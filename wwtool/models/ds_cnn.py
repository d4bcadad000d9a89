"""The family dscnn: depthwise-separable blocks of one kernel size, after DS-CNN (Zhang et al. 2017, arXiv:1711.07128).

The convolutions run over time alone, with the channels of the front end as their inputs, so that the model is causal
and streams. As in the paper, both halves of a block have a batch norm and a ReLU.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.layers import Convolution, Layer


@dataclass(frozen=True)
class DepthwiseSeparableArchitecture(Architecture):
    """``blocks`` blocks of the same width and kernel."""

    family = "dscnn"
    width: int = 64
    first_kernel: int = 10
    stride: int = 3
    blocks: int = 4
    kernel: int = 9
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        width = self.width
        layers: list[Layer] = [Convolution("first", "conv", self.channels, width, self.first_kernel, self.stride)]
        for number in range(self.blocks):
            layers += [
                Convolution(f"depthwise{number}", "depthwise", width, width, self.kernel),
                Convolution(f"pointwise{number}", "conv", width, width),
            ]
        return (*layers, head(width, self.head_steps))
