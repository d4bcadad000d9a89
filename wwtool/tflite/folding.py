"""Constant folding: operators on constants and on shapes are computed before a model is compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

import numpy as np

from wwtool.errors import InputError
from wwtool.tflite import limits
from wwtool.tflite.constant_values import FOLDS, NUMBERS, SHAPE_FOLDS
from wwtool.tflite.graph import ITEM_BYTES, Graph, Operator, Tensor
from wwtool.tflite.grouping import ungrouped
from wwtool.tflite.operators.moves import MOVES, Array
from wwtool.tflite.operators.slices import paddings
from wwtool.tflite.shapes import output_shapes

_VIEWS = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")  # they need no memory
# How many elements the output has, for operators whose output may be larger than their inputs.
_GROWTH: dict[str, Callable[[Graph, Operator, list[Array]], int]] = {
    **dict.fromkeys(("CONCATENATION", "PACK"), lambda graph, op, x: sum(v.size for v in x)),
    **dict.fromkeys(
        ("PAD", "PADV2"),
        lambda graph, op, x: prod(a + n + b for n, (a, b) in zip(x[0].shape, paddings(graph, op), strict=True)),
    ),
}


def folded(graph: Graph) -> Graph:
    """Returns the model without operators whose results are constant, and with all shapes; see grouping.py, too.

    A constant output of the model is copied there. An operator that only moves numbers stays in the model if it would
    create too many constants.

    Raises:
        InputError: an operator on constants is not valid, or creates too many constants.
    """
    return ungrouped(_Folding(graph).run())


def with_shapes(graph: Graph) -> Graph:
    """Returns the model as it is, but with the shapes that the file leaves open."""
    if not any(t.open for t in graph.tensors):
        return graph
    folded_tensors = _Folding(graph).run().tensors
    tensors = [
        replace(t, shape=folded_tensors[t.index].shape, open=folded_tensors[t.index].open) for t in graph.tensors
    ]
    return replace(graph, tensors=tuple(tensors))


class _Folding:
    """One walk over a model's operators; ``graph`` holds every constant and shape found so far."""

    def __init__(self, graph: Graph) -> None:
        self.original = graph
        self.tensors = list(graph.tensors)
        self.graph = replace(graph, tensors=self.tensors)
        self.most_bytes = limits.FOLDED_BYTES + limits.FOLDED_TIMES * sum(
            t.nbytes for t in graph.tensors if t.data is not None
        )
        self.bytes_left = self.most_bytes
        self.kept: list[Operator] = []
        self.moved: dict[int, int] = {}  # constants that are also outputs of the model: their copies' numbers

    def run(self) -> Graph:
        behind = 1 + max((op.index for op in self.original.operators), default=-1)
        for t in [self.tensors[i] for i in self.original.output_set if self.tensors[i].data is not None]:
            self._keep(behind, t)
        with np.errstate(all="ignore"):  # integers wrap as they do in LiteRT
            for op in self.original.operators:
                self._visit(replace(op, inputs=tuple(self.moved.get(i, i) for i in op.inputs)))
        return replace(self.original, tensors=tuple(self.tensors), operators=tuple(self.kept))

    def _visit(self, op: Operator) -> None:
        if any(self.tensors[i].open for i in op.outputs):
            self._infer(op)
        values = self._values(op)
        if values is None:
            self.kept.append(op)
            return
        for index, value in zip(op.outputs, values, strict=True):
            y = self.tensors[index]
            shape = value.shape if y.open else y.shape
            if value.size != prod(shape) or value.dtype.name != y.dtype:
                raise InputError(f"{op.where()} has an output of shape {list(y.shape)}, which does not fit its input")
            y = replace(y, data=np.ascontiguousarray(value).reshape(shape), shape=shape, open=False)
            self._keep(op.index, y)

    def _keep(self, operator: int, y: Tensor) -> None:
        """Keeps a tensor as a constant; an output of the model becomes a copy of it."""
        self.tensors[y.index] = y
        if y.index in self.original.output_set:
            self.moved[y.index] = len(self.tensors)
            self.tensors.append(replace(y, index=len(self.tensors)))
            self.tensors[y.index] = replace(y, data=None)
            self.kept.append(Operator(operator, "RESHAPE", (self.moved[y.index],), (y.index,)))

    def _infer(self, op: Operator) -> None:
        try:
            shapes = output_shapes(self.graph, op)
        except (ValueError, IndexError, KeyError, ZeroDivisionError) as error:
            raise InputError(f"{op.where()} has shapes that do not fit together") from error
        for index, shape in zip(op.outputs, shapes or (), strict=shapes is not None):
            t = self.tensors[index]
            if t.open:
                self.tensors[index] = replace(t, shape=tuple(map(int, shape)), open=False)

    def _values(self, op: Operator) -> list[Array] | None:
        """The constants that an operator computes; None if its inputs are not constant or the results too large."""
        x = [self.tensors[i] if i >= 0 else None for i in op.inputs]
        if op.kind in SHAPE_FOLDS and x[0] is not None:
            if x[0].open:
                raise InputError(
                    f"{op.where()} reads a shape that the model leaves open; export the model with fixed shapes"
                )
            return [np.asarray(SHAPE_FOLDS[op.kind](x[0].shape), _whole(op, self.tensors[op.outputs[0]]))]
        constants = [t.data for t in x if t is not None and t.data is not None]
        plain = op.kind in FOLDS and all(t is None or t.dtype in NUMBERS for t in x)
        if len(constants) != len(x) or not (plain or op.kind in MOVES):
            return None
        try:
            size = self._size(op, constants, plain)
            if size > self.bytes_left:
                if op.kind in MOVES:
                    return None
                raise InputError(
                    f"{op.where()} computes {size} bytes of constants, which exceeds the limit of {self.most_bytes} "
                    "in all; export the model with these constants in it"
                )
            self.bytes_left -= size
            if plain:
                return [np.asarray(FOLDS[op.kind].value(self.graph, op, constants))]
            return MOVES[op.kind](self.graph, op, constants)
        except (ValueError, IndexError, TypeError, OverflowError, ZeroDivisionError) as error:
            raise InputError(f"{op.where()} has shapes or numbers that do not fit together") from error

    def _size(self, op: Operator, x: list[Array], plain: bool) -> int:
        """How many bytes the outputs take; checked before anything of that size exists."""
        outputs = [self.tensors[i] for i in op.outputs]
        if plain:
            growth = FOLDS[op.kind].size
            size = growth(self.graph, op, x) if growth is not None else max(v.size for v in x)
            return size * ITEM_BYTES[outputs[0].dtype]
        if op.kind in _GROWTH and _GROWTH[op.kind](self.graph, op, x) != outputs[0].size:
            raise InputError(f"{op.where()} has an output whose size does not follow from its input")
        return 0 if op.kind in _VIEWS else sum(t.nbytes for t in outputs)


def _whole(op: Operator, t: Tensor) -> str:
    if t.dtype not in ("int32", "int64"):
        raise InputError(f"{op.where()} gives a shape as {t.dtype}; only int32 and int64 are supported")
    return t.dtype
