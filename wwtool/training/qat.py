"""Quantization-aware training with modules of our own, so that every scale is a plain number in the checkpoint.

Weights are fake-quantized per output channel, symmetric, to +-127; activations per tensor with a learned step size
(LSQ, Esser et al. 2020) and a fixed zero point: -128 after a ReLU, 0 elsewhere. Batch norm is folded into the
convolution before it is quantized, from its running statistics, which no longer change.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.errors import InputError
from wwtool.models.architecture import Architecture, LayerKind, Sum
from wwtool.models.network import FloatLayer, Network, newest, over_time
from wwtool.models.quantized import INPUT_SCALE, QuantizedLayer, QuantizedModel, QuantizedSum, Scale
from wwtool.training.ranges.tails import percentile

Ranges = Callable[[Tensor, int], tuple[float, float]]
"""The range that 8 bits shall hold, low and high, of a layer's values and the zero point of its format."""

# Beyond these limits a layer does nothing useful: one step of its input, or its bias, exceeds the whole output range.
_LARGEST_LOG_SCALE = 20.0
_LARGEST_MULTIPLIER = 256.0
_LARGEST_BIAS = 2.0**24  # in steps of the output, which has 256
_ASTRAY = "its training went astray; train again with another train.learning_rate or seed"


def _round_straight_through(x: Tensor) -> Tensor:
    return x + (torch.round(x) - x).detach()


class ActivationQuantizer(nn.Module):
    """int8 fake quantization with a learned scale, kept as its logarithm so that it stays positive."""

    def __init__(self, zero_point: int) -> None:
        super().__init__()
        self.zero_point = zero_point
        self.log_scale = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        # LSQ scales the step's gradient by 1 / sqrt(values * levels).
        gradient = 1.0 / math.sqrt(x[0].numel() * 127.0)
        log_scale = self.log_scale * gradient + (self.log_scale * (1.0 - gradient)).detach()
        scale = torch.exp(log_scale)
        q = torch.clamp(x / scale, -128 - self.zero_point, 127 - self.zero_point)
        return _round_straight_through(q) * scale

    def calibrate(self, low: float, high: float) -> None:
        """Sets the scale from an observed range."""
        steps = max(high / (127 - self.zero_point), low / (-128 - self.zero_point) if self.zero_point > -128 else 0.0)
        with torch.no_grad():
            self.log_scale.fill_(math.log(max(steps, 1e-6)))

    def scale(self) -> Scale:
        """The learned scale.

        Raises:
            InputError: no activation has a range like that.
        """
        exponent = self.log_scale.item()
        if not abs(exponent) <= _LARGEST_LOG_SCALE:
            raise InputError(f"a learned scale is exp({exponent:g}); {_ASTRAY}")
        return Scale(float(np.float32(math.exp(exponent))), self.zero_point)


# Weight decay leaves some channels with weights close to zero. Their scale is at least this part of the layer's
# largest, so that their multiplier stays in the range of the fast kernels, which accept or refuse a whole layer.
_FINEST_SCALE = 2.0**-10
_MOST_OBSERVED = 1_000_000  # values from which a range is taken: more are slower and say the same


def weight_scales(weight: Tensor) -> Tensor:
    """Symmetric int8 scales, one an output channel, shape (O, 1, 1, 1)."""
    scales = weight.detach().abs().amax(dim=(1, 2, 3), keepdim=True) / 127.0
    return torch.maximum(scales, torch.clamp(scales.max() * _FINEST_SCALE, min=1e-8))


class QuantModule(nn.Module):
    """A layer with a quantized output."""

    def __init__(self, name: str, relu: bool) -> None:
        super().__init__()
        self.name = name
        self.output = ActivationQuantizer(-128 if relu else 0)
        self.observing: Ranges | None = None  # takes the range of the next output
        self.quantizing = True

    def _quantize(self, y: Tensor) -> Tensor:
        if self.observing is not None:
            values = y.detach().flatten()[:: max(1, y.numel() // _MOST_OBSERVED)].float()
            self.output.calibrate(*self.observing(values, self.output.zero_point))
            return y
        return torch.as_tensor(self.output(y)) if self.quantizing else y


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
        scale = weight_scales(self.weight)
        if not self.quantizing:
            y = F.conv2d(x, self.weight, self.bias, self.stride, 0, 1, self.groups)
            return F.relu(y) if self.relu else y
        weight = torch.clamp(_round_straight_through(self.weight / scale), -127, 127) * scale
        y = F.conv2d(x, weight, self.bias, self.stride, 0, 1, self.groups)
        return self._quantize(F.relu(y) if self.relu else y)

    def quantized(self, source: Scale) -> QuantizedLayer:
        """The layer in integers, from an input of scale ``source``.

        Raises:
            InputError: its weights or its bias are not numbers, or are so large that the layer does nothing useful.
        """
        weight = self.weight.detach().cpu().double().numpy()
        scale = weight_scales(self.weight).cpu().numpy().reshape(-1).astype(np.float32)
        q = np.clip(np.rint(weight / scale.reshape(-1, 1, 1, 1).astype(np.float64)), -127, 127).astype(np.int8)
        bias_scale = np.float64(np.float32(source.scale)) * scale.astype(np.float64)
        real = self.bias.detach().cpu().double().numpy()
        output = self.output.scale()
        # NaN fails these comparisons, too.
        if not ((bias_scale / output.scale <= _LARGEST_MULTIPLIER).all() and np.isfinite(weight).all()):
            raise InputError(f"the layer '{self.name}' has weights that int8 cannot hold; {_ASTRAY}")
        if not (np.abs(real) / output.scale <= _LARGEST_BIAS).all():
            raise InputError(f"the layer '{self.name}' has a bias beyond any output; {_ASTRAY}")
        bias = np.rint(real / bias_scale)
        limited = np.clip(bias, -(2**30), 2**30).astype(np.int32)
        ohwi = np.moveaxis(q, 1, 3)
        return QuantizedLayer(
            self.name, self.kind, ohwi, scale, limited, source, output, int(self.stride[0]), self.relu
        )


class QuantSum(QuantModule):
    """A sum of two quantized tensors and a ReLU, with quantized output."""

    def __init__(self, layer: Sum) -> None:
        super().__init__(layer.name, relu=True)
        self.skip = layer.skip

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self._quantize(F.relu(x + newest(skip, x)))


class QatNet(nn.Module):
    """A Network with every tensor quantized as the device will have it."""

    # Logits saturate beyond +-8, where the probability is 0 or 255 anyway.
    LOGIT_SCALE = 1.0 / 16.0

    def __init__(self, net: Network, logit_shift: float) -> None:
        super().__init__()
        self.architecture: Architecture = net.architecture
        # The threshold lands where 8-bit probabilities are fine: the shift is folded into the head's bias.
        self.logit_shift = logit_shift
        self.layers = nn.ModuleList(
            QuantSum(layer) if isinstance(layer, Sum) else QuantLayer(net.layer(layer.name))
            for layer in self.architecture.layers()
        )
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
        x, outputs = over_time(features), dict[str, Tensor]()
        for layer in self._layers()[:-1]:
            x = outputs[layer.name] = _apply(layer, x, outputs)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """What the head makes of the output of ``hidden``: logits (batch, outputs), before the shift."""
        return _apply(self._layers()[-1], hidden, {})[:, 0, :, 0] + self.logit_shift

    def _layers(self) -> list[QuantLayer | QuantSum]:
        return [layer for layer in self.layers if isinstance(layer, QuantLayer | QuantSum)]

    def outputs(self, x: Tensor, quantizing: bool) -> dict[str, Tensor]:
        """What every layer makes of (batch, channels, frames, 1), by its name; with real numbers or quantized."""
        outputs: dict[str, Tensor] = {}
        for layer in self._layers():
            layer.quantizing = quantizing
            x = outputs[layer.name] = _apply(layer, x, outputs)
            layer.quantizing = True
        return outputs

    def calibrate(self, features: Tensor, ranges: Ranges = percentile) -> None:
        """Sets every activation range from one large batch, layer by layer."""
        with torch.no_grad():
            x, outputs = over_time(features), dict[str, Tensor]()
            for layer in self._layers()[:-1]:
                layer.observing = ranges
                _apply(layer, x, outputs)
                layer.observing = None
                x = outputs[layer.name] = _apply(layer, x, outputs)

    def quantized(self) -> QuantizedModel:
        """The model in integers, as it is exported."""
        scale, made = INPUT_SCALE, dict[str, QuantizedLayer | QuantizedSum]()
        for layer in self._layers():
            if isinstance(layer, QuantSum):
                skip = made[layer.skip]
                output = layer.output.scale()
                made[layer.name] = QuantizedSum(layer.name, layer.skip, skip.channels, scale, skip.output, output)
            else:
                made[layer.name] = layer.quantized(scale)
            scale = made[layer.name].output
        return QuantizedModel(tuple(made.values()), self.architecture.stride, self.architecture.front_end)


def _apply(layer: QuantLayer | QuantSum, x: Tensor, outputs: dict[str, Tensor]) -> Tensor:
    return torch.as_tensor(layer(x, outputs[layer.skip]) if isinstance(layer, QuantSum) else layer(x))
