"""Layers of uint8 and int16 tensors in exact integers and doubles, for the torch engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.engines.torch_pictures import scattered
from wwtool.int8.arithmetic import (
    IntArray,
    add_zero_point,
    multiply_as_double,
    multiply_twice_rounded,
    multiply_wide,
    quantize_multiplier,
)
from wwtool.int8.integer_torch import conv_accumulate
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.layers import TypedLayer, typed_layer
from wwtool.tflite.operators.windows import activation_range, as_convolution, padding_of

Values = dict[int, npt.NDArray[Any]]


def typed_convolution(graph: Graph, op: Operator, values: Values) -> IntArray:
    """CONV_2D in groups and DEPTHWISE_CONV_2D."""
    layer = typed_layer(graph, op)
    x, y, weights = layer.x, layer.y, layer.weights.astype(np.int64) - layer.w.zero_point
    stride = int(op.options["strideH"]), int(op.options["strideW"])
    dilation = int(op.options.get("dilationHFactor", 1)), int(op.options.get("dilationWFactor", 1))
    pads = padding_of(op, x, y, *weights.shape[1:3])
    groups = x.shape[3] // weights.shape[3]
    sums = conv_accumulate(values[x.index], weights, layer.bias, x.zero_point, stride, dilation, pads, groups)
    return _scaled(layer, sums)


def typed_transpose_conv(graph: Graph, op: Operator, values: Values) -> IntArray:
    layer = typed_layer(graph, as_convolution(op))
    x = values[layer.x.index].astype(np.int64) - layer.x.zero_point
    return _scaled(layer, scattered(graph, op, x, layer.weights.astype(np.int64) - layer.w.zero_point) + layer.bias)


def _scaled(layer: TypedLayer, sums: IntArray) -> IntArray:
    mantissa, shift = quantize_multiplier(layer.reals())
    if layer.dtype == "int16" and not layer.narrow:
        return _ended(layer, multiply_wide(sums, mantissa, shift))
    return _ended(layer, multiply_twice_rounded(_kept(layer, sums), mantissa, shift))


def typed_fully_connected(graph: Graph, op: Operator, values: Values) -> IntArray:
    layer = typed_layer(graph, op)
    weights = layer.weights.astype(np.int64) - layer.w.zero_point
    rows = values[layer.x.index].astype(np.int64).reshape(-1, weights.shape[1]) - layer.x.zero_point
    return _ended(layer, multiply_as_double(_kept(layer, rows @ weights.T + layer.bias), layer.reals()))


def _kept(layer: TypedLayer, sums: IntArray) -> IntArray:
    return sums.astype(np.int32).astype(np.int64) if layer.narrow else sums


def _ended(layer: TypedLayer, scaled: IntArray) -> IntArray:
    return np.clip(add_zero_point(scaled, layer.y.zero_point), *activation_range(layer.op, layer.y))
