"""Comparisons, SELECT, logic, SQUARED_DIFFERENCE, BATCH_MATMUL and L2_NORMALIZATION in exact integers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, IntArray, add_zero_point, multiply_twice_rounded
from wwtool.int8.float_tables import inverse_root
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.binary import (
    COMPARED_BITS,
    DIFFERENCE_BITS,
    compared_multiplier,
    difference_multipliers,
    matmul_multiplier,
    select_shapes,
)
from wwtool.tflite.operators.unary import function_table

Array = npt.NDArray[Any]
Values = dict[int, Array]

RELATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "LESS": operator.lt,
    "LESS_EQUAL": operator.le,
    "GREATER": operator.gt,
    "GREATER_EQUAL": operator.ge,
}


def function(graph: Graph, op: Operator, values: Values) -> Array:
    """ELU, EXP and other functions that are tables of all int8 values."""
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    return np.asarray(function_table(op, x, y)[values[x.index].astype(np.int64) + 128])


def compare(graph: Graph, op: Operator, values: Values) -> Array:
    """The six relations."""
    a, b = (graph.tensor(i) for i in op.inputs)
    sides = [values[a.index], values[b.index]]
    if a.dtype in ("int8", "uint8"):
        sides = [
            compared_multiplier(op, t).times((values[t.index].astype(np.int64) - t.zero_point) << COMPARED_BITS)
            for t in (a, b)
        ]
    return np.asarray(RELATIONS[op.kind](*sides))


def logic(graph: Graph, op: Operator, values: Values) -> Array:
    """LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT."""
    inputs = [values[i] for i in op.inputs]
    if op.kind == "LOGICAL_NOT":
        return ~inputs[0]
    return np.asarray(inputs[0] & inputs[1] if op.kind == "LOGICAL_AND" else inputs[0] | inputs[1])


def select(graph: Graph, op: Operator, values: Values) -> Array:
    """SELECT, SELECT_V2."""
    condition = values[op.inputs[0]].reshape(select_shapes(graph, op))
    return np.where(condition, values[op.inputs[1]], values[op.inputs[2]])


def squared_difference(graph: Graph, op: Operator, values: Values) -> Array:
    """SQUARED_DIFFERENCE."""
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    first, second, last = difference_multipliers(a, b, y)
    x1 = first.times((values[a.index].astype(np.int64) - a.zero_point) << DIFFERENCE_BITS)
    x2 = second.times((values[b.index].astype(np.int64) - b.zero_point) << DIFFERENCE_BITS)
    return np.clip(add_zero_point(last.times((x1 - x2) ** 2), y.zero_point), INT8_MIN, INT8_MAX)


def batch_matmul(graph: Graph, op: Operator, values: Values) -> Array:
    """BATCH_MATMUL."""
    a, b, y = graph.tensor(op.inputs[0]), graph.tensor(op.inputs[1]), graph.tensor(op.outputs[0])
    left, right = (values[t.index].astype(np.int64) - t.zero_point for t in (a, b))
    left = left.swapaxes(-1, -2) if op.options.get("adjX") else left
    right = right.swapaxes(-1, -2) if op.options.get("adjY") else right
    total = matmul_multiplier(a, b, y).times(left @ right)
    return np.clip(add_zero_point(total, y.zero_point), INT8_MIN, INT8_MAX)


def l2_normalization(graph: Graph, op: Operator, values: Values) -> Array:
    """L2_NORMALIZATION, row by row."""
    x = graph.tensor(op.inputs[0])
    rows: IntArray = values[x.index].astype(np.int64).reshape(-1, x.shape[-1]) - x.zero_point
    result = []
    for row in rows:
        mantissa, shift = inverse_root(int((row**2).sum()))
        result.append(np.clip(multiply_twice_rounded(row, mantissa, shift + 7), INT8_MIN, INT8_MAX))
    return np.stack(result)
