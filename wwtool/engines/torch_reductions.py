"""Reductions in exact integers for the torch engine: sums, products, extremes and their positions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.arithmetic import (
    INT8_MAX,
    INT8_MIN,
    IntArray,
    add_zero_point,
    limits,
    multiply_twice_rounded,
    quantize_multiplier,
)
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.reductions import arg_axis, mean_axes, product_multiplier

Array = npt.NDArray[Any]
Values = dict[int, Array]


def reduce_extreme(graph: Graph, op: Operator, values: Values) -> Array:
    """REDUCE_MAX, REDUCE_MIN, REDUCE_ANY, REDUCE_ALL."""
    function = np.max if op.kind in ("REDUCE_MAX", "REDUCE_ANY") else np.min
    return np.asarray(function(values[op.inputs[0]], axis=mean_axes(graph, op)))


def sum_(graph: Graph, op: Operator, values: Values) -> Array:
    """SUM, to the output's scale."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    total = (values[x.index].astype(np.int64) - x.zero_point).sum(axis=mean_axes(graph, op))
    scaled = multiply_twice_rounded(total, *quantize_multiplier(np.float64(x.scale) / np.float64(y.scale)))
    return np.clip(add_zero_point(scaled, y.zero_point), *limits(y.dtype))


def reduce_prod(graph: Graph, op: Operator, values: Values) -> Array:
    """REDUCE_PROD, one factor after the other in the order of the input."""
    x, y, axes = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0]), mean_axes(graph, op)
    mantissa, shift = product_multiplier(graph, op)

    def scaled(product: IntArray) -> IntArray:
        rounded = (product * mantissa + (1 << (shift - 1))) >> shift
        return np.asarray(rounded.astype(np.int32), np.int64)

    kept = [axis for axis in range(len(x.shape)) if axis not in axes]
    factors = (values[x.index].astype(np.int64) - x.zero_point).transpose(*kept, *axes).reshape(y.size, -1)
    product = factors[:, 0]
    for factor in factors.T[1:]:
        product = scaled(product * factor)
    return np.clip(add_zero_point(scaled(product), y.zero_point), INT8_MIN, INT8_MAX)


def arg_extreme(graph: Graph, op: Operator, values: Values) -> Array:
    """ARG_MAX, ARG_MIN: the first of several equal ones."""
    function = np.argmax if op.kind == "ARG_MAX" else np.argmin
    return np.asarray(function(values[op.inputs[0]], axis=arg_axis(graph, op)))
