"""Writes .tflite files with the schema's own object API: tensors, operators, streaming state. No TensorFlow.

The builder knows the file format and nothing about training. Its caller describes a model layer by layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from wwtool.models.quantized import Scale
from wwtool.tflite.graph import VariableKey

IDENTIFIER = b"TFL3"  # bytes 4 to 8 of a file
# Operator versions that introduced INT8 (tensorflow/lite/tools/versioning/op_version.cc).
_VERSIONS = {
    "CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "LOGISTIC": 2, "SOFTMAX": 2, "MEAN": 2,
    "AVERAGE_POOL_2D": 2, "MAX_POOL_2D": 2, "CONCATENATION": 2, "STRIDED_SLICE": 2, "ADD": 2, "MUL": 2, "PAD": 2,
    "QUANTIZE": 1, "BROADCAST_TO": 2, "SVDF": 3, "UNIDIRECTIONAL_SEQUENCE_LSTM": 3,
}  # fmt: skip
_TYPES = {
    "int8": schema.TensorType.INT8,
    "uint8": schema.TensorType.UINT8,
    "int16": schema.TensorType.INT16,
    "int32": schema.TensorType.INT32,
    "int64": schema.TensorType.INT64,
    "float32": schema.TensorType.FLOAT32,
    "float16": schema.TensorType.FLOAT16,
    "bool": schema.TensorType.BOOL,
    "resource": schema.TensorType.RESOURCE,
}


class ModelBuilder:
    """Collects subgraphs and packs them into a .tflite file."""

    def __init__(self, description: str) -> None:
        self._model = schema.ModelT()
        self._model.version = 3
        self._model.description = description
        self._model.buffers = [schema.BufferT()]
        self._model.operatorCodes = []
        self._model.subgraphs = []
        self._codes: dict[str, int] = {}

    @classmethod
    def of(cls, content: bytes) -> ModelBuilder:
        """A builder that holds the model of a file, which the reader has found to be in order.

        Its signatures are left out: they name inputs and outputs, which may become others.
        """
        builder = cls("")
        builder._model = schema.ModelT.InitFromPackedBuf(content, 0)
        builder._model.signatureDefs = []
        return builder

    def subgraph(self, name: str) -> SubgraphBuilder:
        """A new subgraph."""
        graph = schema.SubGraphT()
        graph.name, graph.tensors, graph.operators = name, [], []
        graph.inputs, graph.outputs = np.zeros(0, np.int32), np.zeros(0, np.int32)
        self._model.subgraphs.append(graph)
        return self.existing(len(self._model.subgraphs) - 1)

    def existing(self, index: int) -> SubgraphBuilder:
        """A subgraph that is there."""
        return SubgraphBuilder(self, self._model.subgraphs[index], index)

    def metadata(self, name: str, content: bytes) -> None:
        """Adds a note for other programs, which no interpreter reads; it takes the place of one of that name."""
        entry = schema.MetadataT()
        entry.name, entry.buffer = name, self._buffer(content)
        others = [e for e in self._model.metadata or [] if e.name not in (name, name.encode())]
        self._model.metadata = [*others, entry]

    def begin_with(self, key: VariableKey, data: npt.NDArray[Any]) -> None:
        """Gives a variable, which a subgraph that is there begins with a constant, other values to begin with."""
        for index, graph in enumerate(self._model.subgraphs):
            kinds = [self._model.operatorCodes[op.opcodeIndex].builtinCode for op in graph.operators]
            handles = {
                int(op.outputs[0]): (_bytes(op.builtinOptions.container), _bytes(op.builtinOptions.sharedName))
                for op, kind in zip(graph.operators, kinds, strict=True)
                if kind == schema.BuiltinOperator.VAR_HANDLE
            }
            for op, kind in zip(graph.operators, kinds, strict=True):
                assigned = kind == schema.BuiltinOperator.ASSIGN_VARIABLE and handles[int(op.inputs[0])] == key
                if assigned and graph.tensors[op.inputs[1]].buffer:  # a constant
                    self.existing(index).fill(int(op.inputs[1]), data)

    def pack(self) -> bytes:
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self._model.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())

    def _operator_code(self, kind: str) -> int:
        if kind not in self._codes:
            code = schema.OperatorCodeT()
            number = getattr(schema.BuiltinOperator, kind)
            code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
            code.version = _VERSIONS.get(kind, 1)
            self._codes[kind] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(code)
        return self._codes[kind]

    def _users(self, buffer: int) -> int:
        """How many tensors and notes have their values in a buffer."""
        holders = [tensor for graph in self._model.subgraphs for tensor in graph.tensors]
        return sum(holder.buffer == buffer for holder in (*holders, *(self._model.metadata or [])))

    def _buffer(self, data: bytes) -> int:
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(data, np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1


class SubgraphBuilder:
    """Adds tensors and operators; every method that makes a tensor returns its index."""

    def __init__(self, model: ModelBuilder, graph: Any, index: int) -> None:
        self._model, self._graph, self.index = model, graph, index

    @contextmanager
    def first(self) -> Iterator[None]:
        """Operators that are added within come before all that are there."""
        there, self._graph.operators = self._graph.operators, []
        yield
        self._graph.operators += there

    def activation(self, name: str, shape: tuple[int, ...], scale: Scale | None, dtype: str = "int8") -> int:
        """A tensor computed at run time."""
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.buffer, tensor.hasRank = name, np.asarray(shape, np.int32), 0, True
        tensor.type = _TYPES[dtype]
        if scale is not None:
            tensor.quantization = _quantization([scale.scale], [scale.zero_point], 0)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def state(self, name: str, shape: tuple[int, ...], scale: Scale, dtype: str = "int8") -> int:
        """A variable tensor: an operator's state, kept from one inference to the next."""
        index = self.activation(name, shape, scale, dtype)
        self._graph.tensors[index].isVariable = True
        return index

    def constant(
        self, name: str, data: npt.NDArray[Any], scale: npt.ArrayLike | None = None, axis: int = 0, zero_point: int = 0
    ) -> int:
        """A tensor with values; ``scale`` holds one entry or one for each slice along ``axis``."""
        index = self.activation(name, data.shape, None, str(data.dtype))
        tensor = self._graph.tensors[index]
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            tensor.quantization = _quantization(scales, np.full(len(scales), zero_point), axis)
        tensor.buffer = self._model._buffer(np.ascontiguousarray(data).tobytes())
        return index

    def operator(
        self, kind: str, inputs: list[int], outputs: list[int], options_kind: str | None = None, **options: Any
    ) -> None:
        """Adds an operator; ``options`` are the fields of the schema's table ``options_kind``."""
        op = schema.OperatorT()
        op.opcodeIndex = self._model._operator_code(kind)
        op.inputs, op.outputs = np.asarray(inputs, np.int32), np.asarray(outputs, np.int32)
        if options_kind is not None:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, options_kind)
            op.builtinOptions = getattr(schema, options_kind + "T")()
            for key, value in options.items():
                if not hasattr(op.builtinOptions, key):
                    raise AttributeError(f"{options_kind} has no field {key}")
                setattr(op.builtinOptions, key, value)
        self._graph.operators.append(op)

    def intermediates(self, tensors: list[int]) -> None:
        """Names the intermediate tensors of the operator added last."""
        self._graph.operators[-1].intermediates = np.asarray(tensors, np.int32)

    def resize(self, tensor: int, shape: tuple[int, ...]) -> None:
        """Gives a tensor that is there another shape."""
        self._graph.tensors[tensor].shape = np.asarray(shape, np.int32)

    def fill(self, tensor: int, data: npt.NDArray[Any], scale: npt.NDArray[Any] | None = None) -> None:
        """Gives a constant that is there other values, and their shape."""
        self.resize(tensor, data.shape)
        there, content = self._graph.tensors[tensor], np.ascontiguousarray(data).tobytes()
        if self._model._users(there.buffer) > 1:
            there.buffer = self._model._buffer(content)
        else:
            self._model._model.buffers[there.buffer].data = np.frombuffer(content, np.uint8)
        if scale is not None:
            there.quantization.scale = np.asarray(scale, np.float32)
            there.quantization.zeroPoint = np.zeros(len(scale), np.int64)

    def change(self, operator: int, **options: Any) -> None:
        """Gives these options of an operator that is there other values."""
        for key, value in options.items():
            setattr(self._graph.operators[operator].builtinOptions, key, value)

    def variable(self, name: str, container: str = "") -> int:
        """A handle of the resource variable ``name`` of a container."""
        handle = self.activation(name, (), None, "resource")
        self.operator("VAR_HANDLE", [], [handle], "VarHandleOptions", container=container, sharedName=name)
        return handle

    def interface(self, inputs: list[int], outputs: list[int]) -> None:
        self._graph.inputs, self._graph.outputs = np.asarray(inputs, np.int32), np.asarray(outputs, np.int32)


def _bytes(text: bytes | str | None) -> bytes:
    return text.encode() if isinstance(text, str) else text or b""


def _quantization(scale: npt.ArrayLike, zero_point: npt.ArrayLike, axis: int) -> Any:
    q = schema.QuantizationParametersT()
    q.scale, q.zeroPoint = np.asarray(scale, np.float32), np.asarray(zero_point, np.int64)
    q.quantizedDimension = axis
    return q
