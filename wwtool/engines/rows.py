"""Reads and writes the arrays of ``wwtool run``, and runs them on an engine by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from wwtool.compiler.graph import Graph
from wwtool.errors import InputError

EngineName = Literal["c", "litert", "torch"]


def read_rows(path: Path, graph: Graph) -> npt.NDArray[Any]:
    """An int8 (or uint8, as the model has it) array (N, *input) from a .npy file.

    Raises:
        InputError: the file is not such an array.
    """
    try:
        rows = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"cannot read {path} as a .npy array: {error}") from error
    tensor = graph.tensor(graph.inputs[0])
    wanted = tensor.shape[1:]
    if (
        not isinstance(rows, np.ndarray)
        or rows.dtype != np.dtype(tensor.dtype)
        or rows.shape[1:] not in (wanted, tensor.shape)
    ):
        shape, dtype = getattr(rows, "shape", "?"), getattr(rows, "dtype", "?")
        raise InputError(
            f"{path} holds {dtype} of shape {shape}; "
            f"the model takes {tensor.dtype} of shape (N, {', '.join(map(str, wanted))})"
        )
    return rows


def run_rows(content: bytes, rows: npt.NDArray[Any], engine: EngineName) -> npt.NDArray[Any]:
    """Runs rows from a fresh state; returns the first output, shape (N, *output)."""
    if engine == "c":
        from wwtool.engines.native import NativeEngine

        with NativeEngine(content) as native:
            return native.run(rows)
    if engine == "torch":
        from wwtool.engines.torch_engine import TorchEngine

        return TorchEngine(content).run(rows)
    from wwtool.engines.litert import LiteRtEngine

    return LiteRtEngine(content).run(rows)
