"""A .tflite as TFLM's allocator sees it: every tensor and operator of every subgraph, used or not."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import Any

from ai_edge_litert import schema_py_generated as schema

from wwtool.errors import InputError
from wwtool.tflite.graph import ITEM_BYTES
from wwtool.tflite.reader import parse_model

_OPERATOR_NAMES = {v: k for k, v in vars(schema.BuiltinOperator).items() if isinstance(v, int)}
_TYPE_NAMES = {v: k.lower() for k, v in vars(schema.TensorType).items() if isinstance(v, int)}


@dataclass(frozen=True)
class Tensor:
    """A tensor; ``channels``: the scales of its quantization, 0 without one."""

    shape: tuple[int, ...]
    dtype: str
    is_constant: bool
    is_variable: bool
    channels: int

    @property
    def nbytes(self) -> int:
        """A handle of a variable takes nothing: it points to what its operator's kernel keeps."""
        return prod(self.shape) * ITEM_BYTES[self.dtype]


@dataclass(frozen=True)
class Operator:
    """An operator. ``options``: its table of the schema, or None. ``initial``: the subgraph that CALL_ONCE runs."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any

    @property
    def initial(self) -> int | None:
        return getattr(self.options, "initSubgraphIndex", None)

    @property
    def shared_name(self) -> tuple[Any, Any]:
        return getattr(self.options, "container", None), getattr(self.options, "sharedName", None)


@dataclass(frozen=True)
class Subgraph:
    """The tensors, operators, inputs and outputs of a subgraph."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_subgraphs(content: bytes, name: str = "model") -> tuple[Subgraph, ...]:
    """All subgraphs of a model, the main one first.

    Raises:
        InputError: the file is not a valid model.
    """
    parse_model(content, name)  # refuses what is damaged, in a sentence
    try:
        model = schema.ModelT.InitFromPackedBuf(content, 0)
        codes = [_OPERATOR_NAMES[max(code.builtinCode, code.deprecatedBuiltinCode)] for code in model.operatorCodes]
        return tuple(_subgraph(graph, codes, model.buffers) for graph in model.subgraphs)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        raise InputError(f"{name} has a subgraph that is damaged; export the model again") from error


def _subgraph(graph: Any, codes: list[str], buffers: list[Any]) -> Subgraph:
    tensors = tuple(_tensor(tensor, buffers) for tensor in graph.tensors)
    operators = tuple(
        Operator(codes[op.opcodeIndex], _indices(op.inputs), _indices(op.outputs), op.builtinOptions)
        for op in graph.operators
    )
    return Subgraph(tensors, operators, _indices(graph.inputs), _indices(graph.outputs))


def _tensor(tensor: Any, buffers: list[Any]) -> Tensor:
    shape = () if tensor.shape is None else tuple(int(n) for n in tensor.shape)
    data, quantization = buffers[tensor.buffer].data, tensor.quantization
    scales = None if quantization is None else quantization.scale
    zeros = None if quantization is None else quantization.zeroPoint
    channels = len(scales) if scales is not None and zeros is not None and len(zeros) else 0
    return Tensor(
        shape, _TYPE_NAMES[tensor.type], data is not None and len(data) > 0, bool(tensor.isVariable), channels
    )


def _indices(values: Any) -> tuple[int, ...]:
    return () if values is None else tuple(int(value) for value in values)
