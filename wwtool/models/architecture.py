"""The shape of a model as plain data: layers over time. Network, integer model and costs all follow from it.

No layer looks into the future or pads over time, so the same weights run on streams. The state of a layer with a kernel
of k steps is its last k - 1 inputs. On whole clips, its output is k - 1 steps shorter than its input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.cell import Cell

LayerKind = Literal["conv", "depthwise", "dense"]
PREVIOUS = ""
"""Stands for the layer before, among the layers that a layer reads."""


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
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS,)

    @property
    def groups(self) -> int:
        return self.inputs if self.kind == "depthwise" else 1

    @property
    def weights(self) -> int:
        return self.outputs * self.kernel * self.inputs // self.groups

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one step of its output."""
        return self.weights


@dataclass(frozen=True)
class Sum:
    """The sum of the previous layer and the newest steps of the earlier layer ``skip``, then a ReLU."""

    name: str
    skip: str
    kernel: ClassVar[int] = 1
    weights: ClassVar[int] = 0
    macs: ClassVar[int] = 0

    @property
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS, self.skip)


@dataclass(frozen=True)
class Recurrence:
    """A cell that runs step by step with a state; ``kernel``: the steps after which training trusts its output."""

    name: str
    cell: Cell
    kernel: int

    @property
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS,)

    @property
    def weights(self) -> int:
        return self.cell.weights

    @property
    def macs(self) -> int:
        return self.cell.weights


Layer = Convolution | Sum | Recurrence


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
        return sum(layer.macs for layer in self.layers())


def separable(number: int, inputs: int, outputs: int, kernel: int, relu: bool = True) -> tuple[Layer, Layer]:
    """A depthwise convolution over time, then a pointwise one with batch norm."""
    return (
        Convolution(f"depthwise{number}", "depthwise", inputs, inputs, kernel, norm=False, relu=False),
        Convolution(f"pointwise{number}", "conv", inputs, outputs, relu=relu),
    )


def head(inputs: int, steps: int) -> Convolution:
    """A linear layer over the last ``steps`` steps."""
    return Convolution("head", "dense", inputs, 1, steps, norm=False, relu=False)
