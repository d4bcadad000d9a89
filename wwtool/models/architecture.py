"""The shape of a model as plain data: layers over time. Network, integer model and costs all follow from it.

No layer looks into the future or pads, so the same weights run on streams. The state of a layer with a kernel of k
steps is its last k - 1 inputs. On whole clips, its output is k - 1 steps shorter than its input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END

LayerKind = Literal["conv", "depthwise", "dense"]


@dataclass(frozen=True)
class Convolution:
    """A convolution over ``kernel`` steps; ``norm``: batch norm instead of a bias."""

    name: str
    kind: LayerKind
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    norm: bool = True
    relu: bool = True

    @property
    def groups(self) -> int:
        return self.inputs if self.kind == "depthwise" else 1

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one step of its output."""
        return self.kernel * self.inputs // self.groups * self.outputs


@dataclass(frozen=True)
class Sum:
    """The sum of the previous layer and the newest steps of the earlier layer ``skip``, then a ReLU."""

    name: str
    skip: str


Layer = Convolution | Sum


@dataclass(frozen=True)
class Architecture(ABC):
    """The shape of a model; budget and export need nothing else before training.

    Each layer reads the output of the previous one. Only the first layer has a stride. The last layer is the head,
    which is dense and has one output. ``front_end`` makes the features that it reads.
    """

    family: ClassVar[str]
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
    def receptive_frames(self) -> int:
        """Feature frames that one output depends on."""
        first, *others = self._convolutions()
        return first.kernel + self.stride * sum(layer.kernel - 1 for layer in others)

    @property
    def receptive_seconds(self) -> float:
        """How much audio one output depends on."""
        return self.front_end.geometry.seconds_of(self.receptive_frames)

    @property
    def parameters(self) -> int:
        """Weights, without biases and batch norm."""
        return sum(layer.outputs * layer.kernel * layer.inputs // layer.groups for layer in self._convolutions())

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one output."""
        return sum(layer.macs for layer in self._convolutions())


def separable(number: int, inputs: int, outputs: int, kernel: int, relu: bool = True) -> tuple[Layer, Layer]:
    """A depthwise convolution over time, then a pointwise one with batch norm."""
    return (
        Convolution(f"depthwise{number}", "depthwise", inputs, inputs, kernel, norm=False, relu=False),
        Convolution(f"pointwise{number}", "conv", inputs, outputs, relu=relu),
    )


def head(inputs: int, steps: int) -> Convolution:
    """A linear layer over the last ``steps`` steps."""
    return Convolution("head", "dense", inputs, 1, steps, norm=False, relu=False)
