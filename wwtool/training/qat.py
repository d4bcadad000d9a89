"""Quantization-aware training with modules of our own, so that every scale is a plain number in the checkpoint.

Weights are fake-quantized per output channel or per tensor, symmetric, to +-127; activations per tensor with a learned
step size (LSQ, Esser et al. 2020) and a fixed zero point: -128 after a ReLU, 0 elsewhere. Batch norm is folded into the
convolution before it is quantized, from its running statistics, which no longer change.
"""

from __future__ import annotations

import itertools
import math
from typing import cast

import torch
from torch import Tensor, nn

from wwtool.models.architecture import Architecture
from wwtool.models.layers import PREVIOUS
from wwtool.models.network import (
    FloatGate,
    FloatLayer,
    FloatMean,
    FloatRecurrence,
    FloatSum,
    Network,
    as_tensor,
    operands,
)
from wwtool.models.quantized import QuantizedModel, QuantizedPart
from wwtool.training.fake_quantization import QuantModule, Ranges
from wwtool.training.qat_cell import QuantRecurrence
from wwtool.training.qat_layers import QuantGate, QuantLayer, QuantMean, QuantSum
from wwtool.training.ranges.tails import percentile

_QUANTIZED = {
    FloatLayer: QuantLayer, FloatSum: QuantSum, FloatGate: QuantGate, FloatMean: QuantMean,
    FloatRecurrence: QuantRecurrence,
}  # fmt: skip


class QatNet(nn.Module):
    """A Network with every tensor quantized as the device will have it."""

    # Logits saturate beyond +-8, where the probability is 0 or 255 anyway.
    LOGIT_SCALE = 1.0 / 16.0

    def __init__(self, net: Network, logit_shift: float, per_channel: bool = True) -> None:
        super().__init__()
        self.architecture: Architecture = net.architecture
        # The threshold lands where 8-bit probabilities are fine: the shift is folded into the head's bias.
        self.logit_shift, self.per_channel = logit_shift, per_channel
        self.layers = nn.ModuleList(_QUANTIZED[type(layer)](layer) for layer in net.layers.values())
        for layer in self._layers():
            layer.per_channel = per_channel
        for source, layer in itertools.pairwise(self._layers()):
            if isinstance(layer, QuantMean):
                layer.follow(source)
        head = self.layers[-1]
        assert isinstance(head, QuantLayer)
        with torch.no_grad():
            head.bias.sub_(logit_shift)
            head.output.log_scale.fill_(math.log(self.LOGIT_SCALE))
        head.output.log_scale.requires_grad_(False)

    def forward(self, features: Tensor) -> Tensor:
        """(batch, frames, channels) real features to logits (batch, outputs), before the shift."""
        return self.logits(self.hidden(features))

    def hidden(self, features: Tensor) -> Tensor:
        """(batch, frames, channels) real features to what the head reads, (batch, width, steps, 1)."""
        values = {PREVIOUS: as_tensor(features, self.architecture.picture)}
        for layer in self._layers()[:-1]:
            _apply(layer, values)
        return values[PREVIOUS]

    def logits(self, hidden: Tensor) -> Tensor:
        """What the head makes of the output of ``hidden``: logits (batch, outputs), before the shift."""
        return torch.as_tensor(self._layers()[-1](hidden))[:, 0, :, 0] + self.logit_shift

    def _layers(self) -> list[QuantModule]:
        return [cast(QuantModule, layer) for layer in self.layers]

    def outputs(self, features: Tensor, quantizing: bool) -> dict[str, Tensor]:
        """What every layer makes of (batch, frames, channels), by its name; with real numbers or quantized."""
        values = {PREVIOUS: as_tensor(features, self.architecture.picture)}
        for layer in self._layers():
            layer.quantizing = quantizing
            _apply(layer, values)
            layer.quantizing = True
        del values[PREVIOUS]
        return values

    def calibrate(self, features: Tensor, ranges: Ranges = percentile) -> None:
        """Sets every activation range from one large batch, layer by layer."""
        with torch.no_grad():
            values = {PREVIOUS: as_tensor(features, self.architecture.picture)}
            for layer in self._layers()[:-1]:
                layer.observing = ranges
                layer(*operands(layer, values))
                layer.observing = None
                _apply(layer, values)

    def quantized(self) -> QuantizedModel:
        """The model in integers, as it is exported."""
        made: dict[str, QuantizedPart] = {}
        last: QuantizedPart | None = None
        for layer in self._layers():
            last = made[layer.name] = layer.quantized([made[name] if name else last for name in layer.reads])
        shape = self.architecture
        return QuantizedModel(tuple(made.values()), shape.stride, shape.front_end, shape.picture)


def _apply(layer: QuantModule, values: dict[str, Tensor]) -> None:
    """Adds what a layer makes of what it reads."""
    values[PREVIOUS] = values[layer.name] = torch.as_tensor(layer(*operands(layer, values)))
