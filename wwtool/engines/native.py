"""The generated C, compiled by the host's compiler and run as a program of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from wwtool.compiler.emit import row_runner
from wwtool.compiler.package import CompiledModel, compile_graph, write_sources
from wwtool.compiler.reader import parse_model
from wwtool.engines.interface import Rows, as_inputs, ports
from wwtool.errors import ToolError
from wwtool.files import write_text

_STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")


def host_compiler() -> str:
    """The C compiler of this machine: $CC, cc, gcc or clang.

    Raises:
        ToolError: there is none.
    """
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        if name and shutil.which(name):
            return name
    raise ToolError("no C compiler was found on this machine; install one, on Debian or Ubuntu: apt-get install gcc")


class NativeEngine:
    """Compiles a model once into a temporary folder; every run starts from a fresh state."""

    def __init__(self, content: bytes, trace: bool = False, flags: tuple[str, ...] = ("-O2",)) -> None:
        self.model: CompiledModel = compile_graph(parse_model(content), "model")
        self._folder = tempfile.TemporaryDirectory(prefix="wwtool-native-")
        self._trace = trace
        folder = Path(self._folder.name)
        sources = write_sources(self.model, folder)
        harness = folder / "run_rows.c"
        write_text(harness, row_runner(self.model.program, self.model.memory))
        self._program = folder / "run_rows"
        define = ("-DWW_MODEL_TRACE",) if trace else ()
        command = [
            host_compiler(), *_STRICT, *flags, *define, f"-I{folder}",
            *map(str, sources), str(harness), "-o", str(self._program),
        ]  # fmt: skip
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            self.close()
            raise ToolError(f"the host's C compiler failed on the generated model: {result.stderr.strip()[:400]}")

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
        inputs = as_inputs(ports(graph, graph.inputs), rows)
        fed = np.concatenate([np.ascontiguousarray(a).view(np.uint8).reshape(len(a), -1) for a in inputs], axis=1)
        result = subprocess.run([str(self._program)], input=fed.tobytes(), capture_output=True, check=False)
        if result.returncode != 0:
            detail = result.stderr.decode("utf-8", "replace").strip()[-400:]
            raise ToolError(f"the compiled model stopped with code {result.returncode}: {detail}")
        return result.stdout

    def close(self) -> None:
        self._folder.cleanup()

    def __enter__(self) -> NativeEngine:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
