"""The family tinyconv: one convolution and a linear layer over its steps, as in TensorFlow's first keyword models.

It is the floor of the zoo: some thousand weights, and no depth that could tell similar words apart.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.layers import Convolution, Layer


@dataclass(frozen=True)
class TinyConvArchitecture(Architecture):
    """``head_steps`` is how many outputs of the convolution the decision reads."""

    family = "tinyconv"
    width: int = 16
    first_kernel: int = 10
    stride: int = 3
    head_steps: int = 32

    def layers(self) -> tuple[Layer, ...]:
        return (
            Convolution("first", "conv", self.channels, self.width, self.first_kernel, self.stride),
            head(self.width, self.head_steps),
        )
