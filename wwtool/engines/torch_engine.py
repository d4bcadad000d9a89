"""The model in exact integer PyTorch: every operator of the graph in NumPy and torch, none of it shared with the C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.arithmetic import logistic_table, requantize_table
from wwtool.compiler.convolutions import activation_range, padding_of
from wwtool.compiler.graph import Graph, Operator
from wwtool.compiler.lowering import lower, slice_bounds, supported_operators
from wwtool.compiler.reader import parse_model, variable_name
from wwtool.compiler.recurrent import initial_value, variable_tensors
from wwtool.engines.torch_recurrent import lstm, svdf
from wwtool.errors import InputError
from wwtool.integer_torch import conv_accumulate, real_multiplier, requantize

Values = dict[int, npt.NDArray[Any]]


class TorchEngine:
    """Interprets a graph; state starts fresh and is carried from row to row."""

    def __init__(self, content: bytes) -> None:
        self.graph: Graph = parse_model(content)
        lower(self.graph)  # what the compiler refuses, this engine refuses too
        self._state = {name: variable.initial for name, variable in self.graph.variables.items()}
        self._variables: Values = {t.index: initial_value(t) for t in variable_tensors(self.graph)}
        self._values: Values = {}

    def run(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Runs rows of shape (N, *input) and returns the first output's rows, shape (N, *output)."""
        output = self.graph.tensor(self.graph.outputs[0])
        out = np.empty((len(rows), *output.shape[1:]), output.dtype)
        for i, row in enumerate(rows):
            self.step(row)
            out[i] = self._values[output.index][0]
        return out

    def step(self, row: npt.NDArray[Any]) -> None:
        source = self.graph.tensor(self.graph.inputs[0])
        self._values = {t.index: t.data for t in self.graph.tensors if t.data is not None}
        self._values[source.index] = np.asarray(row).view(source.dtype).reshape(source.shape)
        self._values |= self._variables
        handles: dict[int, str] = {}
        for op in self.graph.operators:
            if op.kind == "VAR_HANDLE":
                handles[op.outputs[0]] = variable_name(op)
            elif op.kind == "READ_VARIABLE":
                self._values[op.outputs[0]] = self._state[handles[op.inputs[0]]]
            elif op.kind == "ASSIGN_VARIABLE":
                self._state[handles[op.inputs[0]]] = self._values[op.inputs[1]]
            elif op.kind in _OPERATORS:
                y = self.graph.tensor(op.outputs[0])
                result = _OPERATORS[op.kind](self.graph, op, self._values)
                self._values[y.index] = np.asarray(result).astype(y.dtype).reshape(y.shape)
            else:
                raise InputError(f"{op.where()} is not supported; supported are {', '.join(supported_operators())}")
        self._variables = {index: self._values[index] for index in self._variables}

    def tensor(self, index: int) -> npt.NDArray[Any]:
        """The value of tensor ``index`` after a step."""
        return self._values[index]


def _convolution(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    x, w, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    weights, groups = values[w.index], 1
    if op.kind == "DEPTHWISE_CONV_2D":
        weights, groups = np.moveaxis(weights, 3, 0).reshape(w.shape[3], *w.shape[1:3], 1), x.shape[3]
    stride = int(op.options["strideH"]), int(op.options["strideW"])
    dilation = int(op.options.get("dilationHFactor", 1)), int(op.options.get("dilationWFactor", 1))
    pads = padding_of(op, x, y, w.shape[1], w.shape[2])
    accumulator = conv_accumulate(
        values[x.index], weights, _bias(op, values, y.shape[3]), x.zero_point, stride, dilation, pads, groups
    )
    assert w.quantization is not None
    real = real_multiplier(x.scale, w.quantization.scale, y.scale)
    return requantize(accumulator, real, y.zero_point, *activation_range(op, y))


def _fully_connected(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    x, w, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    rows = values[x.index].astype(np.int64).reshape(-1, w.shape[1]) - x.zero_point
    accumulator = rows @ values[w.index].astype(np.int64).T + _bias(op, values, w.shape[0])
    assert w.quantization is not None
    real = real_multiplier(x.scale, w.quantization.scale, y.scale)
    return requantize(accumulator, real, y.zero_point, *activation_range(op, y), once=True)


def _bias(op: Operator, values: Values, channels: int) -> npt.NDArray[Any]:
    has_bias = len(op.inputs) > 2 and op.inputs[2] >= 0
    return values[op.inputs[2]].astype(np.int64) if has_bias else np.zeros(channels, np.int64)


def _average_pool(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    kernel = int(op.options["filterHeight"]), int(op.options["filterWidth"])
    top, bottom, left, right = padding_of(op, x, y, *kernel)
    pads = ((0, 0), (top, bottom), (left, right), (0, 0))
    stride = int(op.options["strideH"]), int(op.options["strideW"])

    def windows(a: npt.NDArray[Any]) -> npt.NDArray[Any]:
        view = np.lib.stride_tricks.sliding_window_view(np.pad(a, pads), kernel, axis=(1, 2))
        return np.asarray(view[:, :: stride[0], :: stride[1]].sum(axis=(-2, -1)))

    total = windows(values[x.index].astype(np.int64))
    count = windows(np.ones(x.shape, np.int64))
    mean = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return np.asarray(np.clip(mean, *activation_range(op, y)))


def _logistic(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    x = graph.tensor(op.inputs[0])
    return np.asarray(logistic_table(x.scale, x.zero_point)[values[x.index].astype(np.int64) + 128])


def _quantize(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    limits = (0, 255) if y.dtype == "uint8" else (-128, 127)
    table = requantize_table(x.scale, x.zero_point, y.scale, y.zero_point, *limits)
    return np.asarray(table[values[x.index].astype(np.int64) + 128])


def _concatenation(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    return np.concatenate([values[i] for i in op.inputs], axis=int(op.options.get("axis", 0)))


def _strided_slice(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    begin, end, strides = slice_bounds(graph, op)
    cut = tuple(slice(b, e, s) for b, e, s in zip(begin, end, strides, strict=True))
    return values[op.inputs[0]][cut]


def _reshape(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    return values[op.inputs[0]]


_OPERATORS: dict[str, Callable[[Graph, Operator, Values], npt.NDArray[Any]]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _convolution,
    "FULLY_CONNECTED": _fully_connected,
    "AVERAGE_POOL_2D": _average_pool,
    "LOGISTIC": _logistic,
    "QUANTIZE": _quantize,
    "CONCATENATION": _concatenation,
    "STRIDED_SLICE": _strided_slice,
    "RESHAPE": _reshape,
    "EXPAND_DIMS": _reshape,
    "SQUEEZE": _reshape,
    "SVDF": svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
}
