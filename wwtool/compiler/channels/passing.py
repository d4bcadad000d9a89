"""Operators that keep channels apart: channel k of the output comes from channel k of the inputs alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wwtool.errors import InputError
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, IntArray, add_zero_point
from wwtool.int8.elementwise import mean_multiplier
from wwtool.tflite.graph import Graph, Operator, Tensor
from wwtool.tflite.operators.checks import format_of
from wwtool.tflite.operators.joins import check_join
from wwtool.tflite.operators.reductions import mean_axes
from wwtool.tflite.operators.slices import axis_of, constants, strided_cut
from wwtool.tflite.operators.windows import activation_range

_LARGEST_RATIO = 2.0**20  # of scales: beyond it, the sums of a mean may wrap at 32 bits
_MASKS = ("ellipsisMask", "newAxisMask", "shrinkAxisMask")


def passed(graph: Graph, op: Operator) -> tuple[int, ...]:
    """The inputs whose channels are those of the output; empty for operators that mix them or are not known here."""
    rule = _PASSED.get(op.kind)
    y = graph.tensor(op.outputs[0]) if op.outputs else None
    if rule is None or y is None or not _plain(y) or not _plain(graph.tensor(op.inputs[0])):
        return ()
    try:
        tensors = rule(graph, op)
    except (InputError, KeyError):
        return ()
    fits = all(_plain(t) and t.shape[-1] == y.shape[-1] for t in tensors)
    return tuple(t.index for t in tensors) if fits else ()


def value_of(graph: Graph, op: Operator, x: IntArray) -> IntArray:
    """What an operator of `passed` makes of channels that hold ``x``, (channels,)."""
    rule = _VALUES.get(op.kind)
    return x if rule is None else rule(graph, op, x)


def _plain(t: Tensor) -> bool:
    """Whether a tensor is computed, and int8 of a scale."""
    return t.dtype == "int8" and bool(t.shape) and t.data is None and t.scale > 0


def _first(graph: Graph, op: Operator) -> list[Tensor]:
    return [graph.tensor(op.inputs[0])]


def _joined(graph: Graph, op: Operator) -> list[Tensor]:
    check_join(graph, op)
    rank = len(graph.tensor(op.outputs[0]).shape)
    across = axis_of(op, op.options["axis"], rank) < rank - 1
    return [graph.tensor(index) for index in op.inputs] if across else []


def _cut(graph: Graph, op: Operator) -> list[Tensor]:
    x = graph.tensor(op.inputs[0])
    rank = len(x.shape)
    cut, _ = strided_cut(graph, op)
    whole = (cut.begin[-1], cut.step[-1], cut.count[-1]) == (0, 1, x.shape[-1])
    plain = len(constants(graph, op, 2)) == rank and not any(op.options.get(mask) for mask in _MASKS)
    return [x] if whole and plain else []


def _averaged(graph: Graph, op: Operator) -> list[Tensor]:
    x, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    wraps = x.scale / y.scale >= _LARGEST_RATIO
    return [] if wraps or len(x.shape) - 1 in mean_axes(graph, op) else [x]


def _window(graph: Graph, op: Operator) -> list[Tensor]:
    activation_range(op, graph.tensor(op.outputs[0]))
    return _first(graph, op)


def _pooled(graph: Graph, op: Operator, x: IntArray) -> IntArray:
    return np.clip(x, *activation_range(op, graph.tensor(op.outputs[0])))


def _mean(graph: Graph, op: Operator, x: IntArray) -> IntArray:
    of, y = graph.tensor(op.inputs[0]), graph.tensor(op.outputs[0])
    count = of.size // y.size
    scaled = mean_multiplier(format_of(of), format_of(y), count).times((x - of.zero_point) * count)
    return np.clip(add_zero_point(scaled, y.zero_point), INT8_MIN, INT8_MAX)


_PASSED: dict[str, Callable[[Graph, Operator], list[Tensor]]] = {
    **dict.fromkeys(("RESHAPE", "EXPAND_DIMS", "SQUEEZE"), _first),
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _window),
    "CONCATENATION": _joined,
    "STRIDED_SLICE": _cut,
    "MEAN": _averaged,
}
_VALUES: dict[str, Callable[[Graph, Operator, IntArray], IntArray]] = {
    **dict.fromkeys(("AVERAGE_POOL_2D", "MAX_POOL_2D"), _pooled),
    "MEAN": _mean,
}
