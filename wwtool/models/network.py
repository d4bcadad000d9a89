"""An architecture as a float network. Convolutions are Conv2d with kernels (k, 1): CPUs run them faster than Conv1d."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.models.architecture import Architecture, Convolution


class FloatLayer(nn.Module):
    """A convolution over time, with batch norm and ReLU where the layer has them."""

    def __init__(self, layer: Convolution) -> None:
        super().__init__()
        self.layer = layer
        size, stride = (layer.kernel, 1), (layer.stride, 1)
        self.conv = nn.Conv2d(layer.inputs, layer.outputs, size, stride, groups=layer.groups, bias=not layer.norm)
        self.norm = nn.BatchNorm2d(layer.outputs) if layer.norm else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(x)
        y = y if self.norm is None else self.norm(y)
        return F.relu(y) if self.layer.relu else torch.as_tensor(y)


class Network(nn.Module):
    """The layers in order; a sum also reads the output of an earlier layer."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        convolutions = {
            layer.name: FloatLayer(layer) for layer in architecture.layers() if isinstance(layer, Convolution)
        }
        self.layers = nn.ModuleDict(convolutions)
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
        x, outputs = over_time(features), dict[str, Tensor]()
        for layer in self.architecture.layers()[:-1]:
            if isinstance(layer, Convolution):
                x = self.layers[layer.name](x)
            else:
                x = F.relu(x + newest(outputs[layer.skip], x))
            outputs[layer.name] = x
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """What the head makes of the output of ``hidden``: logits (batch, outputs)."""
        return torch.as_tensor(self.layers["head"](hidden))[:, 0, :, 0]


def over_time(features: Tensor) -> Tensor:
    """(batch, frames, channels) to (batch, channels, frames, 1)."""
    return features.transpose(1, 2).unsqueeze(-1)


def newest(x: Tensor, like: Tensor) -> Tensor:
    """The last steps of ``x``, as many as ``like`` has, so that a sum adds values of the same time."""
    return x[:, :, x.shape[2] - like.shape[2] :]
