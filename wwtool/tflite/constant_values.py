"""The values of operators whose inputs are constant, in NumPy: mostly the arithmetic of shapes that converters leave.

Where a model leaves the batch open, its converter computes the shapes for RESHAPE, TRANSPOSE_CONV and others from the
operator SHAPE: slices of it, products, comparisons. All of that is constant once the model's inputs have their shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, Operator
from wwtool.tflite.operators.slices import axis_of, dimensions, repeats

Array = npt.NDArray[Any]

NUMBERS = ("int32", "int64", "float32", "bool")  # on quantized integers these operators mean something else
_BOUNDS = {0: None, 1: (0, None), 2: (-1, 1), 3: (0, 6)}  # of fused activations: none, RELU, RELU_N1_TO_1, RELU6


@dataclass(frozen=True)
class Fold:
    """How to compute an operator of constants.

    ``inputs``: how many inputs it has. ``value`` computes the output from the values of the inputs. ``size`` computes
    the number of output elements beforehand, where the output may be larger than all inputs together.
    """

    inputs: int
    value: Callable[[Graph, Operator, list[Array]], Any]
    size: Callable[[Graph, Operator, list[Array]], int] | None = None


def _activated(op: Operator, x: Array) -> Array:
    bounds = _BOUNDS.get(int(op.options.get("fusedActivationFunction", 0)), ())
    if bounds == ():
        raise InputError(f"{op.where()} has a fused activation that is not supported for plain numbers")
    return x if bounds is None else np.clip(x, *bounds)


def _plain(function: Callable[..., Any]) -> Callable[[Graph, Operator, list[Array]], Any]:
    """Makes a rule of a NumPy function that works element by element."""
    return lambda graph, op, x: function(*x)


def _fused(function: Callable[..., Any]) -> Callable[[Graph, Operator, list[Array]], Any]:
    return lambda graph, op, x: _activated(op, function(*x))


def _quotient(graph: Graph, op: Operator, x: list[Array]) -> Array:
    """DIV, FLOOR_DIV, FLOOR_MOD: DIV of integers drops the fraction."""
    a, b = x
    whole = a.dtype.kind == "i"
    if np.any(b == 0):
        raise InputError(f"{op.where()} divides by 0")
    if not whole and np.any(np.abs(np.frexp(b)[0]) != 0.5):
        raise InputError(
            f"{op.where()} divides by numbers that are not powers of 2, which LiteRT rounds in its own way"
        )
    if op.kind == "FLOOR_MOD":
        return np.asarray(np.mod(a, b))
    if op.kind == "FLOOR_DIV":
        return np.asarray(np.floor_divide(a, b) if whole else np.floor(a / b))
    if not whole:
        return _activated(op, a / b)
    return _activated(op, np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b)))


def _reduced(function: Callable[..., Any]) -> Callable[[Graph, Operator, list[Array]], Any]:
    """Makes a rule of a NumPy reduction over the axes that the second input names."""

    def value(graph: Graph, op: Operator, x: list[Array]) -> Array:
        axes = tuple({axis_of(op, axis, x[0].ndim) for axis in x[1].ravel()})
        return np.asarray(function(x[0], axis=axes, keepdims=bool(op.options.get("keepDims", False))))

    return value


def _total(x: Array, **axes: Any) -> Array:
    if x.dtype.kind == "f":
        raise ValueError("the order of the sum is LiteRT's own")
    return np.asarray(np.sum(x, dtype=x.dtype, **axes))


def _cast(graph: Graph, op: Operator, x: list[Array]) -> Array:
    target = np.dtype(graph.tensor(op.outputs[0]).dtype)
    if x[0].dtype.kind == "f" and target.kind in "iu":
        limits = np.iinfo(target)
        if not np.all((x[0] >= limits.min) & (x[0] <= limits.max)):
            raise InputError(f"{op.where()} casts a number that {target} does not hold")
    return x[0].astype(target)


def _gather(graph: Graph, op: Operator, x: list[Array]) -> Array:
    if int(op.options.get("batchDims") or 0) or np.any(x[1] < 0):
        raise InputError(f"{op.where()} gathers in batches or by negative indices, which is not supported")
    return np.take(x[0], x[1], axis=axis_of(op, op.options.get("axis") or 0, x[0].ndim))


def _gathered_size(graph: Graph, op: Operator, x: list[Array]) -> int:
    axis = axis_of(op, op.options.get("axis") or 0, x[0].ndim)
    return int(x[1].size) * int(x[0].size // x[0].shape[axis])


def _gather_nd(graph: Graph, op: Operator, x: list[Array]) -> Array:
    if np.any(x[1] < 0):
        raise InputError(f"{op.where()} gathers by negative indices, which is not supported")
    return np.asarray(x[0][tuple(np.moveaxis(x[1], -1, 0))])


def _selected(graph: Graph, op: Operator, x: list[Array]) -> Array:
    condition, a, b = x
    if op.kind == "SELECT" and condition.ndim == 1 and a.ndim > 1:  # one condition for every slice
        condition = condition.reshape(-1, *(1,) * (a.ndim - 1))
    return np.where(condition, a, b)


def _range(graph: Graph, op: Operator, x: list[Array]) -> Array:
    start, _, step = x
    steps = np.arange(_range_size(graph, op, x), dtype=start.dtype)
    return np.asarray(start + step * steps, start.dtype)


def _range_size(graph: Graph, op: Operator, x: list[Array]) -> int:
    start, end, step = (value.item() for value in x)
    if step == 0:
        raise InputError(f"{op.where()} has a step of 0")
    return max(0, int(np.ceil((end - start) / step)))


def _broadcast_args(graph: Graph, op: Operator, x: list[Array]) -> Array:
    return np.asarray(np.broadcast_shapes(*(tuple(shape.tolist()) for shape in x)), x[0].dtype)


def _broadcast_size(graph: Graph, op: Operator, x: list[Array]) -> int:
    return prod(np.broadcast_shapes(*(value.shape for value in x)))


_PAIRS: dict[str, Callable[..., Any]] = {
    "POW": np.power,
    "MINIMUM": np.minimum,
    "MAXIMUM": np.maximum,
    "SQUARED_DIFFERENCE": lambda a, b: (a - b) * (a - b),
    "EQUAL": np.equal,
    "NOT_EQUAL": np.not_equal,
    "LESS": np.less,
    "LESS_EQUAL": np.less_equal,
    "GREATER": np.greater,
    "GREATER_EQUAL": np.greater_equal,
    "LOGICAL_AND": np.logical_and,
    "LOGICAL_OR": np.logical_or,
}
_SINGLE: dict[str, Callable[..., Any]] = {
    "NEG": np.negative,
    "ABS": np.abs,
    "SIGN": np.sign,
    "SQUARE": np.square,
    "SQRT": np.sqrt,
    "FLOOR": np.floor,
    "CEIL": np.ceil,
    "ROUND": np.rint,
    "LOGICAL_NOT": np.logical_not,
}
FOLDS: dict[str, Fold] = {
    "GATHER": Fold(2, _gather, _gathered_size),
    "GATHER_ND": Fold(2, _gather_nd, lambda graph, op, x: prod((*x[1].shape[:-1], *x[0].shape[x[1].shape[-1] :]))),
    "CAST": Fold(1, _cast),
    "RANGE": Fold(3, _range, _range_size),
    "REVERSE_V2": Fold(2, lambda graph, op, x: np.flip(x[0], tuple(axis_of(op, a, x[0].ndim) for a in x[1].ravel()))),
    "TILE": Fold(
        2,
        lambda graph, op, x: np.tile(x[0], repeats(graph, op)),
        lambda graph, op, x: x[0].size * prod(repeats(graph, op)),
    ),
    "BROADCAST_TO": Fold(
        2,
        lambda graph, op, x: np.broadcast_to(x[0], dimensions(graph, op, 1)),
        lambda graph, op, x: prod(dimensions(graph, op, 1)),
    ),
    "FILL": Fold(
        2,
        lambda graph, op, x: np.full(dimensions(graph, op, 0), x[1].reshape(())),
        lambda graph, op, x: prod(dimensions(graph, op, 0)),
    ),
    "ZEROS_LIKE": Fold(1, lambda graph, op, x: np.zeros_like(x[0])),
    "BROADCAST_ARGS": Fold(2, _broadcast_args),
    "REDUCE_PROD": Fold(2, _reduced(lambda x, **axes: np.prod(x, dtype=x.dtype, **axes))),
    "SUM": Fold(2, _reduced(_total)),
    "REDUCE_MAX": Fold(2, _reduced(np.max)),
    "REDUCE_MIN": Fold(2, _reduced(np.min)),
    "REDUCE_ANY": Fold(2, _reduced(np.any)),
    "REDUCE_ALL": Fold(2, _reduced(np.all)),
    "SELECT": Fold(3, _selected, _broadcast_size),
    "SELECT_V2": Fold(3, _selected, _broadcast_size),
    "ADD": Fold(2, _fused(np.add), _broadcast_size),
    "SUB": Fold(2, _fused(np.subtract), _broadcast_size),
    "MUL": Fold(2, _fused(np.multiply), _broadcast_size),
    **dict.fromkeys(("DIV", "FLOOR_DIV", "FLOOR_MOD"), Fold(2, _quotient, _broadcast_size)),
    **{kind: Fold(2, _plain(function), _broadcast_size) for kind, function in _PAIRS.items()},
    **{kind: Fold(1, _plain(function)) for kind, function in _SINGLE.items()},
}
# Operators that need only the shape of their input, which need not be constant.
SHAPE_FOLDS: dict[str, Callable[[tuple[int, ...]], npt.ArrayLike]] = {"SHAPE": lambda shape: shape, "RANK": len}
