"""A model as plain dataclasses, without FlatBuffers: what the reader makes, and what compiler and engines read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.frontend.front_end import FrontEnd
from wwtool.frontend.registry import DEFAULT_FRONT_END

MAX_DIMENSIONS = 8  # of a tensor, in LiteRT
ITEM_BYTES = {
    "int8": 1, "uint8": 1, "int16": 2, "int32": 4, "int64": 8, "float16": 2, "float32": 4, "bool": 1, "resource": 0,
}  # fmt: skip


@dataclass(frozen=True)
class Quantization:
    """How integers stand for real numbers: real = scale * (q - zero_point).

    Both arrays have one entry, or one for each slice along ``axis``.
    """

    scale: npt.NDArray[np.float32]
    zero_point: npt.NDArray[np.int64]
    axis: int = 0

    @property
    def per_channel(self) -> bool:
        return self.scale.size > 1


@dataclass(frozen=True)
class Tensor:
    """One tensor; ``data`` holds the values of a constant. A variable holds the state of an operator.

    ``open``: the file leaves dimensions open, so ``shape`` is not valid yet; it follows from the operator's inputs.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: Quantization | None = None
    data: npt.NDArray[Any] | None = None
    is_variable: bool = False
    open: bool = False

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64)) if self.shape else 1

    @property
    def nbytes(self) -> int:
        return self.size * ITEM_BYTES[self.dtype]

    @property
    def scale(self) -> float:
        """The single scale of a quantized tensor; 0.0 without quantization."""
        return float(self.quantization.scale[0]) if self.quantization is not None else 0.0

    @property
    def zero_point(self) -> int:
        return int(self.quantization.zero_point[0]) if self.quantization is not None else 0


@dataclass(frozen=True)
class Operator:
    """One operator; ``inputs`` are tensor indices, -1 for an optional input that is missing.

    ``intermediates`` are tensors without data: only their quantization has a meaning. ``options_table`` is the schema's
    name for the table of ``options``, empty without one.
    """

    index: int
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)
    intermediates: tuple[int, ...] = ()
    options_table: str = ""

    def where(self) -> str:
        return f"operator {self.index} ({self.kind})"


VariableKey = tuple[bytes, bytes]  # container and shared name, which together identify a variable


def variable_key(op: Operator) -> VariableKey:
    """The variable that a VAR_HANDLE refers to; either of its names may be empty."""

    def text(option: str) -> bytes:
        raw = op.options.get(option) or b""
        # LiteRT reads them as C strings.
        return (raw if isinstance(raw, bytes) else str(raw).encode()).split(b"\0")[0]

    return text("container"), text("sharedName")


def variable_name(key: VariableKey) -> str:
    """The name of a variable in messages and reports.

    >>> variable_name((b"", b"state"))
    'state'
    """
    return "/".join(part.decode("utf-8", "replace") for part in key if part) or "(without a name)"


@dataclass(frozen=True)
class Variable:
    """A resource variable and its initial value."""

    key: VariableKey
    initial: npt.NDArray[Any]


@dataclass(frozen=True)
class Graph:
    """A whole model: the main subgraph, and the initial values of its variables from the CALL_ONCE subgraph.

    ``front_end``: the features that the model reads, if it reads those of audio.
    """

    tensors: Sequence[Tensor]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    variables: dict[VariableKey, Variable]
    sha256: str
    front_end: FrontEnd = DEFAULT_FRONT_END

    def tensor(self, index: int) -> Tensor:
        return self.tensors[index]

    @cached_property
    def input_set(self) -> frozenset[int]:
        return frozenset(self.inputs)

    @cached_property
    def output_set(self) -> frozenset[int]:
        return frozenset(self.outputs)

    @cached_property
    def _producers(self) -> dict[int, Operator]:
        return {index: op for op in reversed(self.operators) for index in op.outputs}

    @cached_property
    def _consumers(self) -> dict[int, list[Operator]]:
        consumers: dict[int, list[Operator]] = {}
        for op in self.operators:
            for index in dict.fromkeys(op.inputs):
                consumers.setdefault(index, []).append(op)
        return consumers

    @cached_property
    def _uses(self) -> dict[VariableKey, list[Operator]]:
        uses: dict[VariableKey, list[Operator]] = {}
        for op in self.operators:
            key = self.variable(op)
            if key is not None:
                uses.setdefault(key, []).append(op)
        return uses

    def variable(self, op: Operator) -> VariableKey | None:
        """The variable that an operator reads or assigns; None for other operators and for handles without a source."""
        handle = self.producer(op.inputs[0]) if op.kind in ("READ_VARIABLE", "ASSIGN_VARIABLE") else None
        return variable_key(handle) if handle is not None and handle.kind == "VAR_HANDLE" else None

    def uses(self, key: VariableKey) -> list[Operator]:
        """The operators that read or assign a variable, in order."""
        return self._uses.get(key, [])

    def producer(self, index: int) -> Operator | None:
        return self._producers.get(index)

    def consumers(self, index: int) -> list[Operator]:
        return self._consumers.get(index, [])
