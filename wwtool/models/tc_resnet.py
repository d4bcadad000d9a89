"""The family tcres: full convolutions over time with a connection around each block (Choi et al. 2019, TC-ResNet).

Unlike in the paper, the width is the same throughout, so that the input of a block can be added as it is, and the model
is causal. The family res has the same blocks of separable convolutions, which cost less.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.layers import Convolution, Layer, Sum


@dataclass(frozen=True)
class TemporalResNetArchitecture(Architecture):
    """``blocks`` blocks of two convolutions each."""

    family = "tcres"
    width: int = 24
    first_kernel: int = 3
    stride: int = 3
    blocks: int = 3
    kernel: int = 9
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        width, skip = self.width, "first"
        layers: list[Layer] = [Convolution("first", "conv", self.channels, width, self.first_kernel, self.stride)]
        for block in range(self.blocks):
            layers += [
                Convolution(f"conv{block}a", "conv", width, width, self.kernel),
                Convolution(f"conv{block}b", "conv", width, width, self.kernel, relu=False),
                Sum(f"sum{block}", skip),
            ]
            skip = f"sum{block}"
        return (*layers, head(width, self.head_steps))
