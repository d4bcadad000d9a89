"""The family mobilenetv3: the small MobileNetV3 (Howard et al. 2019, arXiv:1905.02244).

It is a teacher, or a model for machines with much memory. Unlike in the paper, the model is causal; strides within it
are over bands alone; a gate of channels looks at the bands of the step at hand, not at the whole clip; and swish stands
where the paper approximates it by a hard one, because LOGISTIC and MUL run everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from wwtool.models.architecture import Architecture, head
from wwtool.models.layers import BandMean, Convolution, Gate, Layer, Sum


@dataclass(frozen=True)
class _Block:
    """A row of table 2 of the paper: kernel, expanded and output channels, gate of channels, swish, stride."""

    kernel: int
    expanded: int
    outputs: int
    gated: bool
    swish: bool
    stride: int


_BLOCKS = (
    _Block(3, 16, 16, True, False, 2),
    _Block(3, 72, 24, False, False, 2),
    _Block(3, 88, 24, False, False, 1),
    _Block(5, 96, 40, True, True, 2),
    _Block(5, 240, 40, True, True, 1),
    _Block(5, 240, 40, True, True, 1),
    _Block(5, 120, 48, True, True, 1),
    _Block(5, 144, 48, True, True, 1),
    _Block(5, 288, 96, True, True, 2),
    _Block(5, 576, 96, True, True, 1),
    _Block(5, 576, 96, True, True, 1),
)
_FIRST, _LAST, _WIDE = 16, 576, 1024
_SQUEEZE = 4  # by how much a gate of channels narrows


@dataclass(frozen=True)
class MobileNetV3Architecture(Architecture):
    """``width`` is that of the first layer, 16 in the paper; all other widths change with it."""

    family = "mobilenetv3"
    picture = True
    width: int = 16
    first_kernel: int = 5
    stride: int = 3
    head_steps: int = 4

    def layers(self) -> tuple[Layer, ...]:
        first = Convolution(
            "first", "conv", 1, self._scaled(_FIRST), self.first_kernel, self.stride, relu=False, bands=3, band_stride=2
        )
        layers: list[Layer] = [first, Gate("swish", "first")]
        inputs, last = first.outputs, "swish"
        for number, block in enumerate(_BLOCKS):
            made = self._block(number, block, inputs, last)
            layers += made
            inputs, last = self._scaled(block.outputs), made[-1].name
        last_width, wide = self._scaled(_LAST), self._scaled(_WIDE)
        layers += [
            *_activated(Convolution("last", "conv", inputs, last_width, relu=False), True),
            BandMean("mean"),
            *_activated(Convolution("wide", "conv", last_width, wide, norm=False, relu=False), True),
        ]
        return (*layers, head(wide, self.head_steps))

    def _scaled(self, channels: int) -> int:
        return max(1, channels * self.width // _FIRST)

    def _block(self, number: int, block: _Block, inputs: int, last: str) -> list[Layer]:
        expanded, outputs, swish = self._scaled(block.expanded), self._scaled(block.outputs), block.swish
        filtered = Convolution(
            f"filter{number}", "depthwise", expanded, expanded, block.kernel, relu=not swish, bands=block.kernel,
            band_stride=block.stride,
        )  # fmt: skip
        layers: list[Layer] = [
            *_activated(Convolution(f"expand{number}", "conv", inputs, expanded, relu=not swish), swish),
            *_activated(filtered, swish),
        ]
        if block.gated:
            layers += _gate_of_channels(number, expanded, layers[-1].name, positive=not swish)
        layers.append(Convolution(f"project{number}", "conv", expanded, outputs, relu=False))
        return [*layers, Sum(f"sum{number}", last, relu=False)] if block.stride == 1 and inputs == outputs else layers


def _activated(layer: Convolution, swish: bool) -> list[Layer]:
    """A layer and what is to be done with its values where it has no ReLU."""
    return [layer, Gate(f"swish_{layer.name}", layer.name)] if swish else [layer]


def _gate_of_channels(number: int, channels: int, source: str, positive: bool) -> list[Layer]:
    """Squeeze and excitation: channels are weighed by what their means over bands say."""
    narrow = max(1, channels // _SQUEEZE)
    return [
        BandMean(f"mean{number}", positive),
        Convolution(f"squeeze{number}", "conv", channels, narrow, norm=False),
        Convolution(f"excite{number}", "conv", narrow, channels, norm=False, relu=False),
        Gate(f"gate{number}", source, positive),
    ]
