"""The layers of a network with quantized outputs, made of those of a float network."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.models.architecture import LayerKind
from wwtool.models.network import FloatLayer, FloatSum
from wwtool.models.quantized import INPUT_SCALE, QuantizedLayer, QuantizedPart, QuantizedSum, Scale
from wwtool.training.fake_quantization import QuantModule, fake_quantized, in_integers


class QuantLayer(QuantModule):
    """A convolution with folded batch norm, optional ReLU and quantized output."""

    def __init__(self, net: FloatLayer) -> None:
        layer, conv, norm = net.layer, net.conv, net.norm
        super().__init__(layer.name, layer.relu)
        self.kind: LayerKind = layer.kind
        self.relu = layer.relu
        self.stride, self.groups = conv.stride, conv.groups
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
        weight = fake_quantized(self.weight) if self.quantizing else self.weight
        y = F.conv2d(x, weight, self.bias, self.stride, 0, 1, self.groups)
        return self._quantize(F.relu(y) if self.relu else y)

    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedLayer:
        source, output = scale_of(sources[0]), self.output.scale()
        q, scale, bias = in_integers(self.name, self.weight, self.bias, source, output)
        ohwi = np.moveaxis(q, 1, 3)
        return QuantizedLayer(self.name, self.kind, ohwi, scale, bias, source, output, int(self.stride[0]), self.relu)


class QuantSum(QuantModule):
    """A sum of two quantized tensors and a ReLU, with quantized output."""

    def __init__(self, net: FloatSum) -> None:
        super().__init__(net.layer.name, relu=True)
        self.reads = net.layer.reads

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self._quantize(F.relu(x + skip))

    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedSum:
        first, second = sources
        assert first is not None and second is not None
        return QuantizedSum(self.name, self.reads[1], first.channels, first.output, second.output, self.output.scale())


def scale_of(source: QuantizedPart | None) -> Scale:
    """The format of a layer's input."""
    return INPUT_SCALE if source is None else source.output
