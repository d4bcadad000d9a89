"""Numbers that are real to training and hold only what 8 bits can: weights by their largest, activations by a learned
step size (LSQ, Esser et al. 2020)."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from wwtool.errors import InputError
from wwtool.models.layers import PREVIOUS
from wwtool.models.quantized import QuantizedPart, Scale

Ranges = Callable[[Tensor, int], tuple[float, float]]
"""The range that 8 bits shall hold, low and high, of a layer's values and the zero point of its format."""

# Beyond these limits a layer does nothing useful: one step of its input, or its bias, exceeds the whole output range.
_LARGEST_LOG_SCALE = 20.0
_LARGEST_MULTIPLIER = 256.0
_LARGEST_BIAS = 2.0**24  # in steps of the output, which has 256
_ASTRAY = "its training went astray; train again with another train.learning_rate or seed"


def round_straight_through(x: Tensor) -> Tensor:
    return x + (torch.round(x) - x).detach()


def half_away(x: Tensor) -> Tensor:
    """Rounds to the nearest whole number, halves away from zero, as TFLite does."""
    return torch.sign(x) * torch.floor(torch.abs(x) + 0.5)


def held(y: Tensor, size: float | Tensor, zero_point: int, rounded: Tensor) -> Tensor:
    """``rounded`` steps of ``size``, as many as int8 holds. Gradients are those of ``y``, which was rounded, and zero
    where it does not fit."""
    low, high = -128 - zero_point, 127 - zero_point
    limited = torch.clamp(y / size, low, high)
    return (limited + (torch.clamp(rounded, low, high) - limited).detach()) * size


class ActivationQuantizer(nn.Module):
    """int8 fake quantization with a learned scale, kept as its logarithm so that it stays positive."""

    def __init__(self, zero_point: int) -> None:
        super().__init__()
        self.zero_point = zero_point
        self.log_scale = nn.Parameter(torch.zeros(()))

    def step_size(self, values: int) -> Tensor:
        """The scale for ``values`` values of a window: LSQ scales its gradient by 1 / sqrt(values * levels)."""
        gradient = 1.0 / math.sqrt(values * 127.0)
        return torch.exp(self.log_scale * gradient + (self.log_scale * (1.0 - gradient)).detach())

    def forward(self, x: Tensor) -> Tensor:
        scale = self.step_size(x[0].numel())
        q = torch.clamp(x / scale, -128 - self.zero_point, 127 - self.zero_point)
        return round_straight_through(q) * scale

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


def weight_scales(weight: Tensor, per_channel: bool = True) -> Tensor:
    """Symmetric int8 scales of weights (O, ...), (O, 1, ...): one for each output channel, or the same for all."""
    scales = weight.detach().abs().amax(dim=tuple(range(1, weight.ndim)), keepdim=True) / 127.0
    scales = scales if per_channel else scales.max().expand_as(scales)
    return torch.maximum(scales, torch.clamp(scales.max() * _FINEST_SCALE, min=1e-8))


def fake_quantized(weight: Tensor, per_channel: bool) -> Tensor:
    """What int8 holds of weights (O, ...)."""
    scale = weight_scales(weight, per_channel)
    return torch.clamp(round_straight_through(weight / scale), -127, 127) * scale


def observe(quantizer: ActivationQuantizer, y: Tensor, ranges: Ranges) -> None:
    """Sets a scale from the values that it shall hold."""
    values = y.detach().flatten()[:: max(1, y.numel() // _MOST_OBSERVED)].float()
    quantizer.calibrate(*ranges(values, quantizer.zero_point))


def in_integers(
    name: str, weight: Tensor, bias: Tensor, source: Scale, output: Scale, per_channel: bool
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Weights (O, ...), their scales (O,) and a bias (O,) of a layer as its kernel takes them.

    Raises:
        InputError: its weights or its bias are not numbers, or are so large that the layer does nothing useful.
    """
    real_weight = weight.detach().cpu().double().numpy()
    scales = weight_scales(weight, per_channel).cpu().numpy().astype(np.float32)
    q = np.clip(np.rint(real_weight / scales.astype(np.float64)), -127, 127).astype(np.int8)
    scale = scales.reshape(-1)
    bias_scale = np.float64(np.float32(source.scale)) * scale.astype(np.float64)
    real = bias.detach().cpu().double().numpy()
    # NaN fails these comparisons, too.
    if not ((bias_scale / output.scale <= _LARGEST_MULTIPLIER).all() and np.isfinite(real_weight).all()):
        raise InputError(f"the layer '{name}' has weights that int8 cannot hold; {_ASTRAY}")
    if not (np.abs(real) / output.scale <= _LARGEST_BIAS).all():
        raise InputError(f"the layer '{name}' has a bias beyond any output; {_ASTRAY}")
    return q, scale, np.clip(np.rint(real / bias_scale), -(2**30), 2**30).astype(np.int32)


class QuantModule(nn.Module):
    """A layer with a quantized output; ``reads`` names the layers that give its inputs.

    ``per_channel``: whether each output channel of its weights has a scale of its own, or all have the same.
    """

    reads: tuple[str, ...] = (PREVIOUS,)
    per_channel: bool = True

    def __init__(self, name: str, relu: bool) -> None:
        super().__init__()
        self.name = name
        self.output = ActivationQuantizer(-128 if relu else 0)
        self.observing: Ranges | None = None  # takes the range of the next output
        self.quantizing = True

    def _quantize(self, y: Tensor) -> Tensor:
        if self.observing is not None:
            observe(self.output, y, self.observing)
            return y
        return torch.as_tensor(self.output(y)) if self.quantizing else y

    @abstractmethod
    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedPart:
        """The layer in integers, behind the layers that it reads; None: the model's features.

        Raises:
            InputError: its numbers went astray.
        """
