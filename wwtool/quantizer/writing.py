"""Writes the INT8 model: the operators of the float model on int8 tensors, in the formats that were chosen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.export.builder import ModelBuilder, SubgraphBuilder
from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END
from wwtool.models.quantized import Scale
from wwtool.quantizer.arithmetic import (
    Real,
    bias_scales,
    format_of_range,
    quantized,
    quantized_bias,
    quantized_weights,
    weight_scales,
)
from wwtool.quantizer.formats import Formats
from wwtool.quantizer.real_model import is_real
from wwtool.quantizer.rules import RULES, Weights
from wwtool.tflite.front_end import FRONT_END
from wwtool.tflite.graph import Graph, Operator, VariableKey, variable_name

_UNSIGNED = 128  # a uint8 is an int8 of the same scale whose zero point is so much higher
_NO_OPTIONS = {"asymmetricQuantizeInputs": False, "quantizedBiasType": 0, "potScaleInt16": False}


@dataclass
class Written:
    """The file, and where the results of the float model are in it: the index and the format by the float index."""

    content: bytes
    tensors: dict[int, tuple[int, Scale]]


def write_model(
    graph: Graph, formats: Formats, description: str, unsigned_outputs: bool, front_end: FrontEnd | None
) -> Written:
    """Writes the INT8 model.

    Args:
        graph: the float model.
        formats: the formats of its tensors.
        description: for the file.
        unsigned_outputs: real outputs are uint8 instead of int8.
        front_end: the features that it reads, if it is known to read any.

    Raises:
        InputError: a layer's weights are not constant.
    """
    builder = ModelBuilder(description)
    writer = _Writer(graph, formats, builder.subgraph("main"))
    if graph.variables:
        writer.initialise(builder.subgraph("initial"))
    inputs = [writer.input(index) for index in graph.inputs]
    for op in graph.operators:
        writer.add(op)
    outputs = [writer.output(index, unsigned_outputs) for index in graph.outputs]
    writer.main.interface(inputs, outputs)
    if front_end is not None and front_end != DEFAULT_FRONT_END:
        builder.metadata(FRONT_END, json.dumps(front_end.as_dict()).encode())
    return Written(builder.pack(), writer.results)


@dataclass
class _Writer:
    graph: Graph
    formats: Formats
    main: SubgraphBuilder
    results: dict[int, tuple[int, Scale]] = field(default_factory=dict)
    _index: dict[int, int] = field(default_factory=dict)  # of the tensors that exist, by float index
    _names: dict[VariableKey, str] = field(default_factory=dict)

    def initialise(self, initial: SubgraphBuilder) -> None:
        """The subgraph that gives variables their first values."""
        self.main.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=initial.index)
        for number, (key, variable) in enumerate(self.graph.variables.items()):
            name = variable_name(key)
            self._names[key] = name if name not in self._names.values() else f"{name}/{number}"
            scale = self.formats.variables.get(key)
            start = self._constant(f"{self._names[key]}/start", variable.initial, scale, initial)
            handle = initial.variable(self._names[key])
            initial.operator("ASSIGN_VARIABLE", [handle, start], [], "AssignVariableOptions")

    def input(self, index: int) -> int:
        made = self._declare(index)
        self._finish(index)
        return made

    def output(self, index: int, unsigned: bool) -> int:
        t = self.graph.tensor(index)
        if not unsigned or not is_real(t):
            return self._index[index]
        scale = self.formats.read[index]
        wide = Scale(scale.scale, scale.zero_point + _UNSIGNED)
        result = self.main.activation(f"{t.name}/uint8", t.shape, wide, "uint8")
        self.main.operator("QUANTIZE", [self._index[index]], [result], "QuantizeOptions")
        return result

    def add(self, op: Operator) -> None:
        """One operator of the float model."""
        if op.kind == "VAR_HANDLE":
            return
        key = self.graph.variable(op)
        if key is not None:
            self._use_variable(op, self._names.get(key, variable_name(key)))
            return
        real = any(i >= 0 and is_real(self.graph.tensor(i)) for i in (*op.inputs, *op.outputs))
        if real and op.kind in _INSTEAD:
            _INSTEAD[op.kind](self, op)
            return
        weights = RULES[op.kind].weights if real else None
        inputs = [self.operand(i) for i in op.inputs] if weights is None else self._layer(op, weights)
        self.emit(op, op.kind, inputs)

    def emit(self, op: Operator, kind: str, inputs: list[int], table: str = "", **options: Any) -> None:
        """Adds an operator with the outputs of ``op``, and with its options unless there are others."""
        outputs = [self._declare(index) for index in op.outputs]
        if kind == "RESHAPE":  # the file may have left the shape open
            shape = np.asarray(self.graph.tensor(op.outputs[0]).shape, np.int32)
            inputs, options = [inputs[0], self.main.constant("shape", shape)], {"newShape": shape}
            table = "ReshapeOptions"
        elif not table:
            table = op.options_table
            options = {**op.options, **{key: value for key, value in _NO_OPTIONS.items() if key in op.options}}
        self.main.operator(kind, inputs, outputs, table or None, **options)
        for index in op.outputs:
            self._finish(index)

    def operand(self, index: int) -> int:
        """A tensor that an operator reads; a constant is made when it is first read."""
        if index >= 0 and index not in self._index:
            t = self.graph.tensor(index)
            assert t.data is not None
            self._index[index] = self._constant(t.name, t.data, self.formats.read.get(index), self.main)
        return self._index[index] if index >= 0 else -1

    def number(self, op: Operator, value: npt.ArrayLike) -> int:
        """A constant of its own format."""
        values = np.asarray(value, np.float32)
        scale = format_of_range(float(values.min()), float(values.max()))
        return self._constant(f"{self.graph.tensor(op.outputs[0]).name}/factor", values, scale, self.main)

    def _constant(self, name: str, data: npt.NDArray[Any], scale: Scale | None, place: SubgraphBuilder) -> int:
        if scale is None:
            return place.constant(name, data)
        return place.constant(name, quantized(data, scale), scale.scale, zero_point=scale.zero_point)

    def _declare(self, index: int) -> int:
        """Makes the tensor that an operator or the user of the model writes."""
        t, read = self.graph.tensor(index), self.formats.read.get(index)
        scale = self.formats.made.get(index, read)
        self._index[index] = self.main.activation(t.name, t.shape, scale, t.dtype if scale is None else "int8")
        if scale is not None:
            self.results[index] = self._index[index], scale
        return self._index[index]

    def _finish(self, index: int) -> None:
        """Brings a tensor to the format in which it is read."""
        if index in self.formats.made:
            t, scale = self.graph.tensor(index), self.formats.read[index]
            source, self._index[index] = self._index[index], self.main.activation(f"{t.name}/same", t.shape, scale)
            self.main.operator("QUANTIZE", [source], [self._index[index]], "QuantizeOptions")

    def _use_variable(self, op: Operator, name: str) -> None:
        handle = self.main.variable(name)
        if op.kind == "READ_VARIABLE":
            self.main.operator(op.kind, [handle], [self._declare(op.outputs[0])], "ReadVariableOptions")
            self._finish(op.outputs[0])
        else:
            self.main.operator(op.kind, [handle, self.operand(op.inputs[1])], [], "AssignVariableOptions")

    def _layer(self, op: Operator, rule: Weights) -> list[int]:
        """The inputs of a layer: int8 weights, and an int32 bias at the scale of the products."""
        name, weights = self._weights(op, rule.weights)
        has_bias = len(op.inputs) > rule.bias and op.inputs[rule.bias] >= 0
        bias_name, bias = self._weights(op, rule.bias) if has_bias else ("", None)
        source = self.formats.read[op.inputs[rule.source]].scale
        scales = weight_scales(weights, rule.axis, bias, source)
        stored = quantized_weights(weights, rule.axis, scales)
        made = {rule.weights: self.main.constant(name, stored, scales, rule.axis or 0)}
        if bias is not None:
            products = bias_scales(source, scales)
            made[rule.bias] = self.main.constant(bias_name, quantized_bias(bias, products), products)
        return [made[slot] if slot in made else self.operand(index) for slot, index in enumerate(op.inputs)]

    def _weights(self, op: Operator, slot: int) -> tuple[str, Real]:
        t = self.graph.tensor(op.inputs[slot])
        if t.data is None:
            raise InputError(f"{op.where()} has weights that are not constant, which TFLite's int8 layers cannot have")
        return t.name, np.asarray(t.data, np.float32)


def _product(writer: _Writer, op: Operator, factor: int) -> None:
    activation = int(op.options.get("fusedActivationFunction", 0))
    inputs = [writer.operand(op.inputs[0]), factor]
    writer.emit(op, "MUL", inputs, "MulOptions", fusedActivationFunction=activation)


def _square(writer: _Writer, op: Operator) -> None:
    _product(writer, op, writer.operand(op.inputs[0]))


def _negative(writer: _Writer, op: Operator) -> None:
    """Int8's NEG negates the stored number, whatever its zero point."""
    _product(writer, op, writer.number(op, -1.0))


def _quotient(writer: _Writer, op: Operator) -> None:
    divisor = writer.graph.tensor(op.inputs[1]).data
    if divisor is None or not divisor.all():
        raise InputError(f"{op.where()} divides by a tensor that is not constant or by 0, which int8 has no kernel for")
    _product(writer, op, writer.number(op, 1.0 / divisor))


def _total(writer: _Writer, op: Operator) -> None:
    """LiteRT's int8 SUM reads its input as uint8, so a sum is written as a mean and a product, which rounds as well."""
    x, y = writer.graph.tensor(op.inputs[0]), writer.graph.tensor(op.outputs[0])
    scale = writer.formats.read[y.index]
    count = x.size // y.size
    mean = Scale(float(np.float32(scale.scale / count)), scale.zero_point)
    middle = writer.main.activation(f"{y.name}/mean", y.shape, mean)
    inputs = [writer.operand(i) for i in op.inputs]
    keep = bool(op.options.get("keepDims"))
    writer.main.operator("MEAN", inputs, [middle], "ReducerOptions", keepDims=keep)
    factor = writer.number(op, float(count))
    writer.emit(op, "MUL", [middle, factor], "MulOptions", fusedActivationFunction=0)


_INSTEAD: dict[str, Callable[[_Writer, Operator], None]] = {
    "NEG": _negative, "SQUARE": _square, "DIV": _quotient, "SUM": _total,
}  # fmt: skip
"""Operators that int8 has no kernel for, or one that LiteRT misreads, as products."""
