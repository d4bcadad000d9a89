"""CAST for the torch engine."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.int8.arithmetic import limits
from wwtool.tflite.graph import Graph, Operator

Values = dict[int, npt.NDArray[Any]]


def cast(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    """Integers keep their low bits. Floats are limited to the output's range; NaN becomes its greatest value."""
    x, y = values[op.inputs[0]], graph.tensor(op.outputs[0])
    if x.dtype != np.float32 or y.dtype in ("float32", "bool"):
        return x.astype(y.dtype)
    low, high = limits(y.dtype)
    with np.errstate(invalid="ignore"):
        whole = np.trunc(x).astype(np.int64)
    inside = (x >= float(low)) & (x < float(high) + 1.0)
    return np.where(inside, whole, np.where(x < float(low), low, high)).astype(y.dtype)
