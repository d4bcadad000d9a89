"""The generated C, compiled by the host's compiler and run as a program of its own."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.base.files import write_text
from wwtool.base.temporary import TemporaryFolder
from wwtool.compiler.emit.c_text import row_runner
from wwtool.compiler.package import COMPILER_FLAG, CompiledModel, compile_graph, write_sources
from wwtool.engines.interface import Rows, as_inputs, ports
from wwtool.engines.machines import Machine, host
from wwtool.tflite.graph import Graph
from wwtool.tflite.reader import parse_model


class NativeEngine:
    """Compiles a model once into a temporary folder; every run starts from a fresh state.

    The model is compiled for the target of ``machine``, by default this computer, and runs there.
    """

    def __init__(
        self, content: bytes, trace: bool = False, flags: tuple[str, ...] = ("-O2",), machine: Machine | None = None
    ) -> None:
        self._machine = machine or host()
        self.model: CompiledModel = compile_graph(parse_model(content), "model", self._machine.target)
        self._folder = TemporaryFolder("native")
        self._trace = trace
        with self._folder.kept_if_successful() as folder:
            sources = write_sources(self.model, folder)
            harness = folder / "run_rows.c"
            write_text(harness, row_runner(self.model.program, self.model.memory, self.model.names))
            self._program = folder / "run_rows"
            define = (f"-D{self.model.names.macro}_TRACE",) if trace else ()
            self._machine.compile([*sources, harness], self._program, (*flags, *define))

    def run(self, rows: Rows) -> npt.NDArray[Any]:
        """Runs rows of the inputs and returns the first output's rows (see interface.py)."""
        return self.run_all(rows)[0]

    def run_all(self, rows: Rows) -> list[npt.NDArray[Any]]:
        """Runs rows of the inputs and returns the rows of every output."""
        graph = self.model.program.graph
        outputs = ports(graph, graph.outputs)
        fields = [(f"output_{n}", np.dtype(port.dtype), port.row) for n, port in enumerate(outputs)]
        table = np.frombuffer(self._execute(rows), np.dtype(fields))
        return [table[name].reshape((len(table), *row)) for name, _, row in fields]

    def trace(self, rows: Rows) -> list[dict[int, npt.NDArray[Any]]]:
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

    def _execute(self, rows: Rows) -> bytes:
        graph = self.model.program.graph
        return self._machine.run(self._program, _as_bytes(graph, rows))

    def close(self) -> None:
        self._folder.close()

    def __enter__(self) -> NativeEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


def count_instructions(
    model: CompiledModel, machine: Machine, rows: Rows, calls: bool = False, flag: str = COMPILER_FLAG
) -> list[int]:
    """Instructions of one inference on an emulated core, as the mean over ``rows`` (see interface.py).

    With ``calls``, one number for each kernel call and one for the code after the last call; otherwise one number.
    ``flag`` is the compiler's optimization.
    """
    with TemporaryFolder("count") as folder:
        sources = write_sources(model, folder)
        write_text(folder / "run_rows.c", row_runner(model.program, model.memory, model.names))
        define = ("-DWW_COUNT_INSTRUCTIONS", *((f"-D{model.names.macro}_PROFILE",) if calls else ()))
        machine.compile([*sources, folder / "run_rows.c"], folder / "count", (flag, *define))
        graph = model.program.graph
        raw = machine.run(folder / "count", _as_bytes(graph, rows))
        count = len(as_inputs(ports(graph, graph.inputs), rows)[0])
    ticks = np.frombuffer(raw, "<u4").astype(np.int64)
    counts = [round(int(t) * machine.instructions_a_tick / count) for t in ticks]
    return counts if calls else counts[-1:]


def _as_bytes(graph: Graph, rows: Rows) -> bytes:
    """The bytes of all inputs, row by row."""
    inputs = as_inputs(ports(graph, graph.inputs), rows)
    table = [np.ascontiguousarray(a).view(np.uint8).reshape(len(a), -1) for a in inputs]
    return np.concatenate(table, axis=1).tobytes()
