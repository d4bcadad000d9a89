"""What the channels of tensors can hold, whatever a model hears: bounds by interval arithmetic.

A channel whose bounds meet is constant. Pruning makes such channels, and so does training where an activation cuts off
all that a channel ever computes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

import numpy as np
import numpy.typing as npt

from wwtool.compiler.channels.layers import Layer
from wwtool.compiler.channels.passing import passed, value_of
from wwtool.int8.arithmetic import INT8_MAX, INT8_MIN, IntArray
from wwtool.tflite.graph import Graph, VariableKey

_ROUNDS = 8  # after which nothing is known of any state


@dataclass(frozen=True)
class Bounds:
    """The least and the greatest value of each channel, both (channels,). Channels are the last axis of a tensor."""

    low: IntArray
    high: IntArray

    @property
    def constant(self) -> npt.NDArray[np.bool_]:
        return np.equal(self.low, self.high)

    def __or__(self, other: Bounds) -> Bounds:
        return Bounds(np.minimum(self.low, other.low), np.maximum(self.high, other.high))


def anything(channels: int) -> Bounds:
    """The bounds of int8."""
    return Bounds(np.full(channels, INT8_MIN, np.int64), np.full(channels, INT8_MAX, np.int64))


def bounds_of(graph: Graph, layers: Mapping[int, Layer], saturation: bool = True) -> dict[int, Bounds]:
    """The bounds of int8 tensors, by their numbers; nothing is known of others.

    ``layers`` go by their operators. Without ``saturation``, a channel is constant only where no input reaches it, and
    not where an activation or the limits of int8 cut off all that it computes.

    A state holds its initial values, and all that is ever assigned to it: states are taken to keep what they begin
    with, until a walk over the model shows that they do not.
    """
    states = {key: _initial(graph, key) for key in graph.variables}
    for turn in range(_ROUNDS):
        bounds, left = _walk(graph, layers, states, saturation), False
        for op in graph.operators:
            key = graph.variable(op) if op.kind == "ASSIGN_VARIABLE" else None
            if key is None or (old := states.get(key)) is None:
                continue
            new = bounds.get(op.inputs[1])
            if new is None or len(new.low) != len(old.low) or turn == _ROUNDS - 1:
                states[key], left = None, True
            elif not np.array_equal((old | new).low, old.low) or not np.array_equal((old | new).high, old.high):
                most = anything(len(old.low))
                leaves = (new.low < old.low) | (new.high > old.high)
                low, high = np.where(leaves, most.low, old.low), np.where(leaves, most.high, old.high)
                states[key], left = Bounds(low, high), True
        if not left:
            return bounds
    return _walk(graph, layers, dict.fromkeys(states), saturation)


def _initial(graph: Graph, key: VariableKey) -> Bounds | None:
    values = graph.variables[key].initial
    reads = [graph.tensor(op.outputs[0]) for op in graph.uses(key) if op.kind == "READ_VARIABLE"]
    channels = {t.shape[-1:] for t in reads}
    if values.dtype != np.int8 or len(channels) != 1 or () in channels or {t.size for t in reads} != {values.size}:
        return None
    rows = values.reshape(-1, *channels.pop()).astype(np.int64)
    return Bounds(rows.min(axis=0), rows.max(axis=0))


def _walk(
    graph: Graph, layers: Mapping[int, Layer], states: Mapping[VariableKey, Bounds | None], saturation: bool
) -> dict[int, Bounds]:  # fmt: skip
    bounds: dict[int, Bounds] = {}

    def of(index: int) -> Bounds:
        return bounds.get(index) or anything(graph.tensor(index).shape[-1])

    for op in graph.operators:
        key = graph.variable(op) if op.kind == "READ_VARIABLE" else None
        if op.index in layers:
            x = of(op.inputs[0])
            layer = layers[op.index]
            bounds[op.outputs[0]] = Bounds(*layer.outputs(layer.sums(x.low, x.high), saturation))
        elif key is not None and (state := states.get(key)) is not None:
            bounds[op.outputs[0]] = state
        elif tensors := passed(graph, op):
            x = reduce(or_, map(of, tensors))
            bounds[op.outputs[0]] = Bounds(value_of(graph, op, x.low), value_of(graph, op, x.high))
    return bounds
