"""A streaming model in integers, which quantization-aware training gives to the exporter.

``QuantizedModel.evaluate`` is the PyTorch side of "the same bytes": it runs whole clips with exact integer
arithmetic, and the streaming .tflite must give the same values once its receptive field has filled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.int8.activations import Format
from wwtool.int8.arithmetic import logistic_table
from wwtool.int8.elementwise import add, mean_multiplier, mul
from wwtool.int8.integer_torch import conv_accumulate, real_multiplier, requantize
from wwtool.models.layers import PREVIOUS, LayerKind, band_padding


@dataclass(frozen=True)
class Scale:
    """Per-tensor quantization: real = scale * (q - zero_point). ``scale`` is exactly a float32."""

    scale: float
    zero_point: int


# Published microWakeWord models and ESPHome's feature quantization share this input (26 / 255, -128).
INPUT_SCALE = Scale(float(np.float32(26.0 / 255.0)), -128)
PROBABILITY_SCALE = Scale(1.0 / 256.0, -128)


class QuantizedPart(Protocol):
    """What every layer of an integer model can be asked; ``reads`` names the layers that give its inputs."""

    @property
    def name(self) -> str: ...
    @property
    def reads(self) -> tuple[str, ...]: ...
    @property
    def channels(self) -> int: ...
    @property
    def output(self) -> Scale: ...
    @property
    def run(self) -> Callable[..., npt.NDArray[np.int8]]: ...


@dataclass(frozen=True)
class QuantizedLayer:
    """A convolution over time and bands.

    ``weights`` is int8 (O, K, B, I), I = 1 for depthwise; ``weight_scale`` float32 (O,); ``bias`` int32 (O,) at scale
    input * weight. ``stride`` is in input steps, ``band_stride`` in bands.
    """

    name: str
    kind: LayerKind
    weights: npt.NDArray[np.int8]
    weight_scale: npt.NDArray[np.float32]
    bias: npt.NDArray[np.int32]
    input: Scale
    output: Scale
    stride: int
    relu: bool
    band_stride: int = 1
    reads: tuple[str, ...] = (PREVIOUS,)

    @property
    def kernel(self) -> int:
        return int(self.weights.shape[1])

    @property
    def channels(self) -> int:
        return int(self.weights.shape[0])

    def history(self, x: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """The input behind the silence that precedes it, which fills the layer's state."""
        silence = np.full((self.kernel - self.stride, *x.shape[1:]), self.input.zero_point, np.int8)
        return np.concatenate([silence, x])

    def band_pads(self, bands: int) -> tuple[int, int]:
        """The zero points below and above the bands of an input."""
        return band_padding(bands, int(self.weights.shape[2]), self.band_stride)

    def run(self, x: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        """(steps, bands, C) int8 to (outputs, bands, O) int8, unpadded over time; bands may be left out if one."""
        picture = x if x.ndim == 3 else x[:, None, :]
        groups = picture.shape[2] if self.kind == "depthwise" else 1
        accumulator = conv_accumulate(
            picture[None], self.weights, self.bias, self.input.zero_point, (self.stride, self.band_stride),
            pads=(0, 0, *self.band_pads(picture.shape[1])), groups=groups,
        )[0]  # fmt: skip
        real = real_multiplier(self.input.scale, self.weight_scale, self.output.scale)
        low = self.output.zero_point if self.relu else -128
        y = requantize(accumulator, real, self.output.zero_point, low, 127, once=self.kind == "dense")
        return y.astype(np.int8) if x.ndim == 3 else y[:, 0].astype(np.int8)


@dataclass(frozen=True)
class QuantizedSum:
    """ADD of the previous layer and of the earlier layer ``skip``, with a ReLU where ``relu``."""

    name: str
    skip: str
    channels: int
    input: Scale
    skip_input: Scale
    output: Scale
    relu: bool = True

    @property
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS, self.skip)

    def run(self, x: npt.NDArray[np.int8], skip: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """(steps, ..., C) int8 twice to (steps, ..., C) int8."""
        formats = _format(self.input), _format(self.skip_input), _format(self.output)
        y = add(x.astype(np.int64), skip.astype(np.int64), formats, 1)
        return np.clip(y, self.output.zero_point if self.relu else -128, 127).astype(np.int8)


@dataclass(frozen=True)
class QuantizedGate:
    """MUL of the earlier layer ``skip`` and the LOGISTIC of the previous layer."""

    name: str
    skip: str
    channels: int
    input: Scale
    skip_input: Scale
    output: Scale

    @property
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS, self.skip)

    def run(self, x: npt.NDArray[np.int8], skip: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """(steps, bands, C) int8 twice to (steps, bands, C) int8."""
        factor = logistic_table(self.input.scale, self.input.zero_point)[x.astype(np.int64) + 128]
        formats = _format(self.skip_input), _format(PROBABILITY_SCALE), _format(self.output)
        return np.clip(mul(skip.astype(np.int64), factor, formats), -128, 127).astype(np.int8)


@dataclass(frozen=True)
class QuantizedMean:
    """MEAN over bands."""

    name: str
    channels: int
    input: Scale
    output: Scale
    reads: ClassVar[tuple[str, ...]] = (PREVIOUS,)

    def run(self, x: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """(steps, bands, C) int8 to (steps, 1, C) int8."""
        total = (x.astype(np.int64) - self.input.zero_point).sum(axis=1, keepdims=True)
        scaled = mean_multiplier(_format(self.input), _format(self.output), x.shape[1]).times(total)
        return np.clip(scaled + self.output.zero_point, -128, 127).astype(np.int8)


def _format(scale: Scale) -> Format:
    return scale.scale, scale.zero_point


@dataclass(frozen=True)
class QuantizedModel:
    """Layers in order; the last is the head with one output. It has an output every ``stride`` feature frames.

    ``front_end`` makes the features that it reads. ``picture``: they are bands of one channel instead of channels."""

    layers: tuple[QuantizedPart, ...]
    stride: int
    front_end: FrontEnd = DEFAULT_FRONT_END
    picture: bool = False

    @property
    def channels(self) -> int:
        """Features of a frame."""
        return self.front_end.geometry.channels

    @property
    def convolutions(self) -> tuple[QuantizedLayer, ...]:
        return tuple(layer for layer in self.layers if isinstance(layer, QuantizedLayer))

    def evaluate(self, features: npt.NDArray[np.int8]) -> dict[str, npt.NDArray[np.int8]]:
        """Every layer's output over a clip of int8 features (frames, channels), and the probability as ``probability``.

        Silence precedes the clip, as at the start of a stream: the state of each layer holds its zero point.
        Probabilities are int8 (outputs, 1), p = (q + 128) / 256.
        """
        values = {PREVIOUS: features[..., None] if self.picture else features}
        for layer in self.layers:
            read = [values[name] for name in layer.reads]
            inputs = [layer.history(x) for x in read] if isinstance(layer, QuantizedLayer) else read
            values[PREVIOUS] = values[layer.name] = layer.run(*inputs)
        head = values.pop(PREVIOUS).reshape(-1, 1).astype(np.int64)
        table = logistic_table(self.layers[-1].output.scale, self.layers[-1].output.zero_point)
        values["probability"] = table[head + 128].astype(np.int8)
        return values
