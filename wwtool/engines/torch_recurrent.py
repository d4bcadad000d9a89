"""The recurrent operators on NumPy integers for the torch engine; they leave their new state in ``values``."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.arithmetic import IntArray, add_zero_point, multiply_twice_rounded, quantize_multiplier
from wwtool.compiler.graph import Graph, Operator

Values = dict[int, npt.NDArray[Any]]


def svdf(graph: Graph, op: Operator, values: Values) -> npt.NDArray[Any]:
    """SVDF; the state (1, filters * memory) moves by one column, the newest activations last."""
    x, feature, time, state = (graph.tensor(op.inputs[i]) for i in (0, 1, 2, 4))
    y = graph.tensor(op.outputs[0])
    filters, memory = time.shape
    now = values[feature.index].astype(np.int64) @ (values[x.index].astype(np.int64).ravel() - x.zero_point)
    real = np.float32(x.scale) * np.float32(feature.scale) / np.float32(state.scale)
    newest = np.clip(multiply_twice_rounded(now, *quantize_multiplier(real)), -(2**15), 2**15 - 1)
    past = values[state.index].astype(np.int64).reshape(filters, memory)
    past = np.concatenate([past[:, 1:], newest[:, None]], axis=1)
    values[state.index] = past.astype(np.int16).reshape(state.shape)
    sums = (past * values[time.index]).sum(axis=1).reshape(-1, int(op.options["rank"])).sum(axis=1)
    if op.inputs[3] >= 0:
        sums = sums + values[op.inputs[3]].ravel()
    real = np.float32(state.scale) * np.float32(time.scale) / np.float32(y.scale)
    scaled = multiply_twice_rounded(_int32(sums), *quantize_multiplier(real))
    return np.clip(add_zero_point(scaled, y.zero_point), -128, 127)


def _int32(x: npt.NDArray[Any]) -> IntArray:
    """The value that is left in an int32."""
    return np.asarray(x, np.int64).astype(np.int32).astype(np.int64)
