"""The family resnet18: full convolutions over time and bands, in 8 blocks (He et al. 2015, arXiv:1512.03385).

It is a teacher, or a model for machines with megabytes of memory. Unlike in the paper, the model is causal; strides
within it are over bands alone, so that every layer has an output for every ``stride`` frames; and no pooling follows
the first layer.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.layers import BandMean, Convolution, Layer, Sum

_STAGES = 4
_BLOCKS = 2


@dataclass(frozen=True)
class ResNet18Architecture(Architecture):
    """``width`` is that of the first stage; it doubles from stage to stage."""

    family = "resnet18"
    picture = True
    width: int = 64
    first_kernel: int = 5
    stride: int = 3
    kernel: int = 3
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        first = Convolution("first", "conv", 1, self.width, self.first_kernel, self.stride, bands=7, band_stride=2)
        layers: list[Layer] = [first]
        inputs, last = self.width, "first"
        for stage in range(_STAGES):
            for number in range(_BLOCKS):
                name, width = f"{stage}_{number}", self.width << stage
                layers += _block(name, last, inputs, width, self.kernel, 2 if stage and not number else 1)
                inputs, last = width, f"sum{name}"
        return (*layers, BandMean("mean", positive=True), head(inputs, self.head_steps))


def _block(name: str, source: str, inputs: int, width: int, kernel: int, stride: int) -> list[Layer]:
    """Two convolutions and a connection around them, which is a convolution where bands or width change."""
    layers: list[Layer] = [
        Convolution(f"conv{name}a", "conv", inputs, width, kernel, bands=3, band_stride=stride),
        Convolution(f"conv{name}b", "conv", width, width, kernel, relu=False, bands=3),
    ]
    if stride == 1 and inputs == width:
        return [*layers, Sum(f"sum{name}", source)]
    around = Convolution(f"around{name}", "conv", inputs, width, relu=False, band_stride=stride, source=source)
    return [*layers, around, Sum(f"sum{name}", f"conv{name}b")]
