"""The model in exact integer PyTorch: every operator of the graph in NumPy and torch, independent of the C."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.lowering import lower, supported_operators
from wwtool.engines.interface import Rows, as_inputs, ports
from wwtool.engines.torch_operators import Values, can_evaluate, evaluate
from wwtool.errors import InputError
from wwtool.tflite.graph import Graph, VariableKey, variable_key
from wwtool.tflite.operators.variables import initial_value, variable_tensors
from wwtool.tflite.reader import parse_model


class TorchEngine:
    """Interprets a graph; state starts fresh and is carried from row to row."""

    def __init__(self, content: bytes) -> None:
        # Refuses what the compiler refuses, and computes constants beforehand as the compiler does.
        self.graph: Graph = lower(parse_model(content), leave_out="none").graph
        self._state = {key: variable.initial for key, variable in self.graph.variables.items()}
        self._variables: Values = {
            t.index: np.full(t.shape, initial_value(t), t.dtype) for t in variable_tensors(self.graph)
        }
        self._values: Values = {}

    def run(self, rows: Rows) -> npt.NDArray[Any]:
        """Runs rows of the inputs and returns the first output's rows (see interface.py)."""
        return self.run_all(rows)[0]

    def run_all(self, rows: Rows) -> list[npt.NDArray[Any]]:
        """Runs rows of the inputs and returns the rows of every output."""
        inputs = as_inputs(ports(self.graph, self.graph.inputs), rows)
        outputs = ports(self.graph, self.graph.outputs)
        out = [np.empty((len(inputs[0]), *port.row), port.dtype) for port in outputs]
        for i, row in enumerate(zip(*inputs, strict=True)):
            self.step(row)
            for port, values in zip(outputs, out, strict=True):
                values[i] = self._values[port.index].reshape(port.row)
        return out

    @np.errstate(all="ignore")
    def step(self, row: Rows) -> None:
        """Runs one row, an array for every input; its tensors can be read afterwards."""
        arrays = [row] if isinstance(row, np.ndarray) else row
        self._values = {t.index: t.data for t in self.graph.tensors if t.data is not None}
        for array, index in zip(arrays, self.graph.inputs, strict=True):
            source = self.graph.tensor(index)
            self._values[index] = array.view(source.dtype).reshape(source.shape)
        self._values |= self._variables
        handles: dict[int, VariableKey] = {}
        for op in self.graph.operators:
            if op.kind == "VAR_HANDLE":
                handles[op.outputs[0]] = variable_key(op)
            elif op.kind == "READ_VARIABLE":
                self._values[op.outputs[0]] = self._state[handles[op.inputs[0]]]
            elif op.kind == "ASSIGN_VARIABLE":
                self._state[handles[op.inputs[0]]] = self._values[op.inputs[1]]
            elif can_evaluate(op.kind):
                results = evaluate(self.graph, op, self._values)
                for index, result in zip(op.outputs, results, strict=True):
                    y = self.graph.tensor(index)
                    self._values[index] = np.asarray(result).astype(y.dtype).reshape(y.shape)
            else:
                raise InputError(
                    f"{op.where()} is not supported; the supported operators are {', '.join(supported_operators())}"
                )
        self._variables = {index: self._values[index] for index in self._variables}

    def tensor(self, index: int) -> npt.NDArray[Any]:
        """The value of tensor ``index`` after a step."""
        return self._values[index]
