"""The family svdf: filters over channels, each with a filter over time (Nakkiran et al. 2015).

A layer is a dense filter of every frame's channels, then one filter over ``memory`` steps for each of its outputs, then
a ReLU: the operator SVDF of rank 1, written as a pointwise and a depthwise convolution, which train and stream alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.layers import Convolution, Layer


@dataclass(frozen=True)
class SvdfArchitecture(Architecture):
    """``stride`` frames are read at once; ``memory`` steps of each layer in turn."""

    family = "svdf"
    width: int = 64
    stride: int = 3
    memory: tuple[int, ...] = (10, 12, 16)
    bottleneck: int = 32
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        inputs, layers = self.channels, list[Layer]()
        for number, memory in enumerate(self.memory):
            kernel, stride = (self.stride, self.stride) if number == 0 else (1, 1)
            layers += [
                Convolution(f"features{number}", "conv", inputs, self.width, kernel, stride, relu=False),
                Convolution(f"time{number}", "depthwise", self.width, self.width, memory),
                Convolution(f"bottleneck{number}", "conv", self.width, self.bottleneck),
            ]
            inputs = self.bottleneck
        return (*layers, head(inputs, self.head_steps))
