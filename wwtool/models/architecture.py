"""The shape of a model as plain data: layers over time. Network, integer model and costs all follow from it.

No layer looks into the future or pads over time, so the same weights run on streams. The state of a layer with a kernel
of k steps is its last k - 1 inputs. On whole clips, its output is k - 1 steps shorter than its input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.layers import PREVIOUS, Convolution, Layer, Recurrence


@dataclass(frozen=True)
class Architecture(ABC):
    """The shape of a model; budget and export need nothing else before training.

    A layer reads the output of the previous one, or of those that it names. Only the first layer has a stride over
    time. The last layer is the head, which is dense and has one output. ``front_end`` makes the features that it reads.
    """

    family: ClassVar[str]
    picture: ClassVar[bool] = False
    """Whether features are bands of one channel instead of channels of one band."""
    front_end: FrontEnd = field(default=DEFAULT_FRONT_END, kw_only=True)

    @property
    @abstractmethod
    def stride(self) -> int:
        """Feature frames from one output to the next."""

    @abstractmethod
    def layers(self) -> tuple[Layer, ...]: ...

    @property
    def channels(self) -> int:
        """Features of a frame."""
        return self.front_end.geometry.channels

    def _convolutions(self) -> list[Convolution]:
        return [layer for layer in self.layers() if isinstance(layer, Convolution)]

    @property
    def head(self) -> Convolution:
        """The last layer."""
        return self._convolutions()[-1]

    @property
    def recurrent(self) -> bool:
        """Whether a state outlives the frames that a window of training has."""
        return any(isinstance(layer, Recurrence) for layer in self.layers())

    @property
    def receptive_frames(self) -> int:
        """Feature frames that one output depends on; with a cell, those that training lets it depend on."""
        first, *others = self.layers()
        return first.kernel + self.stride * sum(layer.kernel - 1 for layer in others)

    @property
    def receptive_seconds(self) -> float:
        """How much audio one output depends on."""
        return self.front_end.geometry.seconds_of(self.receptive_frames)

    @property
    def parameters(self) -> int:
        """Weights, without biases and batch norm."""
        return sum(layer.weights for layer in self.layers())

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one output."""
        bands, total = {PREVIOUS: self.channels if self.picture else 1}, 0
        for layer in self.layers():
            bands[PREVIOUS] = bands[layer.name] = layer.bands_after(*(bands[name] for name in layer.reads))
            total += layer.weights * bands[layer.name]
        return total


def separable(number: int, inputs: int, outputs: int, kernel: int, relu: bool = True) -> tuple[Layer, Layer]:
    """A depthwise convolution over time, then a pointwise one with batch norm."""
    return (
        Convolution(f"depthwise{number}", "depthwise", inputs, inputs, kernel, norm=False, relu=False),
        Convolution(f"pointwise{number}", "conv", inputs, outputs, relu=relu),
    )


def head(inputs: int, steps: int) -> Convolution:
    """A linear layer over the last ``steps`` steps."""
    return Convolution("head", "dense", inputs, 1, steps, norm=False, relu=False)
