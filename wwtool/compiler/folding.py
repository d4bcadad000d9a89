"""What the operators that only move data give, in NumPy, and models with such operators on constants folded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.graph import Graph, Operator
from wwtool.compiler.picks import PICKS, picked
from wwtool.compiler.slices import pad_value, paddings, permutation, pieces, plain_cut, strided_cut
from wwtool.errors import InputError

Array = npt.NDArray[Any]
Move = Callable[[Graph, Operator, list[Array]], list[Array]]


def _reshape(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return x[:1]


def _strided_slice(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [x[0][strided_cut(graph, op)[0].indices()]]


def _slice(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [x[0][plain_cut(graph, op).indices()]]


def _pieces(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    axis, sizes = pieces(graph, op)
    ends = np.cumsum(sizes)
    return list(np.split(x[1 if op.kind == "SPLIT" else 0], ends[:-1], axis))


def _transpose(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [x[0].transpose(permutation(graph, op))]


def _concatenation(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [np.concatenate(x, int(op.options["axis"]))]


def _pack(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [np.stack(x, int(op.options["axis"]))]


def _pad(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [np.pad(x[0], paddings(graph, op), constant_values=pad_value(graph, op))]


def _pick(graph: Graph, op: Operator, x: list[Array]) -> list[Array]:
    return [picked(graph, op, x[0])]


MOVES: dict[str, Move] = {
    "RESHAPE": _reshape,
    "EXPAND_DIMS": _reshape,
    "SQUEEZE": _reshape,
    "SLICE": _slice,
    "STRIDED_SLICE": _strided_slice,
    "SPLIT": _pieces,
    "SPLIT_V": _pieces,
    "UNPACK": _pieces,
    "TRANSPOSE": _transpose,
    "CONCATENATION": _concatenation,
    "PACK": _pack,
    "PAD": _pad,
    "PADV2": _pad,
    **dict.fromkeys(PICKS, _pick),
}


_GROWING = ("PAD", "PADV2", "CONCATENATION", "PACK")


def folded(graph: Graph) -> Graph:
    """The model without the operators that only move constants: their results are constants, too.

    Raises:
        InputError: such an operator is not valid.
    """
    tensors = list(graph.tensors)
    kept: list[Operator] = []
    for op in graph.operators:
        values = [tensors[i].data for i in op.inputs]
        known = [v for v in values if v is not None]
        if op.kind not in MOVES or len(known) != len(values):
            kept.append(op)
            continue
        if set(op.outputs) & set(graph.outputs):
            raise InputError(f"{op.where()} gives an output of the model that is constant; leave it out of the model")
        current = replace(graph, tensors=tuple(tensors))
        for index, value in zip(op.outputs, _moved(current, op, known), strict=True):
            y = tensors[index]
            if value.size != y.size or value.dtype != np.dtype(y.dtype):
                raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, which does not fit its input")
            tensors[index] = replace(y, data=np.ascontiguousarray(value).reshape(y.shape))
    return replace(graph, tensors=tuple(tensors), operators=tuple(kept))


def _moved(graph: Graph, op: Operator, values: list[Array]) -> list[Array]:
    size = sum(v.size for v in values)
    if op.kind in ("PAD", "PADV2"):
        size = prod(a + n + b for n, (a, b) in zip(values[0].shape, paddings(graph, op), strict=True))
    if op.kind in _GROWING and size != graph.tensor(op.outputs[0]).size:
        raise InputError(f"{op.where()} has an output of another size than its input gives")
    try:
        return MOVES[op.kind](graph, op, values)
    except (ValueError, IndexError) as error:
        raise InputError(f"{op.where()} has shapes that do not fit together") from error
