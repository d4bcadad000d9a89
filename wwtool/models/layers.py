"""The kinds of layers that a model is made of, as plain data.

A tensor has steps of time, bands and channels. In most models the features are channels, and there is one band; in a
picture (``Architecture.picture``) they are bands of one channel. Over time, layers see the past alone; over bands, they
pad on both sides as TFLite's SAME does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from wwtool.models.cell import Cell

LayerKind = Literal["conv", "depthwise", "dense"]
PREVIOUS = ""
"""Stands for the layer before, among the layers that a layer reads."""


@dataclass(frozen=True)
class Convolution:
    """A convolution over ``kernel`` steps and ``bands`` bands; ``norm``: batch norm instead of a bias.

    ``source``: the layer that it reads.
    """

    name: str
    kind: LayerKind
    inputs: int
    outputs: int
    kernel: int = 1
    stride: int = 1
    norm: bool = True
    relu: bool = True
    bands: int = 1
    band_stride: int = 1
    source: str = PREVIOUS

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.source,)

    @property
    def groups(self) -> int:
        return self.inputs if self.kind == "depthwise" else 1

    @property
    def weights(self) -> int:
        return self.outputs * self.kernel * self.bands * self.inputs // self.groups

    def bands_after(self, bands: int) -> int:
        return -(-bands // self.band_stride)


class _Weightless:
    kernel: ClassVar[int] = 1
    weights: ClassVar[int] = 0


@dataclass(frozen=True)
class _WithEarlier(_Weightless):
    name: str
    skip: str

    @property
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS, self.skip)

    def bands_after(self, bands: int, skip: int) -> int:
        return max(bands, skip)


@dataclass(frozen=True)
class Sum(_WithEarlier):
    """The sum of the previous layer and the earlier layer ``skip``, then a ReLU. One band is added to all others."""

    relu: bool = True


@dataclass(frozen=True)
class Gate(_WithEarlier):
    """The earlier layer ``skip`` times the logistic function of the previous layer. One band is applied to all others.

    ``positive``: nothing in ``skip`` is negative.
    """

    positive: bool = False


@dataclass(frozen=True)
class BandMean(_Weightless):
    """The mean over all bands; ``positive``: nothing in the previous layer is negative."""

    name: str
    positive: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS,)

    def bands_after(self, bands: int) -> int:
        return 1


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

    def bands_after(self, bands: int) -> int:
        return bands


Layer = Convolution | Sum | Gate | BandMean | Recurrence


def band_padding(bands: int, kernel: int, stride: int) -> tuple[int, int]:
    """The zeros below and above ``bands`` bands (TFLite's SAME).

    >>> band_padding(40, 3, 2)
    (0, 1)
    """
    total = max((-(-bands // stride) - 1) * stride + kernel - bands, 0)
    return total // 2, total - total // 2
