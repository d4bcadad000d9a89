"""Reductions: the axes that they run over, and the multiplier of a product."""

from __future__ import annotations

import numpy as np

from wwtool.errors import InputError
from wwtool.int8.arithmetic import quantize_multiplier, reduced_mantissa
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.slices import axis_of, constants


def mean_axes(graph: Graph, op: Operator) -> tuple[int, ...]:
    """The axes that a MEAN or another reduction runs over, in ascending order.

    Raises:
        InputError: they are not constant, or the output's shape does not follow from them.
    """
    x, axes, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    rank = len(x.shape)
    if axes.data is None or axes.dtype != "int32" or np.any((axes.data < -rank) | (axes.data >= rank)):
        raise InputError(f"{op.where()} needs constant axes between {-rank} and {rank - 1}")
    reduced = tuple(sorted({int(axis) % rank for axis in axes.data.ravel()}))
    shape = [
        1 if axis in reduced else size
        for axis, size in enumerate(x.shape)
        if axis not in reduced or bool(op.options["keepDims"])
    ]
    if tuple(shape) != y.shape:
        raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, but its input and axes give {shape}")
    return reduced


COMPARED = {"int8": "int8", "uint8": "uint8", "int16": "int16", "int32": "int32", "bool": "uint8"}


def product_multiplier(graph: Graph, op: Operator) -> tuple[int, int]:
    """The multiplier of REDUCE_PROD after each factor: a mantissa of 15 bits and a right shift.

    For n factors it is the input's scale divided by the n-th root of the output's (GetQuantProdScaling).

    Raises:
        InputError: the multiplier is too large for LiteRT.
    """
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    real = np.float64(x.scale) / np.power(np.float64(y.scale), 1.0 / (x.size // y.size))
    if not real < 2.0**7:
        raise InputError(f"{op.where()} has an output scale too small for its inputs; export it with sane scales")
    mantissa, shift = quantize_multiplier(real)
    return int(reduced_mantissa(mantissa)[0]), 15 - int(shift[0])


def arg_axis(graph: Graph, op: Operator) -> int:
    """The axis of an ARG_MAX or ARG_MIN.

    Raises:
        InputError: it is not constant, or the output does not follow from it.
    """
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    axis = axis_of(op, constants(graph, op, 1, 1)[0], len(x.shape))
    if x.dtype not in COMPARED or y.dtype not in ("int32", "int64"):
        raise InputError(f"{op.where()} converts {x.dtype} to {y.dtype}, which is not supported")
    if y.shape != x.shape[:axis] + x.shape[axis + 1 :]:
        raise InputError(f"{op.where()} turns {list(x.shape)} into {list(y.shape)}, which does not fit its axis")
    return axis
