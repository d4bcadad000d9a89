"""The INT8 model while it is written: its tensors, variables and operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.text import printable
from wwtool.errors import InputError
from wwtool.export.builder import SubgraphBuilder
from wwtool.models.quantized import Scale
from wwtool.quantizer.arithmetic import Real, format_of_range, quantized
from wwtool.quantizer.formats import Formats
from wwtool.quantizer.real_model import is_real
from wwtool.tflite.graph import Graph, Operator, VariableKey, variable_name

_UNSIGNED = 128  # a uint8 is an int8 of the same scale whose zero point is so much higher
_RESET = {"asymmetricQuantizeInputs": False, "quantizedBiasType": 0, "potScaleInt16": False}  # of hybrid and int16


@dataclass
class Writer:
    """Adds the operators of the float model, one after the other.

    Attributes:
        graph: the float model.
        formats: the formats of its tensors.
        main: the subgraph that is written.
        special: how operators are written whose int8 form is more than the same operator on int8 tensors.
        results: where the computed real tensors of the float model are: index and format by float index.
    """

    graph: Graph
    formats: Formats
    main: SubgraphBuilder
    special: Mapping[str, Callable[[Writer, Operator], None]]
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
        """An input of the model."""
        made = self._declare(index)
        self._finish(index)
        return made

    def output(self, index: int, unsigned: bool) -> int:
        """An output of the model; if it is real and ``unsigned``, as uint8."""
        t = self.graph.tensor(index)
        if not unsigned or not is_real(t):
            return self._index[index]
        scale = self.formats.read[index]
        shifted = Scale(scale.scale, scale.zero_point + _UNSIGNED)
        result = self.main.activation(f"{t.name}/uint8", t.shape, shifted, "uint8")
        self.main.operator("QUANTIZE", [self._index[index]], [result], "QuantizeOptions")
        return result

    def add(self, op: Operator) -> None:
        """One operator of the float model."""
        if op.kind == "VAR_HANDLE":
            return
        key = self.graph.variable(op)
        if key is not None:
            self._use_variable(op, self._names.get(key, variable_name(key)))
        elif op.kind in self.special and self._is_real(op):
            self.special[op.kind](self, op)
        else:
            self.emit(op, op.kind, [self.operand(i) for i in op.inputs])

    def emit(self, op: Operator, kind: str, inputs: list[int], table: str = "", **options: Any) -> None:
        """Adds an operator with the outputs of ``op``, and with its options unless there are others."""
        outputs = [self._declare(index) for index in op.outputs]
        if kind == "RESHAPE":  # the file may have left the shape open
            shape = np.asarray(self.graph.tensor(op.outputs[0]).shape, np.int32)
            inputs, options = [inputs[0], self.main.constant("shape", shape)], {"newShape": shape}
            table = "ReshapeOptions"
        elif not table:
            table = op.options_table
            options = {**op.options, **{key: value for key, value in _RESET.items() if key in op.options}}
        self.main.operator(kind, inputs, outputs, table or None, **options)
        for index in op.outputs:
            self._finish(index)

    def operand(self, index: int) -> int:
        """A tensor that an operator reads; a constant is made when it is first read."""
        if index >= 0 and index not in self._index:
            t = self.graph.tensor(index)
            if t.data is None:
                raise InputError(f"tensor '{printable(t.name, 60)}' keeps a state that its operator cannot have")
            self._index[index] = self._constant(t.name, t.data, self.formats.read.get(index), self.main)
        return self._index[index] if index >= 0 else -1

    def weights(self, op: Operator, slot: int) -> tuple[str, Real]:
        """The name and the real numbers of an input that has to be constant.

        Raises:
            InputError: it is not.
        """
        t = self.graph.tensor(op.inputs[slot])
        if t.data is None:
            raise InputError(f"{op.where()} has weights that are not constant, which TFLite's int8 layers cannot have")
        return t.name, np.asarray(t.data, np.float32)

    def format(self, op: Operator, index: int) -> Scale:
        """The format in which an operator reads a tensor that has to be real.

        Raises:
            InputError: it is not.
        """
        if index not in self.formats.read:
            raise InputError(f"{op.where()} works on a tensor that is not float32, which is not supported")
        return self.formats.read[index]

    def number(self, op: Operator, value: npt.ArrayLike) -> int:
        """A constant in a format of its own."""
        values = np.asarray(value, np.float32)
        scale = format_of_range(float(values.min()), float(values.max()))
        return self._constant(f"{self.graph.tensor(op.outputs[0]).name}/factor", values, scale, self.main)

    def state(self, index: int, scale: Scale, dtype: str) -> int:
        """The variable tensor in which an operator keeps its state."""
        t = self.graph.tensor(index)
        return self.main.state(t.name, t.shape, scale, dtype)

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

    def _is_real(self, op: Operator) -> bool:
        return any(is_real(self.graph.tensor(i)) for i in (*op.inputs, *op.outputs) if i >= 0)

    def _use_variable(self, op: Operator, name: str) -> None:
        handle = self.main.variable(name)
        if op.kind == "READ_VARIABLE":
            self.main.operator(op.kind, [handle], [self._declare(op.outputs[0])], "ReadVariableOptions")
            self._finish(op.outputs[0])
        else:
            self.main.operator(op.kind, [handle, self.operand(op.inputs[1])], [], "AssignVariableOptions")
