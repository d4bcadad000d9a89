"""The family bcres: filters over time whose results are added to all bands (Kim et al. 2021, arXiv:2106.04140).

A block filters over bands, takes the mean over bands, filters that over time, and adds the result to all bands. As
nothing but the means is filtered over time, a stream keeps little state. Unlike in the paper, the model is causal,
takes ``stride`` frames at once, and has longer kernels in place of dilated ones. One batch norm for all bands takes the
place of one for each group of bands, and ReLU that of swish, so that INT8 needs no further operators.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.layers import BandMean, Convolution, Layer, Sum

_WIDTHS = (2, 3, 4, 5)  # of the stages, in units of ``width`` / 2 (table 1 of the paper: 8, 12, 16 and 20 times tau)
_BLOCKS = (2, 2, 4, 4)
_BAND_STRIDES = (1, 2, 2, 1)


@dataclass(frozen=True)
class BroadcastResNetArchitecture(Architecture):
    """``width`` is that of the first stage, 8 times the paper's tau; ``kernels`` are those over time of each stage."""

    family = "bcres"
    picture = True
    width: int = 8
    first_kernel: int = 5
    stride: int = 3
    kernels: tuple[int, ...] = (3, 3, 5, 5)
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        inputs = 2 * self.width
        layers: list[Layer] = [
            Convolution("first", "conv", 1, inputs, self.first_kernel, self.stride, bands=5, band_stride=2)
        ]
        last, number = "first", 0
        for stage, (part, blocks) in enumerate(zip(_WIDTHS, _BLOCKS, strict=True)):
            width = max(1, part * self.width // 2)
            for block in range(blocks):
                stride, kernel = (_BAND_STRIDES[stage] if block == 0 else 1), self.kernels[stage % len(self.kernels)]
                layers += _block(number, inputs, width, kernel, stride, last if block else None)
                inputs, last, number = width, f"sum{number}", number + 1
        layers += [
            Convolution("bands", "depthwise", inputs, inputs, bands=5),
            BandMean("mean", positive=True),
            Convolution("mix", "conv", inputs, 4 * self.width),
        ]
        return (*layers, head(4 * self.width, self.head_steps))


def _block(number: int, inputs: int, width: int, kernel: int, stride: int, skip: str | None) -> list[Layer]:
    """A block; one that changes the width has no connection around it (``skip``), but a convolution before it."""
    change: list[Layer] = [Convolution(f"change{number}", "conv", inputs, width)] if skip is None else []
    layers: list[Layer] = [
        *change,
        Convolution(f"bands{number}", "depthwise", width, width, relu=False, bands=3, band_stride=stride),
        BandMean(f"mean{number}"),
        Convolution(f"time{number}", "depthwise", width, width, kernel),
        Convolution(f"mix{number}", "conv", width, width, norm=False, relu=False),
    ]
    if skip is None:
        return [*layers, Sum(f"sum{number}", f"bands{number}")]
    return [*layers, Sum(f"broadcast{number}", f"bands{number}", relu=False), Sum(f"sum{number}", skip)]
