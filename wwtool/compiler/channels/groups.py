"""Tensors that have the same channels, and which of these a model can do without."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from wwtool.compiler.channels.bounds import Bounds
from wwtool.compiler.channels.layers import Layer
from wwtool.compiler.channels.passing import passed
from wwtool.int8.arithmetic import IntArray
from wwtool.tflite.graph import Graph, Operator, Tensor, Variable, VariableKey

Kept = npt.NDArray[np.bool_]
_Member = int | VariableKey  # a tensor or a variable
_PASSES = 16  # over the model; what takes more stays in it


class Groups:
    """Tensors and variables that have the same channels, and lose the same ones.

    A fixed group loses none: something reads or writes its channels that cannot do without one.
    """

    def __init__(self, graph: Graph, layers: dict[int, Layer], bounds: dict[int, Bounds]) -> None:
        self.graph, self.layers, self.bounds = graph, layers, bounds
        self.first: dict[_Member, _Member] = {}
        fixed: list[_Member] = [*graph.inputs, *graph.outputs]
        for op in graph.operators:
            members, free = self._members(op)
            fixed += () if free else members
            if free and (op.index not in layers or layers[op.index].depthwise):
                for member in members[1:]:
                    self.first[self.of(member)] = self.of(members[0])
        self.fixed = {self.of(member) for member in fixed}
        self.kept: dict[_Member, Kept] = {}  # the channels that stay, of groups that lose some
        for _ in range(_PASSES):
            if not self._leave_out():
                break

    def of(self, member: _Member) -> _Member:
        """The group, by one of its members."""
        while (parent := self.first.get(member, member)) != member:
            self.first[member] = self.first.get(parent, parent)
            member = parent
        return member

    def _members(self, op: Operator) -> tuple[list[_Member], bool]:
        """What an operator reads and writes channels of, and whether it can do with fewer."""
        key = self.graph.variable(op)
        if op.index in self.layers:
            return [op.inputs[0], op.outputs[0]], True
        if key is not None:
            held = [_held(self.graph, use) for use in self.graph.uses(key)]
            return [key, _held(self.graph, op).index], _alike(self.graph.variables.get(key), held)
        tensors = passed(self.graph, op)
        if tensors:
            return [*tensors, op.outputs[0]], True
        return [index for index in (*op.inputs, *op.outputs) if index >= 0], False

    def constants(self, layer: Layer) -> tuple[IntArray, IntArray]:
        """The constant input channels that the bias of a layer can stand for, and their distance to the zero point."""
        x = self.bounds.get(layer.x.index)
        if x is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        channels = np.flatnonzero(x.constant & ((x.low == layer.x.zero_point) | (not layer.padded)))
        return channels, x.low[channels] - layer.x.zero_point

    def kept_of(self, tensor: int) -> Kept | None:
        """The channels of a tensor that stay; None: all of them."""
        return self.kept.get(self.of(tensor))

    def _leave_out(self) -> bool:
        """Finds channels that nothing needs, from the end of the model on; returns whether there were any."""
        readers: dict[_Member, list[Layer]] = {}
        for layer in self.layers.values():
            if not layer.depthwise:
                readers.setdefault(self.of(layer.x.index), []).append(layer)
        found = False
        for group, layers in reversed(readers.items()):
            old = self.kept.get(group, np.ones(layers[0].x.shape[-1], np.bool_))
            new = old & np.any([self._needed(layer) for layer in layers], axis=0)
            new[np.flatnonzero(old)[0]] |= not new.any()
            if group not in self.fixed and not np.array_equal(new, old):
                self.kept[group], found = new, True
        return found

    def _needed(self, layer: Layer) -> Kept:
        """The input channels that a layer cannot do without."""
        outputs = self.kept_of(layer.y.index)
        used = np.any(layer.weights if outputs is None else layer.weights[outputs], axis=(0, 1))
        used[self.constants(layer)[0]] = False
        return np.asarray(used)


def _held(graph: Graph, op: Operator) -> Tensor:
    """What is read from a variable, or assigned to it."""
    return graph.tensor(op.outputs[0] if op.kind == "READ_VARIABLE" else op.inputs[1])


def _alike(variable: Variable | None, held: list[Tensor]) -> bool:
    """Whether a variable and all that is read and assigned have the same channels."""
    if variable is None or variable.initial.dtype != np.int8:
        return False
    sizes = {t.size for t in held} | {variable.initial.size}
    return len(sizes) == len({t.shape[-1:] for t in held}) == 1 and all(
        t.dtype == "int8" and t.data is None and t.shape for t in held
    )
