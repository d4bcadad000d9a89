"""Leaves out of a model the channels that carry nothing: those that are constant, and those that nothing reads.

What a layer would add up of a constant channel goes into its bias, so every other channel holds what it did, bit for
bit. Channels go only where all operators around them can do without: in chains of convolutions, depthwise convolutions,
pools and fully connected layers, and in the states between them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wwtool.compiler.channels.bounds import bounds_of
from wwtool.compiler.channels.groups import Groups, Kept
from wwtool.compiler.channels.layers import Layer, layer_of
from wwtool.int8.arithmetic import IntArray
from wwtool.tflite.graph import Graph, Operator, Quantization, Tensor, Variable, VariableKey

Idle = Literal["idle", "pruned", "none"]
"""Which channels are left out. "pruned": not those that an activation cuts off, which depends on what is learned."""


@dataclass(frozen=True)
class Thinned:
    """A model, and for tensors that have lost channels the numbers of those that are left."""

    graph: Graph
    channels: dict[int, IntArray]


def without_idle_channels(graph: Graph, which: Idle = "idle") -> Thinned:
    """Returns the model without the channels that carry nothing; ``graph`` itself if all carry something."""
    if which == "none":
        return Thinned(graph, {})
    layers = {op.index: layer for op in graph.operators if (layer := layer_of(graph, op)) is not None}
    groups = Groups(graph, layers, bounds_of(graph, layers, saturation=which == "idle"))
    return _Rewriting(graph, groups).run() if groups.kept else Thinned(graph, {})


class _Rewriting:
    """One walk over a model that leaves channels out."""

    def __init__(self, graph: Graph, groups: Groups) -> None:
        self.graph, self.groups = graph, groups
        self.tensors = list(graph.tensors)

    def run(self) -> Thinned:
        channels: dict[int, IntArray] = {}
        for t in self.graph.tensors:
            if (mask := self.groups.kept_of(t.index)) is not None:
                channels[t.index] = np.flatnonzero(mask)
                self.tensors[t.index] = replace(t, shape=(*t.shape[:-1], len(channels[t.index])))
        variables = {key: self._variable(key, variable) for key, variable in self.graph.variables.items()}
        operators = tuple(map(self._operator, self.graph.operators))
        graph = replace(self.graph, tensors=tuple(self.tensors), operators=operators, variables=variables)
        return Thinned(graph, channels)

    def _operator(self, op: Operator) -> Operator:
        if op.index in self.groups.layers:
            return self._layer(self.groups.layers[op.index])
        if op.kind == "RESHAPE" and self.groups.kept_of(op.outputs[0]) is not None:
            shape = np.asarray(self.tensors[op.outputs[0]].shape, np.int32)
            return replace(op, inputs=op.inputs[:1], options={**op.options, "newShape": shape})
        if op.kind == "STRIDED_SLICE" and self.groups.kept_of(op.outputs[0]) is not None:
            ends = self.graph.tensor(op.inputs[2])
            assert ends.data is not None
            data = ends.data.copy()
            data[-1] = self.tensors[op.outputs[0]].shape[-1]
            return replace(op, inputs=(*op.inputs[:2], self._constant(ends, data), *op.inputs[3:]))
        return op

    def _layer(self, layer: Layer) -> Operator:
        """The layer with fewer inputs and outputs. The bias stands for constant inputs that are gone."""
        inputs, outputs = self.groups.kept_of(layer.x.index), self.groups.kept_of(layer.y.index)
        w, data, bias = layer.w, layer.w.data, layer.bias
        like = replace(w, name=f"{w.name}_bias", dtype="int32", quantization=None)
        if len(layer.op.inputs) > 2 and layer.op.inputs[2] >= 0:
            like = self.graph.tensor(layer.op.inputs[2])
        if data is None or (inputs is None and outputs is None):
            return layer.op
        if inputs is not None:
            data = data[..., inputs]
            if not layer.depthwise:
                gone, held = self.groups.constants(layer)
                gone, held = gone[~inputs[gone]], held[~inputs[gone]]
                bias = bias + layer.weights[:, :, gone].sum(axis=1, dtype=np.int64) @ held
        if outputs is not None:
            w, like = (replace(t, quantization=_scales(t.quantization, outputs)) for t in (w, like))
            bias, data = bias[outputs], data if layer.depthwise else data[outputs]
        constants = self._constant(w, np.ascontiguousarray(data)), self._constant(like, bias.astype(np.int32))
        return replace(layer.op, inputs=(layer.x.index, *constants))

    def _variable(self, key: VariableKey, variable: Variable) -> Variable:
        mask = self.groups.kept.get(self.groups.of(key))
        if mask is None:
            return variable
        values = variable.initial
        rows = values if values.shape[-1:] == mask.shape else values.reshape(-1, len(mask))
        return replace(variable, initial=np.ascontiguousarray(rows[..., mask]))

    def _constant(self, like: Tensor, data: npt.NDArray[Any]) -> int:
        self.tensors.append(replace(like, index=len(self.tensors), shape=data.shape, data=data))
        return len(self.tensors) - 1


def _scales(quantization: Quantization | None, outputs: Kept) -> Quantization | None:
    if quantization is None or not quantization.per_channel:
        return quantization
    points = quantization.zero_point
    return replace(
        quantization, scale=quantization.scale[outputs], zero_point=points[outputs] if points.size > 1 else points
    )
