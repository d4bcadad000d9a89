"""Operators that make pictures larger or smaller, in exact integers for the torch engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from wwtool.int8.integer_torch import real_multiplier, requantize
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.resize import ONE, ResizeAxis, resize_axes
from wwtool.tflite.operators.windows import activation_range, transposed_window

Array = npt.NDArray[Any]
Values = dict[int, Array]


def transpose_conv(graph: Graph, op: Operator, values: Values) -> Array:
    """TRANSPOSE_CONV: scatters every input, then cuts the output out of the result."""
    w, x, y = graph.tensor(op.inputs[1]), graph.tensor(op.inputs[2]), graph.tensor(op.outputs[0])
    sums = scattered(graph, op, values[x.index].astype(np.int64) - x.zero_point, values[w.index].astype(np.int64))
    if len(op.inputs) > 3 and op.inputs[3] >= 0:
        sums = sums + values[op.inputs[3]].astype(np.int64).ravel()
    assert w.quantization is not None
    real = real_multiplier(x.scale, w.quantization.scale, y.scale)
    return requantize(sums, real, y.zero_point, *activation_range(op, y))


def scattered(graph: Graph, op: Operator, x: Array, weights: Array) -> npt.NDArray[np.int64]:
    """The sums of a TRANSPOSE_CONV without bias; zero points are already subtracted from inputs and weights."""
    y, window = graph.tensor(op.outputs[0]), transposed_window(graph, op)
    centred = torch.from_numpy(x.astype(np.float64)).permute(0, 3, 1, 2)
    kernel = torch.from_numpy(weights.astype(np.float64)).permute(3, 0, 1, 2)
    stride = window.stride_height, window.stride_width
    whole = torch.nn.functional.conv_transpose2d(centred, kernel, None, stride)
    cut = whole[:, :, window.pad_height :, window.pad_width :][:, :, : y.shape[1], : y.shape[2]]
    sums = np.zeros((1, y.shape[3], *y.shape[1:3]), np.int64)
    sums[:, :, : cut.shape[2], : cut.shape[3]] = np.rint(cut.numpy())
    return sums.transpose(0, 2, 3, 1)


def resize_bilinear(graph: Graph, op: Operator, values: Values) -> Array:
    """RESIZE_BILINEAR: one axis after the other, in integers."""
    height, width = (_weights(axis) for axis in resize_axes(graph, op))
    rows = np.tensordot(height, values[op.inputs[0]].astype(np.int64), (1, 1))  # (height, batch, input width, depth)
    total = np.tensordot(width, rows, (1, 2)).transpose(2, 1, 0, 3)
    half = np.where(total > 0, ONE**2 // 2, -(ONE**2) // 2)
    return np.asarray(np.trunc((total + half) / ONE**2))


def _weights(axis: ResizeAxis) -> npt.NDArray[np.int64]:
    """The weight of each input for each output, (outputs, inputs); a row sums to ONE."""
    result = np.zeros((axis.output, axis.input), np.int64)
    rows = np.arange(axis.output)
    at = rows * axis.step + axis.start
    lower = np.maximum(at, 0) // ONE
    upper = np.minimum(-(-at // ONE), axis.input - 1)
    np.add.at(result, (rows, lower), ONE - (at - lower * ONE))
    np.add.at(result, (rows, upper), at - lower * ONE)
    return result
