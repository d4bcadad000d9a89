"""Operators in exact integers, in NumPy and torch. The generated C is compared with them and shares nothing with them.

An operator takes the values of its inputs and returns those of its outputs, as integers wider than the output's type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.engines.torch_casts import cast
from wwtool.engines.torch_pairs import (
    RELATIONS,
    batch_matmul,
    compare,
    function,
    l2_normalization,
    logic,
    select,
    squared_difference,
)
from wwtool.engines.torch_pictures import resize_bilinear, transpose_conv
from wwtool.engines.torch_recurrent import lstm, svdf
from wwtool.engines.torch_reductions import arg_extreme, reduce_extreme, reduce_prod, sum_
from wwtool.engines.torch_types import typed_convolution, typed_fully_connected, typed_transpose_conv
from wwtool.int8 import int16
from wwtool.int8.activations import rounded_away
from wwtool.int8.arithmetic import add_zero_point, limits, multiply_twice_rounded, quantize_multiplier
from wwtool.int8.elementwise import mean_multiplier
from wwtool.int8.integer_torch import conv_accumulate, real_multiplier, requantize
from wwtool.int8.softmax import log_softmax, softmax
from wwtool.tflite.graph import ITEM_BYTES, Graph, Operator
from wwtool.tflite.operators.binary import binary_values
from wwtool.tflite.operators.checks import format_of
from wwtool.tflite.operators.moves import MOVES
from wwtool.tflite.operators.reductions import mean_axes
from wwtool.tflite.operators.unary import TABLES, byte_table, int16_values
from wwtool.tflite.operators.windows import activation_range, padding_of

Array = npt.NDArray[Any]
Values = dict[int, Array]
Evaluation = Callable[[Graph, Operator, Values], Array]


def _by_type(int8: Evaluation, others: Evaluation, slot: int = 0) -> Evaluation:
    """Makes a rule that depends on the type of input ``slot``: one for int8, another for uint8 and int16."""

    def evaluated(graph: Graph, op: Operator, values: Values) -> Array:
        return (int8 if graph.tensor(op.inputs[slot]).dtype == "int8" else others)(graph, op, values)

    return evaluated


def _convolution(graph: Graph, op: Operator, values: Values) -> Array:
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


def _fully_connected(graph: Graph, op: Operator, values: Values) -> Array:
    x, w, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    rows = values[x.index].astype(np.int64).reshape(-1, w.shape[1]) - x.zero_point
    accumulator = rows @ values[w.index].astype(np.int64).T + _bias(op, values, w.shape[0])
    assert w.quantization is not None
    real = real_multiplier(x.scale, w.quantization.scale, y.scale)
    return requantize(accumulator, real, y.zero_point, *activation_range(op, y), once=True)


def _bias(op: Operator, values: Values, channels: int) -> Array:
    has_bias = len(op.inputs) > 2 and op.inputs[2] >= 0
    return values[op.inputs[2]].astype(np.int64).ravel() if has_bias else np.zeros(channels, np.int64)


def _average_pool(graph: Graph, op: Operator, values: Values) -> Array:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    kernel = int(op.options["filterHeight"]), int(op.options["filterWidth"])
    top, bottom, left, right = padding_of(op, x, y, *kernel)
    pads = ((0, 0), (top, bottom), (left, right), (0, 0))
    stride = int(op.options["strideH"]), int(op.options["strideW"])

    def windows(a: Array) -> Array:
        view = np.lib.stride_tricks.sliding_window_view(np.pad(a, pads), kernel, axis=(1, 2))
        return np.asarray(view[:, :: stride[0], :: stride[1]].sum(axis=(-2, -1)))

    total = windows(values[x.index].astype(np.int64))
    count = windows(np.ones(x.shape, np.int64))
    mean = np.sign(total) * ((np.abs(total) + count // 2) // count)
    return np.asarray(np.clip(mean, *activation_range(op, y)))


def _max_pool(graph: Graph, op: Operator, values: Values) -> Array:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    kernel = int(op.options["filterHeight"]), int(op.options["filterWidth"])
    top, bottom, left, right = padding_of(op, x, y, *kernel)
    padded = np.pad(values[x.index], ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=limits(x.dtype)[0])
    view = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))
    most = view[:, :: int(op.options["strideH"]), :: int(op.options["strideW"])].max(axis=(-2, -1))
    low, high = activation_range(op, y)
    return np.asarray(np.minimum(np.maximum(most.astype(np.int64), low), high))


def _mean(graph: Graph, op: Operator, values: Values) -> Array:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    total = (values[x.index].astype(np.int64) - x.zero_point).sum(axis=mean_axes(graph, op))
    scaled = mean_multiplier(format_of(x), format_of(y), x.size // y.size).times(total)
    return np.clip(add_zero_point(scaled, y.zero_point), *limits(y.dtype))


def _softmax(graph: Graph, op: Operator, values: Values) -> Array:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    rows = values[x.index].astype(np.int64).reshape(-1, x.shape[-1])
    if x.dtype == "int16":
        return int16.softmax(rows, int16.softmax_multiplier(x.scale, float(op.options["beta"])))
    shares = softmax(rows, x.scale, float(op.options["beta"]), 8 * ITEM_BYTES[y.dtype])
    return shares + 128 if y.dtype == "uint8" else shares


def _log_softmax(graph: Graph, op: Operator, values: Values) -> Array:
    x = graph.tensor(op.inputs[0])
    logarithms = log_softmax(values[x.index].astype(np.int64).reshape(-1, x.shape[-1]), x.scale)
    return logarithms + 128 if x.dtype == "uint8" else logarithms


def _unary(graph: Graph, op: Operator, values: Values) -> Array:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    if x.dtype == "int16":
        return int16_values(op, x, y, values[x.index].astype(np.int64))
    return np.asarray(byte_table(op, x, y)[values[x.index].view(np.int8).astype(np.int64) + 128])


def _binary(graph: Graph, op: Operator, values: Values) -> Array:
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    return binary_values(op, a, b, y, values[a.index].astype(np.int64), values[b.index].astype(np.int64))


def _quantize(graph: Graph, op: Operator, values: Values) -> Array:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    value = values[x.index]
    low, high = limits(y.dtype)
    if x.dtype == "float32":
        with np.errstate(over="ignore"):
            steps = rounded_away(value / np.float32(y.scale)).astype(np.float64)
        # Numbers beyond int32 are clamped; LiteRT's result depends on the machine.
        return np.asarray(np.clip(np.nan_to_num(steps, nan=low - 2.0**17) + y.zero_point, low, high))
    centred = (value.astype(np.int64) - x.zero_point).astype(np.int32)
    scaled = multiply_twice_rounded(centred, *quantize_multiplier(x.scale / y.scale))
    return np.clip(add_zero_point(scaled, y.zero_point), low, high)


def _dequantize(graph: Graph, op: Operator, values: Values) -> Array:
    x = graph.tensor(op.inputs[0])
    return np.asarray(np.float32(x.scale) * (values[x.index].astype(np.int64) - x.zero_point).astype(np.float32))


_ARITHMETIC: dict[str, Evaluation] = {
    "CONV_2D": _by_type(_convolution, typed_convolution),
    "DEPTHWISE_CONV_2D": _by_type(_convolution, typed_convolution),
    "FULLY_CONNECTED": _by_type(_fully_connected, typed_fully_connected),
    "AVERAGE_POOL_2D": _average_pool,
    "MAX_POOL_2D": _max_pool,
    "MEAN": _mean,
    "TRANSPOSE_CONV": _by_type(transpose_conv, typed_transpose_conv, 2),
    "RESIZE_BILINEAR": resize_bilinear,
    "CAST": cast,
    **dict.fromkeys(("REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY", "REDUCE_ALL"), reduce_extreme),
    **dict.fromkeys(TABLES, function),
    "L2_NORMALIZATION": l2_normalization,
    **dict.fromkeys(RELATIONS, compare),
    **dict.fromkeys(("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT"), logic),
    **dict.fromkeys(("SELECT", "SELECT_V2"), select),
    "SQUARED_DIFFERENCE": squared_difference,
    "BATCH_MATMUL": batch_matmul,
    "SUM": sum_,
    "REDUCE_PROD": reduce_prod,
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), arg_extreme),
    "SOFTMAX": _softmax,
    "LOG_SOFTMAX": _log_softmax,
    "QUANTIZE": _quantize,
    "DEQUANTIZE": _dequantize,
    "SVDF": svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": lstm,
    **dict.fromkeys(("ADD", "SUB", "MUL", "PRELU", "MINIMUM", "MAXIMUM"), _binary),
    **dict.fromkeys(("LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"), _unary),
    **dict.fromkeys(("LEAKY_RELU", "HARD_SWISH", "ABS", "NEG"), _unary),
}


def can_evaluate(kind: str) -> bool:
    return kind in MOVES or kind in _ARITHMETIC


def evaluate(graph: Graph, op: Operator, values: Values) -> list[Array]:
    """The outputs of an operator."""
    if op.kind in MOVES:
        return MOVES[op.kind](graph, op, [values[i] for i in op.inputs])
    return [_ARITHMETIC[op.kind](graph, op, values)]
