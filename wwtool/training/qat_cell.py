"""A recurrent cell with quantized values, rounded as TFLite's kernels round."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wwtool.models.cell import INPUT, Dense, Part, Step, Times, unroll
from wwtool.models.network import FloatRecurrence
from wwtool.models.quantized import QuantizedPart, Scale
from wwtool.models.quantized_cell import QuantizedDense, QuantizedRecurrence
from wwtool.training.fake_quantization import (
    ActivationQuantizer,
    QuantModule,
    fake_quantized,
    half_away,
    held,
    in_integers,
    observe,
)
from wwtool.training.qat_layers import scale_of

_Size = float | Tensor
_Format = tuple[_Size, int]


class QuantRecurrence(QuantModule):
    """A cell with all values held to their formats, which are learned or, where TFLite or the cell fix them, fixed."""

    def __init__(self, net: FloatRecurrence) -> None:
        super().__init__(net.layer.name, relu=False)
        del self.output
        self.cell, self.kernel = net.layer.cell, net.layer.kernel
        self.weights, self.biases, self.scales = nn.ParameterDict(), nn.ParameterDict(), nn.ModuleDict()
        for name, dense in net.dense.items():
            assert isinstance(dense, nn.Linear)
            self.weights[name] = nn.Parameter(dense.weight.detach().clone())
            self.biases[name] = nn.Parameter(dense.bias.detach().clone())
        for name in self.cell.learned:
            self.scales[name] = ActivationQuantizer(0)

    def forward(self, x: Tensor) -> Tensor:
        weights = dict(self.weights.items())
        if self.observing is not None:
            values = unroll(self.cell, x, self._multiply_by(weights), also=self.cell.learned)
            for name, quantizer in self.scales.items():
                assert isinstance(quantizer, ActivationQuantizer)
                observe(quantizer, values[name], self.observing)
        elif not self.quantizing:
            values = unroll(self.cell, x, self._multiply_by(weights))
        else:
            weights = {name: fake_quantized(weight, self.per_channel) for name, weight in weights.items()}
            values = unroll(self.cell, x, self._multiply_by(weights), self._held(x.shape[2]))
        return values[self.cell.output][:, :, self.kernel - 1 :]

    def _multiply_by(self, weights: Mapping[str, Tensor]) -> Callable[[Dense, Tensor], Tensor]:
        return lambda step, x: F.linear(x, weights[step.name], self.biases[step.name])

    def _held(self, steps: int) -> Callable[[Step, Tensor], Tensor]:
        """Rounds what a step has computed to what its format holds."""
        formats = self._formats(steps)

        def hold(step: Step, y: Tensor) -> Tensor:
            if isinstance(step, Part):
                return y
            size, zero_point = formats[step.name]
            if isinstance(step, Times) and isinstance(step.b, str):
                exact = formats[step.a][0] * formats[step.b][0]
                rounded = _rounded_twice(y.detach() / exact, exact / size)
            else:
                rounded = half_away(y.detach() / size)
            return held(y, size, zero_point, rounded)

        return hold

    def _formats(self, steps: int) -> dict[str, _Format]:
        """The formats of all steps and states; a learned size is a tensor."""
        learned: dict[str, _Format] = {INPUT: (1.0, 0)}  # its parts are of the layer before, and stay as they are
        for name, quantizer in self.scales.items():
            assert isinstance(quantizer, ActivationQuantizer)
            learned[name] = quantizer.step_size(steps * self.cell.channels_of(name)), quantizer.zero_point
        return {name: learned[at] if isinstance(at, str) else at for name, at in self.cell.formats().items()}

    def quantized(self, sources: list[QuantizedPart | None]) -> QuantizedRecurrence:
        source = scale_of(sources[0])
        formats = {}
        for name, at in self.cell.formats().items():
            formats[name] = source if at == INPUT else self._scale(at) if isinstance(at, str) else Scale(*at)
        dense = {
            step.name: QuantizedDense(*in_integers(
                f"{self.name}/{step.name}", self.weights[step.name], self.biases[step.name],
                formats[step.source], formats[step.name], self.per_channel,
            ))
            for step in self.cell.dense
        }  # fmt: skip
        return QuantizedRecurrence(self.name, self.cell, dense, formats)

    def _scale(self, name: str) -> Scale:
        quantizer = self.scales[name]
        assert isinstance(quantizer, ActivationQuantizer)
        return quantizer.scale()


def _rounded_twice(product: Tensor, multiplier: _Size) -> Tensor:
    """A product of two integers times a power of two below 1/2, rounded as TFLite's MUL does: first to halves upwards,
    then halves away from zero."""
    return half_away(torch.floor(torch.round(product) * 0.5 + 0.5) * (multiplier * 2.0))
