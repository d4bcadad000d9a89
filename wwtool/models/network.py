"""An architecture as a float network. Tensors are (batch, channels, steps, bands).

Convolutions are Conv2d, also where there is one band: CPUs run them faster than Conv1d.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.models.architecture import Architecture
from wwtool.models.cell import Dense, unroll
from wwtool.models.layers import PREVIOUS, BandMean, Convolution, Gate, Recurrence, Sum, band_padding


class FloatLayer(nn.Module):
    """A convolution, with batch norm and ReLU where the layer has them."""

    def __init__(self, layer: Convolution) -> None:
        super().__init__()
        self.layer = layer
        size, stride = (layer.kernel, layer.bands), (layer.stride, layer.band_stride)
        self.conv = nn.Conv2d(layer.inputs, layer.outputs, size, stride, groups=layer.groups, bias=not layer.norm)
        self.norm = nn.BatchNorm2d(layer.outputs) if layer.norm else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(padded(x, self.layer.bands, self.layer.band_stride))
        y = y if self.norm is None else self.norm(y)
        return F.relu(y) if self.layer.relu else torch.as_tensor(y)


class FloatSum(nn.Module):
    """A sum of two tensors."""

    def __init__(self, layer: Sum) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return F.relu(x + skip) if self.layer.relu else x + skip


class FloatGate(nn.Module):
    """A tensor times the logistic function of another one."""

    def __init__(self, layer: Gate) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.sigmoid(x) * skip


class FloatMean(nn.Module):
    """The mean over bands."""

    def __init__(self, layer: BandMean) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(3, keepdim=True)


class FloatRecurrence(nn.Module):
    """A cell with its weights, which begins every window without memories."""

    def __init__(self, layer: Recurrence) -> None:
        super().__init__()
        self.layer = layer
        self.dense = nn.ModuleDict()
        for step in layer.cell.dense:
            made = nn.Linear(layer.cell.width, step.outputs)
            for part in torch.split(made.weight.data, layer.cell.width):
                nn.init.orthogonal_(part)
            made.bias.data = torch.tensor(step.bias) if step.bias else torch.zeros(step.outputs)
            self.dense[step.name] = made

    def forward(self, x: Tensor) -> Tensor:
        return unroll(self.layer.cell, x, self._multiply)[self.layer.cell.output][:, :, self.layer.kernel - 1 :]

    def _multiply(self, step: Dense, state: Tensor) -> Tensor:
        return torch.as_tensor(self.dense[step.name](state))


_MODULES = {
    Convolution: FloatLayer, Sum: FloatSum, Gate: FloatGate, BandMean: FloatMean, Recurrence: FloatRecurrence,
}  # fmt: skip


class Network(nn.Module):
    """The layers in order; some also read the output of an earlier layer."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        self.layers = nn.ModuleDict({layer.name: _MODULES[type(layer)](layer) for layer in architecture.layers()})
        nn.init.constant_(self.head.bias, -1.0)  # type: ignore[arg-type]  # most windows hold no wake word

    @property
    def head(self) -> nn.Conv2d:
        return self.layer("head").conv

    def layer(self, name: str) -> FloatLayer:
        """A convolution by its name."""
        return cast(FloatLayer, self.layers[name])

    def forward(self, features: Tensor) -> Tensor:
        """(batch, frames, channels) real features to logits (batch, outputs)."""
        return self.logits(self.hidden(features))

    def hidden(self, features: Tensor) -> Tensor:
        """(batch, frames, channels) real features to what the head reads, (batch, width, steps, 1)."""
        values = {PREVIOUS: as_tensor(features, self.architecture.picture)}
        for layer in self.architecture.layers()[:-1]:
            values[PREVIOUS] = values[layer.name] = self.layers[layer.name](*operands(layer, values))
        return values[PREVIOUS]

    def logits(self, hidden: Tensor) -> Tensor:
        """What the head makes of the output of ``hidden``: logits (batch, outputs)."""
        return torch.as_tensor(self.layers["head"](hidden))[:, 0, :, 0]


def as_tensor(features: Tensor, picture: bool) -> Tensor:
    """(batch, frames, channels) to (batch, channels, frames, 1), or to a picture (batch, 1, frames, channels)."""
    return features.unsqueeze(1) if picture else features.transpose(1, 2).unsqueeze(-1)


def padded(x: Tensor, kernel: int, stride: int) -> Tensor:
    """A tensor with the zeros beside its bands that a convolution needs."""
    pads = band_padding(x.shape[3], kernel, stride)
    return F.pad(x, pads) if any(pads) else x


class Reader(Protocol):
    """A layer, in whatever form; ``reads`` names those that give its inputs."""

    @property
    def reads(self) -> tuple[str, ...]: ...


def operands(layer: Reader, values: Mapping[str, Tensor]) -> list[Tensor]:
    """What a layer reads, held to the newest steps that all of it has, so that a sum adds values of the same time."""
    read = [values[name] for name in layer.reads]
    steps = min(x.shape[2] for x in read)
    return [x[:, :, x.shape[2] - steps :] for x in read]
