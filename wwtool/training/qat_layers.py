"""The layers of a network with quantized outputs, made of those of a float network."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.models.layers import LayerKind
from wwtool.models.network import FloatGate, FloatLayer, FloatMean, FloatSum, padded
from wwtool.models.quantized import (
    INPUT_SCALE,
    PROBABILITY_SCALE,
    QuantizedGate,
    QuantizedLayer,
    QuantizedMean,
    QuantizedPart,
    QuantizedSum,
    Scale,
)
from wwtool.training.fake_quantization import (
    QuantModule,
    fake_quantized,
    half_away,
    held,
    in_integers,
    round_straight_through,
)


class QuantLayer(QuantModule):
    """A convolution with folded batch norm, optional ReLU and quantized output."""

    def __init__(self, net: FloatLayer) -> None:
        layer, conv, norm = net.layer, net.conv, net.norm
        super().__init__(layer.name, layer.relu)
        self.kind: LayerKind = layer.kind
        self.relu = layer.relu
        self.stride, self.groups, self.bands = conv.stride, conv.groups, layer.bands
        self.reads = layer.reads
        weight = conv.weight.detach().clone(memory_format=torch.contiguous_format)
        bias = torch.zeros(len(weight)) if conv.bias is None else conv.bias.detach().clone()
        if norm is not None:
            assert norm.running_var is not None and norm.running_mean is not None
            gain = (norm.weight * torch.rsqrt(norm.running_var + norm.eps)).detach()
            weight = weight * gain.view(-1, 1, 1, 1)
            bias = (bias - norm.running_mean) * gain + norm.bias.detach()
        # One layout whatever the float net's was: a resumed run must sum in the same order.
        self.weight, self.bias = nn.Parameter(weight.contiguous()), nn.Parameter(bias)

    def forward(self, x: Tensor) -> Tensor:
        weight = fake_quantized(self.weight, self.per_channel) if self.quantizing else self.weight
        x = padded(x, self.bands, self.stride[1])
        y = F.conv2d(x, weight, self.bias, self.stride, 0, 1, self.groups)
        return self._quantize(F.relu(y) if self.relu else y)

    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedLayer:
        source, output = scale_of(sources[0]), self.output.scale()
        q, scale, bias = in_integers(self.name, self.weight, self.bias, source, output, self.per_channel)
        ohwi = np.moveaxis(q, 1, 3)
        time, bands = map(int, self.stride)
        return QuantizedLayer(
            self.name, self.kind, ohwi, scale, bias, source, output, time, self.relu, bands, self.reads
        )


class QuantSum(QuantModule):
    """A sum of two quantized tensors, with quantized output."""

    def __init__(self, net: FloatSum) -> None:
        super().__init__(net.layer.name, net.layer.relu)
        self.reads, self.relu = net.layer.reads, net.layer.relu

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self._quantize(F.relu(x + skip) if self.relu else x + skip)

    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedSum:
        first, second = sources
        assert first is not None and second is not None
        inputs = first.output, second.output
        return QuantizedSum(self.name, self.reads[1], first.channels, *inputs, self.output.scale(), self.relu)


class QuantGate(QuantModule):
    """A quantized tensor times the quantized logistic function of another one, with quantized output."""

    def __init__(self, net: FloatGate) -> None:
        super().__init__(net.layer.name, net.layer.positive)
        self.reads = net.layer.reads

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        factor = torch.sigmoid(x)
        if self.quantizing and self.observing is None:
            scale = PROBABILITY_SCALE.scale
            factor = torch.clamp(round_straight_through(factor / scale), 0, 255) * scale
        return self._quantize(factor * skip)

    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedGate:
        first, second = sources
        assert first is not None and second is not None
        return QuantizedGate(
            self.name, self.reads[1], second.channels, first.output, second.output, self.output.scale()
        )


class QuantMean(QuantModule):
    """The mean over bands of a quantized tensor, with quantized output, rounded as TFLite's MEAN rounds."""

    def __init__(self, net: FloatMean) -> None:
        super().__init__(net.layer.name, net.layer.positive)
        self._source: tuple[QuantModule, ...] = ()  # a tuple, as it is no part of this layer

    def follow(self, source: QuantModule) -> None:
        """Tells which layer it reads."""
        self._source = (source,)

    def forward(self, x: Tensor) -> Tensor:
        y = x.mean(3, keepdim=True)
        if self.observing is not None or not self.quantizing:
            return self._quantize(y)
        size, step = self.output.step_size(y[0].numel()), self._source[0].output.step_size(1).detach()
        rounded = _rounded_mean(torch.round(x.detach().sum(3, keepdim=True) / step), step / size.detach(), x.shape[3])
        return held(y, size, self.output.zero_point, rounded)

    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedMean:
        assert sources[0] is not None
        return QuantizedMean(self.name, sources[0].channels, sources[0].output, self.output.scale())


def _rounded_mean(total: Tensor, ratio: Tensor, count: int) -> Tensor:
    """A whole number times ``ratio`` / ``count``, rounded twice (``int8.elementwise.mean_multiplier``)."""
    fraction, exponent = torch.frexp(ratio)
    bits = count.bit_length() - 1
    shift = exponent - bits
    scaled = total * (fraction * (2.0**bits / count)) * torch.exp2(torch.clamp(shift, min=0).float())
    return half_away(torch.floor(scaled + 0.5) * torch.exp2(torch.clamp(shift, max=0).float()))


def scale_of(source: QuantizedPart | None) -> Scale:
    """The format of a layer's input."""
    return INPUT_SCALE if source is None else source.output
