"""Chooses the int8 format of every real tensor.

Tensors that a kernel only moves have one format. Where a kernel has a single output format, it is that; else it is made
of the range that calibration data have shown.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from wwtool.errors import InputError
from wwtool.models.quantized import Scale
from wwtool.quantizer.arithmetic import Real, format_of_range, range_of, wide_format, with_scale
from wwtool.quantizer.observing import Observed
from wwtool.quantizer.real_model import is_real, without_endless
from wwtool.quantizer.rules import RULES
from wwtool.tflite.graph import Graph, Operator, VariableKey

Range = Callable[[torch.Tensor, int], tuple[float, float]]  # a member of training/ranges

_LEAST_OF_A_SUM = 2.0**-12  # of the larger input scale; kernels of ADD and SUB refuse less than 2^-19
_ROUNDING = 0.5  # of a step: a value beyond a format by less is not clipped


@dataclass(frozen=True)
class Formats:
    """The format of every real tensor.

    Attributes:
        read: by tensor, as the operators that read it find it.
        made: the tensors that are computed in another format, which an operator QUANTIZE brings to that of ``read``.
        variables: by resource variable.
        wide: of int16 states, by tensor.
    """

    read: Mapping[int, Scale]
    made: Mapping[int, Scale]
    variables: Mapping[VariableKey, Scale]
    wide: Mapping[int, Scale]


class _Groups:
    """Tensors and variables that have one format (union-find)."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def root(self, member: Hashable) -> Hashable:
        parent = self._parent.setdefault(member, member)
        while parent != (above := self._parent[parent]):
            parent = above
        self._parent[member] = parent
        return parent

    def join(self, members: Iterable[Hashable]) -> None:
        first, *others = map(self.root, members)
        for other in others:
            self._parent[self.root(other)] = self.root(first)


def choose_formats(
    graph: Graph, observed: Mapping[int, Observed], ranges: Range, given: Mapping[int, Scale]
) -> Formats:
    """Chooses the formats.

    Args:
        graph: the float model.
        observed: what its tensors have held.
        ranges: the range to represent, of values and a zero point.
        given: formats that inputs come in.
    """
    groups, operands = _groups(graph), _all_operands(graph)
    prescribed = {**given, **_prescribed(graph, operands)}
    members: dict[Hashable, list[int]] = {}
    for index in sorted(operands):
        members.setdefault(groups.root(index), []).append(index)
    chosen = {}
    for root, indices in members.items():
        own = {prescribed[i] for i in indices if i in prescribed}
        chosen[root] = _format_of_group(_values(graph, observed, indices), own, ranges, _limit(graph, indices))
    _widen_sums(graph, groups, chosen)
    read = {index: chosen[groups.root(index)] for index in operands}
    variables = {key: chosen[groups.root(key)] for key in graph.variables if groups.root(key) in chosen}
    made = {i: scale for i, scale in prescribed.items() if read[i] != scale}
    return Formats(read, made, variables, _wide(graph, observed))


def _all_operands(graph: Graph) -> set[int]:
    """The real tensors that have formats: inputs, and what operators read and write but weights, biases and states."""
    indices = {*graph.inputs, *(i for op in graph.operators for i in _operands(graph, op))}
    return {i for i in indices if is_real(graph.tensor(i))}


def _prescribed(graph: Graph, operands: set[int]) -> dict[int, Scale]:
    """The formats of outputs whose kernels have no other."""
    result: dict[int, Scale] = {}
    for op in graph.operators:
        output = RULES[op.kind].output if op.kind in RULES else None
        if output is not None:
            result |= {i: output for i in op.outputs if i in operands}
    return result


def _widen_sums(graph: Graph, groups: _Groups, chosen: dict[Hashable, Scale]) -> None:
    """Sees to it that sums have scales that their kernels take."""
    for op in graph.operators:
        if op.kind in RULES and RULES[op.kind].sum:
            terms = [chosen[root].scale for i in op.inputs if (root := groups.root(i)) in chosen]
            root = groups.root(op.outputs[0])
            if terms and root in chosen:
                chosen[root] = with_scale(chosen[root], _LEAST_OF_A_SUM * max(terms))


def _groups(graph: Graph) -> _Groups:
    groups = _Groups()
    for op in graph.operators:
        if op.kind in RULES and RULES[op.kind].shared:
            key = graph.variable(op)
            tensors = [i for i in (*op.inputs, *op.outputs) if i >= 0 and is_real(graph.tensor(i))]
            if tensors:
                groups.join([*tensors, *([key] if key is not None else [])])
    return groups


def _operands(graph: Graph, op: Operator) -> list[int]:
    inputs = RULES[op.kind].operands(op.inputs) if op.kind in RULES else op.inputs
    return [i for i in (*inputs, *op.outputs) if i >= 0 and is_real(graph.tensor(i))]


def _wide(graph: Graph, observed: Mapping[int, Observed]) -> dict[int, Scale]:
    result = {}
    for op in graph.operators:
        states = RULES[op.kind].states if op.kind in RULES else None
        if states is not None:
            index = op.inputs[states.wide] if len(op.inputs) > states.wide else -1
            if index not in observed:
                raise InputError(f"{op.where()} has no state in floats as input {states.wide}; export the model again")
            result[index] = wide_format(observed[index].low, observed[index].high, states.power)
    return result


def _values(graph: Graph, observed: Mapping[int, Observed], indices: list[int]) -> Real:
    """What the tensors of a group hold, constants included. A variable holds what is read of it."""
    parts = []
    for index in indices:
        data = graph.tensor(index).data
        parts.append(observed[index].sample if data is None else without_endless(data.ravel()))
    return np.concatenate(parts)


@dataclass(frozen=True)
class _Limit:
    """Magnitudes that a format has at least and at most."""

    least: float = 0.0
    most: float = float("inf")


def _limit(graph: Graph, indices: list[int]) -> _Limit:
    """What follows from functions that read a group and saturate.

    The logit of a probability that the model gives reaches both ends, even if calibration data have only one class.
    """
    readers = [op for index in indices for op in graph.consumers(index)]
    magnitudes = [RULES[op.kind].saturates for op in readers if op.kind in RULES]
    known = [magnitude for magnitude in magnitudes if magnitude is not None]
    only = len(known) == len(readers) > 0 and not graph.output_set.intersection(indices)
    gives = any(RULES[op.kind].saturates and graph.output_set.intersection(op.outputs) for op in readers)
    return _Limit(max(known) if gives else 0.0, max(known) if only else float("inf"))


def _format_of_group(values: Real, prescribed: set[Scale], ranges: Range, limit: _Limit) -> Scale:
    low, high = float(values.min()), float(values.max())
    if len(prescribed) == 1:
        (scale,) = prescribed
        least, most = range_of(scale)
        slack = (1 + _ROUNDING) * scale.scale  # outputs reach 1, and the formats of probabilities end a step below
        if least - slack <= low and high <= most + slack:
            return scale
    whole = format_of_range(low, high)
    first, last = ranges(torch.from_numpy(values), whole.zero_point)
    if last > first:
        low, high = max(first, low), min(last, high)
    low, high = max(min(low, -limit.least), -limit.most), min(max(high, limit.least), limit.most)
    return format_of_range(low, high)
