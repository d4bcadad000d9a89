"""A recurrent cell in integers, step by step with TFLite's arithmetic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from wwtool.int8.activations import Format
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, IntArray, logistic_table
from wwtool.int8.elementwise import add, mul
from wwtool.int8.integer_torch import real_multiplier, requantize
from wwtool.models.cell import INPUT, Cell, Dense, Logistic, Part, Plus, Step, Times
from wwtool.models.layers import PREVIOUS
from wwtool.models.quantized import Scale


@dataclass(frozen=True)
class QuantizedDense:
    """``weights`` is int8 (O, I), ``weight_scale`` float32 (O,), ``bias`` int32 (O,)."""

    weights: npt.NDArray[np.int8]
    weight_scale: npt.NDArray[np.float32]
    bias: npt.NDArray[np.int32]


@dataclass(frozen=True)
class QuantizedRecurrence:
    """A cell; ``formats`` holds those of its steps, its states and its input."""

    name: str
    cell: Cell
    dense: Mapping[str, QuantizedDense]
    formats: Mapping[str, Scale]

    @property
    def reads(self) -> tuple[str, ...]:
        return (PREVIOUS,)

    @property
    def channels(self) -> int:
        return self.cell.width

    @property
    def output(self) -> Scale:
        return self.formats[self.cell.output]

    def run(self, x: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
        """(steps, C) int8 to (steps, O) int8, from a state of zeros on."""
        functions = [(step, self._function(step)) for step in self.cell.steps]
        states = {s: np.full(self.cell.width, self.formats[s].zero_point, np.int64) for s in self.cell.states}
        outputs = []
        for now in x.astype(np.int64):
            values = {INPUT: now, **states}
            for step, function in functions:
                values[step.name] = function(*(values[source] for source in step.sources))
            outputs.append(values[self.cell.output])
            states = {state: values[step] for state, step in self.cell.states.items()}
        return np.stack(outputs).astype(np.int8)

    def _function(self, step: Step) -> Callable[..., IntArray]:
        if isinstance(step, Part):
            return lambda x: x[step.begin : step.begin + step.count]
        if isinstance(step, Dense):
            return self._product(step)
        if isinstance(step, Logistic):
            source = self.formats[step.source]
            table = logistic_table(source.scale, source.zero_point)
            return lambda x: table[x + 128]
        return self._pair(step)

    def _pair(self, step: Plus | Times) -> Callable[..., IntArray]:
        number: IntArray | None = None
        if isinstance(step.b, str):
            b = self.formats[step.b]
        else:
            constant, b = constant_of(step.b)
            number = constant[0].astype(np.int64)
        formats = (_format(self.formats[step.a]), _format(b), _format(self.formats[step.name]))

        def combined(first: IntArray, second: IntArray | None = number) -> IntArray:
            assert second is not None
            y = add(first, second, formats, 1) if isinstance(step, Plus) else mul(first, second, formats)
            return np.clip(y, INT8_MIN, INT8_MAX)

        return combined

    def _product(self, step: Dense) -> Callable[[IntArray], IntArray]:
        dense, source, output = self.dense[step.name], self.formats[step.source], self.formats[step.name]
        real = real_multiplier(source.scale, dense.weight_scale, output.scale)
        weights, bias = dense.weights.astype(np.int64), dense.bias.astype(np.int64)
        zero = output.zero_point

        def product(x: IntArray) -> IntArray:
            sums = weights @ (x - source.zero_point) + bias
            return requantize(sums, real, zero, INT8_MIN, INT8_MAX, once=True)

        return product


def constant_of(number: float) -> tuple[npt.NDArray[np.int8], Scale]:
    """A constant as an int8 tensor (1, 1) of one step up or down, and its format."""
    return np.full((1, 1), 1 if number >= 0 else -1, np.int8), Scale(abs(number), 0)


def _format(scale: Scale) -> Format:
    return scale.scale, scale.zero_point
