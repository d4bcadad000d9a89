"""The generated C, compiled by the host's compiler and run as a program of its own."""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.assets import asset_dir
from wwtool.compiler.package import CompiledModel, compile_graph, write_sources
from wwtool.compiler.reader import parse_model
from wwtool.engines.machines import Machine, host
from wwtool.errors import InputError, ToolError


class NativeEngine:
    """Compiles a model once into a temporary folder; every run starts from a fresh state.

    ``machine`` is where it runs, by default this one; the model is compiled for its target.
    """

    def __init__(
        self, content: bytes, trace: bool = False, flags: tuple[str, ...] = ("-O2",), machine: Machine | None = None
    ) -> None:
        self._machine = machine or host()
        self.model: CompiledModel = compile_graph(parse_model(content), "model", self._machine.target)
        self._folder = tempfile.TemporaryDirectory(prefix="wwtool-native-")
        self._trace = trace
        folder = Path(self._folder.name)
        sources = write_sources(self.model, folder)
        harness = asset_dir("firmware_templates") / "compiler" / "run_rows.c"
        self._program = folder / "run_rows"
        define = ("-DWW_MODEL_TRACE",) if trace else ()
        try:
            self._machine.compile([*sources, harness], self._program, (*flags, *define))
        except ToolError:
            self.close()
            raise

    def run(self, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Runs rows of shape (N, *input) and returns the first output's rows, shape (N, *output)."""
        graph = self.model.program.graph
        output = graph.tensor(graph.outputs[0])
        raw = np.frombuffer(self._execute(rows), np.dtype(output.dtype))
        return raw.reshape((len(rows), *output.shape[1:]))

    def trace(self, rows: npt.NDArray[Any]) -> list[dict[int, npt.NDArray[Any]]]:
        """For every row, the value of each tensor that the C computes, by tensor index."""
        if not self._trace:
            raise ValueError("make the engine with trace=True")
        raw, position, graph = self._execute(rows), 0, self.model.program.graph
        result: list[dict[int, npt.NDArray[Any]]] = []
        seen: dict[int, npt.NDArray[Any]] = {}
        while position < len(raw):
            index, nbytes = np.frombuffer(raw, np.int32, 2, position)
            if int(index) in seen:
                result.append(seen)
                seen = {}
            t = graph.tensor(int(index))
            seen[t.index] = np.frombuffer(raw, np.dtype(t.dtype), t.size, position + 8).reshape(t.shape)
            position += 8 + int(nbytes)
        return [*result, seen] if seen else result

    def _execute(self, rows: npt.NDArray[Any]) -> bytes:
        graph = self.model.program.graph
        expected = graph.tensor(graph.inputs[0])
        if rows.itemsize != 1 or rows.size != len(rows) * expected.size:
            raise InputError(
                f"the input is {rows.dtype} of shape {rows.shape}; the model takes int8 rows of {expected.shape[1:]}"
            )
        return self._machine.run(self._program, np.ascontiguousarray(rows).tobytes())

    def close(self) -> None:
        self._folder.cleanup()

    def __enter__(self) -> NativeEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def count_instructions(
    model: CompiledModel, machine: Machine, rows: npt.NDArray[Any], calls: bool = False
) -> list[int]:
    """Instructions of one inference on an emulated core, the mean over ``rows`` (N, *input).

    One number, or with ``calls`` one for every kernel call and one for what comes after them.
    """
    with tempfile.TemporaryDirectory(prefix="wwtool-count-") as name:
        folder = Path(name)
        sources = write_sources(model, folder)
        harness = asset_dir("firmware_templates") / "emulated" / "count_instructions.c"
        define = ("-DWW_MODEL_PROFILE",) if calls else ()
        machine.compile([*sources, harness], folder / "count", (model.compiler_flag, *define))
        raw = machine.run(folder / "count", np.ascontiguousarray(rows).tobytes())
    ticks = np.frombuffer(raw, "<u4").astype(np.int64)
    counts = [round(int(t) * machine.instructions_a_tick / len(rows)) for t in ticks]
    return counts if calls else counts[-1:]
