"""The recurrent operators on NumPy integers for the torch engine; they write their new state to ``values``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.arithmetic import (
    IntArray,
    add_zero_point,
    limits,
    multiply_twice_rounded,
    quantize_multiplier,
    rounding_divide_by_power_of_two,
)
from wwtool.int8.fixed_point import logistic_16, tanh_16
from wwtool.tflite.graph import Graph, Operator, Tensor

Values = dict[int, npt.NDArray[Any]]


def svdf(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    """SVDF; the int16 or int8 state (1, filters * memory) moves by one column, with the newest activations last."""
    x, feature, time, state = (graph.tensor(op.inputs[i]) for i in (0, 1, 2, 4))
    y = graph.tensor(op.outputs[0])
    filters, memory = time.shape
    now = values[feature.index].astype(np.int64) @ (values[x.index].astype(np.int64).ravel() - x.zero_point)
    real = np.float32(x.scale) * np.float32(feature.scale) / np.float32(state.scale)
    newest = np.clip(multiply_twice_rounded(now, *quantize_multiplier(real)), *limits(state.dtype))
    newest = (newest + state.zero_point).astype(state.dtype)  # an int8 wraps
    past = values[state.index].reshape(filters, memory)
    past = np.concatenate([past[:, 1:], newest[:, None]], axis=1)
    values[state.index] = past.reshape(state.shape)
    sums = (
        ((past.astype(np.int64) - state.zero_point) * values[time.index])
        .sum(axis=1)
        .reshape(-1, int(op.options["rank"]))
        .sum(axis=1)
    )
    if op.inputs[3] >= 0:
        sums = sums + values[op.inputs[3]].ravel()
    real = np.float32(state.scale) * np.float32(time.scale) / np.float32(y.scale)
    scaled = multiply_twice_rounded(_int32(sums), *quantize_multiplier(real))
    return np.clip(add_zero_point(scaled, y.zero_point), -128, 127)


def lstm(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    """UNIDIRECTIONAL_SEQUENCE_LSTM of batch 1; afterwards both states are those of the last step."""
    x, state, cell_state = (graph.tensor(op.inputs[i]) for i in (0, 18, 19))
    step = _LstmStep(graph, op, values)
    hidden, cells = (values[t.index].astype(np.int64).ravel() for t in (state, cell_state))
    rows = []
    for row in values[x.index].astype(np.int64).reshape(-1, x.shape[-1]):
        hidden, cells = step(row, hidden, cells)
        rows.append(hidden)
    values[state.index] = hidden.astype(np.int8).reshape(state.shape)
    values[cell_state.index] = cells.astype(np.int16).reshape(cell_state.shape)
    return np.stack(rows)


class _LstmStep:
    """One step of an LSTM whose gates work on Q3.12."""

    def __init__(self, graph: Graph, op: Operator, values: Values) -> None:
        self.graph, self.op, self.values = graph, op, values
        self.x, self.state, self.cell_state = (graph.tensor(op.inputs[i]) for i in (0, 18, 19))
        self.hidden = graph.tensor(op.intermediates[4])
        self.integer_bits = 15 + round(math.log2(self.cell_state.scale))

    def __call__(self, x: IntArray, hidden: IntArray, cells: IntArray) -> tuple[IntArray, IntArray]:
        forget = logistic_16(self.gate(1, x, hidden, cells))
        coupled = self.op.inputs[1] < 0
        take = 2**15 - 1 - forget if coupled else logistic_16(self.gate(0, x, hidden, cells))
        new = tanh_16(self.gate(2, x, hidden, None), 3)
        remembered = rounding_divide_by_power_of_two(forget * cells, 15)
        cells = _int16(remembered + rounding_divide_by_power_of_two(take * new, 15 + self.integer_bits))
        clip = self.clip("cellClip", self.cell_state, 2**15 - 1)
        cells = np.clip(cells, -clip, clip) if clip else cells
        output = logistic_16(self.gate(3, x, hidden, cells)) * tanh_16(cells, self.integer_bits)
        return self.output(output), cells

    def gate(self, gate: int, x: IntArray, hidden: IntArray, cells: IntArray | None) -> IntArray:
        """The input of a gate's activation; gates are input, forget, cell and output."""
        total = self.product(1 + gate, x - self.x.zero_point, self.x, 12 + gate)
        total = _int16(total)
        total = _int16(total + self.product(5 + gate, hidden - self.state.zero_point, self.state))
        slot = (9, 10, None, 11)[gate]
        if cells is None or slot is None or self.op.inputs[slot] < 0:
            return total
        w = self.graph.tensor(self.op.inputs[slot])
        real = np.float32(self.cell_state.scale * float(np.float32(w.scale)) / 2.0**-12)
        return _int16(total + multiply_twice_rounded(self.values[w.index] * cells, *quantize_multiplier(real)))

    def product(self, slot: int, x: IntArray, t: Tensor, bias: int | None = None) -> IntArray:
        """Weights times x, in Q3.12."""
        w = self.graph.tensor(self.op.inputs[slot])
        total = self.values[w.index].astype(np.int64) @ x
        if bias is not None:
            total = total + self.values[self.op.inputs[bias]]
        real = np.float32(w.scale) * np.float32(t.scale) / np.float32(2.0**-12)
        return multiply_twice_rounded(total, *quantize_multiplier(real))

    def output(self, shown: IntArray) -> IntArray:
        real = np.float32(2.0**-15 / float(np.float32(self.hidden.scale)) * 2.0**-15)
        scaled = multiply_twice_rounded(shown, *quantize_multiplier(real))
        if self.op.inputs[16] < 0:
            return np.clip(add_zero_point(scaled, self.hidden.zero_point), -128, 127)
        # TFLite negates the zero point of the projected values.
        scaled = np.clip(add_zero_point(scaled, -self.hidden.zero_point), -128, 127) + self.hidden.zero_point
        w, y = self.graph.tensor(self.op.inputs[16]), self.graph.tensor(self.op.outputs[0])
        total = self.values[w.index].astype(np.int64) @ scaled
        if self.op.inputs[17] >= 0:
            total = total + self.values[self.op.inputs[17]]
        real = np.float32(w.scale) * np.float32(self.hidden.scale) / np.float32(self.state.scale)
        total = multiply_twice_rounded(total, *quantize_multiplier(real))
        total = np.clip(add_zero_point(total, self.state.zero_point), -128, 127)
        clip = self.clip("projClip", y, 127)
        return np.clip(total, -clip, clip) if clip else total

    def clip(self, option: str, t: Tensor, most: int) -> int:
        real = np.float32(self.op.options[option])
        return int(min(real / np.float32(t.scale), np.float32(most))) if real > 0 else 0


def _int16(x: npt.NDArray[Any]) -> IntArray:
    return np.clip(_int32(x), -(2**15), 2**15 - 1)


def _int32(x: npt.NDArray[Any]) -> IntArray:
    """The value that an int32 holds of x."""
    return np.asarray(x, np.int64).astype(np.int32).astype(np.int64)
