"""Rows of a model's inputs and outputs, which all engines take and return.

A row is one inference. The rows of an input are an array (N, *shape), or (N, *shape[1:]) if the batch is 1. A model
with several inputs takes a list of such arrays, in the model's order. Output rows omit a batch of 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.errors import InputError
from wwtool.tflite.graph import Graph

Array = npt.NDArray[Any]
Rows = Array | Sequence[Array]


@dataclass(frozen=True)
class Port:
    """One input or output."""

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str

    @property
    def row(self) -> tuple[int, ...]:
        """The shape of one row, without a batch of 1."""
        return self.shape[1:] if self.shape[:1] == (1,) else self.shape


def ports(graph: Graph, indices: Sequence[int]) -> list[Port]:
    return [Port(t.index, t.name, t.shape, t.dtype) for t in map(graph.tensor, indices)]


def as_inputs(inputs: Sequence[Port], rows: Rows) -> list[Array]:
    """The rows of each input as an array (N, *shape) of the input's type.

    Raises:
        InputError: there are too many or too few arrays, or one has another shape or type.
    """
    arrays = [rows] if isinstance(rows, np.ndarray) else list(rows)
    if len(arrays) != len(inputs):
        raise InputError(f"the model has {len(inputs)} inputs, not {len(arrays)}; give one array for each")
    result = []
    for port, array in zip(inputs, arrays, strict=True):
        fits = array.ndim > 0 and array.shape[1:] in (port.row, port.shape)
        if not fits or array.dtype != np.dtype(port.dtype):
            raise InputError(
                f"the input {port.name} is {array.dtype} of shape {array.shape}; the model takes {port.dtype} of shape "
                f"({', '.join(map(str, ('N', *port.row)))})"
            )
        result.append(np.ascontiguousarray(array).reshape((len(array), *port.shape)))
    if len({len(array) for array in result}) > 1:
        raise InputError("the inputs have different numbers of rows; give the same number for each")
    return result
