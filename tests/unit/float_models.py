"""Float .tflite models for the quantizer's tests, made of INT8 ones: the same graph on real numbers. Not a test."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from graphs import Model

from wwtool.export.builder import ModelBuilder, SubgraphBuilder
from wwtool.quantizer.arithmetic import dequantized
from wwtool.tflite.graph import Graph, Operator, Tensor, variable_name
from wwtool.tflite.reader import parse_model

WEIGHTS = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1, "TRANSPOSE_CONV": 1, "SVDF": 1}
FLOAT, HALF, DYNAMIC = "float", "half", "dynamic"


def as_float(content: bytes, weights: str = FLOAT) -> Model:
    """The model in floats; ``weights``: as they are, as float16 with DEQUANTIZE, or as int8 for hybrid kernels."""
    return Model(_Floats(parse_model(content), weights).pack())


class _Floats:
    def __init__(self, graph: Graph, weights: str) -> None:
        self.graph, self.weights = graph, weights
        self.builder = ModelBuilder("float")
        self.main = self.builder.subgraph("main")
        self.made: dict[int, int] = {}

    def pack(self) -> bytes:
        if self.graph.variables:
            self._initialise(self.builder.subgraph("initial"))
        inputs = [self._activation(i) for i in self.graph.inputs]
        for op in self.graph.operators:
            self._add(op)
        self.main.interface(inputs, [self.made[i] for i in self.graph.outputs])
        return self.builder.pack()

    def _initialise(self, initial: SubgraphBuilder) -> None:
        self.main.operator("CALL_ONCE", [], [], "CallOnceOptions", initSubgraphIndex=initial.index)
        for key, variable in self.graph.variables.items():
            zeros = np.zeros(variable.initial.shape, np.float32)
            handle = initial.variable(variable_name(key))
            initial.operator("ASSIGN_VARIABLE", [handle, initial.constant("start", zeros)], [], "AssignVariableOptions")

    def _add(self, op: Operator) -> None:
        if op.kind in ("QUANTIZE", "DEQUANTIZE"):
            self.made[op.outputs[0]] = self.made[op.inputs[0]]
        elif op.kind == "VAR_HANDLE":
            self.made[op.outputs[0]] = self.main.variable(str(op.options["sharedName"].decode()))
        else:
            inputs = [self._input(op, slot) for slot in range(len(op.inputs))]
            outputs = [self._activation(i) for i in op.outputs]
            options = {**op.options, **({"quantizedBiasType": 0} if "quantizedBiasType" in op.options else {})}
            self.main.operator(op.kind, inputs, outputs, op.options_table or None, **options)

    def _activation(self, index: int) -> int:
        t = self.graph.tensor(index)
        self.made[index] = self.main.activation(t.name, t.shape, None, _type(t))
        return self.made[index]

    def _input(self, op: Operator, slot: int) -> int:
        index = op.inputs[slot]
        if index < 0 or index in self.made:
            return self.made.get(index, -1)
        t = self.graph.tensor(index)
        if t.data is None:  # a state
            self.made[index] = self.main.activation(t.name, t.shape, None, _type(t))
            self.main._graph.tensors[-1].isVariable = True
        else:
            self.made[index] = self._constant(t, WEIGHTS.get(op.kind) == slot)
        return self.made[index]

    def _constant(self, t: Tensor, is_weight: bool) -> int:
        assert t.data is not None
        if t.quantization is None:
            return self.main.constant(t.name, t.data)
        if is_weight and self.weights == DYNAMIC:
            return self.main.constant(t.name, t.data, t.quantization.scale, t.quantization.axis)
        real: npt.NDArray[Any] = dequantized(t.data, t.quantization)
        if not is_weight or self.weights == FLOAT:
            return self.main.constant(t.name, real)
        half = self.main.constant(f"{t.name}/half", real.astype(np.float16))
        wide = self.main.activation(t.name, t.shape, None, "float32")
        self.main.operator("DEQUANTIZE", [half], [wide], "DequantizeOptions")
        return wide


def _type(t: Tensor) -> str:
    return "float32" if t.dtype in ("int8", "uint8", "int16") and t.quantization is not None else t.dtype
